/* Threads that belong to who starts them. */
#pragma once
#include "base/base.h"

/* As g_thread_new; what the thread logs has the prefix of the one that starts it, which must live
 * as long as it does. */
NODISCARD GThread *oakum_thread_new(const char *name, GThreadFunc work, gpointer data);
