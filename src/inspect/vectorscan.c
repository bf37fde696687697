/* Vectorscan, opened when it is first needed: it is written in C++, and what its library and that
 * of C++ have to be bound to is a quarter of the time in which the program starts, while most runs
 * look for no secrets. The functions below are its own by name, and hand on to it; nothing else in
 * the program knows that it is not linked. Where it cannot be had, no rule can be compiled, and who
 * looks for secrets is told so. */
#include "os/os.h"
#include <hs.h>

/* What it has been called since Hyperscan 5. */
#define LIBHS "libhs.so.5"

/* name, parameters, arguments */
#define FUNCTIONS(ONE)                                                                             \
  ONE(hs_valid_platform, (void), ())                                                               \
  ONE(hs_compile_multi,                                                                            \
      (const char *const *texts, const unsigned *flags, const unsigned *ids, unsigned n,           \
       unsigned mode, const hs_platform_info_t *target, hs_database_t **database,                  \
       hs_compile_error_t **bad),                                                                  \
      (texts, flags, ids, n, mode, target, database, bad))                                         \
  ONE(hs_compile_lit_multi,                                                                        \
      (const char *const *texts, const unsigned *flags, const unsigned *ids,                       \
       const size_t *lengths, unsigned n, unsigned mode, const hs_platform_info_t *target,         \
       hs_database_t **database, hs_compile_error_t **bad),                                        \
      (texts, flags, ids, lengths, n, mode, target, database, bad))                                \
  ONE(hs_free_compile_error, (hs_compile_error_t * bad), (bad))                                    \
  ONE(hs_deserialize_database, (const char *bytes, size_t len, hs_database_t **database),          \
      (bytes, len, database))                                                                      \
  ONE(hs_free_database, (hs_database_t * database), (database))                                    \
  ONE(hs_alloc_scratch, (const hs_database_t *database, hs_scratch_t **scratch),                   \
      (database, scratch))                                                                         \
  ONE(hs_free_scratch, (hs_scratch_t * scratch), (scratch))                                        \
  ONE(hs_scan,                                                                                     \
      (const hs_database_t *database, const char *data, unsigned len, unsigned flags,              \
       hs_scratch_t *scratch, match_event_handler on_match, void *user),                           \
      (database, data, len, flags, scratch, on_match, user))

static struct {
#define ONE(name, parameters, arguments) hs_error_t(*name) parameters;
  FUNCTIONS(ONE)
#undef ONE
} lib;

static const OakumSymbol symbols[] = {
#define ONE(name, parameters, arguments) {#name, (void **)(void *)&lib.name},
    FUNCTIONS(ONE)
#undef ONE
};

static gboolean load(void)
{
  static gsize once;
  if (g_once_init_enter(&once))
    g_once_init_leave(&once, oakum_library_open(LIBHS, symbols, G_N_ELEMENTS(symbols)) ? 1 : 2);
  return once == 1;
}

#define ONE(name, parameters, arguments)                                                           \
  hs_error_t name parameters                                                                       \
  {                                                                                                \
    return load() ? lib.name arguments : HS_UNKNOWN_ERROR;                                         \
  }
FUNCTIONS(ONE)
#undef ONE
