/* Hygiene of one layer at a time: modes, owners and names of its entries, and what lies in the
 * files that hygiene-content.c reads. What grows with the layer is counted and bounded. */
#include "inspect/needless-private.h"
#include <string.h>

typedef struct {
  char *path;
  uint64_t size;
} Sized;
static void sized_clear(gpointer sized)
{
  g_free(((Sized *)sized)->path);
}

struct OakumHygiene {
  GPtrArray *found;      /* OakumFinding of this layer */
  GPtrArray *incomplete; /* of what could not be looked at whole */
  GHashTable *told;      /* paths of them */
  guint count[HYGIENE_RULES], left_out[HYGIENE_RULES];
  guint facts;
  guint again; /* names that came twice and had a finding */
  OakumHygieneHeaps *heaps;
  GHashTable *open;    /* folders below which everybody can write, told already */
  GHashTable *folders; /* of the workplace, told already */
  GArray *sized;       /* Sized: large files */
  GHashTable *rest;    /* folder → uint64_t *: bytes of the others in it */
  GString *gone;       /* lines of whiteouts */
  GString *links;      /* NEEDLESS_FACT_LINKS */
  uint64_t total;      /* bytes of all files */
  guint files;
  GHashTable *owners; /* uid → GPtrArray-less count and example: Owner */
  GHashTable *owned;  /* hashes of paths that a package manager of this layer knows */
  gboolean rpm;       /* the layer has a database of rpm, which is not read here */
  guint huge;
  /* the content that is being taken */
  char *path;
  GByteArray *content;
  size_t room;
  uint64_t size; /* of the file */
  enum {
    TAKE_NOTHING,
    TAKE_LOOK,
    TAKE_SECRET,
    TAKE_DPKG,
    TAKE_STATUS,
    TAKE_APK,
    TAKE_AUTO,
    TAKE_WORLD,
    TAKE_PROGRAM
  } take;
  uint64_t at;                        /* bytes of the file that went by */
  uint64_t dynamic_from, dynamic_len; /* of a program, where they lie behind what is kept of it */
  GByteArray *dynamic;
  GPtrArray *programs; /* Program */
  uint64_t programs_bytes;
};

typedef struct {
  char *path, *needs; /* oakum_needless_needs */
} Program;
static void program_free(gpointer program)
{
  g_free(((Program *)program)->path);
  g_free(((Program *)program)->needs);
  g_free(program);
}

typedef struct {
  guint count;
  char *example;
} Owner;
static void owner_free(gpointer owner)
{
  g_free(((Owner *)owner)->example);
  g_free(owner);
}

static void begin_layer(OakumHygiene *h)
{
  *h = (OakumHygiene){0};
  h->found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  h->incomplete = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  h->told = oakum_str_map_new(g_free, NULL);
  h->open = oakum_str_map_new(g_free, NULL);
  h->folders = oakum_str_map_new(g_free, NULL);
  h->rest = oakum_str_map_new(g_free, g_free);
  h->sized = g_array_new(FALSE, FALSE, sizeof(Sized));
  g_array_set_clear_func(h->sized, sized_clear);
  h->gone = g_string_new(NULL);
  h->links = g_string_new(NULL);
  h->heaps = oakum_hygiene_heaps_new();
  h->owners = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, owner_free);
  h->owned = g_hash_table_new(g_direct_hash, g_direct_equal);
  h->content = g_byte_array_new();
  h->dynamic = g_byte_array_new();
  h->programs = g_ptr_array_new_with_free_func(program_free);
}

static void end_layer(OakumHygiene *h)
{
  oakum_hygiene_heaps_free(h->heaps);
  g_ptr_array_unref(h->found);
  g_ptr_array_unref(h->incomplete);
  g_hash_table_unref(h->told);
  g_hash_table_unref(h->open);
  g_hash_table_unref(h->folders);
  g_hash_table_unref(h->rest);
  g_hash_table_unref(h->owners);
  g_hash_table_unref(h->owned);
  g_array_unref(h->sized);
  g_string_free(h->gone, TRUE);
  g_string_free(h->links, TRUE);
  g_byte_array_unref(h->content);
  g_byte_array_unref(h->dynamic);
  g_ptr_array_unref(h->programs);
  g_free(h->path);
}

OakumHygiene *oakum_hygiene_new(void)
{
  OakumHygiene *h = g_new(OakumHygiene, 1);
  begin_layer(h);
  return h;
}

void oakum_hygiene_free(OakumHygiene *hygiene)
{
  if (!hygiene)
    return;
  end_layer(hygiene);
  g_free(hygiene);
}

/* NULL: there are enough of this rule. Takes `why`. */
static OakumFinding *tell(OakumHygiene *h, HygieneRule rule, const char *path, char *why)
{
  if (h->count[rule]++ >= OAKUM_HYGIENE_FINDINGS_MAX) {
    h->left_out[rule]++;
    g_free(why);
    return NULL;
  }
  g_hash_table_add(h->told, g_strdup(path));
  return oakum_hygiene_tell(h->found, rule, path, why);
}

/* What only the whole image can judge; bounded, as a layer may hold any number of names. */
static void fact(OakumHygiene *h, const char *id, const char *path, const char *why)
{
  if (h->facts++ >= OAKUM_HYGIENE_FACTS_MAX)
    return;
  g_hash_table_add(h->told, g_strdup(path));
  oakum_hygiene_fact(h->found, id, path, why);
}

/* What an earlier entry of the same name gave does not count. */
static void forget(OakumHygiene *h, const char *path)
{
  if (g_hash_table_size(h->told) == 0 || h->again >= OAKUM_HYGIENE_AGAIN_MAX ||
      !g_hash_table_remove(h->told, path))
    return;
  h->again++;
  for (guint i = h->incomplete->len; i > 0; i--)
    if (g_strcmp0(((OakumFinding *)h->incomplete->pdata[i - 1])->file, path) == 0)
      g_ptr_array_remove_index(h->incomplete, i - 1);
  for (guint i = h->found->len; i > 0; i--) {
    const OakumFinding *f = h->found->pdata[i - 1];
    if (g_strcmp0(f->file, path) != 0)
      continue;
    for (guint rule = 0; rule < HYGIENE_RULES; rule++) /* it uses up nothing of what may be told */
      if (h->count[rule] > 0 && strcmp(oakum_hygiene_rows[rule].id, f->id) == 0)
        h->count[rule]--;
    g_ptr_array_remove_index(h->found, i - 1);
  }
}

/* ---- what a package manager installed
 * ------------------------------------------------------------ */
/* Where /usr is merged a database may still say /lib, and the other way round. 0: too long. */
static gpointer path_key(const char *path, size_t len)
{
  static const char *const merged[] = {"bin/", "sbin/", "lib/", "lib64/", "lib32/", "libx32/"};
  char full[OAKUM_TAR_PATH_MAX + 5];
  while (len > 0 && *path == '/') {
    path++;
    len--;
  }
  if (len > OAKUM_TAR_PATH_MAX)
    return NULL;
  size_t n = 0;
  for (size_t i = 0; i < G_N_ELEMENTS(merged) && n == 0; i++)
    if (len > strlen(merged[i]) && memcmp(path, merged[i], strlen(merged[i])) == 0) {
      memcpy(full, "usr/", 4);
      n = 4;
    }
  memcpy(full + n, path, len);
  return (gpointer)(uintptr_t)(oakum_bytes_hash(full, n + len) | 1);
}

static void own(OakumHygiene *h, const char *path, size_t len)
{
  if (len > 0 && g_hash_table_size(h->owned) < OAKUM_HYGIENE_OWNED_MAX)
    g_hash_table_add(h->owned, path_key(path, len));
}

/* Programs that distributions ship setuid, setgid or with capabilities: where only rpm's database,
 * which is read elsewhere, could say whose a file is. */
static gboolean is_well_known(const char *path)
{
  static const char *const names[] = {"su",
                                      "mount",
                                      "umount",
                                      "passwd",
                                      "chsh",
                                      "chfn",
                                      "gpasswd",
                                      "newgrp",
                                      "chage",
                                      "unix_chkpwd",
                                      "pam_timestamp_check",
                                      "sudo",
                                      "pkexec",
                                      "crontab",
                                      "at",
                                      "wall",
                                      "write",
                                      "fusermount",
                                      "fusermount3",
                                      "ping",
                                      "newuidmap",
                                      "newgidmap",
                                      "ssh-keysign",
                                      "utempter",
                                      "ssh-agent",
                                      "polkit-agent-helper-1",
                                      "dbus-daemon-launch-helper",
                                      "userhelper",
                                      "arping",
                                      "clockdiff",
                                      "lockdev",
                                      "expiry",
                                      "sg",
                                      "sendmail.sendmail",
                                      "postdrop",
                                      "postqueue",
                                      "locate",
                                      "grub2-set-bootflag"};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(oakum_path_base(path), names[i]) == 0)
      return g_str_has_prefix(path, "usr/") || g_str_has_prefix(path, "bin/") ||
             g_str_has_prefix(path, "sbin/");
  return FALSE;
}

static gboolean is_packaged(const OakumHygiene *h, const char *path)
{
  return g_hash_table_contains(h->owned, path_key(path, strlen(path))) ||
         (h->rpm && is_well_known(path));
}

/* Lines of a file: of info/NAME.list, of status.d/NAME.md5sums, of apk's installed. */
static void take_owned(OakumHygiene *h)
{
  const char *at = (const char *)h->content->data, *end = at + h->content->len;
  char folder[OAKUM_TAR_PATH_MAX + 1] = "";
  size_t n = 0;
  gboolean sums = g_str_has_suffix(h->path, ".md5sums");
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    size_t len = (size_t)((stop ? stop : end) - at);
    if (h->take == TAKE_APK && len > 2 && at[1] == ':' && at[0] == 'F') {
      n = MIN(len - 2, sizeof(folder) - 1);
      memcpy(folder, at + 2, n);
    } else if (h->take == TAKE_APK && len > 2 && at[1] == ':' && at[0] == 'R' &&
               n + len < sizeof(folder)) {
      char path[2 * OAKUM_TAR_PATH_MAX + 2];
      memcpy(path, folder, n);
      path[n] = '/';
      memcpy(path + n + 1, at + 2, len - 2);
      own(h, path, n + 1 + len - 2);
    } else if (h->take == TAKE_DPKG && !sums)
      own(h, at, len);
    else if (h->take == TAKE_DPKG && len > 34)
      own(h, at + 34, len - 34);
    at = stop ? stop + 1 : end;
  }
}

/* ---- modes and owners
 * ---------------------------------------------------------------------------- */
/* capability.h: struct vfs_cap_data, little-endian; names of the first 64. */
static char *capabilities_of(const OakumXattr *xattr, gboolean *dangerous)
{
  static const char *const names[] = {"chown",
                                      "dac_override",
                                      "dac_read_search",
                                      "fowner",
                                      "fsetid",
                                      "kill",
                                      "setgid",
                                      "setuid",
                                      "setpcap",
                                      "linux_immutable",
                                      "net_bind_service",
                                      "net_broadcast",
                                      "net_admin",
                                      "net_raw",
                                      "ipc_lock",
                                      "ipc_owner",
                                      "sys_module",
                                      "sys_rawio",
                                      "sys_chroot",
                                      "sys_ptrace",
                                      "sys_pacct",
                                      "sys_admin",
                                      "sys_boot",
                                      "sys_nice",
                                      "sys_resource",
                                      "sys_time",
                                      "sys_tty_config",
                                      "mknod",
                                      "lease",
                                      "audit_write",
                                      "audit_control",
                                      "setfcap",
                                      "mac_override",
                                      "mac_admin",
                                      "syslog",
                                      "wake_alarm",
                                      "block_suspend",
                                      "audit_read",
                                      "perfmon",
                                      "bpf",
                                      "checkpoint_restore"};
  const uint64_t bad = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 6 | 1u << 7 | 1u << 8 |
                       1u << 16 | 1u << 17 | 1u << 19 | 1u << 21 | 1u << 27 | 1u << 31;
  const uint8_t *d = xattr->value;
  if (xattr->len < 12)
    return NULL;
  uint64_t set = (uint64_t)d[4] | (uint64_t)d[5] << 8 | (uint64_t)d[6] << 16 | (uint64_t)d[7] << 24;
  if (xattr->len >= 20)
    set |= (uint64_t)d[12] << 32 | (uint64_t)d[13] << 40 | (uint64_t)d[14] << 48 |
           (uint64_t)d[15] << 56;
  *dangerous = (set & bad) != 0;
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < 64; i++)
    if (set & (UINT64_C(1) << i)) {
      if (out->len > 0)
        g_string_append_c(out, ',');
      if (i < G_N_ELEMENTS(names))
        g_string_append_printf(out, "cap_%s", names[i]);
      else
        g_string_append_printf(out, "%u", i);
    }
  return g_string_free(out, FALSE);
}

static gboolean in_path(const char *path, gboolean folder)
{
  static const char *const places[] = {"usr/local/sbin", "usr/local/bin", "usr/sbin",
                                       "usr/bin",        "sbin",          "bin"};
  const char *base = oakum_path_base(path);
  for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
    size_t n = strlen(places[i]);
    if (folder ? strcmp(path, places[i]) == 0
               : strncmp(path, places[i], n) == 0 && path + n + 1 == base)
      return TRUE;
  }
  return FALSE;
}

/* Below a folder that was told of, everything can be replaced anyway. */
static gboolean below_open(const OakumHygiene *h, const char *path)
{
  if (g_hash_table_size(h->open) == 0)
    return FALSE;
  g_autofree char *part = g_strdup(path);
  for (char *slash; (slash = strrchr(part, '/')) != NULL;) {
    *slash = '\0';
    if (g_hash_table_contains(h->open, part))
      return TRUE;
  }
  return FALSE;
}

static void look_at_mode(OakumHygiene *h, const OakumTarEntry *entry, const char *path)
{
  gboolean folder = entry->type == OAKUM_TAR_DIR, file = entry->type == OAKUM_TAR_FILE;
  if (file && entry->mode & 06000)
    tell(h, HYGIENE_SETUID, path,
         g_strdup_printf("%s: %s%s%s, owner %u:%u, mode %04o", path,
                         entry->mode & 04000 ? "setuid" : "",
                         (entry->mode & 06000) == 06000 ? " and " : "",
                         entry->mode & 02000 ? "setgid" : "", entry->uid, entry->gid, entry->mode));
  for (size_t i = 0; file && i < entry->n_xattrs; i++)
    if (strcmp(entry->xattrs[i].name, "security.capability") == 0) {
      gboolean dangerous = FALSE;
      g_autofree char *set = capabilities_of(&entry->xattrs[i], &dangerous);
      OakumFinding *finding =
          !set || *set ? tell(h, HYGIENE_FILE_CAPS, path,
                              g_strdup_printf("%s: %s", path, set ? set : "damaged capabilities"))
                       : NULL;
      if (finding && dangerous)
        finding->severity = OAKUM_SEVERITY_HIGH;
    }
  if ((entry->mode & 0002) && (file || (folder && !(entry->mode & 01000)))) {
    gboolean programs = in_path(path, folder);
    if (!programs && below_open(h, path))
      return;
    HygieneRule rule = programs ? HYGIENE_WORLD_PATH
                       : folder ? HYGIENE_WORLD_FOLDER
                                : HYGIENE_WORLD_FILE;
    OakumFinding *finding =
        tell(h, rule, path, g_strdup_printf("%s: mode %04o", path, entry->mode));
    if (finding && rule == HYGIENE_WORLD_FILE &&
        (g_str_has_prefix(path, "etc/") || entry->mode & 0111))
      finding->severity = OAKUM_SEVERITY_HIGH;
    if (folder && g_hash_table_size(h->open) < OAKUM_HYGIENE_FINDINGS_MAX)
      g_hash_table_add(h->open, g_strdup(path));
  }
  if (file &&
      (strcmp(path, "etc/shadow") == 0 || strcmp(path, "etc/gshadow") == 0 ||
       strcmp(path, "etc/shadow-") == 0 || strcmp(path, "etc/gshadow-") == 0 ||
       strcmp(path, "etc/master.passwd") == 0) &&
      entry->mode & 0006)
    tell(h, HYGIENE_SHADOW_OPEN, path, g_strdup_printf("%s: mode %04o", path, entry->mode));
}

static void count_owner(OakumHygiene *h, const OakumTarEntry *entry, const char *path)
{
  gpointer key = GUINT_TO_POINTER(entry->uid);
  Owner *owner = g_hash_table_lookup(h->owners, key);
  if (!owner) {
    if (g_hash_table_size(h->owners) >= OAKUM_HYGIENE_OWNERS_MAX)
      return;
    owner = g_new0(Owner, 1);
    owner->example = g_strdup(path);
    g_hash_table_insert(h->owners, key, owner);
  }
  owner->count++;
}

/* ---- names
 * --------------------------------------------------------------------------------------- */
typedef struct {
  const char *name, *fact;
} Tool;
static const Tool tools[] = {{"sh", HYGIENE_FACT_SHELL},
                             {"bash", HYGIENE_FACT_SHELL},
                             {"dash", HYGIENE_FACT_SHELL},
                             {"ash", HYGIENE_FACT_SHELL},
                             {"zsh", HYGIENE_FACT_SHELL},
                             {"ksh", HYGIENE_FACT_SHELL},
                             {"fish", HYGIENE_FACT_SHELL},
                             {"busybox", HYGIENE_FACT_SHELL},
                             {"tcsh", HYGIENE_FACT_SHELL},
                             {"toybox", HYGIENE_FACT_SHELL},
                             {"csh", HYGIENE_FACT_SHELL},
                             {"mksh", HYGIENE_FACT_SHELL},
                             {"rbash", HYGIENE_FACT_SHELL},
                             {"yash", HYGIENE_FACT_SHELL},
                             {"pwsh", HYGIENE_FACT_SHELL},
                             {"apt", HYGIENE_FACT_MANAGER},
                             {"apt-get", HYGIENE_FACT_MANAGER},
                             {"dpkg", HYGIENE_FACT_MANAGER},
                             {"apk", HYGIENE_FACT_MANAGER},
                             {"dnf", HYGIENE_FACT_MANAGER},
                             {"dnf5", HYGIENE_FACT_MANAGER},
                             {"microdnf", HYGIENE_FACT_MANAGER},
                             {"yum", HYGIENE_FACT_MANAGER},
                             {"tdnf", HYGIENE_FACT_MANAGER},
                             {"rpm", HYGIENE_FACT_MANAGER},
                             {"zypper", HYGIENE_FACT_MANAGER},
                             {"pacman", HYGIENE_FACT_MANAGER},
                             {"opkg", HYGIENE_FACT_MANAGER},
                             {"xbps-install", HYGIENE_FACT_MANAGER},
                             {"emerge", HYGIENE_FACT_MANAGER},
                             {"pip", HYGIENE_FACT_MANAGER},
                             {"pip3", HYGIENE_FACT_MANAGER},
                             {"pipx", HYGIENE_FACT_MANAGER},
                             {"pipenv", HYGIENE_FACT_MANAGER},
                             {"poetry", HYGIENE_FACT_MANAGER},
                             {"uv", HYGIENE_FACT_MANAGER},
                             {"npm", HYGIENE_FACT_MANAGER},
                             {"npx", HYGIENE_FACT_MANAGER},
                             {"yarn", HYGIENE_FACT_MANAGER},
                             {"pnpm", HYGIENE_FACT_MANAGER},
                             {"gem", HYGIENE_FACT_MANAGER},
                             {"bundle", HYGIENE_FACT_MANAGER},
                             {"composer", HYGIENE_FACT_MANAGER},
                             {"conda", HYGIENE_FACT_MANAGER},
                             {"mamba", HYGIENE_FACT_MANAGER},
                             {"micromamba", HYGIENE_FACT_MANAGER},
                             {"luarocks", HYGIENE_FACT_MANAGER},
                             {"cpan", HYGIENE_FACT_MANAGER},
                             {"cpanm", HYGIENE_FACT_MANAGER},
                             {"snap", HYGIENE_FACT_MANAGER},
                             {"flatpak", HYGIENE_FACT_MANAGER},
                             {"gcc", HYGIENE_FACT_BUILD},
                             {"g++", HYGIENE_FACT_BUILD},
                             {"cc", HYGIENE_FACT_BUILD},
                             {"c++", HYGIENE_FACT_BUILD},
                             {"cpp", HYGIENE_FACT_BUILD},
                             {"clang", HYGIENE_FACT_BUILD},
                             {"clang++", HYGIENE_FACT_BUILD},
                             {"tcc", HYGIENE_FACT_BUILD},
                             {"gfortran", HYGIENE_FACT_BUILD},
                             {"ghc", HYGIENE_FACT_BUILD},
                             {"nasm", HYGIENE_FACT_BUILD},
                             {"yasm", HYGIENE_FACT_BUILD},
                             {"make", HYGIENE_FACT_BUILD},
                             {"cmake", HYGIENE_FACT_BUILD},
                             {"ninja", HYGIENE_FACT_BUILD},
                             {"meson", HYGIENE_FACT_BUILD},
                             {"bazel", HYGIENE_FACT_BUILD},
                             {"ant", HYGIENE_FACT_BUILD},
                             {"sbt", HYGIENE_FACT_BUILD},
                             {"scons", HYGIENE_FACT_BUILD},
                             {"ld", HYGIENE_FACT_BUILD},
                             {"as", HYGIENE_FACT_BUILD},
                             {"go", HYGIENE_FACT_BUILD},
                             {"gofmt", HYGIENE_FACT_BUILD},
                             {"rustc", HYGIENE_FACT_BUILD},
                             {"cargo", HYGIENE_FACT_BUILD},
                             {"swiftc", HYGIENE_FACT_BUILD},
                             {"zig", HYGIENE_FACT_BUILD},
                             {"javac", HYGIENE_FACT_BUILD},
                             {"kotlinc", HYGIENE_FACT_BUILD},
                             {"mvn", HYGIENE_FACT_BUILD},
                             {"gradle", HYGIENE_FACT_BUILD},
                             {"git", HYGIENE_FACT_BUILD},
                             {"svn", HYGIENE_FACT_BUILD},
                             {"hg", HYGIENE_FACT_BUILD},
                             {"bzr", HYGIENE_FACT_BUILD},
                             {"gdb", HYGIENE_FACT_BUILD},
                             {"lldb", HYGIENE_FACT_BUILD},
                             {"strace", HYGIENE_FACT_BUILD},
                             {"ltrace", HYGIENE_FACT_BUILD},
                             {"valgrind", HYGIENE_FACT_BUILD},
                             {"autoconf", HYGIENE_FACT_BUILD},
                             {"automake", HYGIENE_FACT_BUILD},
                             {"libtoolize", HYGIENE_FACT_BUILD},
                             {"pkg-config", HYGIENE_FACT_BUILD},
                             {"bison", HYGIENE_FACT_BUILD},
                             {"flex", HYGIENE_FACT_BUILD},
                             {"rpmbuild", HYGIENE_FACT_BUILD},
                             {"dpkg-buildpackage", HYGIENE_FACT_BUILD},
                             {"abuild", HYGIENE_FACT_BUILD},
                             {"curl", HYGIENE_FACT_NETWORK},
                             {"wget", HYGIENE_FACT_NETWORK},
                             {"aria2c", HYGIENE_FACT_NETWORK},
                             {"nc", HYGIENE_FACT_NETWORK},
                             {"nc.openbsd", HYGIENE_FACT_NETWORK},
                             {"nc.traditional", HYGIENE_FACT_NETWORK},
                             {"ncat", HYGIENE_FACT_NETWORK},
                             {"netcat", HYGIENE_FACT_NETWORK},
                             {"socat", HYGIENE_FACT_NETWORK},
                             {"telnet", HYGIENE_FACT_NETWORK},
                             {"ftp", HYGIENE_FACT_NETWORK},
                             {"lftp", HYGIENE_FACT_NETWORK},
                             {"tftp", HYGIENE_FACT_NETWORK},
                             {"nmap", HYGIENE_FACT_NETWORK},
                             {"tcpdump", HYGIENE_FACT_NETWORK},
                             {"tshark", HYGIENE_FACT_NETWORK},
                             {"ssh", HYGIENE_FACT_NETWORK},
                             {"scp", HYGIENE_FACT_NETWORK},
                             {"sftp", HYGIENE_FACT_NETWORK},
                             {"rsync", HYGIENE_FACT_NETWORK},
                             {"dig", HYGIENE_FACT_NETWORK},
                             {"nslookup", HYGIENE_FACT_NETWORK},
                             {"lynx", HYGIENE_FACT_NETWORK},
                             {"w3m", HYGIENE_FACT_NETWORK}};

static gboolean is_program(const char *path)
{
  const char *base = oakum_path_base(path);
  size_t n = (size_t)(base - path);
  return n >= 4 && (strncmp(base - 4, "bin/", 4) == 0) &&
         (n == 4 || path[n - 5] == '/' || strncmp(base - 5, "sbin/", 5) == 0);
}

/* "gcc-12", "x86_64-linux-gnu-g++-12", "pip3.12": a name and its version. */
static gboolean is_version_of(const char *base, const char *name, gboolean anywhere)
{
  const char *at = anywhere ? strstr(base, name) : base;
  size_t n = strlen(name);
  return at && strncmp(at, name, n) == 0 && (at == base || at[-1] == '-') && at[n] &&
         strspn(at + n, "0123456789.") == strlen(at + n);
}

static void look_at_program(OakumHygiene *h, const char *path)
{
  const char *base = oakum_path_base(path);
  const char *sort = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(tools) && !sort; i++)
    if (tools[i].name[0] == base[0] && strcmp(tools[i].name, base) == 0)
      sort = tools[i].fact;
  if (!sort && *base && g_ascii_isdigit(base[strlen(base) - 1])) {
    static const char *const compilers[] = {"gcc-", "g++-", "clang-", "clang++-", "gfortran-"};
    for (size_t i = 0; i < G_N_ELEMENTS(compilers) && !sort; i++)
      if (is_version_of(base, compilers[i], TRUE))
        sort = HYGIENE_FACT_BUILD;
    if (!sort && (is_version_of(base, "pip", FALSE) || is_version_of(base, "dnf-", FALSE)))
      sort = HYGIENE_FACT_MANAGER;
  }
  if (sort) {
    fact(h, sort, path, base);
  } else if (strcmp(base, "sshd") == 0 || strcmp(base, "dropbear") == 0 ||
             strcmp(base, "tinysshd") == 0)
    tell(h, HYGIENE_SSHD, path, g_strdup_printf("%s is there", path));
  else if (strcmp(base, "sudo") == 0 || strcmp(base, "doas") == 0 || strcmp(base, "sudo-rs") == 0)
    tell(h, HYGIENE_SUDO, path, g_strdup_printf("%s is there", path));
}

static gboolean is_workplace_file(const char *base)
{
  static const char *const files[] = {
      "Dockerfile",          "Containerfile",   "docker-compose.yml",
      "docker-compose.yaml", "compose.yaml",    "compose.yml",
      ".dockerignore",       ".vimrc",          ".DS_Store",
      ".gitlab-ci.yml",      ".travis.yml",     "Thumbs.db",
      "Jenkinsfile",         "oakum.yaml",      "Vagrantfile",
      "azure-pipelines.yml", "appveyor.yml",    "bitbucket-pipelines.yml",
      ".drone.yml",          ".woodpecker.yml", "cloudbuild.yaml"};
  static const char *const kinds[] = {"dev",  "prod",  "production", "development", "test", "ci",
                                      "base", "build", "local",      "staging",     "debug"};
  for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
    if (files[i][0] == base[0] && strcmp(base, files[i]) == 0)
      return TRUE;
  for (size_t i = 0; g_str_has_prefix(base, "Dockerfile.") && i < G_N_ELEMENTS(kinds); i++)
    if (strcmp(base + 11, kinds[i]) == 0)
      return TRUE;
  return (*base == '.' && (g_str_has_suffix(base, ".swp") || g_str_has_suffix(base, ".swo"))) ||
         (g_str_has_prefix(base, "docker-compose.") &&
          (g_str_has_suffix(base, ".yml") || g_str_has_suffix(base, ".yaml"))) ||
         (g_str_has_suffix(base, ".Dockerfile") && *base != '.');
}

/* Repositories are not looked into. TRUE: `name` is one, or a folder of the workplace, and told. */
static gboolean tell_folder(OakumHygiene *h, const char *path, const char *name, size_t n)
{
  static const char *const folders[] = {".aws",
                                        ".azure",
                                        ".gcp",
                                        ".vscode",
                                        ".idea",
                                        ".github",
                                        ".terraform",
                                        ".devcontainer",
                                        ".circleci",
                                        ".vs",
                                        ".gitlab",
                                        ".tox",
                                        ".pytest_cache",
                                        ".mypy_cache",
                                        ".ruff_cache",
                                        ".nyc_output",
                                        ".ipynb_checkpoints"};
  static const char *const repositories[] = {".git", ".svn", ".hg", ".bzr"};
  HygieneRule rule = HYGIENE_RULES;
  for (size_t i = 0; i < G_N_ELEMENTS(repositories); i++)
    if (strlen(repositories[i]) == n && strncmp(name, repositories[i], n) == 0)
      rule = HYGIENE_REPOSITORY;
  for (size_t i = 0; rule == HYGIENE_RULES && i < G_N_ELEMENTS(folders); i++)
    if (strlen(folders[i]) == n && strncmp(name, folders[i], n) == 0)
      rule = HYGIENE_DEV_FILE;
  if (rule == HYGIENE_RULES)
    return FALSE;
  g_autofree char *folder = g_strndup(path, (gsize)(name - path) + n);
  if (!oakum_hygiene_is_foreign_tree(folder) &&
      g_hash_table_size(h->folders) < OAKUM_HYGIENE_FOLDERS_MAX &&
      g_hash_table_add(h->folders, g_strdup(folder)))
    tell(h, rule, folder, g_strdup_printf("%s/", folder));
  return TRUE;
}

/* Files and folders of the workplace: at their name in the tree. Some layers hold no entries of
 * folders: the files in them show them. */
static void look_at_workplace(OakumHygiene *h, const OakumTarEntry *entry, const char *path)
{
  const char *base = oakum_path_base(path);
  gboolean folder = entry->type == OAKUM_TAR_DIR;
  if (!folder && entry->type != OAKUM_TAR_FILE)
    return;
  /* most paths have no hidden part */
  for (const char *at = *path == '.' ? path : strstr(path, "/."); at; at = strstr(at, "/.")) {
    const char *name = at + (*at == '/');
    size_t n = strcspn(name, "/");
    if ((folder || name[n] == '/') && tell_folder(h, path, name, n))
      return;
    at = name + n;
    if (!*at)
      break;
  }
  if (!folder && is_workplace_file(base) && !oakum_hygiene_is_foreign_tree(path))
    tell(h, HYGIENE_DEV_FILE, path, g_strdup(path));
}

static void look_at_name(OakumHygiene *h, const OakumTarEntry *entry, const char *path)
{
  static const char *const typed[] = {
      ".bash_history", ".zsh_history",    ".ash_history",       ".sh_history",
      ".history",      ".python_history", ".node_repl_history", ".mysql_history",
      ".psql_history", ".lesshst",        ".viminfo",           ".rediscli_history",
      ".wget-hsts",    ".sqlite_history", ".irb_history",       ".irb-history",
      ".pry_history",  ".php_history",    ".Rhistory",          ".scala_history",
      ".mksh_history", ".mycli-history",  ".dbshell",           ".influx_history"};
  const char *base = oakum_path_base(path);
  look_at_workplace(h, entry, path);
  if (entry->type != OAKUM_TAR_FILE)
    return;
  for (size_t i = 0; *base == '.' && entry->size > 0 && i < G_N_ELEMENTS(typed); i++)
    if (strcmp(base, typed[i]) == 0)
      tell(h, HYGIENE_TYPED_HISTORY, path, g_strdup(path));
  if (entry->size > 0 &&
      (strcmp(base, "fish_history") == 0 || strcmp(base, "ConsoleHost_history.txt") == 0))
    tell(h, HYGIENE_TYPED_HISTORY, path, g_strdup(path));
  if (((strncmp(path, "etc/ssh/ssh_host_", 17) == 0 && g_str_has_suffix(path, "_key")) ||
       (strncmp(path, "etc/dropbear/dropbear_", 22) == 0 && g_str_has_suffix(path, "_host_key"))) &&
      entry->size > 0)
    tell(h, HYGIENE_HOST_KEY, path, g_strdup(path));
  if ((strcmp(base, "authorized_keys") == 0 || strcmp(base, "authorized_keys2") == 0 ||
       strcmp(base, ".rhosts") == 0 || strcmp(base, ".shosts") == 0 ||
       strcmp(path, "etc/hosts.equiv") == 0 || strcmp(path, "etc/ssh/shosts.equiv") == 0) &&
      entry->size > 0 && !oakum_hygiene_is_foreign_tree(path))
    tell(h, HYGIENE_LOGIN_KEYS, path, g_strdup(path));
  if (entry->size > 0 && oakum_hygiene_secret_name(path) == HYGIENE_NAME_YES)
    tell(h, HYGIENE_KEY_FILE, path, g_strdup(path));
}

/* ---- bytes
 * --------------------------------------------------------------------------------------- */
static gint by_size(gconstpointer a, gconstpointer b)
{
  const Sized *x = a, *y = b;
  return x->size != y->size ? (x->size < y->size ? 1 : -1) : strcmp(x->path, y->path);
}

/* Bytes that are not told file by file, by their folder. */
static void add_rest(OakumHygiene *h, const char *path, uint64_t size)
{
  const char *base = oakum_path_base(path);
  g_autofree char *folder = g_strndup(path, base > path ? (gsize)(base - path - 1) : 0);
  uint64_t *sum = g_hash_table_lookup(h->rest, folder);
  if (!sum) {
    if (g_hash_table_size(h->rest) >= OAKUM_HYGIENE_FOLDERS_MAX)
      return; /* only says less */
    sum = g_new0(uint64_t, 1);
    g_hash_table_insert(h->rest, g_steal_pointer(&folder), sum);
  }
  *sum += size;
}

static void shorten(OakumHygiene *h)
{
  g_array_sort(h->sized, by_size);
  for (guint i = OAKUM_HYGIENE_SIZED_MAX; i < h->sized->len; i++) {
    const Sized *one = &g_array_index(h->sized, Sized, i);
    add_rest(h, one->path, one->size);
  }
  if (h->sized->len > OAKUM_HYGIENE_SIZED_MAX)
    g_array_set_size(h->sized, OAKUM_HYGIENE_SIZED_MAX);
}

static void count_bytes(OakumHygiene *h, const char *path, uint64_t size)
{
  h->total += size;
  h->files++;
  if (size >= OAKUM_HYGIENE_HUGE)
    tell(h, HYGIENE_HUGE_FILE, path,
         g_strdup_printf("%s: %.1f MB", path, (double)size / 1000000.0));
  if (size < OAKUM_HYGIENE_SIZED_MIN) {
    if (size > 0)
      add_rest(h, path, size);
    return;
  }
  g_array_append_val(h->sized, ((Sized){g_strdup(path), size}));
  if (h->sized->len >= 4 * OAKUM_HYGIENE_SIZED_MAX)
    shorten(h);
}

/* ---- the observer
 * -------------------------------------------------------------------------------- */
static void end_program(OakumHygiene *h, OakumSlice content)
{
  OakumSlice dynamic = {h->dynamic->data, h->dynamic->len};
  char *needs = oakum_needless_needs(content, dynamic);
  if (!needs)
    return;
  h->programs_bytes += strlen(needs) + strlen(h->path);
  if (h->programs_bytes > OAKUM_NEEDLESS_LAYER_MAX) {
    g_free(needs);
    return; /* told at the end of the layer */
  }
  Program *program = g_new(Program, 1);
  *program = (Program){g_strdup(h->path), needs};
  g_ptr_array_add(h->programs, program);
}

/* What lies behind could be another account without a password. */
static void tell_too_long(OakumHygiene *h)
{
  if (h->at <= h->room || h->incomplete->len >= OAKUM_HYGIENE_FINDINGS_MAX)
    return;
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, "hygiene-limit", OAKUM_SEVERITY_UNKNOWN);
  g_autofree char *shown = oakum_escape_terminal(h->path, -1);
  finding->title = g_strdup_printf("/%s: not looked through for hygiene to its end: it is of more "
                                   "than %zu bytes",
                                   shown, h->room);
  finding->file = g_strdup(h->path);
  g_ptr_array_add(h->incomplete, finding);
}

static void end_content(OakumHygiene *h)
{
  OakumSlice content = {h->content->data, h->content->len};
  switch (h->take) {
  case TAKE_LOOK:
    g_hash_table_add(h->told, g_strdup(h->path));
    tell_too_long(h);
    oakum_hygiene_content(h->path, content, h->found);
    if (oakum_hygiene_secret_name(h->path) != HYGIENE_NAME_IF_CONTENT)
      break;
    __attribute__((fallthrough)); /* both its settings and its secrets count */
  case TAKE_SECRET:
    if (oakum_hygiene_secret_content(h->path, content))
      tell(h, HYGIENE_KEY_FILE, h->path,
           g_strdup_printf("%s: a value with the name of a secret", h->path));
    break;
  case TAKE_DPKG: {
    const char *base = oakum_path_base(h->path);
    g_autofree char *package = g_strndup(base, strcspn(base, ":"));
    if (g_str_has_suffix(package, ".list"))
      package[strlen(package) - strlen(".list")] = '\0';
    g_autofree char *files = oakum_needless_files(package, content);
    take_owned(h);
    if (*files)
      fact(h, NEEDLESS_FACT_FILES, h->path, files);
    break;
  }
  case TAKE_STATUS: {
    g_autofree char *graph = oakum_needless_dpkg(content);
    if (graph)
      fact(h, NEEDLESS_FACT_DPKG, h->path, graph);
    break;
  }
  case TAKE_APK: {
    g_autofree char *graph = oakum_needless_apk(content);
    take_owned(h);
    if (graph)
      fact(h, NEEDLESS_FACT_APK, h->path, graph);
    break;
  }
  case TAKE_AUTO:
  case TAKE_WORLD: {
    gboolean automatic = h->take == TAKE_AUTO;
    g_autofree char *names =
        automatic ? oakum_needless_auto(content) : oakum_needless_world(content);
    fact(h, automatic ? NEEDLESS_FACT_AUTO : NEEDLESS_FACT_WORLD, h->path, names);
    break;
  }
  case TAKE_PROGRAM:
    end_program(h, content);
    break;
  case TAKE_NOTHING:
    break;
  }
  h->take = TAKE_NOTHING;
  h->at = h->dynamic_len = 0;
  g_byte_array_set_size(h->content, 0);
  g_byte_array_set_size(h->dynamic, 0);
}

static void begin_content(OakumHygiene *h, const OakumTarEntry *entry, const char *path)
{
  if (entry->type != OAKUM_TAR_FILE || entry->size == 0)
    return;
  h->room = OAKUM_HYGIENE_CONTENT_MAX;
  h->size = entry->size;
  if (oakum_hygiene_wants(path))
    h->take = TAKE_LOOK;
  else if (strncmp(path, "var/lib/dpkg/", 13) == 0 &&
           ((strncmp(path + 13, "info/", 5) == 0 && g_str_has_suffix(path, ".list")) ||
            (strncmp(path + 13, "status.d/", 9) == 0 && g_str_has_suffix(path, ".md5sums")))) {
    h->take = TAKE_DPKG;
    h->room = OAKUM_HYGIENE_LIST_MAX;
  } else if (strcmp(path, "lib/apk/db/installed") == 0 ||
             strcmp(path, "usr/lib/apk/db/installed") == 0) {
    h->take = TAKE_APK;
    h->room = OAKUM_HYGIENE_LIST_MAX;
  } else if (entry->size <= OAKUM_HYGIENE_CONTENT_MAX &&
             oakum_hygiene_secret_name(path) == HYGIENE_NAME_IF_CONTENT)
    h->take = TAKE_SECRET;
  else if (strcmp(path, "var/lib/dpkg/status") == 0) {
    h->take = TAKE_STATUS;
    h->room = OAKUM_NEEDLESS_DATABASE_MAX;
  } else if (strcmp(path, "var/lib/apt/extended_states") == 0) {
    h->take = TAKE_AUTO;
    h->room = OAKUM_HYGIENE_LIST_MAX;
  } else if (strcmp(path, "etc/apk/world") == 0) {
    h->take = TAKE_WORLD;
  } else if (strncmp(path, "var/lib/dpkg/", 13) == 0) {
    return; /* scripts of packages, which go with them */
  } else if (entry->mode & 0111 || strstr(oakum_path_base(path), ".so") ||
             g_str_has_suffix(path, ".sh")) {
    h->take = TAKE_PROGRAM;
    h->room = OAKUM_NEEDLESS_PROGRAM_MAX;
  }
  if (h->take == TAKE_NOTHING)
    return;
  g_free(h->path);
  h->path = g_strdup(path);
}

static void add_whiteout(OakumHygiene *h, const char *path, OakumWhiteout kind, const char *target)
{
  if (h->gone->len >= OAKUM_HYGIENE_FACT_MAX ||
      (kind != OAKUM_WHITEOUT_NAME && kind != OAKUM_WHITEOUT_OPAQUE))
    return;
  g_autofree char *folder = g_strndup(path, (gsize)(oakum_path_base(path) - path)),
                  *whole = kind == OAKUM_WHITEOUT_NAME ? g_strconcat(folder, target, NULL)
                                                       : g_strdup(folder),
                  *safe = g_strescape(whole, NULL);
  g_string_append_printf(h->gone, "%c %s\n", kind == OAKUM_WHITEOUT_NAME ? 'w' : 'o', safe);
}

/* By what other name a program is started: the alternatives of Debian, and links of one's own. */
static void add_link(OakumHygiene *h, const OakumTarEntry *entry, const char *path)
{
  if (entry->type != OAKUM_TAR_SYMLINK || h->links->len >= OAKUM_HYGIENE_FACT_MAX ||
      !(strstr(path, "bin/") || g_str_has_prefix(path, "etc/alternatives/")))
    return;
  g_autofree char *target = g_strndup((const char *)entry->link.data, entry->link.len);
  const char *name = oakum_path_base(path), *other = oakum_path_base(target);
  if (*other && strcmp(name, other) != 0 && strcmp(other, "busybox") != 0 &&
      !strpbrk(name, " \n") && !strpbrk(other, " \n"))
    g_string_append_printf(h->links, "%s %s\n", name, other);
}

void oakum_hygiene_entry(OakumHygiene *h, const OakumTarEntry *entry, const char *path)
{
  const char *target = NULL;
  end_content(h);
  if (*path == '\0')
    return;
  OakumWhiteout kind = oakum_image_whiteout(oakum_path_base(path), &target);
  if (kind != OAKUM_WHITEOUT_NONE) {
    add_whiteout(h, path, kind, target);
    return;
  }
  if (entry->type != OAKUM_TAR_DIR)
    forget(h, path);
  if (entry->type != OAKUM_TAR_SYMLINK && entry->type != OAKUM_TAR_HARDLINK) {
    look_at_mode(h, entry, path);
    count_owner(h, entry, path);
  }
  look_at_name(h, entry, path);
  add_link(h, entry, path);
  if (entry->type != OAKUM_TAR_DIR &&
      (is_program(path) || strcmp(path, "busybox/sh") == 0)) /* of distroless' debug images */
    look_at_program(h, path);
  if (entry->type == OAKUM_TAR_FILE) {
    oakum_hygiene_heaps_add(h->heaps, path, entry->size);
    count_bytes(h, path, entry->size);
    h->rpm |= g_str_has_prefix(path, "var/lib/rpm/") ||
              g_str_has_prefix(path, "usr/lib/sysimage/rpm/") ||
              g_str_has_prefix(path, "usr/share/rpm/");
  } else if (strcmp(path, "etc/passwd") == 0) {
    g_hash_table_add(h->told, g_strdup(path));
    oakum_hygiene_fact(h->found, HYGIENE_FACT_PASSWD, path, "?");
  } else if (strcmp(path, "etc/group") == 0) {
    g_hash_table_add(h->told, g_strdup(path));
    oakum_hygiene_fact(h->found, HYGIENE_FACT_GROUP, path, "?");
  }
  /* overlayfs marks what is gone with a character device of 0:0 */
  if (entry->type == OAKUM_TAR_BLOCK ||
      (entry->type == OAKUM_TAR_CHAR && (entry->dev_major || entry->dev_minor))) {
    OakumFinding *finding =
        tell(h, HYGIENE_DEVICE, path,
             g_strdup_printf("%s: %s device %u:%u, mode %04o", path,
                             entry->type == OAKUM_TAR_BLOCK ? "block" : "character",
                             entry->dev_major, entry->dev_minor, entry->mode));
    if (finding && strncmp(path, "dev/", 4) == 0)
      finding->severity = OAKUM_SEVERITY_NEGLIGIBLE;
    else if (finding && entry->type == OAKUM_TAR_BLOCK)
      finding->severity = OAKUM_SEVERITY_HIGH;
  }
  begin_content(h, entry, path);
}

/* Of a large program the table of what it needs may lie behind what is kept. */
static void take_dynamic(OakumHygiene *h, const uint8_t *data, size_t len)
{
  uint64_t from = MAX(h->at, h->dynamic_from),
           to = MIN(h->at + len, h->dynamic_from + h->dynamic_len);
  if (from < to)
    g_byte_array_append(h->dynamic, data + (from - h->at), (guint)(to - from));
}

void oakum_hygiene_bytes(OakumHygiene *h, const void *data, size_t len)
{
  if (h->take == TAKE_NOTHING)
    return;
  gboolean first = h->at == 0 && h->take == TAKE_PROGRAM;
  if (first && len >= 4 && memcmp(data, "\177ELF", 4) != 0) {
    h->room = OAKUM_NEEDLESS_SCRIPT_MAX;
    if (memcmp(data, "#!", 2) != 0) {
      h->take = TAKE_NOTHING;
      return;
    }
  }
  size_t had = h->content->len;
  if (had < h->room) {
    g_byte_array_append(h->content, data, (guint)MIN(len, h->room - had));
    OakumSlice head = {h->content->data, h->content->len};
    if (first && h->size > OAKUM_NEEDLESS_PROGRAM_ALL)
      h->room = CLAMP(oakum_needless_room(head), head.len, h->room);
    if (h->take == TAKE_PROGRAM && h->content->len == h->room &&
        oakum_needless_dynamic(head, &h->dynamic_from, &h->dynamic_len) &&
        h->dynamic_from < G_MAXINT64)
      h->dynamic_len = MIN(h->dynamic_len, OAKUM_NEEDLESS_DYNAMIC_MAX);
  }
  if (h->dynamic_len > 0)
    take_dynamic(h, data, len);
  h->at += len;
}

/* ---- the end of a layer
 * -------------------------------------------------------------------------- */
/* What a package of this layer brought is the distribution's doing. */
static void judge_packaged(OakumHygiene *h)
{
  for (guint i = 0; i < h->found->len; i++) {
    OakumFinding *f = h->found->pdata[i];
    gboolean setuid = strcmp(f->id, oakum_hygiene_rows[HYGIENE_SETUID].id) == 0,
             caps = strcmp(f->id, oakum_hygiene_rows[HYGIENE_FILE_CAPS].id) == 0;
    if ((!setuid && !caps) || !f->file || !is_packaged(h, f->file))
      continue;
    f->severity = OAKUM_SEVERITY_NEGLIGIBLE;
    g_autofree char *before = f->why;
    f->why = g_strdup_printf("%s; a package of the distribution brought it so", before);
  }
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void tell_layer(OakumHygiene *h)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_append_printf(text, "t %" G_GUINT64_FORMAT " %u\n", h->total, h->files);
  shorten(h);
  for (guint i = 0; i < h->sized->len && text->len < OAKUM_HYGIENE_FACT_MAX; i++) {
    const Sized *one = &g_array_index(h->sized, Sized, i);
    g_autofree char *safe = g_strescape(one->path, NULL);
    g_string_append_printf(text, "f %" G_GUINT64_FORMAT " %s\n", one->size, safe);
  }
  g_autoptr(GPtrArray) folders = g_ptr_array_new();
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, h->rest);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    g_ptr_array_add(folders, key);
  g_ptr_array_sort(folders, by_text);
  for (guint i = 0; i < folders->len && text->len < OAKUM_HYGIENE_FACT_MAX; i++) {
    g_autofree char *safe = g_strescape(folders->pdata[i], NULL);
    g_string_append_printf(text, "d %" G_GUINT64_FORMAT " %s\n",
                           *(uint64_t *)g_hash_table_lookup(h->rest, folders->pdata[i]), safe);
  }
  g_string_append_len(text, h->gone->str, (gssize)h->gone->len);
  oakum_hygiene_fact(h->found, HYGIENE_FACT_LAYER, NULL, text->str);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  g_hash_table_iter_init(&iter, h->owners);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    const Owner *owner = value;
    g_autofree char *safe = g_strescape(owner->example, NULL);
    g_ptr_array_add(lines, g_strdup_printf("%u %u %s", GPOINTER_TO_UINT(key), owner->count, safe));
  }
  g_ptr_array_sort(lines, by_text);
  g_ptr_array_add(lines, NULL);
  g_autofree char *all = g_strjoinv("\n", (char **)lines->pdata);
  oakum_hygiene_fact(h->found, HYGIENE_FACT_OWNERS, NULL, all);
}

/* What programs need that no package of this layer brought. */
static void tell_programs(OakumHygiene *h)
{
  uint64_t bytes = 0;
  guint told = 0;
  gboolean many =
      h->programs_bytes > OAKUM_NEEDLESS_LAYER_MAX || h->facts > OAKUM_HYGIENE_FACTS_MAX;
  for (guint i = 0; i < h->programs->len && !many; i++) {
    const Program *program = h->programs->pdata[i];
    if (is_packaged(h, program->path))
      continue;
    bytes += strlen(program->needs) + strlen(program->path);
    many = bytes > OAKUM_NEEDLESS_NEEDS_MAX || ++told > OAKUM_HYGIENE_FACTS_MAX;
    if (!many)
      oakum_hygiene_fact(h->found, NEEDLESS_FACT_NEEDS, program->path, program->needs);
  }
  if (many)
    oakum_hygiene_fact(h->found, NEEDLESS_FACT_NEEDS, NULL, "?");
}

static void tell_left_out(OakumHygiene *h)
{
  for (guint i = 0; i < HYGIENE_RULES; i++)
    if (h->left_out[i] > 0)
      oakum_hygiene_tell(h->found, (HygieneRule)i, NULL,
                         g_strdup_printf("%u more in the same layer", h->left_out[i]));
}

void oakum_hygiene_end(OakumHygiene *h, GPtrArray *observed, GPtrArray *incomplete)
{
  end_content(h);
  judge_packaged(h);
  tell_programs(h);
  if (h->links->len > 0)
    oakum_hygiene_fact(h->found, NEEDLESS_FACT_LINKS, NULL, h->links->str);
  oakum_hygiene_heaps_tell(h->heaps, h->found);
  tell_left_out(h);
  tell_layer(h);
  g_ptr_array_extend_and_steal(observed, g_steal_pointer(&h->found));
  h->found = g_ptr_array_new();
  g_ptr_array_extend_and_steal(incomplete, g_steal_pointer(&h->incomplete));
  h->incomplete = g_ptr_array_new();
  end_layer(h);
  begin_layer(h);
}
