#include "advisory/advisory.h"
#include "cli/build-common.h"
#include "os/os.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

typedef struct {
  char *store, *db;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} DoctorArgs;

/* One line of the answer: what it is about, whether it is well, and the rest. */
static void tell(const char *topic, gboolean well, const char *text)
{
  printf("%-10s %-3s %s\n", topic, well ? "yes" : "no", text);
}

static void tell_more(const char *text)
{
  printf("               %s\n", text);
}

/* ---- the rungs
 * ---------------------------------------------------------------------------------- */

/* Better first, for who builds here: root and the user namespace are equals. */
static int worth(OakumRung rung)
{
  return rung == OAKUM_RUNG_FAKE_ROOT ? 0 : rung == OAKUM_RUNG_CHROOT ? 1 : 2;
}

static const char *what_it_costs(OakumRung rung)
{
  switch (rung) {
  case OAKUM_RUNG_CHROOT:
    return "no overlay: after each RUN the whole root is walked; no network but the builder's";
  case OAKUM_RUNG_FAKE_ROOT:
    return "every call that names a file goes through a supervisor: slow where many files are";
  default:
    return NULL;
  }
}

/* The change that gives a rung, unless it works. */
static void tell_cure(OakumRung rung)
{
  g_autofree char *text =
      g_strdup_printf("for the rung %s: %s", oakum_rung_name(rung), oakum_sandbox_advise(rung));
  tell_more(text);
}

/* The rung that is taken, and the one change that gives a better one: the nearest, and what a plain
 * user should have anyway. */
static gboolean tell_choice(void)
{
  static const OakumRung better[] = {OAKUM_RUNG_USERNS, OAKUM_RUNG_CHROOT, OAKUM_RUNG_FAKE_ROOT};
  OakumRung rung;
  gboolean any = oakum_cli_auto_rung(&rung);
  if (any)
    printf("oakum build works here, on the rung %s.\n", oakum_rung_name(rung));
  else
    puts("oakum build cannot run a step here.");
  const char *cost = any ? what_it_costs(rung) : NULL;
  if (cost)
    tell_more(cost);
  for (size_t i = 0; i < G_N_ELEMENTS(better); i++)
    if (!any || worth(better[i]) > worth(rung))
      tell_cure(better[i]);
  return any;
}

static gboolean tell_rungs(void)
{
  static const char *const what[OAKUM_RUNGS] = {
      "user, mount and pid namespaces for a plain user", "mount and pid namespaces, as root",
      "chroot with a supervisor, as in a stock pod",
      "a supervisor that plays root, as in a restricted pod"};
  for (int i = 0; i < OAKUM_RUNGS; i++) {
    g_autofree char *why = NULL;
    gboolean works = oakum_sandbox_probe((OakumRung)i, &why);
    tell(oakum_rung_name((OakumRung)i), works, what[i]);
    if (!works)
      tell_more(why ? why : "unknown");
  }
  return tell_choice();
}

/* ---- what else a build, a scan and a push need
 * -------------------------------------------------- */

static gboolean tell_store(const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumStore) store = oakum_store_open(path, &error);
  struct statvfs fs;
  if (!store || statvfs(oakum_store_path(store), &fs) < 0) {
    tell("store", FALSE, store ? g_strerror(errno) : error->message);
    tell_more("--store or OAKUM_STORE name a folder that can be written to");
    return FALSE;
  }
  g_autofree char *text =
      g_strdup_printf("%s, %" G_GUINT64_FORMAT " MB free", oakum_store_path(store),
                      (guint64)fs.f_bavail * fs.f_frsize / 1000000);
  tell("store", TRUE, text);
  OakumRung rung;
  if (oakum_cli_auto_rung(&rung)) {
    gboolean overlay = oakum_sandbox_probe_overlay(rung, oakum_store_path(store));
    tell("overlay", overlay,
         overlay ? "steps run on an overlay in the store: only what they change is looked at"
                 : "steps run in an unpacked root, which is walked after each");
    if (!overlay && worth(rung) == 2)
      tell_more("it needs Linux 5.11 or newer, and a store that is on no overlay itself");
  }
  return TRUE;
}

static gboolean tell_readers(void)
{
  g_autofree char *why = NULL;
  gboolean well = oakum_sandbox_probe_confine(&why);
  tell("confine", well,
       well ? "scans read layers and databases in a process that holds nothing else" : why);
  if (!well)
    tell_more("it needs a seccomp profile that lets a process make filters of its own");
  return well;
}

static void tell_programs(void)
{
  static const struct {
    const char *name, *use;
  } programs[] = {{"git", "contexts and ADD from repositories"},
                  {"shellcheck", "the SC rules of oakum lint"}};
  for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
    g_autofree char *path = g_find_program_in_path(programs[i].name);
    tell(programs[i].name, path != NULL, programs[i].use);
  }
}

static gboolean tell_database(const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(path, &error);
  g_autofree char *text = db ? oakum_advisory_db_status(db, &error) : NULL;
  tell("database", text != NULL, text ? path : error->message);
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
  for (char **line = lines; *line; line++)
    if (**line)
      tell_more(*line);
  return text != NULL;
}

/* A repository whose tag is asked for: that there is none is an answer as well. */
static gboolean tell_registry(const char *text, const OakumRegistryArgs *args)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumManifest) manifest = NULL;
  g_autoptr(OakumReference) ref = oakum_reference_parse(text, &error);
  g_autoptr(OakumRegistry) registry =
      ref ? oakum_registry_args_open(args, ref, FALSE, &error) : NULL;
  gboolean well =
      registry && oakum_registry_get_manifest(registry, ref->digest ? ref->digest : ref->tag,
                                              &manifest, &error);
  g_autofree char *shown = oakum_escape_terminal(text, -1),
                  *line = g_strdup_printf("%s%s%s", shown, well ? ": is there" : ": ",
                                          well ? "" : error->message);
  tell("registry", well, line);
  return well;
}

static int run(int argc, char **argv)
{
  DoctorArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  if (!oakum_options_parse(&oakum_cmd_doctor, &args, argc, argv, &rest, &error)) {
    oakum_options_clear(&oakum_cmd_doctor, &args);
    oakum_log(OAKUM_LOG_ERROR, "doctor: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  gboolean well = tell_rungs();
  well &= tell_store(args.store);
  well &= tell_readers();
  tell_programs();
  if (args.db)
    well &= tell_database(args.db);
  for (guint i = 0; i < rest->len; i++)
    well &= tell_registry(rest->pdata[i], &args.registry);
  oakum_options_clear(&oakum_cmd_doctor, &args);
  return well ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

#define AT(field) offsetof(DoctorArgs, field)
static const OakumOption options[] = {
    {"store", 0, OAKUM_OPTION_TEXT, AT(store), "DIR", "store of blobs",
     "$XDG_CACHE_HOME/oakum/store"},
    {"db", 0, OAKUM_OPTION_TEXT, AT(db), "FILE", "an advisory database to look into"},
    {0}};
static const OakumOptionGroup groups[] = {{NULL, NULL, options, 0},
                                          OAKUM_REGISTRY_GROUP(DoctorArgs, registry),
                                          OAKUM_GENERAL_GROUP(DoctorArgs, general),
                                          {0}};
static const OakumArgument arguments[] = {
    {"[IMAGE...]",
     "images to ask their registries for, with the credentials that a pull would use"},
    {0}};

const OakumCommand oakum_cmd_doctor = {
    .name = "doctor",
    .summary = "tell what this machine allows, and what to change",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(DoctorArgs),
    .examples = "oakum doctor\n"
                "oakum doctor --db advisories.db registry.example/app:v1\n",
    .run = run,
};
