/* Programs and libraries that no package manager tells of: each has a name that its files go by,
 * and text inside that says its version. binaries.inc is the table.
 *
 * A pattern is literal bytes with these in between; there is no going back but over where it
 * begins and the last %* or %~, so that the time is linear in the file:
 *   %v  the version: digits with a dot in them, and what may follow (3.0.11, 1.1.1w, 5.2.15-beta1)
 *   %n  the version, digits and dots alone           %i  the version, a number without dots
 *   %p  the version, three numbers and what %q takes %q  nothing, or "-" and words (-rc.1, -dev)
 *   %f  the version in the file's name (python3.11), to be found in the text as well
 *   %x  the version as libxml2 writes it, five digits
 *   %w  the version as a function of libwebp returns it: four bytes, the last part first, then 0
 *   %<  %>  what is between them is the version
 *   %d  a number         %1  %2  so many digits      %g  12 letters or digits   %h  40 hex digits
 *   %*  up to 80 bytes of text, as few as do         %~  up to 1000 bytes of any kind, as few as do
 *   %0  a NUL byte       %z  one or more of them     %r  a newline              %%  a percent sign
 *   %e  no letter, digit or dot follows (nothing is taken)
 * "=NAME VERSION" is no pattern: a file of that very name has that version. It is for libraries
 * that say none but whose number of the interface, which libtool made the end of the name, is
 * another one in each release (FreeType lists them in its docs/VERSIONS.TXT). */
#include "catalog/parts-private.h"
#include <limits.h>

typedef struct {
  const char *product;  /* name of the package */
  const char *files;    /* base names, "*" any rest, "~" in front: no executable; with spaces */
  const char *patterns; /* separated by newlines; the first that is found counts */
  const char *cpe;      /* "vendor:product" */
} Signature;

static const Signature signatures[] = {
#include "catalog/binaries.inc"
};

#define BACK 96u     /* bytes in front of its longest literal that a pattern may begin */
#define PATTERN 512u /* bytes that one may take in all, without what %~ takes */
#define ANY_MAX 80u
#define FAR_MAX 1000u
/* bytes in front of a version that a pattern without a long literal may begin */
#define DOT_BACK 24u
/* bytes behind a match that the end of a window must not cut, since they may be its rest */
#define CUT 4u

/* ---- names ----------------------------------------------------------------------------------- */
/* "*" takes any rest up to what follows it; at most two of them, so no time is lost. */
static gboolean fits(const char *glob, size_t len, const char *name)
{
  const char *end = glob + len, *star = NULL, *mark = NULL;
  while (*name) {
    if (glob < end && *glob == '*') {
      star = ++glob;
      mark = name;
    } else if (glob < end && *glob == *name) {
      glob++;
      name++;
    } else if (star) {
      glob = star;
      name = ++mark;
    } else {
      return FALSE;
    }
  }
  while (glob < end && *glob == '*')
    glob++;
  return glob == end;
}

/* Libraries that were put into a Python wheel are renamed by auditwheel: eight digits of their
 * digest stand in front of the first dot ("libssl-3e69114b.so.1.1"). Some projects have their own
 * name in front of that, which their folder says ("fiona.libs/libssl-fiona-6c758070.so.1.1"). The
 * library's name, in `plain` when it is another. */
#define WHEEL_DIGITS 8u
static const char *own_name(const char *path, char plain[static NAME_MAX + 1])
{
  const char *base = oakum_path_base(path);
  const char *dot = strchr(base, '.');
  size_t len = strlen(base), front = dot ? (size_t)(dot - base) : 0;
  if (front < WHEEL_DIGITS + 2 || len > NAME_MAX || base[front - WHEEL_DIGITS - 1] != '-' ||
      !strstr(dot, ".so"))
    return base;
  for (size_t i = front - WHEEL_DIGITS; i < front; i++)
    if (!g_ascii_isdigit(base[i]) && !(base[i] >= 'a' && base[i] <= 'f'))
      return base;
  front -= WHEEL_DIGITS + 1;
  OakumSlice folder = oakum_path_above(path, 0), rest,
             project = oakum_slice_cut(folder, '.', &rest);
  if (oakum_slice_is(rest, "libs") && project.len + 1 < front &&
      base[front - project.len - 1] == '-' &&
      memcmp(base + front - project.len, project.data, project.len) == 0)
    front -= project.len + 1;
  memcpy(plain, base, front);
  memcpy(plain + front, dot, strlen(dot) + 1);
  return plain;
}

static gboolean has_name(const Signature *signature, const char *base, gboolean executable)
{
  for (const char *at = signature->files; *at;) {
    size_t len = strcspn(at, " "), text = *at == '~';
    if ((text || executable) && (at[text] == '*' || at[text] == base[0]) &&
        fits(at + text, len - text, base))
      return TRUE;
    at += len + strspn(at + len, " ");
  }
  return FALSE;
}

/* Those that look for files that are no programs: each file of an image is asked about, and they
 * are few. */
static const GPtrArray *signatures_of_texts(void)
{
  static gsize made;
  static GPtrArray *list;
  if (g_once_init_enter(&made)) {
    list = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++)
      if (strchr(signatures[i].files, '~'))
        g_ptr_array_add(list, (gpointer)&signatures[i]);
    g_once_init_leave(&made, 1);
  }
  return list;
}

static gboolean wants(const OakumCatalogEntry *entry)
{
  if (oakum_exe_sniff(entry->head) == OAKUM_EXE_NONE) {
    const GPtrArray *texts = signatures_of_texts();
    for (guint i = 0; i < texts->len; i++)
      if (has_name(texts->pdata[i], entry->base, FALSE))
        return TRUE;
    return FALSE;
  }
  char plain[NAME_MAX + 1];
  const char *name = own_name(entry->path, plain);
  for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++)
    if (has_name(&signatures[i], name, TRUE))
      return TRUE;
  return FALSE;
}

/* ---- patterns -------------------------------------------------------------------------------- */
typedef struct {
  const char *text; /* of the table */
  size_t len;
  char literal[128]; /* its longest literal */
  size_t literal_len;
  size_t lead;   /* where in the pattern the literal stands */
  size_t back;   /* bytes in front of the literal that the pattern may begin */
  size_t reach;  /* bytes that it may take from the literal on */
  gboolean dots; /* no literal is worth a search: dots between digits are looked for instead */
} Pattern;

/* The byte that "%0", "%r" and "%%" stand for. */
static char byte_of(char kind)
{
  return kind == '0' ? '\0' : kind == 'r' ? '\n' : '%';
}

/* Finds the longest literal. What takes nothing does not end one, and what the file's name says is
 * one. */
static void compile(Pattern *pattern, const char *text, size_t len, const char *file_version)
{
  char run[sizeof pattern->literal];
  size_t n = 0, start = 0;
  *pattern = (Pattern){.text = text, .len = len};
  for (size_t i = 0; i <= len; i++) {
    char kind = i + 1 < len && text[i] == '%' ? text[i + 1] : '\0', byte;
    const char *bytes = &byte;
    size_t m = 1;
    if (kind && strchr("<>e", kind)) {
      i++;
      continue;
    }
    if (kind == 'f')
      bytes = file_version, m = strlen(file_version);
    else
      byte = !kind ? text[i] : byte_of(kind);
    gboolean literal = i < len && (!kind || strchr("0%rf", kind)) && n + m <= sizeof run;
    if (literal) {
      if (n == 0)
        start = i;
      memcpy(run + n, bytes, m);
      n += m;
    } else {
      if (n > pattern->literal_len) {
        memcpy(pattern->literal, run, n);
        pattern->literal_len = n;
        pattern->lead = start;
      }
      n = 0;
    }
    i += kind != 0;
  }
  const char *far = memmem(text, len, "%~", 2);
  pattern->dots = pattern->literal_len < 3 && !memmem(text, len, "%x", 2) &&
                  !memmem(text, len, "%i", 2) && !memmem(text, len, "%w", 2);
  pattern->back = pattern->lead == 0 ? 0 : BACK;
  pattern->reach = PATTERN + (far ? FAR_MAX : 0);
  if (far && (size_t)(far - text) < pattern->lead)
    pattern->back += FAR_MAX;
}

static size_t dotted(OakumSlice text, size_t at)
{
  size_t end = at, dots = 0;
  while (end < text.len) {
    size_t digits = end;
    while (digits < text.len && g_ascii_isdigit(text.data[digits]))
      digits++;
    if (digits == end)
      break;
    end = digits;
    if (end + 1 >= text.len || text.data[end] != '.' || !g_ascii_isdigit(text.data[end + 1]))
      return dots > 0 ? end : at;
    dots++;
    end++;
  }
  return at;
}

/* What a version may go on with; a dot or a dash at its end is punctuation. */
static size_t suffix(OakumSlice text, size_t at)
{
  size_t end = at;
  while (end < text.len && end - at < 48 &&
         (g_ascii_isalnum(text.data[end]) || (text.data[end] && strchr("._+~-", text.data[end]))))
    end++;
  while (end > at && !g_ascii_isalnum(text.data[end - 1]))
    end--;
  return end;
}

/* "-rc.1", "-beta2", "-dev", "-258092": a version that is none yet; `at` when nothing of it stands
 * there. */
static size_t preview(OakumSlice text, size_t at)
{
  size_t end = at + 1;
  if (at >= text.len || text.data[at] != '-')
    return at;
  while (end < text.len && end - at < 48 &&
         (g_ascii_isalnum(text.data[end]) || text.data[end] == '.' || text.data[end] == '-'))
    end++;
  while (end > at && !g_ascii_isalnum(text.data[end - 1]))
    end--;
  return end;
}

/* Three numbers with dots between them; `at` for anything else. */
static size_t three(OakumSlice text, size_t at)
{
  size_t end = at;
  for (guint i = 0; i < 3; i++) {
    size_t digits = end;
    if (i > 0 && (end >= text.len || text.data[end++] != '.'))
      return at;
    digits = end;
    while (end < text.len && g_ascii_isdigit(text.data[end]))
      end++;
    if (end == digits)
      return at;
  }
  return end;
}

/* 0x00MMmmrr, the lowest byte first, as libwebp's functions return its version. Other constants
 * that a function returns are smaller than 0.3.0, or no version of libwebp. */
static gboolean word_of_webp(OakumSlice text, size_t at)
{
  if (at > text.len || text.len - at < 4)
    return FALSE;
  const uint8_t *byte = text.data + at;
  return byte[3] == 0 && byte[0] < 16 && byte[1] < 16 &&
         (byte[2] == 1 || (byte[2] == 0 && byte[1] >= 3));
}

/* So many bytes, all letters or digits (or all hexadecimal ones in lower case). */
static gboolean word(OakumSlice text, size_t at, size_t len, gboolean hex)
{
  if (at > text.len || text.len - at < len)
    return FALSE;
  for (size_t i = at; i < at + len; i++)
    if (!(hex ? g_ascii_isxdigit(text.data[i]) && !g_ascii_isupper(text.data[i])
              : g_ascii_isalnum(text.data[i]) || text.data[i] == '_'))
      return FALSE;
  return TRUE;
}

/* Matches the pattern at `at`: its end, and the version; FALSE when it does not fit. */
static gboolean match_at(const Pattern *pattern, OakumSlice text, size_t at,
                         const char *file_version, OakumSlice *version, size_t *taken)
{
  const char *p = pattern->text, *end = p + pattern->len;
  size_t any_from = 0;
  const char *any = NULL; /* the last %* or %~, and where it may still grow to */
  gboolean any_far = FALSE;
  size_t start = 0, open = SIZE_MAX; /* %<: where the version begins */
  while (p < end) {
    size_t next = at;
    gboolean good = TRUE;
    if (*p != '%') {
      good = at < text.len && text.data[at] == (uint8_t)*p;
      next = at + 1;
      p++;
    } else {
      char kind = p[1];
      p += 2;
      switch (kind) {
      case '0':
      case '%':
      case 'r':
        good = at < text.len && text.data[at] == (uint8_t)byte_of(kind);
        next = at + 1;
        break;
      case 'z':
        while (next < text.len && text.data[next] == 0)
          next++;
        good = next > at;
        break;
      case '*':
      case '~':
        any_far = kind == '~';
        any = p;
        any_from = at;
        start = at;
        break;
      case 'd':
        while (next < text.len && g_ascii_isdigit(text.data[next]))
          next++;
        good = next > at;
        break;
      case '1':
      case '2':
        while (next < text.len && next - at < (size_t)(kind - '0') &&
               g_ascii_isdigit(text.data[next]))
          next++;
        good = next - at == (size_t)(kind - '0');
        break;
      case 'g':
      case 'h':
        next = at + (kind == 'h' ? 40 : 12);
        good = word(text, at, next - at, kind == 'h');
        break;
      case 'q':
        next = preview(text, at);
        break;
      case 'p':
        next = three(text, at);
        good = next > at;
        next = preview(text, next);
        *version = (OakumSlice){text.data + at, next - at};
        break;
      case 'e':
        good = at >= text.len || !(g_ascii_isalnum(text.data[at]) || text.data[at] == '.');
        break;
      case 'f': {
        size_t n = strlen(file_version);
        good = n > 0 && text.len - at >= n && memcmp(text.data + at, file_version, n) == 0;
        next = at + n;
        break;
      }
      case 'w':
        good = word_of_webp(text, at);
        next = at + 4;
        *version = (OakumSlice){text.data + at, 4};
        break;
      case '<':
        open = at;
        break;
      case '>':
        *version = (OakumSlice){text.data + MIN(at, open), at - MIN(at, open)};
        open = SIZE_MAX;
        break;
      case 'i':
      case 'x':
        while (next < text.len && g_ascii_isdigit(text.data[next]))
          next++;
        good = next > at && (kind == 'i' || next - at == 5);
        *version = (OakumSlice){text.data + at, next - at};
        break;
      default: /* v, n */
        next = dotted(text, at);
        good = next > at;
        if (good && kind == 'v')
          next = suffix(text, next);
        if (good)
          *version = (OakumSlice){text.data + at, next - at};
        break;
      }
    }
    if (good) {
      at = next;
      continue;
    }
    if (!any || any_from - start >= (any_far ? FAR_MAX : ANY_MAX) || any_from >= text.len ||
        (!any_far && (text.data[any_from] == 0 || text.data[any_from] == '\n')))
      return FALSE;
    at = ++any_from;
    p = any;
  }
  *taken = at;
  return TRUE;
}

typedef struct {
  const Signature *signature;
  Pattern pattern;
  guint rank;  /* among the patterns of the signature */
  guint tries; /* places where it may have begun */
} Search;

/* Whether digits in front of a pattern that begins with the version make it a part of another. */
static gboolean is_part(const Pattern *pattern, OakumSlice text, size_t begin)
{
  return pattern->text[0] == '%' && strchr("vnip<12d", pattern->text[1]) && begin > 0 &&
         (g_ascii_isdigit(text.data[begin - 1]) || text.data[begin - 1] == '.');
}

/* The next place that is worth a look: where the pattern begins at the latest and the earliest, and
 * where to go on. */
static gboolean next_place(const Pattern *pattern, OakumSlice window, size_t *from, size_t *latest,
                           size_t *earliest)
{
  if (!pattern->dots) {
    const uint8_t *hit = oakum_bytes_find(window.data + *from, window.len - *from, pattern->literal,
                                          pattern->literal_len);
    if (!hit)
      return FALSE;
    *latest = (size_t)(hit - window.data);
    *earliest = *latest - MIN(*latest, pattern->back);
    *from = *latest + 1;
    return TRUE;
  }
  for (;;) {
    const uint8_t *dot = memchr(window.data + *from, '.', window.len - *from);
    if (!dot)
      return FALSE;
    size_t at = (size_t)(dot - window.data);
    *from = at + 1;
    if (at == 0 || !g_ascii_isdigit(window.data[at - 1]) || at + 1 >= window.len ||
        !g_ascii_isdigit(window.data[at + 1]))
      continue;
    *latest = at - 1;
    *earliest = at - MIN(at, DOT_BACK);
    return TRUE;
  }
}

/* The first place in a window where a pattern fits. What ends with the window might go on in the
 * next one, which begins in front of it, unless it is the last. */
static gboolean search(Search *search, OakumSlice window, gboolean last, const char *file_version,
                       OakumSlice *version, size_t *found)
{
  const Pattern *pattern = &search->pattern;
  size_t from = 0, latest, earliest, end;
  while (from < window.len && search->tries < OAKUM_SIGNATURE_TRIES_MAX &&
         next_place(pattern, window, &from, &latest, &earliest)) {
    OakumSlice text = {window.data, MIN(window.len, latest + pattern->reach)};
    search->tries += (guint)(latest - earliest + 1 + (pattern->reach - PATTERN) / 8);
    for (size_t begin = latest;; begin--) { /* the nearest beginning first */
      if (match_at(pattern, text, begin, file_version, version, &end) &&
          !is_part(pattern, window, begin) && (last || end + CUT < window.len)) {
        *found = (size_t)(version->data - window.data);
        return TRUE;
      }
      if (begin == earliest)
        break;
    }
  }
  return FALSE;
}

/* "3.11" of "libpython3.11.so.1.0". */
static char *version_of_name(const char *base)
{
  OakumSlice name = oakum_slice_of(base);
  for (size_t i = 0; i < name.len; i++)
    if (g_ascii_isdigit(name.data[i])) {
      size_t end = dotted(name, i);
      return end > i ? g_strndup(base + i, end - i) : g_strdup("");
    }
  return g_strdup("");
}

/* Java's launchers say the version in the form of the JVM's `release` file. */
static gboolean is_java(const Signature *signature)
{
  return strcmp(signature->product, "openjdk") == 0 || strcmp(signature->product, "jre") == 0 ||
         strcmp(signature->product, "jdk") == 0;
}

static void add(OakumCatalogFile *file, OakumCatalogSink *sink, const Signature *signature,
                OakumSlice version, uint64_t offset)
{
  OakumPackage *package =
      oakum_catalog_add(sink, file, "generic", oakum_slice_of(signature->product), version);
  if (!package)
    return;
  package->guessed = TRUE;
  package->offset = offset;
  if (is_java(signature)) {
    package->cpe = oakum_jvm_cpe(package->version, signature->cpe);
    return;
  }
  /* NVD keeps patches and previews apart from the version: 9.2p1, 1.0.0-rc1 */
  size_t numbers = strspn(package->version, "0123456789.");
  const char *rest = package->version + numbers;
  const char *update = *rest == '-' ? rest + 1 : rest;
  static const char *const words[] = {"p", "rc", "alpha", "beta"};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
    size_t n = strlen(words[i]);
    if (g_ascii_strncasecmp(update, words[i], n) != 0 || !g_ascii_isdigit(update[n]) ||
        update[n + strspn(update + n, "0123456789")] != '\0')
      continue;
    g_autofree char *plain = g_strndup(package->version, numbers),
                    *small = g_ascii_strdown(update, -1);
    package->cpe = oakum_catalog_cpe('a', signature->cpe, plain, small);
    return;
  }
  package->cpe = oakum_catalog_cpe('a', signature->cpe, package->version, "*");
}

static char *version_of(const Search *search, OakumSlice version)
{
  const uint8_t *at = version.data;
  if (memmem(search->pattern.text, search->pattern.len, "%w", 2) && version.len == 4)
    return g_strdup_printf("%d.%d.%d", at[2], at[1], at[0]);
  if (!memmem(search->pattern.text, search->pattern.len, "%x", 2) || version.len != 5)
    return oakum_slice_value(version);
  return g_strdup_printf("%c.%d.%d", at[0], (at[1] - '0') * 10 + at[2] - '0',
                         (at[3] - '0') * 10 + at[4] - '0');
}

/* The best that was found of one signature: a pattern further in front counts more. */
typedef struct {
  const Signature *signature;
  guint rank;
  char *version;
  uint64_t offset;
} Found;

static void note(GArray *founds, const Search *search, OakumSlice version, uint64_t offset)
{
  for (guint i = 0; i < founds->len; i++) {
    Found *found = &g_array_index(founds, Found, i);
    if (found->signature != search->signature)
      continue;
    if (search->rank < found->rank) {
      g_free(found->version);
      found->version = version_of(search, version);
      found->offset = offset;
      found->rank = search->rank;
    }
    return;
  }
  Found found = {search->signature, search->rank, version_of(search, version), offset};
  g_array_append_val(founds, found);
}

/* The patterns of a product, to be searched for; what the file's very name says ("=NAME VERSION")
 * is found at once. */
static void add_searches(GArray *searches, GArray *founds, const Signature *signature,
                         const char *base, const char *file_version)
{
  const size_t base_len = strlen(base);
  guint rank = 0;
  for (const char *at = signature->patterns; *at; rank++) {
    size_t len = strcspn(at, "\n");
    if (*at != '=') {
      Search one = {.signature = signature, .rank = rank};
      compile(&one.pattern, at, len, file_version);
      g_array_append_val(searches, one);
    } else if (len > base_len + 2 && at[base_len + 1] == ' ' &&
               memcmp(at + 1, base, base_len) == 0) {
      Found found = {signature, rank, g_strndup(at + base_len + 2, len - base_len - 2), 0};
      g_array_append_val(founds, found);
    }
    at += len + (at[len] == '\n');
  }
}

/* Looks through the file once, for all patterns that are still open. */
static gboolean look(OakumCatalogFile *file, const char *file_version, GArray *searches,
                     GArray *founds, GError **error)
{
  const size_t window = (size_t)OAKUM_SIGNATURE_WINDOW, overlap = PATTERN + BACK + 2 * FAR_MAX;
  uint64_t size = MIN(oakum_catalog_file_size(file), OAKUM_SIGNATURE_SEARCH_MAX);
  g_autofree uint8_t *bytes = g_malloc(window);
  for (uint64_t at = 0; at < size && searches->len > 0; at += window - overlap) {
    size_t n = (size_t)MIN(window, size - at);
    if (!oakum_catalog_file_read(file, at, bytes, n, error))
      return FALSE;
    for (guint i = 0; i < searches->len;) {
      Search *one = &g_array_index(searches, Search, i);
      OakumSlice version = {NULL, 0};
      size_t where = 0;
      if (!search(one, (OakumSlice){bytes, n}, n < window, file_version, &version, &where)) {
        i++;
        continue;
      }
      note(founds, one, version, at + where);
      g_array_remove_index(searches, i);
    }
    if (n < window)
      break;
  }
  return TRUE;
}

/* One and the same text in a file proves one product: the one further in front in the table. */
static gboolean is_other(const GArray *founds, const Found *found)
{
  for (guint i = 0; i < founds->len; i++) {
    const Found *one = &g_array_index(founds, Found, i);
    if (one->signature < found->signature && one->offset == found->offset && one->version &&
        strcmp(one->version, found->version) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  char plain[NAME_MAX + 1];
  const char *base = own_name(oakum_catalog_file_path(file), plain);
  g_autofree char *file_version = version_of_name(base);
  g_autoptr(GArray) searches = g_array_new(FALSE, FALSE, sizeof(Search)),
                    founds = g_array_new(FALSE, FALSE, sizeof(Found));
  uint8_t head[64] = {0}; /* as much as sniffing takes */
  size_t known = (size_t)MIN(oakum_catalog_file_size(file), sizeof head);
  if (!oakum_catalog_file_read(file, 0, head, known, error))
    return FALSE;
  gboolean executable = oakum_exe_sniff((OakumSlice){head, known}) != OAKUM_EXE_NONE;
  for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++)
    if (has_name(&signatures[i], base, executable))
      add_searches(searches, founds, &signatures[i], base, file_version);
  gboolean good = look(file, file_version, searches, founds, error);
  for (guint i = 0; i < founds->len; i++) {
    Found *found = &g_array_index(founds, Found, i);
    if (found->version && !is_other(founds, found))
      add(file, sink, found->signature, oakum_slice_of(found->version), found->offset);
  }
  for (guint i = 0; i < founds->len; i++)
    g_free(g_array_index(founds, Found, i).version);
  if (good && oakum_catalog_file_size(file) > OAKUM_SIGNATURE_SEARCH_MAX)
    oakum_catalog_sink_incomplete(sink, file, "limit", "a program larger than is searched");
  return good;
}

/* ---- extensions of PHP ----------------------------------------------------------------------- */
/* php-NAME.so and its like below a folder of PHP: beside the build of the interpreter's interface
 * stands the extension's own version. */
static gboolean wants_extension(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".so") && oakum_exe_sniff(entry->head) == OAKUM_EXE_ELF &&
         (strncmp(entry->path, "php", 3) == 0 || strstr(entry->path, "/php"));
}

static gboolean run_extension(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  const char *base = oakum_path_base(oakum_catalog_file_path(file));
  g_autofree char *name = g_strndup(base, strlen(base) - strlen(".so"));
  const Signature signature = {name, "", "%0%<%d.%d.%d%>%0API20%d\n%0%<%d.%d.%d%>%zAPI20%d", ""};
  g_autoptr(GArray) searches = g_array_new(FALSE, FALSE, sizeof(Search)),
                    founds = g_array_new(FALSE, FALSE, sizeof(Found));
  add_searches(searches, founds, &signature, "", "");
  gboolean good = look(file, "", searches, founds, error);
  for (guint i = 0; i < founds->len; i++) {
    Found *found = &g_array_index(founds, Found, i);
    OakumPackage *package = found->version
                                ? oakum_catalog_add(sink, file, "generic", oakum_slice_of(name),
                                                    oakum_slice_of(found->version))
                                : NULL;
    if (package) {
      package->guessed = TRUE;
      package->offset = found->offset;
    }
    g_free(found->version);
  }
  return good;
}

const OakumCataloguer oakum_binary_cataloguers[] = {
    {"binary-signature", 7, wants, run}, {"php-extension", 1, wants_extension, run_extension}, {0}};
