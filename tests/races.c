/* For ThreadSanitizer: GLib is not built with it and locks by futex(2), so that it sees no lock of
 * GLib. This stands in front of the calls that order threads and tells of them. */
#include <dlfcn.h>
#include <glib.h>

void __tsan_acquire(void *at);
void __tsan_release(void *at);

#define CALLS(X)                                                                                   \
  X(g_mutex_lock)                                                                                  \
  X(g_mutex_trylock)                                                                               \
  X(g_mutex_unlock)                                                                                \
  X(g_cond_wait)                                                                                   \
  X(g_cond_wait_until) X(g_ptr_array_unref) X(g_array_unref) X(g_hash_table_unref)
#define DECLARE(name) static __typeof__(&name) real_##name;
CALLS(DECLARE)
static gboolean (*real_enter)(volatile void *);
static void (*real_leave)(volatile void *, gsize);
static char once;

__attribute__((constructor)) static void find(void)
{
#define FIND(name) real_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name);
  CALLS(FIND)
  real_enter = (__typeof__(real_enter))dlsym(RTLD_NEXT, "g_once_init_enter");
  real_leave = (__typeof__(real_leave))dlsym(RTLD_NEXT, "g_once_init_leave");
}

void g_mutex_lock(GMutex *mutex)
{
  real_g_mutex_lock(mutex);
  __tsan_acquire(mutex);
}

gboolean g_mutex_trylock(GMutex *mutex)
{
  gboolean taken = real_g_mutex_trylock(mutex);
  if (taken)
    __tsan_acquire(mutex);
  return taken;
}

void g_mutex_unlock(GMutex *mutex)
{
  __tsan_release(mutex);
  real_g_mutex_unlock(mutex);
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
  __tsan_release(mutex);
  real_g_cond_wait(cond, mutex);
  __tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
  __tsan_release(mutex);
  gboolean woken = real_g_cond_wait_until(cond, mutex, end);
  __tsan_acquire(mutex);
  return woken;
}

gboolean(g_once_init_enter)(volatile void *at)
{
  gboolean first = real_enter(at);
  __tsan_acquire(&once);
  return first;
}

void(g_once_init_leave)(volatile void *at, gsize value)
{
  __tsan_release(&once);
  real_leave(at, value);
}

/* Their counts are atomic: whoever is last has seen all that the others did. */
#define UNREF(name, type)                                                                          \
  void name(type *one)                                                                             \
  {                                                                                                \
    __tsan_release(one);                                                                           \
    __tsan_acquire(one);                                                                           \
    real_##name(one);                                                                              \
  }
UNREF(g_ptr_array_unref, GPtrArray)
UNREF(g_array_unref, GArray)
UNREF(g_hash_table_unref, GHashTable)
