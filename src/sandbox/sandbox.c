/* The builder's side: it prepares the root, starts the re-executed process, waits, and puts the
 * root back as it was. */
#include "codec/codec.h"
#include "os/os.h"
#include "sandbox/supervisor-private.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const rung_names[OAKUM_RUNGS] = {"userns", "root", "chroot", "fake-root"};

const char *oakum_rung_name(OakumRung rung)
{
  return rung_names[rung];
}

gboolean oakum_network_parse(const char *text, OakumNetwork *out)
{
  *out = strcmp(text, "none") == 0 ? OAKUM_NETWORK_NONE : OAKUM_NETWORK_HOST;
  return *out == OAKUM_NETWORK_NONE || strcmp(text, "host") == 0;
}

gboolean oakum_rung_mounts(OakumRung rung)
{
  return rung == OAKUM_RUNG_USERNS || rung == OAKUM_RUNG_ROOT;
}

gboolean oakum_rung_parse(const char *text, OakumRung *out)
{
  for (int i = 0; i < OAKUM_RUNGS; i++)
    if (strcmp(text, rung_names[i]) == 0) {
      *out = (OakumRung)i;
      return TRUE;
    }
  return FALSE;
}

/* ---- the order, over a memory file
 * ------------------------------------------------------------------ */
static const OakumJsonField mount_fields[] = {
    {"kind", OAKUM_JSON_U64, offsetof(StepMount, kind), TRUE},
    {"target", OAKUM_JSON_STRING, offsetof(StepMount, target), TRUE},
    {"source", OAKUM_JSON_STRING, offsetof(StepMount, source)},
    {"upper", OAKUM_JSON_STRING, offsetof(StepMount, upper)},
    {"work", OAKUM_JSON_STRING, offsetof(StepMount, work)},
    {"data", OAKUM_JSON_STRING, offsetof(StepMount, data)},
    {"size", OAKUM_JSON_U64, offsetof(StepMount, size), TRUE},
    {"mode", OAKUM_JSON_U64, offsetof(StepMount, mode), TRUE},
    {"uid", OAKUM_JSON_U64, offsetof(StepMount, uid), TRUE},
    {"gid", OAKUM_JSON_U64, offsetof(StepMount, gid), TRUE},
    {"read_only", OAKUM_JSON_BOOL, offsetof(StepMount, read_only), TRUE},
    {0}};

static gpointer mount_make(void)
{
  return g_new0(StepMount, 1);
}

static const OakumJsonField order_fields[] = {
    {"rung", OAKUM_JSON_STRING, offsetof(StepOrder, rung), TRUE, NULL, NULL, NULL, 0},
    {"root", OAKUM_JSON_STRING, offsetof(StepOrder, root), TRUE, NULL, NULL, NULL, 0},
    {"script", OAKUM_JSON_STRV, offsetof(StepOrder, script), TRUE, NULL, NULL, NULL, 2},
    {"upper", OAKUM_JSON_STRING, offsetof(StepOrder, upper), FALSE, NULL, NULL, NULL, 0},
    {"work", OAKUM_JSON_STRING, offsetof(StepOrder, work), FALSE, NULL, NULL, NULL, 0},
    {"owners", OAKUM_JSON_STRING, offsetof(StepOrder, owners), FALSE, NULL, NULL, NULL, 0},
    {"cwd", OAKUM_JSON_STRING, offsetof(StepOrder, cwd), TRUE, NULL, NULL, NULL, 0},
    {"lowers", OAKUM_JSON_STRV, offsetof(StepOrder, lowers), TRUE, NULL, NULL, NULL,
     OAKUM_VIEW_FOLDERS_MAX},
    {"argv", OAKUM_JSON_STRV, offsetof(StepOrder, argv), TRUE, NULL, NULL, NULL, OAKUM_ARGV_MAX},
    {"env", OAKUM_JSON_STRV, offsetof(StepOrder, envp), TRUE, NULL, NULL, NULL, OAKUM_ARGV_MAX},
    {"groups", OAKUM_JSON_STRV, offsetof(StepOrder, groups), TRUE, NULL, NULL, NULL, 65536},
    {"uid", OAKUM_JSON_U64, offsetof(StepOrder, uid), TRUE, NULL, NULL, NULL, 0},
    {"gid", OAKUM_JSON_U64, offsetof(StepOrder, gid), TRUE, NULL, NULL, NULL, 0},
    {"offline", OAKUM_JSON_BOOL, offsetof(StepOrder, offline), TRUE},
    {"mounts", OAKUM_JSON_ARRAY, offsetof(StepOrder, mounts), TRUE, mount_fields, mount_make,
     g_free, OAKUM_STEP_MOUNTS_MAX},
    {"cgroup", OAKUM_JSON_STRING, offsetof(StepOrder, cgroup), FALSE, NULL, NULL, NULL, 0},
    {"memory", OAKUM_JSON_U64, offsetof(StepOrder, memory), TRUE, NULL, NULL, NULL, 0},
    {"cpus", OAKUM_JSON_U64, offsetof(StepOrder, cpus_milli), TRUE, NULL, NULL, NULL, 0},
    {"timeout", OAKUM_JSON_U64, offsetof(StepOrder, timeout_s), TRUE, NULL, NULL, NULL, 0},
    {"processes", OAKUM_JSON_U64, offsetof(StepOrder, max_processes), TRUE, NULL, NULL, NULL, 0},
    {0}};

static json_t *strings(const char *const *list)
{
  json_t *array = json_array();
  for (; list && *list; list++)
    /* environments hold any bytes, JSON only UTF-8: base64 carries them */
    if (array) {
      g_autofree char *coded = g_base64_encode((const guchar *)*list, strlen(*list));
      json_array_append_new(array, json_string(coded));
    }
  return array;
}

static void decode(char **list)
{
  for (; list && *list; list++) {
    gsize len;
    guchar *bytes = g_base64_decode(*list, &len);
    g_free(*list);
    *list = g_strndup((const char *)bytes, len);
    g_free(bytes);
  }
}

/* A text that is not UTF-8 ends as NULL, and the order as a whole is refused. */
static json_t *mount_order(const OakumStepMount *mount)
{
  json_t *json = json_object();
  g_autofree char *data = g_base64_encode(mount->data.data, mount->data.len);
  json_object_set_new(json, "kind", json_integer(mount->kind));
  json_object_set_new(json, "target", json_string(mount->target));
  const struct {
    const char *key, *text;
  } texts[] = {{"source", mount->source}, {"upper", mount->upper}, {"work", mount->work}};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    if (texts[i].text)
      json_object_set_new(json, texts[i].key, json_string(texts[i].text));
  json_object_set_new(json, "data", json_string(data));
  json_object_set_new(json, "size", json_integer((json_int_t)mount->size));
  json_object_set_new(json, "mode", json_integer(mount->mode));
  json_object_set_new(json, "uid", json_integer(mount->uid));
  json_object_set_new(json, "gid", json_integer(mount->gid));
  json_object_set_new(json, "read_only", json_boolean(mount->read_only));
  return json;
}

static int write_order(OakumRung rung, const OakumStep *step, const char *above,
                       const GPtrArray *places, const char *cgroup, GError **error)
{
  OAKUM_AUTO_JSON *json = json_object();
  json_t *groups = json_array();
  for (size_t i = 0; i < step->n_groups; i++) {
    g_autofree char *number = g_strdup_printf("%u", (unsigned)step->groups[i]);
    json_array_append_new(groups, json_string(number));
  }
  json_object_set_new(json, "rung", json_string(rung_names[rung]));
  json_object_set_new(json, "root", json_string(step->root));
  const char *script[] = {step->script_name, step->script, NULL};
  json_object_set_new(json, "script", strings(script));
  if (step->upper) {
    json_object_set_new(json, "upper", json_string(step->upper));
    json_object_set_new(json, "work", json_string(step->work));
  }
  g_autoptr(GPtrArray) lowers = g_ptr_array_new();
  if (above)
    g_ptr_array_add(lowers, (gpointer)above);
  for (guint i = 0; step->lowers && step->lowers[i]; i++)
    g_ptr_array_add(lowers, (gpointer)step->lowers[i]);
  g_ptr_array_add(lowers, NULL);
  json_object_set_new(json, "lowers", strings((const char *const *)lowers->pdata));
  json_t *mounts = json_array();
  for (guint i = 0; i < places->len; i++)
    json_array_append_new(mounts, mount_order(places->pdata[i]));
  json_object_set_new(json, "mounts", mounts);
  json_object_set_new(json, "offline", json_boolean(step->network == OAKUM_NETWORK_NONE));
  if (rung == OAKUM_RUNG_FAKE_ROOT)
    json_object_set_new(json, "owners", json_string(step->owners ? step->owners : "/dev/null"));
  json_object_set_new(json, "cwd", json_string(step->cwd));
  json_object_set_new(json, "argv", strings(step->argv));
  json_object_set_new(json, "env", strings(step->envp));
  json_object_set_new(json, "groups", groups);
  json_object_set_new(json, "uid", json_integer(step->uid));
  json_object_set_new(json, "gid", json_integer(step->gid));
  if (cgroup)
    json_object_set_new(json, "cgroup", json_string(cgroup));
  json_object_set_new(json, "memory", json_integer(cgroup ? 0 : (json_int_t)step->limits.memory));
  json_object_set_new(json, "cpus", json_integer(cgroup ? 0 : step->limits.cpus_milli));
  json_object_set_new(json, "timeout",
                      json_integer(step->timeout_s ? step->timeout_s : OAKUM_STEP_TIMEOUT_S));
  json_object_set_new(
      json, "processes",
      json_integer(step->max_processes ? step->max_processes : OAKUM_STEP_PROCESSES_MAX));
  g_autofree char *text = oakum_json_dump(json, FALSE);
  OAKUM_AUTO_FD fd = text ? memfd_create("oakum-step", MFD_CLOEXEC) : -1;
  if (fd < 0 || !oakum_write_all(fd, text, strlen(text), error) || lseek(fd, 0, SEEK_SET) != 0) {
    if (error && !*error)
      g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_INVALID,
                  "the step cannot be described: a path or name is not UTF-8");
    return -1;
  }
  return oakum_fd_steal(&fd);
}

int oakum_sandbox_step_main(int argc, char **argv)
{
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(STEP_ORDER_FD, TRUE);
  g_autoptr(GError) error = NULL;
  char *text = NULL;
  size_t len;
  StepOrder order = {0};
  StepReport report = {0, STEP_SETUP_FAILED};
  json_t *json = NULL;
  if (oakum_reader_slurp(reader, 8 * OAKUM_ARGV_MAX + OAKUM_STEP_MOUNTS_MAX * 2 * OAKUM_SECRET_MAX,
                         "step", &text, &len, &error))
    json = oakum_json_parse(text, len, "step", &error);
  if (json && oakum_json_bind(json, order_fields, &order, "step", &error)) {
    decode(order.lowers);
    decode(order.argv);
    decode(order.envp);
    decode(order.script);
    setsid();
    fcntl(STEP_REPORT_FD, F_SETFD, FD_CLOEXEC);
    if (order.cgroup && !oakum_cgroup_join(order.cgroup))
      oakum_sandbox_complain("cgroup");
    else
      report = strcmp(order.rung, "chroot") == 0 || order.owners ? oakum_sandbox_chroot_body(&order)
                                                                 : oakum_sandbox_root_body(&order);
  } else {
    dprintf(2, "oakum: step: %s\n", error ? error->message : "no order");
  }
  if (write(STEP_REPORT_FD, &report, sizeof(report)) < 0)
    return 1;
  _exit(0); /* what is held here goes with the process */
}

/* ---- the root before and after
 * ------------------------------------------------------------------------- */
typedef struct {
  OakumRung rung;
  const OakumStep *step;
  int root;
  OakumTargets *places;
  gboolean made_dev, made_proc, made_sys, made_etc;
  gboolean placed[2], moved[2];
  OakumTempDir *above; /* of a view: holds the folder that takes what is prepared; NULL */
  char *upper;         /* this folder */
} Prepared;

static const char *const given[] = {"hosts", "resolv.conf"};

static gboolean make_folder(int root, const char *name, gboolean *made, GError **error)
{
  struct stat st;
  if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISDIR(st.st_mode))
      return TRUE;
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_INVALID, "/%s of the image is no folder",
                name);
    return FALSE;
  }
  if (mkdirat(root, name, 0755) < 0) {
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "/%s", name);
    return FALSE;
  }
  *made = TRUE;
  return TRUE;
}

/* What the image has of the name is moved out of the root and comes back after the step. */
static gboolean place_files(Prepared *p, GError **error)
{
  const char *texts[] = {p->step->hosts, p->step->resolv_conf};
  OAKUM_AUTO_FD etc = openat(p->root, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  OAKUM_AUTO_FD scratch = open(p->step->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (etc < 0 || scratch < 0) {
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "%s", etc < 0 ? "/etc" : p->step->scratch);
    return FALSE;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
    if (!texts[i])
      continue;
    g_autofree char *kept = g_strconcat("kept-", given[i], NULL);
    if (p->above) { /* below it the image's own stays as it is */
      if (!oakum_root_remove_tree(etc, given[i], error))
        return FALSE;
    } else if (renameat(etc, given[i], scratch, kept) == 0)
      p->moved[i] = TRUE;
    else if (errno != ENOENT) {
      oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "/etc/%s", given[i]);
      return FALSE;
    }
    OAKUM_AUTO_FD fd =
        openat(etc, given[i], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0 || fchmod(fd, 0644) < 0 || !oakum_write_all(fd, texts[i], strlen(texts[i]), NULL)) {
      oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "/etc/%s", given[i]);
      return FALSE;
    }
    p->placed[i] = TRUE;
  }
  return TRUE;
}

/* dev and proc as folders of the root itself, for the rung without mounts. */
static gboolean fill_for_chroot(Prepared *p, GError **error)
{
  static const struct {
    const char *name;
    unsigned major, minor;
  } nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
               {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
  static const char *const links[][2] = {{"/proc/self/fd", "fd"},
                                         {"/proc/self/fd/0", "stdin"},
                                         {"/proc/self/fd/1", "stdout"},
                                         {"/proc/self/fd/2", "stderr"}};
  OAKUM_AUTO_FD dev = openat(p->root, "dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  OAKUM_AUTO_FD proc = openat(p->root, "proc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (dev < 0 || proc < 0) {
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "/dev, /proc");
    return FALSE;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++) {
    /* where no node may be made a plain file stands for it, and opening it gives the real one */
    if (mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0 &&
        errno == EPERM)
      (void)!mknodat(dev, nodes[i].name, S_IFREG | 0666, 0);
    (void)!fchmodat(dev, nodes[i].name, 0666, 0);
  }
  for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
    (void)!symlinkat(links[i][0], dev, links[i][1]);
  (void)!mkdirat(dev, "shm", 0777);
  (void)!fchmodat(dev, "shm", 01777, 0);
  static const char *const files[] = {"cpuinfo",    "meminfo",   "stat",        "uptime",
                                      "version",    "loadavg",   "filesystems", "cmdline",
                                      "mounts",     "vmstat",    "devices",     "swaps",
                                      "partitions", "diskstats", "modules"};
  for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
    (void)!mknodat(proc, files[i], S_IFREG | 0444, 0);
  /* links, as they are in /proc, so that who walks a tree leaves them alone; what they say of a
   * process is answered */
  (void)!symlinkat(".self", proc, "self");
  (void)!symlinkat(".self", proc, "thread-self");
  static const char *const folders[] = {
      ".self",    "self/fd", "self/fdinfo", "self/task",    "self/ns",
      "self/net", "net",     "sys",         "sys/kernel",   "sys/kernel/random",
      "sys/vm",   "sys/fs",  "sys/net",     "sys/net/core", "sys/crypto",
      "driver",   "bus",     "irq"};
  for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
    (void)!mkdirat(proc, folders[i], 0755); /* who is no root must be able to fill them */
  static const char *const own[] = {
      "self/exe",    "self/cmdline",   "self/maps",    "self/status",        "self/stat",
      "self/mounts", "self/mountinfo", "self/environ", "self/cgroup",        "self/comm",
      "self/limits", "self/smaps",     "self/statm",   "self/auxv",          "self/mem",
      "self/io",     "self/uid_map",   "self/gid_map", "self/oom_score_adj", "self/loginuid",
      "self/fd/0",   "self/fd/1",      "self/fd/2"};
  for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
    (void)!mknodat(proc, own[i], S_IFREG | 0444, 0);
  return TRUE;
}

/* The names may not lead out: they are words of a here-document. */
static gboolean script_name_ok(const char *name)
{
  return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static gboolean place_script(Prepared *p, GError **error)
{
  if (!p->step->script_name)
    return TRUE;
  if (!script_name_ok(p->step->script_name)) {
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_INVALID,
                "a here-document's word that is no file name");
    return FALSE;
  }
  if (oakum_rung_mounts(p->rung))
    return TRUE; /* it comes with the step's own /dev */
  OAKUM_AUTO_FD dev = openat(p->root, "dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (dev >= 0 && oakum_sandbox_write_script(dev, p->step->script_name, p->step->script))
    return TRUE;
  oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "/dev/pipes");
  return FALSE;
}

gboolean oakum_sandbox_write_script(int dev, const char *name, const char *text)
{
  if (mkdirat(dev, "pipes", 0755) < 0 && errno != EEXIST)
    return FALSE;
  OAKUM_AUTO_FD pipes = openat(dev, "pipes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  OAKUM_AUTO_FD fd =
      pipes < 0 ? -1
                : openat(pipes, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
  return fd >= 0 && fchmod(pipes, 0755) == 0 && fchmod(fd, 0755) == 0 &&
         oakum_write_all(fd, text, strlen(text), NULL);
}

static gboolean prepare(Prepared *p, GError **error)
{
  if (!make_folder(p->root, "dev", &p->made_dev, error) ||
      !make_folder(p->root, "proc", &p->made_proc, error) ||
      !make_folder(p->root, "sys", &p->made_sys, error) ||
      !make_folder(p->root, "etc", &p->made_etc, error))
    return FALSE;
  return place_files(p, error) && (oakum_rung_mounts(p->rung) || fill_for_chroot(p, error)) &&
         place_script(p, error) &&
         (p->places = oakum_targets_new(p->root, p->step, !oakum_rung_mounts(p->rung), error)) !=
             NULL;
}

/* Of a view nothing may be changed: what is prepared goes into a folder of its own, which the step
 * finds above the others, and which is thrown away after it. */
static gboolean prepare_above(Prepared *p, GError **error)
{
  p->above = oakum_temp_dir_new(p->step->scratch, error);
  if (!p->above)
    return FALSE;
  const char *path = oakum_temp_dir_path(p->above);
  g_autofree char *work = g_build_filename(path, "work", NULL);
  g_autofree char *root = g_build_filename(path, "root", NULL);
  p->upper = g_build_filename(path, "upper", NULL);
  if (mkdir(p->upper, 0755) < 0 || mkdir(work, 0700) < 0 || mkdir(root, 0700) < 0) {
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "%s", path);
    return FALSE;
  }
  if (!oakum_sandbox_mount_view(p->step->lowers, p->upper, work, root, error))
    return FALSE;
  int before = p->root;
  p->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = p->root >= 0;
  if (!ok)
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "%s", root);
  ok = ok && prepare(p, error);
  oakum_targets_forget(p->places);
  oakum_fd_clear(&p->root);
  p->root = before;
  oakum_sandbox_unmount_view(root);
  return ok;
}

static void empty_folder(int root, const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  int fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir) {
    oakum_fd_clear(&fd);
    return;
  }
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      g_ptr_array_add(names, g_strdup(entry->d_name));
  for (guint i = 0; i < names->len; i++) {
    g_autoptr(GError) error = NULL;
    if (!oakum_root_remove_tree(fd, names->pdata[i], &error))
      oakum_warn("/%s: %s", name, error->message);
  }
  closedir(dir);
}

static void restore(Prepared *p)
{
  oakum_targets_free(p->places);
  if (p->above) {
    oakum_temp_dir_free(p->above);
    g_free(p->upper);
    return;
  }
  OAKUM_AUTO_FD etc = openat(p->root, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  OAKUM_AUTO_FD scratch = open(p->step->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
    g_autofree char *kept = g_strconcat("kept-", given[i], NULL);
    if (etc >= 0 && p->placed[i])
      (void)!oakum_root_remove_tree(etc, given[i], NULL);
    if (etc >= 0 && p->moved[i] && renameat(scratch, kept, etc, given[i]) < 0)
      oakum_warn("/etc/%s of the image was not put back: %s", given[i], g_strerror(errno));
  }
  empty_folder(p->root, "dev");
  empty_folder(p->root, "proc");
  const struct {
    const char *name;
    gboolean made;
  } folders[] = {
      {"dev", p->made_dev}, {"proc", p->made_proc}, {"sys", p->made_sys}, {"etc", p->made_etc}};
  for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
    if (folders[i].made)
      (void)!unlinkat(p->root, folders[i].name, AT_REMOVEDIR);
}

/* ---- running
 * --------------------------------------------------------------------------------------------- */
/* Waits until there is a report. TRUE: nobody wants the step any longer, and its supervisor was
 * told so; it ends all processes of the step before itself. */
static gboolean wait_or_stop(const OakumStep *step, int report, const OakumChild *child)
{
  struct pollfd fds[2] = {{.fd = report, .events = POLLIN},
                          {.fd = step->stop ? *step->stop : -1, .events = POLLIN}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  if (!fds[1].revents || fds[0].revents)
    return FALSE;
  kill(oakum_child_pid(child), SIGTERM);
  return TRUE;
}

static gboolean start_and_wait(const Prepared *p, const char *cgroup, StepReport *report,
                               GError **error)
{
  int fds[2];
  const OakumStep *step = p->step;
  OAKUM_AUTO_FD order =
      write_order(p->rung, step, p->upper, oakum_targets_mounts(p->places), cgroup, error);
  if (order < 0)
    return FALSE;
  if (pipe2(fds, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "pipe");
    return FALSE;
  }
  OAKUM_AUTO_FD report_read = fds[0];
  OAKUM_AUTO_FD report_write = fds[1];
  const char *argv[] = {"oakum:step", NULL}, *envp[] = {NULL};
  const OakumChildMove moves[] = {{order, STEP_ORDER_FD}, {report_write, STEP_REPORT_FD}};
  OakumChildSpec spec = {.program = "/proc/self/exe",
                         .argv = argv,
                         .envp = envp,
                         .in = -1,
                         .out = step->out,
                         .err = step->err,
                         .moves = moves,
                         .n_moves = G_N_ELEMENTS(moves)};
  g_autoptr(OakumChild) child = oakum_child_spawn(&spec, error);
  if (!child)
    return FALSE;
  oakum_fd_clear(&report_write);
  int status;
  size_t have = 0;
  gssize n;
  gboolean stopped = wait_or_stop(step, report_read, child);
  while (have < sizeof(*report) && (n = oakum_read_some(report_read, (char *)report + have,
                                                        sizeof(*report) - have, error)) > 0)
    have += (size_t)n;
  if (!oakum_child_wait(child, -1, &status, error))
    return FALSE;
  if (stopped) {
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_CANCELLED, "the step was ended");
    return FALSE;
  }
  if (have == sizeof(*report))
    return TRUE;
  g_autofree char *how = oakum_child_describe(status);
  g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_FAILED,
              "the step's supervisor ended early: %s", how);
  return FALSE;
}

gboolean oakum_sandbox_run(OakumRung rung, const OakumStep *step, int *status, GError **error)
{
  Prepared prepared = {.rung = rung, .step = step};
  if (rung == OAKUM_RUNG_FAKE_ROOT && step->network == OAKUM_NETWORK_NONE) {
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "the rung fake-root cannot cut a step off from the network");
    return FALSE;
  }
  OAKUM_AUTO_FD root = open(step->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "%s", step->root);
    return FALSE;
  }
  prepared.root = root;
  StepReport report = {0, 0};
  char *cgroup = oakum_cgroup_new(&step->limits);
  gboolean ok = (step->lowers ? prepare_above : prepare)(&prepared, error) &&
                start_and_wait(&prepared, cgroup, &report, error);
  /* nothing that a living process may be in is moved out of the root: from there it would see the
   * machine */
  if (ok && report.limit == STEP_ALIVE)
    oakum_targets_forget(prepared.places);
  restore(&prepared);
  gboolean starved = oakum_cgroup_end(cgroup);
  if (!ok)
    return FALSE;
  if (starved && report.status != 0) {
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_LIMIT,
                "killed: needed more than %" G_GUINT64_FORMAT " bytes of memory",
                step->limits.memory);
    return FALSE;
  }
  switch (report.limit) {
  case STEP_LIMIT_TIME:
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_LIMIT, "killed: ran for more than %u s",
                step->timeout_s ? step->timeout_s : OAKUM_STEP_TIMEOUT_S);
    return FALSE;
  case STEP_LIMIT_PROCESSES:
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_LIMIT, "killed: more than %u processes",
                step->max_processes ? step->max_processes : OAKUM_STEP_PROCESSES_MAX);
    return FALSE;
  case STEP_ALIVE:
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_LIMIT,
                "processes of the step could not be ended");
    return FALSE;
  case STEP_SETUP_FAILED:
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_DENIED,
                "the %s rung could not be set up; the line above says why, and oakum doctor what "
                "this machine allows",
                rung_names[rung]);
    return FALSE;
  default:
    *status = report.status;
    return TRUE;
  }
}

/* ---- probing
 * ------------------------------------------------------------------------------------------------
 */
static gboolean try_in_child(gboolean (*attempt)(void), char **why)
{
  int fds[2], errnum = 0, status;
  if (pipe2(fds, O_CLOEXEC) < 0)
    return FALSE;
  pid_t pid = fork();
  if (pid == 0) {
    errnum = attempt() ? 0 : errno ? errno : EPERM;
    if (write(fds[1], &errnum, sizeof(errnum)) < 0)
      _exit(1);
    _exit(0);
  }
  close(fds[1]);
  if (read(fds[0], &errnum, sizeof(errnum)) != sizeof(errnum))
    errnum = EIO;
  close(fds[0]);
  if (pid > 0)
    waitpid(pid, &status, 0);
  if (errnum != 0 && why)
    *why = g_strdup(g_strerror(errnum));
  return errnum == 0;
}

gboolean oakum_sandbox_try_mounts(void)
{
  /* inside a plain chroot "/" is no mount point: neither can propagation be cut off there nor
   * pivot_root work */
  if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) < 0 ||
      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return FALSE;
  /* a container that hides parts of /proc may make user namespaces, but no /proc in them */
  int status = 0;
  pid_t pid = fork();
  if (pid == 0)
    _exit(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 ? 0 : errno);
  if (pid < 0 || waitpid(pid, &status, 0) < 0)
    return FALSE;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
  return errno == 0;
}

static gboolean attempt_chroot(void)
{
  int listener = -1;
  return chroot("/") == 0 && oakum_sandbox_load_filter(TRUE, FALSE, &listener) && listener >= 0;
}

gboolean oakum_sandbox_probe(OakumRung rung, char **why)
{
  if (rung == OAKUM_RUNG_USERNS && !oakum_sandbox_in_userns())
    return oakum_sandbox_try_userns(why);
  return try_in_child(rung == OAKUM_RUNG_CHROOT      ? attempt_chroot
                      : rung == OAKUM_RUNG_FAKE_ROOT ? oakum_fake_try
                                                     : oakum_sandbox_try_mounts,
                      why);
}

static gboolean attempt_confine(void)
{
  g_autoptr(GError) error = NULL;
  return oakum_sandbox_confine(-1, &error);
}

gboolean oakum_sandbox_probe_confine(char **why)
{
  return try_in_child(attempt_confine, why);
}
