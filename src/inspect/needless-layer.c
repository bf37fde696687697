/* What layers tell of packages and of the programs that no package brought, so that the whole image
 * can say which packages nothing needs. Sources: deb-control(5), the installed database of
 * apk-tools, elf(5).
 *
 * A graph is lines: "P name bytes flags", "D" and the names that it depends on, "V" and those that
 * it provides, by spaces; flags: "k" keep. Of rpm there is "F" too: its programs and libraries, the
 * paths without /usr and with bin for sbin. Alternatives count all: what might be needed stays. */
#include "inspect/needless-private.h"
#include <elf.h>
#include <string.h>

static gboolean is_name(int c)
{
  return g_ascii_isalnum(c) || strchr("+-._:/@", c);
}

/* Appends the names of a list: "a (>= 1) | b:any, c [amd64]" of dpkg; "so:libc.so.6=6 cmd:x !y" of
 * apk. What stands in brackets, versions and conflicts are left out. */
static void add_names(GString *out, OakumSlice list)
{
  gboolean open = FALSE; /* in brackets */
  for (size_t i = 0; i < list.len;) {
    int c = list.data[i];
    if (strchr("([<{", c) && c != '\0' && (i == 0 || !is_name(list.data[i - 1]) || c == '('))
      open = TRUE;
    if (open || c == '\0' || !is_name(c) || c == '-') {
      if (c != '\0' && strchr(")]>}", c))
        open = FALSE;
      i++;
      continue;
    }
    size_t n = 0;
    while (i + n < list.len && list.data[i + n] && is_name(list.data[i + n]))
      n++;
    gboolean conflict = i > 0 && list.data[i - 1] == '!';
    const char *at = (const char *)list.data + i;
    size_t len = n;
    while (len > 4 && memcmp(at + len - 4, ":any", 4) == 0)
      len -= 4;
    if (!conflict && len <= OAKUM_HYGIENE_NAME_MAX) {
      g_string_append_c(out, ' ');
      g_string_append_len(out, at, (gssize)len);
    }
    i += n;
    if (i < list.len && strchr("=<>~", list.data[i]) && list.data[i]) /* apk's version */
      while (i < list.len && list.data[i] != ' ')
        i++;
  }
}

typedef struct {
  OakumSlice name, size, depends[4], provides;
  gboolean keep, installed;
} Row;

static void end_row(GString *out, const Row *row, uint64_t unit)
{
  uint64_t size = 0;
  if (row->name.len == 0 || row->name.len > OAKUM_HYGIENE_NAME_MAX || !row->installed)
    return;
  for (size_t i = 0; i < row->name.len; i++)
    if (!row->name.data[i] || !is_name(row->name.data[i]))
      return;
  if (!oakum_parse_u64((const char *)row->size.data, row->size.len, G_MAXINT32 * OAKUM_KIB, &size))
    size = 0;
  g_string_append_printf(out, "P %.*s %" G_GUINT64_FORMAT " %s\nD", (int)row->name.len,
                         (const char *)row->name.data, size * unit, row->keep ? "k" : "-");
  for (size_t i = 0; i < G_N_ELEMENTS(row->depends); i++)
    add_names(out, row->depends[i]);
  g_string_append(out, "\nV");
  add_names(out, row->provides);
  g_string_append_c(out, '\n');
}

static gboolean field(OakumSlice line, const char *name, OakumSlice *value)
{
  size_t n = strlen(name);
  if (line.len <= n || line.data[n] != ':' ||
      g_ascii_strncasecmp((const char *)line.data, name, n) != 0)
    return FALSE;
  *value = (OakumSlice){line.data + n + 1, line.len - n - 1};
  while (value->len > 0 && (value->data[0] == ' ' || value->data[0] == '\t')) {
    value->data++;
    value->len--;
  }
  return TRUE;
}

static gboolean is(OakumSlice text, const char *word)
{
  return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

char *oakum_needless_dpkg(OakumSlice status)
{
  g_autoptr(GString) out = g_string_new(NULL);
  OakumSlice line, value;
  Row row = {0};
  while (oakum_slice_line(&status, &line)) {
    if (line.len == 0) {
      end_row(out, &row, OAKUM_KIB);
      row = (Row){0};
    } else if (field(line, "Package", &value))
      row.name = value;
    else if (field(line, "Status", &value))
      row.installed = value.len > 10 && memcmp(value.data + value.len - 10, " installed", 10) == 0;
    else if (field(line, "Installed-Size", &value))
      row.size = value;
    else if (field(line, "Pre-Depends", &value))
      row.depends[0] = value;
    else if (field(line, "Depends", &value))
      row.depends[1] = value;
    else if (field(line, "Recommends", &value))
      row.depends[2] = value;
    else if (field(line, "Provides", &value))
      row.provides = value;
    else if (field(line, "Essential", &value) || field(line, "Protected", &value) ||
             field(line, "Important", &value))
      row.keep |= is(value, "yes");
    else if (field(line, "Priority", &value))
      row.keep |= is(value, "required");
    if (out->len > OAKUM_NEEDLESS_GRAPH_MAX)
      return NULL;
  }
  end_row(out, &row, OAKUM_KIB);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *oakum_needless_apk(OakumSlice installed)
{
  static const char *const base[] = {"alpine-base", "alpine-baselayout", "alpine-baselayout-data",
                                     "alpine-keys", "alpine-release",    "apk-tools",
                                     "busybox",     "busybox-binsh",     "libc-utils",
                                     "musl",        "musl-utils",        "scanelf",
                                     "ssl_client",  "wolfi-base",        "wolfi-baselayout"};
  g_autoptr(GString) out = g_string_new(NULL);
  OakumSlice line;
  Row row = {.installed = TRUE};
  for (;;) {
    gboolean more = oakum_slice_line(&installed, &line);
    if (!more || line.len == 0) {
      for (size_t i = 0; i < G_N_ELEMENTS(base); i++)
        row.keep |= is(row.name, base[i]);
      end_row(out, &row, 1);
      row = (Row){.installed = TRUE};
    }
    if (!more || out->len > OAKUM_NEEDLESS_GRAPH_MAX)
      break;
    if (line.len < 2 || line.data[1] != ':')
      continue;
    OakumSlice value = {line.data + 2, line.len - 2};
    if (line.data[0] == 'P')
      row.name = value;
    else if (line.data[0] == 'I')
      row.size = value;
    else if (line.data[0] == 'D')
      row.depends[0] = value;
    else if (line.data[0] == 'p')
      row.provides = value;
  }
  return out->len > OAKUM_NEEDLESS_GRAPH_MAX ? NULL : g_string_free(g_steal_pointer(&out), FALSE);
}

/* Paragraphs of "Package: x", "Architecture: amd64", "Auto-Installed: 1" (apt's
 * apt-pkg/depcache.cc). */
char *oakum_needless_auto(OakumSlice states)
{
  g_autoptr(GString) out = g_string_new(NULL);
  OakumSlice line, value, name = {NULL, 0};
  gboolean automatic = FALSE, more = TRUE;
  while (more) {
    more = oakum_slice_line(&states, &line);
    if (!more || line.len == 0) {
      if (automatic && name.len > 0 && name.len <= OAKUM_HYGIENE_NAME_MAX)
        g_string_append_printf(out, "%.*s\n", (int)name.len, (const char *)name.data);
      name.len = 0;
      automatic = FALSE;
    } else if (field(line, "Package", &value))
      name = value;
    else if (field(line, "Auto-Installed", &value))
      automatic = is(value, "1");
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* "name", "name>1.2", "name@edge", "!conflict" (apk-world(5)). */
char *oakum_needless_world(OakumSlice world)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (size_t i = 0; i < world.len;) {
    size_t n = 0;
    while (i + n < world.len && world.data[i + n] > ' ')
      n++;
    size_t name = 0;
    while (name < n && !strchr("<>=~@", world.data[i + name]))
      name++;
    if (name > 0 && name <= OAKUM_HYGIENE_NAME_MAX && world.data[i] != '!')
      g_string_append_printf(out, "%.*s\n", (int)name, (const char *)world.data + i);
    i += n + 1;
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *oakum_needless_files(const char *package, OakumSlice list)
{
  g_autoptr(GString) out = g_string_new(NULL);
  OakumSlice line;
  while (oakum_slice_line(&list, &line) && out->len < OAKUM_NEEDLESS_FILES_MAX) {
    if (line.len == 0 || line.len > OAKUM_TAR_PATH_MAX || line.data[0] != '/')
      continue;
    g_autofree char *path = g_strndup((const char *)line.data, line.len);
    const char *base = strrchr(path, '/') + 1;
    gboolean program = base - path >= 5 && (strncmp(base - 4, "bin/", 4) == 0);
    gboolean library = strstr(base, ".so") != NULL && strstr(path, "lib") != NULL;
    if (program || library || strstr(path, "/libexec/") ||
        (strncmp(base, "ld-", 3) == 0 && strstr(base, ".so")))
      g_string_append_printf(out, "%s\n", path);
  }
  if (out->len == 0)
    return g_strdup("");
  g_autofree char *name = g_strndup(package, strcspn(package, ":"));
  g_string_prepend_c(out, '\n');
  g_string_prepend(out, name);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- ELF
 * --------------------------------------------------------------------------------------- */
typedef struct {
  OakumSlice bytes;
  gboolean wide, big; /* 64 bits; the highest byte first */
} Elf;

static uint64_t number(const Elf *elf, uint64_t at, guint n)
{
  uint64_t value = 0;
  if (at > elf->bytes.len || n > elf->bytes.len - at)
    return 0;
  for (guint i = 0; i < n; i++)
    value |= (uint64_t)elf->bytes.data[at + i] << 8 * (elf->big ? n - 1 - i : i);
  return value;
}

static gboolean open_elf(OakumSlice bytes, Elf *elf)
{
  if (bytes.len < 52 || memcmp(bytes.data, ELFMAG, SELFMAG) != 0)
    return FALSE;
  *elf = (Elf){bytes, bytes.data[EI_CLASS] == ELFCLASS64, bytes.data[EI_DATA] == ELFDATA2MSB};
  return elf->wide || bytes.data[EI_CLASS] == ELFCLASS32;
}

typedef struct {
  uint64_t type, flags, offset, address, size;
} Part;

/* FALSE: there is no such part. */
static gboolean part(const Elf *elf, guint i, Part *out)
{
  uint64_t at = number(elf, elf->wide ? 32 : 28, elf->wide ? 8 : 4),
           each = number(elf, elf->wide ? 54 : 42, 2), n = number(elf, elf->wide ? 56 : 44, 2);
  if (i >= MIN(n, OAKUM_NEEDLESS_PARTS_MAX) || each < (elf->wide ? 56 : 32) || at > elf->bytes.len)
    return FALSE;
  at += each * i;
  *out = elf->wide ? (Part){number(elf, at, 4), number(elf, at + 4, 4), number(elf, at + 8, 8),
                            number(elf, at + 16, 8), number(elf, at + 32, 8)}
                   : (Part){number(elf, at, 4), number(elf, at + 24, 4), number(elf, at + 4, 4),
                            number(elf, at + 8, 4), number(elf, at + 16, 4)};
  return TRUE;
}

gboolean oakum_needless_dynamic(OakumSlice head, uint64_t *offset, uint64_t *len)
{
  Elf elf;
  Part p;
  if (!open_elf(head, &elf))
    return FALSE;
  for (guint i = 0; part(&elf, i, &p); i++)
    if (p.type == PT_DYNAMIC) {
      *offset = p.offset;
      *len = MIN(p.size, OAKUM_NEEDLESS_DYNAMIC_MAX);
      return *len > 0;
    }
  return FALSE;
}

/* Names of libraries stand in front of what runs, where linkers have put them. Tools that change
 * programs move them into a part of their own. */
size_t oakum_needless_room(OakumSlice head)
{
  enum { USUAL_PARTS = 4 };
  Elf elf;
  Part p;
  uint64_t offset, len, end = 0;
  guint loads = 0;
  gboolean runs = FALSE;
  if (!open_elf(head, &elf))
    return OAKUM_NEEDLESS_PROGRAM_MAX;
  if (!oakum_needless_dynamic(head, &offset, &len))
    return head.len; /* it names none */
  for (guint i = 0; part(&elf, i, &p); i++) {
    if (p.type != PT_LOAD)
      continue;
    loads++;
    runs |= (p.flags & PF_X) != 0;
    if (!runs && (oakum_add_overflows(p.offset, p.size, &len) || len > end))
      end = len;
  }
  return loads > USUAL_PARTS || end == 0 ? OAKUM_NEEDLESS_PROGRAM_MAX
                                         : (size_t)MIN(end, OAKUM_NEEDLESS_PROGRAM_MAX);
}

/* Where in the file an address lies. */
static gboolean place_of(const Elf *elf, uint64_t address, uint64_t *offset)
{
  Part p;
  for (guint i = 0; part(elf, i, &p); i++)
    if (p.type == PT_LOAD && address >= p.address && address - p.address < p.size) {
      *offset = p.offset + (address - p.address);
      return TRUE;
    }
  return FALSE;
}

static void add_libraries(const Elf *elf, OakumSlice behind, GString *out)
{
  uint64_t offset, len, strings = 0;
  if (!oakum_needless_dynamic(elf->bytes, &offset, &len))
    return;
  Elf dynamic = *elf;
  if (offset <= elf->bytes.len && len <= elf->bytes.len - offset)
    dynamic.bytes = (OakumSlice){elf->bytes.data + offset, (size_t)len};
  else
    dynamic.bytes = behind;
  guint word = elf->wide ? 8 : 4;
  gboolean found = FALSE;
  for (uint64_t at = 0; at + 2 * word <= dynamic.bytes.len; at += 2 * word)
    if (number(&dynamic, at, word) == DT_STRTAB)
      found = place_of(elf, number(&dynamic, at + word, word), &strings);
  guint n = 0;
  for (uint64_t at = 0;
       found && at + 2 * word <= dynamic.bytes.len && n < OAKUM_NEEDLESS_LIBRARIES_MAX;
       at += 2 * word) {
    uint64_t name = number(&dynamic, at + word, word);
    if (number(&dynamic, at, word) == DT_NULL)
      break;
    if (number(&dynamic, at, word) != DT_NEEDED || oakum_add_overflows(name, strings, &name) ||
        name >= elf->bytes.len)
      continue;
    const char *text = (const char *)elf->bytes.data + name;
    size_t length = strnlen(text, MIN(elf->bytes.len - name, OAKUM_HYGIENE_NAME_MAX));
    gboolean good = length > 0;
    for (size_t i = 0; i < length; i++)
      good = good && is_name(text[i]);
    n++;
    if (good)
      g_string_append_printf(out, "l %.*s\n", (int)length, text);
  }
}

/* ---- scripts
 * ------------------------------------------------------------------------------------- */
/* All words, each once: which of them name programs is for the whole image to say. */
static void add_words(OakumSlice text, GString *out)
{
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  for (size_t i = 0; i < text.len && out->len < OAKUM_NEEDLESS_WORDS_MAX;) {
    size_t n = 0;
    while (i + n < text.len && text.data[i + n] && is_name(text.data[i + n]) &&
           text.data[i + n] != '/' && text.data[i + n] != ':')
      n++;
    if (n >= 2 && n <= OAKUM_NEEDLESS_WORD_MAX && g_ascii_isalpha(text.data[i])) {
      char *word = g_strndup((const char *)text.data + i, n);
      if (g_hash_table_add(seen, word))
        g_string_append_printf(out, "w %s\n", word);
    }
    i += MAX(n, 1);
  }
}

char *oakum_needless_needs(OakumSlice content, OakumSlice dynamic)
{
  g_autoptr(GString) out = g_string_new(NULL);
  Elf elf;
  if (open_elf(content, &elf)) {
    add_libraries(&elf, dynamic, out);
  } else if (content.len > 2 && memcmp(content.data, "#!", 2) == 0) {
    OakumSlice rest = content, line;
    gboolean any = oakum_slice_line(&rest, &line);
    g_autofree char *first =
        g_strndup((const char *)line.data + 2, any ? MIN(line.len - 2, OAKUM_HYGIENE_NAME_MAX) : 0);
    g_strstrip(first);
    g_auto(GStrv) words = g_strsplit_set(first, " \t", 8);
    for (char **word = words; *word; word++) { /* "/usr/bin/env -S python3 -u" */
      const char *base = strrchr(*word, '/') ? strrchr(*word, '/') + 1 : *word;
      if (*base && *base != '-')
        g_string_append_printf(out, "i %s\n", base);
    }
    add_words(content, out);
  } else
    return NULL;
  return g_string_free(g_steal_pointer(&out), FALSE);
}
