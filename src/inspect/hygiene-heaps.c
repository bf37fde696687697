/* Hygiene: what a layer holds that nobody needs to run it: caches, documentation, headers, what was
 * left behind. Counted by sort, as a layer may hold any number of such files. */
#include "inspect/hygiene-private.h"
#include <string.h>

/* Bytes of one sort of things that are waste; shown as one finding a layer. */
typedef enum {
  HEAP_APT_LISTS,
  HEAP_APT_ARCHIVES,
  HEAP_APK,
  HEAP_DNF,
  HEAP_ZYPP,
  HEAP_PACMAN,
  HEAP_PIP,
  HEAP_NPM,
  HEAP_YARN,
  HEAP_PNPM,
  HEAP_GO_BUILD,
  HEAP_GO_MOD,
  HEAP_CARGO,
  HEAP_MAVEN,
  HEAP_GRADLE,
  HEAP_COMPOSER,
  HEAP_GEM,
  HEAP_CONDA,
  HEAP_NUGET,
  HEAP_POETRY,
  HEAP_UV,
  HEAP_BUN,
  HEAP_DENO,
  HEAP_HASKELL,
  HEAP_OTHERS,
  HEAP_CACHE,
  HEAP_DOC,
  HEAP_MAN,
  HEAP_LOCALE,
  HEAP_INCLUDE,
  HEAP_STATIC,
  HEAP_TMP,
  HEAP_LOG,
  HEAP_CORE,
  HEAPS
} HeapKind;

typedef struct {
  const char *prefix; /* of the path, or NULL */
  const char *inside; /* of "/" and the path, or NULL */
  const char *suffix; /* or NULL */
  HeapKind kind;
} HeapPlace;
/* The first that fits; HEAPS: it is none. */
static const HeapPlace heap_places[] = {
    {"var/lib/apt/lists/", NULL, NULL, HEAP_APT_LISTS},
    {"var/cache/apt/", NULL, NULL, HEAP_APT_ARCHIVES},
    {"var/cache/apk/", NULL, NULL, HEAP_APK},
    {"etc/apk/cache/", NULL, NULL, HEAP_APK},
    {"var/cache/dnf/", NULL, NULL, HEAP_DNF},
    {"var/cache/yum/", NULL, NULL, HEAP_DNF},
    {"var/cache/libdnf5/", NULL, NULL, HEAP_DNF},
    {"var/cache/tdnf/", NULL, NULL, HEAP_DNF},
    {"var/cache/zypp/", NULL, NULL, HEAP_ZYPP},
    {"var/cache/pacman/pkg/", NULL, NULL, HEAP_PACMAN},
    {NULL, "/.cache/pip/", NULL, HEAP_PIP},
    {NULL, "/.npm/_cacache/", NULL, HEAP_NPM},
    {NULL, "/.npm/_logs/", NULL, HEAP_NPM},
    {NULL, "/.cache/yarn/", NULL, HEAP_YARN},
    {NULL, "/.yarn/berry/cache/", NULL, HEAP_YARN},
    {"usr/local/share/.cache/yarn/", NULL, NULL, HEAP_YARN},
    {NULL, "/.local/share/pnpm/store/", NULL, HEAP_PNPM},
    {NULL, "/.pnpm-store/", NULL, HEAP_PNPM},
    {NULL, "/.cache/go-build/", NULL, HEAP_GO_BUILD},
    {NULL, "/go/pkg/mod/cache/", NULL, HEAP_GO_MOD},
    {NULL, "/go/pkg/mod/", NULL, HEAP_GO_MOD},
    {NULL, "/.cargo/registry/", NULL, HEAP_CARGO},
    {NULL, "/.cargo/git/", NULL, HEAP_CARGO},
    {"usr/local/cargo/git/", NULL, NULL, HEAP_CARGO},
    {"usr/local/cargo/registry/", NULL, NULL, HEAP_CARGO},
    {NULL, "/.m2/repository/", NULL, HEAP_MAVEN},
    {NULL, "/.gradle/caches/", NULL, HEAP_GRADLE},
    {NULL, "/.composer/cache/", NULL, HEAP_COMPOSER},
    {NULL, "/.cache/composer/", NULL, HEAP_COMPOSER},
    {NULL, "/cache/", ".gem", HEAP_GEM},
    {NULL, "/conda/pkgs/", NULL, HEAP_CONDA},
    {NULL, "/miniconda3/pkgs/", NULL, HEAP_CONDA},
    {NULL, "/anaconda3/pkgs/", NULL, HEAP_CONDA},
    {NULL, "/miniforge3/pkgs/", NULL, HEAP_CONDA},
    {NULL, "/mambaforge/pkgs/", NULL, HEAP_CONDA},
    {NULL, "/micromamba/pkgs/", NULL, HEAP_CONDA},
    {NULL, "/.nuget/packages/", NULL, HEAP_NUGET},
    {NULL, "/.local/share/NuGet/", NULL, HEAP_NUGET},
    {NULL, "/.cache/pypoetry/", NULL, HEAP_POETRY},
    {NULL, "/.cache/uv/", NULL, HEAP_UV},
    {NULL, "/.bun/install/cache/", NULL, HEAP_BUN},
    {NULL, "/.cache/deno/", NULL, HEAP_DENO},
    {NULL, "/.cabal/packages/", NULL, HEAP_HASKELL},
    {NULL, "/.stack/", NULL, HEAP_HASKELL},
    {NULL, "/.ivy2/cache/", NULL, HEAP_OTHERS},
    {NULL, "/.pub-cache/", NULL, HEAP_OTHERS},
    {NULL, "/.cpanm/", NULL, HEAP_OTHERS},
    {NULL, "/.cpan/", NULL, HEAP_OTHERS},
    {NULL, "/.bundle/cache/", NULL, HEAP_OTHERS},
    {"var/cache/xbps/", NULL, NULL, HEAP_OTHERS},
    {"var/cache/distfiles/", NULL, NULL, HEAP_OTHERS},
    {"var/opkg-lists/", NULL, NULL, HEAP_OTHERS},
    /* what programs run, and models that they load, lie there too */
    {NULL, "/.cache/ms-playwright/", NULL, HEAPS},
    {NULL, "/.cache/puppeteer/", NULL, HEAPS},
    {NULL, "/.cache/Cypress/", NULL, HEAPS},
    {NULL, "/.cache/huggingface/", NULL, HEAPS},
    {NULL, "/.cache/torch/", NULL, HEAPS},
    {NULL, "/.cache/whisper/", NULL, HEAPS},
    {NULL, "/.cache/", NULL, HEAP_CACHE},
    {"usr/share/doc/", NULL, NULL, HEAP_DOC},
    {"usr/local/share/doc/", NULL, NULL, HEAP_DOC},
    {"usr/share/gtk-doc/", NULL, NULL, HEAP_DOC},
    {"usr/share/man/", NULL, NULL, HEAP_MAN},
    {"usr/local/share/man/", NULL, NULL, HEAP_MAN},
    {"usr/local/man/", NULL, NULL, HEAP_MAN},
    {"usr/share/info/", NULL, NULL, HEAP_MAN},
    {"usr/share/locale/", NULL, NULL, HEAP_LOCALE},
    {"usr/share/help/", NULL, NULL, HEAP_LOCALE},
    {"usr/include/", NULL, NULL, HEAP_INCLUDE},
    {"usr/local/include/", NULL, NULL, HEAP_INCLUDE},
    {"usr/lib/", NULL, ".a", HEAP_STATIC},
    {"usr/lib64/", NULL, ".a", HEAP_STATIC},
    {"usr/local/lib/", NULL, ".a", HEAP_STATIC},
    {"tmp/", NULL, NULL, HEAP_TMP},
    {"var/tmp/", NULL, NULL, HEAP_TMP},
    {"var/log/", NULL, NULL, HEAP_LOG},
};

typedef struct {
  HygieneRule rule;
  uint64_t least; /* bytes below which nothing is said */
  const char *what, *code;
} HeapRow;
static const HeapRow heap_rows[HEAPS] = {
    [HEAP_APT_LISTS] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "lists of apt", "DKL-DI-0005"},
    [HEAP_APT_ARCHIVES] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "packages kept by apt", "DKL-DI-0005"},
    [HEAP_APK] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of apk", "DKL-DI-0004"},
    [HEAP_DNF] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of dnf or yum", "DS-0019"},
    [HEAP_ZYPP] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of zypper", "DS-0020"},
    [HEAP_PACMAN] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of pacman", NULL},
    [HEAP_PIP] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of pip", "DL3042"},
    [HEAP_NPM] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of npm", NULL},
    [HEAP_YARN] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of yarn", "DL3060"},
    [HEAP_PNPM] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the store of pnpm", NULL},
    [HEAP_GO_BUILD] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the build cache of go", NULL},
    [HEAP_GO_MOD] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the modules that go downloaded", NULL},
    [HEAP_CARGO] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the registry of cargo", NULL},
    [HEAP_MAVEN] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the repository of maven", NULL},
    [HEAP_GRADLE] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of gradle", NULL},
    [HEAP_COMPOSER] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of composer", NULL},
    [HEAP_GEM] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "gems that are unpacked already", NULL},
    [HEAP_CONDA] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the packages of conda", NULL},
    [HEAP_NUGET] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the packages of NuGet", NULL},
    [HEAP_POETRY] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of poetry", NULL},
    [HEAP_UV] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of uv", NULL},
    [HEAP_BUN] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of bun", NULL},
    [HEAP_DENO] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the cache of deno", NULL},
    [HEAP_HASKELL] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "the packages of cabal or stack", NULL},
    [HEAP_OTHERS] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "what a package manager keeps", NULL},
    [HEAP_CACHE] = {HYGIENE_PACKAGE_CACHE, OAKUM_KIB, "a folder of caches", "DKL-LI-0003"},
    [HEAP_DOC] = {HYGIENE_DOCUMENTS, OAKUM_MIB, "documentation", NULL},
    [HEAP_MAN] = {HYGIENE_DOCUMENTS, OAKUM_MIB, "manual pages", NULL},
    [HEAP_LOCALE] = {HYGIENE_DOCUMENTS, OAKUM_MIB, "translations", NULL},
    [HEAP_INCLUDE] = {HYGIENE_HEADERS, OAKUM_MIB, "headers", NULL},
    [HEAP_STATIC] = {HYGIENE_HEADERS, OAKUM_MIB, "static libraries", NULL},
    [HEAP_TMP] = {HYGIENE_TEMPORARY, OAKUM_KIB, "temporary files", NULL},
    [HEAP_LOG] = {HYGIENE_TEMPORARY, 64 * OAKUM_KIB, "logs", NULL},
    [HEAP_CORE] = {HYGIENE_TEMPORARY, 1, "memory of a program that crashed", NULL},
};

typedef struct {
  uint64_t bytes;
  guint files;
  char *folder; /* what the finding is tied to */
} Heap;

struct OakumHygieneHeaps {
  Heap all[HEAPS];
};

OakumHygieneHeaps *oakum_hygiene_heaps_new(void)
{
  return g_new0(OakumHygieneHeaps, 1);
}

void oakum_hygiene_heaps_free(OakumHygieneHeaps *heaps)
{
  for (guint i = 0; i < HEAPS; i++)
    g_free(heaps->all[i].folder);
  g_free(heaps);
}

gboolean oakum_hygiene_is_foreign_tree(const char *path)
{
  return strstr(path, "node_modules/") || strstr(path, "vendor/") ||
         strstr(path, "site-packages/") || strstr(path, "dist-packages/") ||
         strstr(path, "go/pkg/mod/") || strstr(path, "/gems/") ||
         g_str_has_prefix(path, "usr/share/") || g_str_has_prefix(path, "usr/lib/") ||
         strstr(path, ".cargo/registry/");
}

static void heap(OakumHygieneHeaps *heaps, HeapKind kind, const char *path, size_t folder,
                 uint64_t size)
{
  Heap *one = &heaps->all[kind];
  one->bytes += size;
  one->files++;
  if (!one->folder)
    one->folder = g_strndup(path, folder);
}

void oakum_hygiene_heaps_add(OakumHygieneHeaps *heaps, const char *path, uint64_t size)
{
  size_t len = strlen(path);
  const char *base = oakum_path_base(path);
  if (size == 0)
    return;
  if (strcmp(base, "core") == 0 && strchr(path, '/') == NULL) {
    heap(heaps, HEAP_CORE, path, len, size);
    return;
  }
  if ((strncmp(base, "core.", 5) == 0 && base[5] &&
       strspn(base + 5, "0123456789") == strlen(base + 5)) ||
      (strncmp(base, "hs_err_pid", 10) == 0 && g_str_has_suffix(base, ".log")) ||
      (g_str_has_suffix(base, ".hprof") && !oakum_hygiene_is_foreign_tree(path))) {
    heap(heaps, HEAP_CORE, path, len, size);
    return;
  }
  if (strncmp(base, "npm-debug.log", 13) == 0 || strcmp(base, "yarn-error.log") == 0) {
    heap(heaps, HEAP_LOG, path, len, size);
    return;
  }
  if (g_str_has_prefix(path, "usr/share/doc/") && strcmp(base, "copyright") == 0)
    return; /* licences have to stay */
  /* most paths hold no cache: one look for what all of them share */
  gboolean hidden = path[0] == '.' || strstr(path, "/.") || strstr(path, "cache/") ||
                    strstr(path, "/pkgs/") || strstr(path, "/pkg/mod/");
  for (size_t i = 0; i < G_N_ELEMENTS(heap_places); i++) {
    const HeapPlace *place = &heap_places[i];
    size_t n = place->prefix ? strlen(place->prefix) : 0;
    if (place->prefix && (place->prefix[0] != path[0] || strncmp(path, place->prefix, n) != 0))
      continue;
    if (place->suffix && !g_str_has_suffix(path, place->suffix))
      continue;
    if (place->inside) {
      if (!hidden)
        continue;
      const char *at = strstr(path, place->inside);
      gboolean front = strncmp(path, place->inside + 1, strlen(place->inside) - 1) == 0;
      if (!at && !front)
        continue;
      n = (front ? 0 : (size_t)(at - path) + 1) + strlen(place->inside) - 1;
    }
    if (place->kind != HEAPS)
      heap(heaps, place->kind, path, n > 0 ? n - 1 : len, size);
    return;
  }
}

void oakum_hygiene_heaps_tell(const OakumHygieneHeaps *heaps, GPtrArray *found)
{
  for (guint i = 0; i < HEAPS; i++) {
    const HeapRow *row = &heap_rows[i];
    const Heap *one = &heaps->all[i];
    if (one->files == 0 || one->bytes < row->least)
      continue;
    OakumFinding *finding = oakum_hygiene_tell(
        found, row->rule, one->folder,
        g_strdup_printf("%s: %s, %u file%s, %.1f MB", one->folder, row->what, one->files,
                        one->files == 1 ? "" : "s", (double)one->bytes / 1000000.0));
    g_free(finding->code);
    finding->code = g_strdup(row->code);
  }
}
