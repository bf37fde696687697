/* Libraries that are opened when they are first needed. */
#include "os/os.h"
#include <dlfcn.h>

gboolean oakum_library_open(const char *name, const OakumSymbol *symbols, size_t n)
{
  void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    oakum_warn("%s", dlerror());
    return FALSE;
  }
  for (size_t i = 0; i < n; i++) {
    void *function = dlsym(handle, symbols[i].name);
    if (!function) {
      oakum_warn("%s is of another version than it says", name);
      return FALSE;
    }
    *symbols[i].into = function;
  }
  return TRUE;
}
