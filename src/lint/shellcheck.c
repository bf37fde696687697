#include "lint/check-private.h"

void lint_shellcheck_free(OakumLint *lint)
{
  g_clear_pointer(&lint->scripts, g_ptr_array_unref);
  g_clear_pointer(&lint->script_places, g_ptr_array_unref);
  g_clear_pointer(&lint->comments, g_ptr_array_unref);
}
