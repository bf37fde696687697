/* ecosystem: the one home of what distributions, package managers and registries of languages are
 * called, and of the keys by which advisories know them. Rank 1. It knows nothing of files, feeds
 * or packages: names go in, names come out. docs/matching.md and docs/scan.md show the tables. */
#pragma once
#include "base/base.h"

/* ---- distributions
 * ---------------------------------------------------------------------------------- */
/* How one distribution's data is matched. All static. */
typedef struct {
  const char *ecosystem; /* the word in front of the colon, as OSV has it: "Debian" */
  const char *type;      /* of its packages, as purl has it: "deb" */
  const char *scheme;    /* version order, as oakum_version_scheme_parse */
  gboolean names_source; /* a record that does not say what it names (OSV) names the source */
  gboolean as_installed; /* what names a source is compared with the installed package's version */
  const char *own;       /* feeds that are its own, by spaces; they decide over others */
  const char *vendors;   /* by '|': one of them is in the vendor of what it built; NULL: not said */
} OakumDistroRule;
/* By the key of a release ("Debian:12"). NULL: no rule. */
NODISCARD const OakumDistroRule *oakum_distro_rule(const char *ecosystem);

/* One ID of os-release(5). All static. */
typedef struct {
  const char *id;
  const char *key; /* what the release is put behind: "Debian:", "Alpine:v"; the whole key of one
                      that has no releases */
  enum {
    OAKUM_RELEASE_NONE,
    OAKUM_RELEASE_MAJOR,
    OAKUM_RELEASE_MINOR, /* two numbers */
    OAKUM_RELEASE_WHOLE
  } form;
  const char *eol;  /* endoflife.date's name for it; NULL: it has none */
  const char *line; /* what the one line of its release file begins with, by '|'; NULL: none */
} OakumDistroId;
/* In any case of letters. NULL: not known. */
NODISCARD const OakumDistroId *oakum_distro_id(const char *id);
/* By the text of a release file ("CentOS Linux release 7.9.2009 (Core)"). NULL: not known. */
NODISCARD const OakumDistroId *oakum_distro_id_of_line(const char *text);
/* "12" of ("debian", "bookworm"); Devuan's are those of the Debian that it is made of. In any case
 * of letters. NULL: not known. */
NODISCARD const char *oakum_distro_release(const char *id, const char *codename);
/* The key of a release, "Debian:12"; NULL when the version (may be NULL) says none. New string. */
NODISCARD char *oakum_distro_key(const OakumDistroId *id, const char *version);
/* By endoflife.date's name: of the id, else of the first one with that key. NULL: none. */
NODISCARD const char *oakum_distro_eol(const char *id, const char *key);

/* ---- types of packages
 * ------------------------------------------------------------------------------ */
/* One type of purl. */
typedef struct {
  const char *type;
  gboolean system;   /* of a package manager of systems */
  gboolean of_place; /* the namespace is the distribution's ID, and a qualifier its release */
  gboolean caseless; /* names know no case */
} OakumPackageType;
/* NULL: of none that we say something of. */
NODISCARD const OakumPackageType *oakum_package_type(const char *type);
NODISCARD gboolean oakum_is_os_type(const char *type);

/* ---- registries of languages
 * ------------------------------------------------------------------------ */
typedef struct {
  const char *type, *ecosystem; /* purl's type; OSV's name, the key of the database */
  const char *scheme;
  const char *join;  /* between namespace and name; NULL: the name alone counts */
  gboolean caseless; /* names are looked up in lower case */
} OakumLanguageRule;
/* NULL: no rule. */
NODISCARD const OakumLanguageRule *oakum_language_rule(const char *type);

/* Another ecosystem whose records speak of the same package: an R package may be of Bioconductor,
 * and of a program some feeds have records that go by its own name and not by a CPE. All static. */
typedef struct {
  const char *ecosystem, *name; /* looked up so; NULL: each name of it. Of "cpe": vendor:product */
  const char *also, *as;        /* and there, too; NULL: by the same name */
} OakumBeside;
/* The next of them; *at is 0 at first. NULL: there is no other. */
NODISCARD const OakumBeside *oakum_ecosystem_beside(const char *ecosystem, const char *name,
                                                    guint *at);

/* ---- keys
 * ------------------------------------------------------------------------------------------- */
/* Several names of one ecosystem to the key that the database has: "Ubuntu:22.04:LTS" to
 * "Ubuntu:22.04" with *flavour "", "Ubuntu:Pro:14.04:LTS" to "Ubuntu:14.04" with "esm"; "Red
 * Hat:enterprise_linux:9::baseos" to "Red Hat:9" with *product the CPE. *flavour and *product (may
 * be NULL) are new strings or NULL. New string. */
NODISCARD char *oakum_ecosystem_key(const char *ecosystem, char **flavour, char **product);
/* The release of Red Hat's system that a product is for, of the fields of its CPE from the
 * product's name on: "Red Hat:8" of {"openshift", "4.12", "", "el8"}. NULL: of none. New string. */
NODISCARD char *oakum_redhat_key(char **fields);
/* Whether what the product has of `release` is there for all of its service packs: modules of
 * SUSE's 12 have none of their own. Its records stand at "SUSE:12". */
NODISCARD gboolean oakum_suse_whole(const char *release, const char *product);
/* Key under which repositories of Red Hat (content sets) stand: find gives the products of one, a
 * row each. */
#define OAKUM_ECOSYSTEM_REPOSITORIES "Red Hat repository"
/* The name of a package as its ecosystem compares it: PyPI by PEP 503, NuGet, Packagist and
 * Hex in lower case; others as they are. New string. */
NODISCARD char *oakum_ecosystem_package(const char *ecosystem_key, const char *name);
/* The version scheme of an ecosystem key: "deb", "rpm", "npm" …; "" when none is known. */
NODISCARD const char *oakum_ecosystem_scheme(const char *ecosystem_key);

/* ---- CPE names
 * -------------------------------------------------------------------------------------- */
typedef enum {
  OAKUM_CPE_PART, /* "a", "o", "h" */
  OAKUM_CPE_VENDOR,
  OAKUM_CPE_PRODUCT,
  OAKUM_CPE_VERSION,
  OAKUM_CPE_UPDATE,
  OAKUM_CPE_EDITION,
  OAKUM_CPE_LANGUAGE,
  OAKUM_CPE_SW_EDITION,
  OAKUM_CPE_TARGET_SW,
  OAKUM_CPE_TARGET_HW,
  OAKUM_CPE_OTHER,
  OAKUM_CPE_FIELDS
} OakumCpeField;
/* What a name says, in lower case and without escapes. NULL: ANY ("*", or nothing); "-": that it
 * has none. A wildcard inside of a value ("1.2.*", "1.?") is one of the two characters below, so
 * that an escaped one is not taken for it. */
#define OAKUM_CPE_ONE '\001'  /* "?" */
#define OAKUM_CPE_MANY '\002' /* "*" */
typedef struct {
  char *fields[OAKUM_CPE_FIELDS];
} OakumCpe;
/* Both bindings of NISTIR 7695: "cpe:2.3:a:…" and "cpe:/a:…". FALSE: it is none, or says no vendor
 * or product; then there is nothing to clear. */
NODISCARD gboolean oakum_cpe_parse(const char *text, OakumCpe *out);
void oakum_cpe_clear(OakumCpe *cpe);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumCpe, oakum_cpe_clear)
/* Whether a value has wildcards in it; NULL has none. */
NODISCARD gboolean oakum_cpe_is_pattern(const char *value);
/* Whether a value, which may be a pattern, is this text or covers it (NISTIR 7696, 6.3). */
NODISCARD gboolean oakum_cpe_value_covers(const char *value, const char *text);
/* "vendor:product", the key of the database. New string. */
NODISCARD char *oakum_cpe_name(const OakumCpe *cpe);
/* Whether what a record is about may be this program, whatever the version and update (NISTIR 7696,
 * table 6-2): of a field that only the record says it may, but for the software that it runs on:
 * what a record names there beyond Linux and its kin is a plug-in, or a build for another system.
 */
NODISCARD gboolean oakum_cpe_covers(const OakumCpe *record, const OakumCpe *program);
/* Whether a system that a record names as the one below is, or may be, Linux. */
NODISCARD gboolean oakum_cpe_may_be_linux(const OakumCpe *platform);
