/* Programs of other processors: they run when the kernel was given an interpreter for them
 * (Documentation/admin-guide/binfmt-misc.rst), which is looked up before a step and not after it.
 */
#include "build/build-private.h"
#include <elf.h>
#include <fcntl.h>
#include <string.h>

#define HEAD 256 /* what binfmt_misc looks at: BINPRM_BUF_SIZE */

typedef struct {
  uint8_t bytes[HEAD];
  size_t len;
} Head;

static gboolean read_head(int root, const char *path, Head *head)
{
  OAKUM_AUTO_FD fd =
      oakum_root_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, OAKUM_ROOT_FOLLOW, NULL);
  head->len = 0;
  while (fd >= 0 && head->len < HEAD) {
    gssize n = oakum_read_some(fd, head->bytes + head->len, HEAD - head->len, NULL);
    if (n <= 0)
      break;
    head->len += (size_t)n;
  }
  return head->len > 0;
}

/* The program that a word starts, searched as the step will search it. FALSE: it will see. */
static gboolean find_program(int root, const char *word, const char *cwd, const char *path_list,
                             Head *head)
{
  if (strchr(word, '/')) {
    g_autofree char *path = g_canonicalize_filename(word, cwd && *cwd ? cwd : "/");
    return read_head(root, path, head);
  }
  g_auto(GStrv) folders = g_strsplit(path_list, ":", -1);
  for (char **folder = folders; *folder; folder++) {
    g_autofree char *path = g_build_filename(*folder, word, NULL);
    if (**folder == '/' && read_head(root, path, head))
      return TRUE;
  }
  return FALSE;
}

/* Of a script, the program of its first line. */
static gboolean follow_script(int root, Head *head)
{
  for (guint i = 0; i < 4 && head->len > 2 && memcmp(head->bytes, "#!", 2) == 0; i++) {
    const char *line = (const char *)head->bytes + 2;
    size_t len = head->len - 2, start = 0;
    while (start < len && (line[start] == ' ' || line[start] == '\t'))
      start++;
    size_t end = start;
    while (end < len && !strchr(" \t\r\n", line[end]))
      end++;
    g_autofree char *path = g_strndup(line + start, end - start);
    if (*path != '/' || !read_head(root, path, head))
      return FALSE;
  }
  return TRUE;
}

static guint machine_of(const Head *head)
{
  if (head->len < 20 || memcmp(head->bytes, ELFMAG, SELFMAG) != 0)
    return EM_NONE;
  const uint8_t *at = head->bytes + 18;
  return head->bytes[EI_DATA] == ELFDATA2MSB ? (guint)at[0] << 8 | at[1]
                                             : (guint)at[1] << 8 | at[0];
}

/* What the kernel of the builder runs by itself. */
static gboolean is_native(guint machine)
{
#if defined(__x86_64__)
  return machine == EM_X86_64 || machine == EM_386;
#elif defined(__aarch64__)
  return machine == EM_AARCH64 || machine == EM_ARM;
#else
  Head own = {.len = 0};
  OAKUM_AUTO_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root < 0 || !read_head(root, "/proc/self/exe", &own) || machine_of(&own) == machine;
#endif
}

static const char *machine_name(guint machine)
{
  static const struct {
    guint machine;
    const char *name;
  } names[] = {{EM_X86_64, "amd64"},  {EM_386, "386"},     {EM_AARCH64, "arm64"},
               {EM_ARM, "arm"},       {EM_PPC64, "ppc64"}, {EM_S390, "s390x"},
               {EM_RISCV, "riscv64"}, {EM_MIPS, "mips"},   {258, "loong64"}};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (names[i].machine == machine)
      return names[i].name;
  return "an unknown processor";
}

static size_t unhex(const char *text, uint8_t *out, size_t max)
{
  size_t n = 0;
  for (; n < max && g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1]); text += 2)
    out[n++] = (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
  return n;
}

/* An entry of binfmt_misc as the kernel shows it. *works: it can be used in a step's root: flag F
 * (the interpreter is open already), or the root has it. */
static gboolean entry_matches(const char *text, const Head *head, int root, gboolean *works)
{
  uint8_t magic[HEAD], mask[HEAD];
  size_t n = 0, n_mask = 0, offset = 0;
  gboolean enabled = FALSE, fixed = FALSE;
  g_autofree char *interpreter = NULL;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    if (strcmp(*line, "enabled") == 0)
      enabled = TRUE;
    else if (g_str_has_prefix(*line, "interpreter ")) {
      g_free(interpreter);
      interpreter = g_strdup(*line + strlen("interpreter "));
    } else if (g_str_has_prefix(*line, "flags:"))
      fixed = strchr(*line + strlen("flags:"), 'F') != NULL;
    else if (g_str_has_prefix(*line, "offset "))
      offset = (size_t)g_ascii_strtoull(*line + strlen("offset "), NULL, 10);
    else if (g_str_has_prefix(*line, "magic "))
      n = unhex(*line + strlen("magic "), magic, HEAD);
    else if (g_str_has_prefix(*line, "mask "))
      n_mask = unhex(*line + strlen("mask "), mask, HEAD);
  }
  if (!enabled || n == 0 || offset > HEAD || n > HEAD - offset || offset + n > head->len)
    return FALSE;
  for (size_t i = 0; i < n; i++)
    if (((head->bytes[offset + i] ^ magic[i]) & (i < n_mask ? mask[i] : 0xff)) != 0)
      return FALSE;
  Head there;
  *works = fixed || (interpreter && read_head(root, interpreter, &there));
  return TRUE;
}

/* *known: there is one, though not for a step. */
static gboolean has_interpreter(const Head *head, int root, gboolean *known)
{
  const char *other = g_getenv("OAKUM_TEST_BINFMT");
  const char *folder = other ? other : "/proc/sys/fs/binfmt_misc";
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  *known = FALSE;
  for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
    gboolean works;
    if (strcmp(name, "register") == 0 || strcmp(name, "status") == 0 ||
        !oakum_file_read(path, 64 * 1024, &text, NULL, NULL) ||
        !entry_matches(text, head, root, &works))
      continue;
    *known = TRUE;
    if (works)
      return TRUE;
  }
  return FALSE;
}

gboolean oakum_step_can_execute(const Build *build, const Stage *stage, const char *word,
                                GError **error)
{
  Head head;
  gboolean known;
  const char *list = oakum_config_getenv(stage->config, "PATH");
  if (!find_program(stage->root, word, stage->config->working_dir, list ? list : OAKUM_DEFAULT_PATH,
                    &head) ||
      !follow_script(stage->root, &head))
    return TRUE; /* there is nothing to tell of; the step itself will say what is missing */
  guint machine = machine_of(&head);
  if (machine == EM_NONE || is_native(machine))
    return TRUE;
  const char *name = machine_name(machine);
  if (build->options->rung == OAKUM_RUNG_FAKE_ROOT) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "%s of the image is a program for %s; the rung fake-root runs those of this "
                "machine only. COPY needs no rung: do this step in a stage FROM "
                "--platform=$BUILDPLATFORM",
                word, name);
    return FALSE;
  }
  if (has_interpreter(&head, stage->root, &known))
    return TRUE;
  g_set_error(
      error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED,
      known ? "%s of the image is a program for %s; the kernel has an interpreter for those, "
              "but not for other roots: register it with the flag F (fix binary)"
            : "%s of the image is a program for %s, and this kernel has no interpreter for those: "
              "register one on the machine with the flag F (package qemu-user-static, or the image "
              "tonistiigi/binfmt), or do this step in a stage FROM --platform=$BUILDPLATFORM",
      word, name);
  return FALSE;
}
