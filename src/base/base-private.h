#pragma once
#include "base/base.h"

/* The progress line and the log share one terminal, so one lock guards both. Hold it for all below.
 */
extern GMutex oakum_terminal_lock;
extern gboolean oakum_terminal_line_drawn;
void oakum_terminal_clear(void);
