/* Every maximum that input can drive, in one place. Units stand in the names or the comment. */
#pragma once
#include <stdint.h>

#define OAKUM_KIB (UINT64_C(1) << 10)
#define OAKUM_MIB (UINT64_C(1) << 20)
#define OAKUM_GIB (UINT64_C(1) << 30)

#define OAKUM_THREADS_MAX 64u
#define OAKUM_IO_BUFFER (128 * OAKUM_KIB) /* bytes moved at once by streams */
#define OAKUM_BORROW_MAX (1 * OAKUM_MIB)  /* bytes looked at where they lie, at once */

#define OAKUM_NEAREST_MAX 63u /* bytes of a word that "did you mean" is looked for */

/* OCI documents; the distribution specification asks for manifests of at least 4 MiB to work */
#define OAKUM_MANIFEST_MAX (4 * OAKUM_MIB)
#define OAKUM_CONFIG_MAX (4 * OAKUM_MIB)
#define OAKUM_INDEX_DEPTH_MAX 4u
#define OAKUM_LAYERS_MAX 1000u
#define OAKUM_HISTORY_MAX 4000u
#define OAKUM_BLOB_MAX (64 * OAKUM_GIB)
#define OAKUM_JSON_DEPTH_MAX 64u
#define OAKUM_JSON_COST_MAX 8000000u /* of one document of an image: see oakum_json_cost */
#define OAKUM_REFERENCE_MAX 1024u

/* registry answers */
#define OAKUM_TOKEN_BODY_MAX (1 * OAKUM_MIB)
#define OAKUM_ERROR_BODY_MAX (1 * OAKUM_MIB)
#define OAKUM_HEADER_MAX (64 * OAKUM_KIB) /* all headers of one answer */
#define OAKUM_REDIRECTS_MAX 10u
#define OAKUM_RETRIES_MAX 5u
#define OAKUM_MANIFEST_TRIES_MAX 3u /* for a registry that does not see its own blobs yet */
#define OAKUM_RETRY_AFTER_MAX_S 60u
#define OAKUM_STALL_S 60u /* a transfer slower than 1 byte/s for this long is cut */
#define OAKUM_CONNECT_S 30u
#define OAKUM_RETRY_PAUSE_MS 500u /* before the second try; doubled for each further one */
#define OAKUM_BLOBS_AT_ONCE 4u
#define OAKUM_RESUME_PROGRESS (1 * OAKUM_MIB) /* a download that brought less counts as failed */
#define OAKUM_UPLOAD_CHUNK (64 * OAKUM_MIB)   /* for registries that refuse a whole blob */
#define OAKUM_UPLOAD_CHUNK_MIN (1 * OAKUM_MIB)
#define OAKUM_UPLOAD_CHUNK_MAX (1 * OAKUM_GIB) /* what OCI-Chunk-Min-Length may ask for */
#define OAKUM_TOKEN_LIFE_S 60u                 /* of a token that does not tell */
#define OAKUM_TOKEN_LIFE_MAX_S 86400u
#define OAKUM_CHALLENGES_MAX 16u
#define OAKUM_REFERRERS_PAGES_MAX 100u
#define OAKUM_REFERRERS_MAX 10000u
#define OAKUM_MIRRORS_MAX 16u
#define OAKUM_HELPER_TIMEOUT_S 60u
#define OAKUM_EXECUTOR_RETRIES_MAX 100u       /* --push-retry and its like */
#define OAKUM_LOGIN_FILE_MAX (64 * OAKUM_KIB) /* a key, token or password in a file */
#define OAKUM_CLIENT_TYPE_MAX 256u            /* bytes of UPSTREAM_CLIENT_TYPE */
#define OAKUM_CA_FILES_MAX 1000u              /* in a folder of SSL_CERT_DIR */
#define OAKUM_CA_FILE_MAX (4 * OAKUM_MIB)
#define OAKUM_CERTS_MAX 100u       /* files of one folder below /etc/docker/certs.d */
#define OAKUM_WARNINGS_MAX 16u     /* Warning headers shown of one registry */
#define OAKUM_ERROR_TEXT_MAX 1024u /* bytes of a server's message that are shown */

/* layers */
#define OAKUM_LAYER_UNPACKED_MAX (64 * OAKUM_GIB)
#define OAKUM_IMAGE_UNPACKED_MAX (256 * OAKUM_GIB)
#define OAKUM_INFLATE_RATIO_MAX 1100u /* deflate cannot do more than 1032:1 */
#define OAKUM_INFLATE_RATIO_FREE                                                                   \
  (64 * OAKUM_MIB) /* output below this is never judged by ratio (zstd, xz) */
#define OAKUM_GZIP_MEMBERS_MAX 1000000u
#define OAKUM_ZSTD_WINDOW_LOG_MAX 27
#define OAKUM_ZSTD_WINDOW_LOG_WRITTEN                                                              \
  23 /* 8 MiB: what every reader must take (RFC 8878, 3.1.1.1.2) */
#define OAKUM_STEP_LINE_MAX (64 * 1024) /* bytes of a printed line that are told at once */
#define OAKUM_XZ_MEMORY_MAX (192 * OAKUM_MIB)
#define OAKUM_TAR_ENTRIES_MAX 5000000u
#define OAKUM_TAR_PATH_MAX 4096u
#define OAKUM_TAR_COMPONENT_MAX 255u
#define OAKUM_TAR_PATH_DEPTH_MAX 512u
#define OAKUM_TAR_LINK_MAX 4096u
#define OAKUM_TAR_XATTRS_MAX 128u /* an entry */
#define OAKUM_TAR_XATTR_VALUE_MAX (64 * OAKUM_KIB)
#define OAKUM_TAR_SPARSE_PIECES_MAX 1000000u /* of one sparse file */
#define OAKUM_TAR_HEADER_MAX (1 * OAKUM_MIB) /* PAX and GNU long-name data of one entry */
/* Folders that one view of a stage's root is made of: their names fill half of what mount(2) takes;
 * a RUN adds one. */
#define OAKUM_VIEW_FOLDERS_MAX 96u
#define OAKUM_KEPT_TREES_BYTES (5 * OAKUM_GIB) /* of base trees that a store keeps, by default */
#define OAKUM_KEPT_TREES_MAX 4096u             /* of which it looks at most */
#define OAKUM_PRESS_TEXTS_MAX                                                                      \
  (64 * OAKUM_MIB)                         /* of links and attributes of a base kept as one file */
#define OAKUM_PRESS_AHEAD 2u               /* layers that are read before one is done */
#define OAKUM_PRESS_CHUNK (1 * OAKUM_MIB)  /* of small files, written at once */
#define OAKUM_PRESS_SMALL (64 * OAKUM_KIB) /* what is one of them, at most */
#define OAKUM_PRESS_BATCH (64 * OAKUM_KIB) /* of entries, told at once */
#define OAKUM_PRESS_WAITING_MAX (4 * OAKUM_MIB) /* of entries of a layer whose turn it is not */
#define OAKUM_TREE_NAMES_MAX 20000000u /* names in one root file system, and folders above them */
#define OAKUM_VIEW_NAMES_MAX 5000000u  /* names in one merged tree */
#define OAKUM_VIEW_FILE_MAX (256 * OAKUM_MIB) /* content kept for one wanted file */
#define OAKUM_VIEW_KEPT_MAX (512 * OAKUM_MIB) /* content kept for all wanted files */
#define OAKUM_VIEW_SYMLINKS_MAX 40u

/* package databases and advisories */
#define OAKUM_DPKG_LINE_MAX (1 * OAKUM_MIB)
#define OAKUM_PACKAGES_MAX 200000u
#define OAKUM_OBSERVED_MAX 100000u            /* findings in the files of one layer */
#define OAKUM_FINDING_CATEGORY_MAX 64u        /* bytes of a name */
#define OAKUM_SECRET_BUFFER (256 * OAKUM_KIB) /* of a file, in memory at a time */
#define OAKUM_SECRET_WINDOW (20 * OAKUM_KIB)  /* bytes behind a candidate that are looked at */
#define OAKUM_SECRET_BACK 4096u               /* in front of it */
#define OAKUM_SECRET_WORDS_AHEAD 512u         /* of a command, of a call */
#define OAKUM_SECRET_KEY_AHEAD 4096u          /* of a private key */
#define OAKUM_SECRET_BARE_MAX 4096u           /* of a file that holds a password and nothing else */
#define OAKUM_SECRET_KEY_ROUNDS_MAX 1000000   /* hashes to open one with no passphrase */
#define OAKUM_SECRET_KEY_MIN 60u              /* characters of its body */
#define OAKUM_SECRET_FILE_MAX 200u            /* told of one file, the worst */
#define OAKUM_SECRET_HITS_MAX 4096u   /* found in one file or member, before the worst are told */
#define OAKUM_SECRET_LAYER_MAX 20000u /* told of one layer */
#define OAKUM_SECRET_WORK_FREE (512 * OAKUM_MIB)   /* bytes looked at around candidates of a file */
#define OAKUM_SECRET_WORK_RATIO 32u                /* and for each of its bytes */
#define OAKUM_SECRET_DEPTH_MAX 8u                  /* archives in archives */
#define OAKUM_SECRET_UNPACKED_MAX (32 * OAKUM_GIB) /* of all archives of a layer */
#define OAKUM_SECRET_NESTED_MEMORY                                                                 \
  (16 * OAKUM_MIB)                          /* that zstd or xz inside of another may look back at */
#define OAKUM_SECRET_CONFIG_RULES_MAX 500u  /* of --secret-config; other lists in it, too */
#define OAKUM_SECRET_CONFIG_REGEX_MAX 4096u /* bytes of a regular expression */
#define OAKUM_SECRET_CONFIG_REGEX_STEPS 200000u /* of PCRE2, for one match */
#define OAKUM_SECRET_CONFIG_REACH 4096u         /* bytes that a match of one may take */
#define OAKUM_SECRET_CONFIG_COMPILE_S 20        /* processor time to make them ready */
#define OAKUM_CATALOG_FILE_PACKAGES_MAX 50000u  /* of one file in it */
#define OAKUM_PACKAGE_PATHS_MAX 10000u
#define OAKUM_VERSION_MAX 512u            /* bytes of one version string */
#define OAKUM_VERSION_PARENTHESES_MAX 32u /* open at once in a range of Hackage */
#define OAKUM_RANGE_MAX 4096u             /* bytes of one range of versions */
#define OAKUM_OSV_LINE_MAX (16 * OAKUM_MIB)
#define OAKUM_OSV_AFFECTED_MAX 100000u
#define OAKUM_SECDB_MAX (64 * OAKUM_MIB)
#define OAKUM_ADVISORY_NAMES_MAX 1000u      /* aliases, or upstream names, of one record */
#define OAKUM_ADVISORY_ROWS_MAX 200000u     /* ranges on one package */
#define OAKUM_ADVISORY_TITLE_MAX 200u       /* characters kept of a title */
#define OAKUM_ADVISORY_NOTE_MAX 200u        /* characters kept of a vendor's note */
#define OAKUM_ADVISORY_REFERENCES_MAX 5u    /* kept of one record */
#define OAKUM_ADVISORY_REFERENCE_MAX 300u   /* bytes; a longer one is left out */
#define OAKUM_ADVISORY_CVSS_MAX 16u         /* vectors kept of one record */
#define OAKUM_ADVISORY_CWES_MAX 16u         /* kept of one record */
#define OAKUM_ADVISORY_STRINGS_MAX 4000000u /* different strings in one row of the database */
#define OAKUM_CVSS_MAX 512u                 /* bytes of one vector */
#define OAKUM_VEX_DOCUMENT_MAX (64 * OAKUM_MIB)
#define OAKUM_VEX_EMBEDDED_MAX (2 * OAKUM_MIB) /* of one that lies in an image */
#define OAKUM_VEX_LAYER_MAX (16 * OAKUM_MIB)   /* of all that lie in a layer */
#define OAKUM_ATTACHED_MAX 64u                 /* documents attached to an image */
#define OAKUM_ATTACHED_BYTES_MAX (256 * OAKUM_MIB)
#define OAKUM_EXPLAIN_LINE_MAX 300u       /* characters of what made a layer, as shown */
#define OAKUM_VEX_STATEMENTS_MAX 1000000u /* of all documents of one scan */
#define OAKUM_VEX_WHOLES_MAX 4u           /* packages of a program that may be the program itself */
#define OAKUM_FRESH_S 2                   /* a file that changed so lately may change unseen */
#define OAKUM_MATCH_KNOWN_MAX 4096u       /* holes whose facts are in memory */
#define OAKUM_MATCH_BESIDE_MAX 8u         /* names that a package of a language is looked up by */
#define OAKUM_KEPT_HOLES_MAX (32 * OAKUM_MIB)     /* of one image, kept */
#define OAKUM_KEPT_HOLES_FILES 32u                /* images by databases */
#define OAKUM_MATCH_DOCUMENT_MAX (16 * OAKUM_MIB) /* of debug match */
#define OAKUM_ADVISORY_ECOSYSTEMS_MAX 10000u
#define OAKUM_ADVISORY_FEEDS_MAX 100000u     /* parts of feeds in one database */
#define OAKUM_FEED_BAD_PERCENT 5u            /* of the records of one input; more and it fails */
#define OAKUM_FEED_BAD_SHOWN 20u             /* bad records told of one by one */
#define OAKUM_FEED_MEMBERS_MAX 2000000u      /* documents in one archive */
#define OAKUM_CSAF_MAX (64 * OAKUM_MIB)      /* one document */
#define OAKUM_FEED_NESTING_MAX 3u            /* archives in archives */
#define OAKUM_FEED_HEAD 32768u               /* bytes by which a document's feed is judged */
#define OAKUM_FEED_TEXT_MAX (1 * OAKUM_MIB)  /* a YAML or Markdown document */
#define OAKUM_FEED_SPOOL_MAX (8 * OAKUM_GIB) /* a zip that is no file, on disk for a while */
#define OAKUM_XML_DEPTH_MAX 64u
#define OAKUM_XML_ELEMENT_MAX (16 * OAKUM_MIB) /* of one element that is held whole */
#define OAKUM_OVAL_MAX (1 * OAKUM_GIB)         /* what is held of one OVAL document until its end */
#define OAKUM_SQL_STEPS_MAX 50000u             /* thousands of steps of one statement that reads */
#define OAKUM_SQL_MMAP_MAX (2 * OAKUM_GIB)

/* Processes that read bytes from strangers */
#define OAKUM_CONFINED_MEMORY_MAX (2 * OAKUM_GIB)
#define OAKUM_CONFINED_CPU_S 3600u
#define OAKUM_LICENSE_MAX 16384u                    /* bytes of a license expression */
#define OAKUM_LICENSE_WORD_MAX 128u                 /* of one id in it */
#define OAKUM_LICENSE_DEPTH_MAX 32u                 /* parentheses in it */
#define OAKUM_CATALOG_HEAD 512u                     /* first bytes by which a file may be told */
#define OAKUM_CATALOG_MEMORY_FILE (4 * OAKUM_MIB)   /* a larger one goes to a file without a name */
#define OAKUM_CATALOG_FILE_MAX (4 * OAKUM_GIB)      /* bytes of a file that is looked into */
#define OAKUM_CATALOG_LINKS_MAX (32 * OAKUM_MIB)    /* bytes of all names kept of a layer */
#define OAKUM_CATALOG_OWNED_MAX 1000000u            /* files whose OS package is known */
#define OAKUM_CATALOG_WHOLE_MAX (64 * OAKUM_MIB)    /* the largest of what is read as a whole */
#define OAKUM_CATALOG_DATABASE_MAX (64 * OAKUM_MIB) /* a database that is text */
#define OAKUM_CATALOG_DOCUMENT_MAX (16 * OAKUM_MIB) /* a JSON document that lies in an image */
#define OAKUM_CATALOG_FACTS_MAX (64 * OAKUM_KIB)    /* os-release and its kin */
#define OAKUM_CATALOG_FACTS 64u                     /* of one such file */
#define OAKUM_CATALOG_INCOMPLETE_MAX 10000u         /* findings of one layer */
#define OAKUM_CATALOG_REPLACED_MAX                                                                 \
  10000u                                 /* names that come twice in a layer and give something    \
                                          */
#define OAKUM_CATALOG_OTHERS_MAX 64u     /* other names of one file or folder in a layer */
#define OAKUM_FOLDER_NAMES_MAX 20000000u /* names below a folder that is looked through */
#define OAKUM_SBOM_MAX (64 * OAKUM_MIB)  /* bytes of a bill of materials */
#define OAKUM_SBOM_HEAD 65536u           /* of it, in which its format is said */
#define OAKUM_PURL_MAX 8192u
#define OAKUM_PURL_QUALIFIERS_MAX 32
#define OAKUM_RPM_HEADER_MAX (64 * OAKUM_MIB) /* one package's header; rpm itself takes 256 MiB */
#define OAKUM_RPM_TAGS_MAX 65535u             /* rpm's own limit */
#define OAKUM_CATALOG_VALUE_MAX 1024u         /* bytes of a name or a version */
#define OAKUM_EXAMINE_RESULT_MAX (256 * OAKUM_MIB) /* what one tells of a layer */
#define OAKUM_EXAMINE_COST_MAX (1 * OAKUM_GIB)     /* memory that it may take, about */
#define OAKUM_EXAMINE_STALL_S 1800u                /* without a byte from or to a reading process */
#define OAKUM_LAYER_CACHE_MAX (256 * OAKUM_MIB)    /* what is kept of all layers */
#define OAKUM_LAYER_CACHE_ROW_MAX (12 * OAKUM_MIB) /* of one */
#define OAKUM_IMAGE_CACHE_MAX (64 * OAKUM_MIB)     /* what is kept of all images */
#define OAKUM_IMAGE_CACHE_ROW_MAX (12 * OAKUM_MIB) /* of one */
#define OAKUM_LAYER_CACHE_TOUCH_S 86400            /* how often it is noted that a layer is used */
#define OAKUM_SQL_BUSY_MS 3000                     /* that one process waits for another */
#define OAKUM_EXAMINE_TRIES 16u  /* files over which one may die before a layer is given up */
#define OAKUM_CATALOG_FILE_S 300 /* processor time of one cataloguer on one file */

/* files of cataloguers: each is what is read of one file, unless it says otherwise */
#define OAKUM_CATALOG_TEXT_MAX (16 * OAKUM_MIB)    /* a text that is read as a whole */
#define OAKUM_CATALOG_JSON_MAX (64 * OAKUM_MIB)    /* a list of all that is installed */
#define OAKUM_CATALOG_FIELDS_MAX 100000u           /* lines of the fields in front of a text */
#define OAKUM_JAR_DEPTH_MAX 8u                     /* archives in archives */
#define OAKUM_JAR_NESTED_MAX (256 * OAKUM_MIB)     /* one compressed archive in another */
#define OAKUM_JAR_INFLATED_MAX (4 * OAKUM_GIB)     /* all of what is in one file, together */
#define OAKUM_JAR_HELD_MAX (512 * OAKUM_MIB)       /* of it, what is in memory at a time */
#define OAKUM_JAR_ARCHIVES_MAX 20000u              /* archives in one file */
#define OAKUM_JAR_POMS_MAX 20000u                  /* pom.properties of one archive */
#define OAKUM_JAR_PROPERTIES_MAX (64 * OAKUM_KIB)  /* a pom.properties */
#define OAKUM_JAR_POM_MAX (1 * OAKUM_MIB)          /* a pom.xml whose licences are read */
#define OAKUM_JAR_PROJECTS 4u                      /* so many in one archive are merged */
#define OAKUM_JAR_MANIFEST_MAX (4 * OAKUM_MIB)     /* a MANIFEST.MF */
#define OAKUM_EXE_ROW_MAX 4096u                    /* bytes of a row of a table of ELF */
#define OAKUM_EXE_NAMES_MAX (8 * OAKUM_MIB)        /* names of all sections */
#define OAKUM_GO_INFO_MAX (16 * OAKUM_MIB)         /* build information of a Go program */
#define OAKUM_GO_SEARCH_MAX (64 * OAKUM_MIB)       /* bytes looked through for it */
#define OAKUM_AUDITABLE_MAX (32 * OAKUM_MIB)       /* dependencies of a Rust program, unpacked */
#define OAKUM_ELF_PACKAGE_MAX (64 * OAKUM_KIB)     /* the note of which package a program is */
#define OAKUM_BUNDLE_DATA_MAX (8 * OAKUM_MIB)      /* data of a program that may be a bundle */
#define OAKUM_BUNDLE_TABLE_MAX (32 * OAKUM_MIB)    /* the table of contents of one */
#define OAKUM_BUNDLE_TAIL (16 * OAKUM_KIB)         /* last bytes, in which its mark is looked for */
#define OAKUM_SIGNATURE_SEARCH_MAX (2 * OAKUM_GIB) /* bytes of an executable that are searched */
#define OAKUM_SIGNATURE_WINDOW (1 * OAKUM_MIB)     /* of it at a time */
#define OAKUM_SIGNATURE_TRIES_MAX 2000000u         /* places tried in one executable, a pattern */
#define OAKUM_NUGET_DEPTH_MAX 32u    /* how far a .NET library is behind one with a file */
#define OAKUM_PE_RESOURCES_MAX 4096u /* entries of the resource tree looked at */

/* zip archives */
#define OAKUM_ZIP_ENTRIES_MAX 2000000u
#define OAKUM_ZIP_DIRECTORY_MAX (256 * OAKUM_MIB) /* bytes of a central directory */
#define OAKUM_ZIP_RATIO_MAX 1040u                 /* deflate cannot do more than 1032:1 */

/* Dockerfile */
#define OAKUM_DOCKERFILE_MAX (4 * OAKUM_MIB)
#define OAKUM_DOCKERFILE_INSTRUCTIONS_MAX 20000u
#define OAKUM_DOCKERFILE_STAGES_MAX 1000u
#define OAKUM_DOCKERFILE_WORDS_MAX 100000u    /* arguments, flags and mount fields of one file */
#define OAKUM_DOCKERFILE_COMMENTS_MAX 100000u /* also directives */
#define OAKUM_DOCKERFILE_HEREDOCS_MAX 10000u
#define OAKUM_DOCKERFILE_ERRORS_MAX 1000u   /* kept; one more says that there are others */
#define OAKUM_DOCKERFILE_LOOKAHEADS_MAX 64u /* searches for the end of a misspelt here-document */
#define OAKUM_DEBUG_SCOPE_MAX                                                                      \
  200000u /* variables that debug prints of all instructions together                              \
           */
#define OAKUM_DOCKERFILE_SCOPE_MAX (16 * OAKUM_MIB) /* values of all variables of a file */
#define OAKUM_EXPANSION_MAX (1 * OAKUM_MIB)         /* bytes of one word after expansion */
#define OAKUM_VARIABLE_USES_MAX 200000u             /* variables looked at in one word */
#define OAKUM_EXPANSION_DEPTH_MAX 100u              /* ${a:-${b:-…}} */
#define OAKUM_PATTERN_STEPS_MAX 50000000u           /* comparisons of one ${a//pattern/…} */
#define OAKUM_IGNORE_MAX (1 * OAKUM_MIB)
#define OAKUM_IGNORE_PATTERNS_MAX 10000u
#define OAKUM_IGNORE_PATTERN_MAX 4096u /* bytes; no path is longer */
#define OAKUM_CONTEXT_FILES_MAX 5000000u
#define OAKUM_ADD_DOWNLOAD_MAX (64 * OAKUM_GIB) /* one URL of ADD, one context */
#define OAKUM_URL_MAX 8192u
#define OAKUM_GIT_TIMEOUT_S 3600u             /* of one run of the program git */
#define OAKUM_GIT_OUTPUT_MAX (16 * OAKUM_MIB) /* names that a server lists */
#define OAKUM_BUILD_CONTEXTS_MAX 100u

/* shell scripts inside Dockerfiles */
#define OAKUM_SHELL_TEXT_MAX OAKUM_DOCKERFILE_MAX /* bytes of one script */
#define OAKUM_SHELL_DEPTH_MAX 200u /* compounds, substitutions, quotes and braces in each other */
#define OAKUM_SHELL_PARTS_MAX 400000u /* words, parts, redirections and nodes of one script */
#define OAKUM_SHELL_COPIED_MAX                                                                     \
  (8 * OAKUM_MIB)                   /* bodies and scripts in each other, of one script             \
                                     */
#define OAKUM_SHELL_VIA_MAX 8u      /* sudo env sh -c ... in front of one command */
#define OAKUM_SHELL_SHOWN_MAX 128u  /* bytes shown of the inside of one expansion */
#define OAKUM_SHELL_BRACES_MAX 50u  /* brace expansions in each other in one word */
#define OAKUM_SHELL_ERRORS_MAX 100u /* kept of nested scripts */
#define OAKUM_SHELL_PEEK_MAX 256u   /* bytes looked ahead for the end of a glob's set */

/* lint */
#define OAKUM_DIFF_EDITS_MAX 2000u /* lines that go or come; beyond it a diff is not minimal */
#define OAKUM_LINT_IDENTITY_MAX                                                                    \
  1000u /* bytes of a line, before and behind a finding, that identify it */
#define OAKUM_LINT_FILES_MAX 100000u
#define OAKUM_LINT_AHEAD 4u /* files for each thread that are read or wait to be told of */
#define OAKUM_LINT_SPOOL (64 * OAKUM_KIB) /* of a report, before it is written */
#define OAKUM_LINT_FOLDER_DEPTH_MAX 64u
#define OAKUM_SHELLCHECK_OUTPUT_MAX (256 * OAKUM_MIB)
#define OAKUM_SHELLCHECK_SCRIPT_MAX (128 * OAKUM_KIB) /* it takes more than linear time */
#define OAKUM_SHELLCHECK_FILES 256u       /* of one process: enough that its start does not count */
#define OAKUM_SHELLCHECK_BATCHES_MAX 256u /* that run or wait */
#define OAKUM_SHELLCHECK_LEAST_COST 200u  /* of any script, as bytes */
#define OAKUM_SHELLCHECK_TIMEOUT_S 300u
#define OAKUM_LSP_MESSAGE_MAX (16 * OAKUM_MIB)
#define OAKUM_LSP_HEADER_MAX 4096u
#define OAKUM_LSP_DOCUMENTS_MAX 1000u
#define OAKUM_LINT_ONBUILD_DEPTH_MAX 8u /* ONBUILD ONBUILD ... */
#define OAKUM_LINT_FIX_ROUNDS_MAX 16u
#define OAKUM_LINT_WORKDIR_MAX 4096u   /* bytes of a folder that relative WORKDIRs add up to */
#define OAKUM_LINT_NODE_DEPTH_MAX 512u /* compounds in compounds that a rule looks into */
#define OAKUM_LINT_EDITS_MAX 5000u     /* edits of one round */

/* steps */
#define OAKUM_STEP_TIMEOUT_S 3600u
#define OAKUM_BUILD_PLATFORMS_MAX 32u
#define OAKUM_STEP_TIMEOUT_MAX_S (30 * 24 * 3600)
#define OAKUM_STEP_PROCESSES_MAX 4096u
#define OAKUM_STAGES_AT_ONCE_MAX 64u          /* begun and not ended, those that wait among them */
#define OAKUM_STEP_MEMORY_MIN (4 * OAKUM_MIB) /* bytes: less starts no shell */
#define OAKUM_ARGV_MAX (2 * OAKUM_MIB)
#define OAKUM_STEP_MOUNTS_MAX 64u
#define OAKUM_SECRET_MAX (500 * OAKUM_KIB) /* BuildKit's own */
#define OAKUM_CACHE_COPIES_MAX 100u        /* users at a time of one private cache */
#define OAKUM_CACHES_MAX 20u               /* --cache-from, --cache-to */
#define OAKUM_MEMO_FILES_MAX 200000u       /* files of a context whose digests are kept */
#define OAKUM_CACHE_RECORD_MAX (64 * OAKUM_KIB)
#define OAKUM_AGENT_BUFFER (16 * OAKUM_KIB)
#define OAKUM_AGENT_CONNECTIONS_MAX 64u

/* A disk with less than that is full: what a program wrote last may not be there. */
#define OAKUM_DISK_ROOM_LEAST (64 * OAKUM_KIB)
#define OAKUM_DISK_FILES_LEAST 4u

/* what a signal takes away with it */
#define OAKUM_ENDING_NOTES_MAX 64  /* files and folders at a time; others stay */
#define OAKUM_ENDING_DEPTH_MAX 200 /* of what lies in one of the folders */

#define OAKUM_MODE_CHANGES_MAX 128u /* of one --chmod */
#define OAKUM_TAGS_SHOWN_MAX 1024u  /* bytes of the tags of an archive that a message lists */

/* the rung fake-root */
#define OAKUM_OWNERS_MAX 5000000u /* files of one root that are not root's, or of another mode */
#define OAKUM_OWNERS_CAPABILITY_MAX 64u /* bytes of a security.capability */
#define OAKUM_KILL_MS 60000             /* for the processes of a step to be gone after its end */
#define OAKUM_IPC_MAX 65536u            /* objects of System V and queues that a step makes */
#define OAKUM_REAP_MAX 10000u           /* ended processes of a step that are heard of at once */
#define OAKUM_KILL_ROUNDS 1000u         /* over the nearest of them, between two looks at all */
#define OAKUM_PROC_DEAD_MS 2000         /* how long /proc of a step keeps a process that ended */
#define OAKUM_FAKE_CREDS_MAX 4096u      /* different sets of ids that one step takes on */
#define OAKUM_FAKE_PROGRAMS_MAX 100000u /* different programs that one step starts */
#define OAKUM_FAKE_ROOTS_MAX 256u       /* different roots that chroot(2) gives in one step */
#define OAKUM_FAKE_SCRIPTS_MAX 5u       /* scripts whose interpreter is a script, as the kernel */
#define OAKUM_FAKE_PLANS_MAX 64u /* starts of programs under way before the dead are cleared */
#define OAKUM_FAKE_HELD_MAX 256u /* links that a step opened as O_PATH; the oldest is forgotten */
#define OAKUM_FAKE_OPENS_MAX 64u /* opens of a FIFO that wait for the other end */

/* configuration files that people write */
#define OAKUM_CONFIG_FILE_MAX (1 * OAKUM_MIB)
#define OAKUM_YAML_DEPTH_MAX 32u
#define OAKUM_YAML_ANCHORS_MAX 1000u
#define OAKUM_YAML_NODES_MAX 200000u
#define OAKUM_YAML_WARNINGS_MAX 1000u
#define OAKUM_LINT_SHELL_PARTS_MAX 400000u /* of all scripts of a file; no further one is read */
#define OAKUM_LINT_REGIONS_MAX                                                                     \
  5000u /* commands that are not reached, functions and lists of a script */
#define OAKUM_LINT_PEER_STEPS_MAX                                                                  \
  200000u                              /* instructions and comments of a file read as a peer does */
#define OAKUM_LINT_PEER_TRIES_MAX 8u   /* times that a script is read anew for a peer, on average */
#define OAKUM_LINT_PEER_DEPTH_MAX 200u /* compounds in compounds in a script read for a peer */
#define OAKUM_LINT_PAIRS_MAX 1000000u  /* pairs of steps, commands or words compared in one file */
#define OAKUM_LINT_NEAR_PAIRS_MAX                                                                  \
  1000000u                            /* names times words of a script, compared for shellcheck */
#define OAKUM_LINT_FINDINGS_MAX 2000u /* of one rule in one file; more are not told */
#define OAKUM_LINT_SUGGESTIONS_MAX                                                                 \
  200u                              /* "did you mean" is looked for in the first findings only */
#define OAKUM_LINT_IGNORES_MAX 100u /* ignores that are asked of one finding */

/* ---- policies ---------------------------------------------------------------------------------
 */
#define OAKUM_POLICY_RULES_MAX 500u
#define OAKUM_POLICY_EXCEPTIONS_MAX 50000u /* written and imported */
#define OAKUM_POLICY_OPEN_MAX                                                                      \
  2000u                                  /* of them, those that name no plain id: each is tried on \
                                          * each finding */
#define OAKUM_POLICY_OVERRIDES_MAX 1000u /* severities that an import sets anew */
#define OAKUM_POLICY_PATTERNS_MAX 100000u /* in all lists of a policy */
#define OAKUM_POLICY_TEXT_MAX 2048u       /* bytes of one value */
#define OAKUM_POLICY_ZONE_MAX 64u         /* bytes of the name of a time zone */
#define OAKUM_POLICY_IMPORTS_MAX 100u
#define OAKUM_POLICY_WARNINGS_MAX 1000u
#define OAKUM_POLICY_EXAMPLES 5u         /* findings that a verdict tells of each rule */
#define OAKUM_POLICY_NOTES_MAX 100u      /* exceptions that ended or are about to, told */
#define OAKUM_POLICY_GLOB_STEPS 100000u  /* comparisons of one path with one pattern */
#define OAKUM_POLICY_BRACES_MAX 4u       /* `{a,b}` in one pattern */
#define OAKUM_POLICY_REGEX_STEPS 100000u /* of one name with one regular expression */

/* ---- reports --------------------------------------------------------------------------------- */
#define OAKUM_REPORT_TAGS_MAX 20u        /* a rule; more GitHub does not take */
#define OAKUM_GITLAB_NAME_MAX 255u       /* bytes, by the schema */
#define OAKUM_GITLAB_SOLUTION_MAX 7000u  /* bytes, by the schema */
#define OAKUM_GITLAB_IDENTIFIERS_MAX 20u /* more it does not keep */
#define OAKUM_SARIF_RESULTS_MAX 25000u   /* of one run, as many as GitHub takes */
#define OAKUM_MARKDOWN_MAX 60000u        /* bytes: below the 65,536 characters that GitHub takes */
#define OAKUM_MARKDOWN_AFTER 300u        /* bytes of what stands behind the last table */
#define OAKUM_MARKDOWN_TEXT 300u         /* bytes of one text, before markup is escaped */
#define OAKUM_MARKDOWN_MORE 1000u        /* bytes of where the whole is */
#define OAKUM_MARKDOWN_FIRST 10u         /* holes that are not folded */
#define OAKUM_MARKDOWN_NOTES 10u         /* things not judged that are told one by one */
#define OAKUM_TABLE_HOLES 100u           /* a table of more is folded */
#define OAKUM_TABLE_FIRST 3u             /* holes of one package that are told then */
#define OAKUM_TABLE_PACKAGES 100u        /* packages that are told then */
#define OAKUM_TABLE_OTHERS 50u           /* findings of one other kind */
#define OAKUM_TABLE_COLUMNS_MIN 60       /* narrower ones are taken for this */
#define OAKUM_TABLE_COLUMNS_MAX 200
#define OAKUM_HTML_PLAIN_ROWS 200u /* findings for browsers without scripts */
#define OAKUM_HTML_ID_MAX 64u      /* bytes of an id that an address is made of */
#define OAKUM_HTML_SAW_MAX 20u     /* findings that a rule of the policy is shown with */
#define OAKUM_HTML_LINKS_MAX 40u   /* names of one hole */
#define OAKUM_HTML_PATHS_MAX 50u   /* files that prove one package */
#define OAKUM_ADVICE_ROWS 10u      /* packages that advice tells one by one */

#define OAKUM_ANNOTATIONS_MAX 10u /* of a level; GitHub keeps no more of one step */
#define OAKUM_ALLOWLIST_FILE_MAX (1 * OAKUM_MIB)
#define OAKUM_RESULT_FILE_MAX (512 * OAKUM_MIB) /* a saved result */
#define OAKUM_RESULT_ROWS_MAX 1000000u          /* packages, and findings, of one */
#define OAKUM_RESULT_RECORDS_MAX 10000u         /* of one finding */
#define OAKUM_RESULT_PATHS_MAX 100000u          /* of one package */

/* hygiene of images */
#define OAKUM_HYGIENE_CONTENT_MAX (1 * OAKUM_MIB) /* bytes of a small file that is looked into */
#define OAKUM_HYGIENE_LIST_MAX (64 * OAKUM_MIB)   /* of a list of installed files */
#define OAKUM_HYGIENE_TEXT_MAX 4096u              /* bytes of a line, or of a name in it */
#define OAKUM_HYGIENE_NAME_MAX 128u               /* bytes of the name of a variable */
#define OAKUM_HYGIENE_ACCOUNTS_MAX 100000u        /* lines of etc/passwd and its kin */
#define OAKUM_HYGIENE_FINDINGS_MAX 100u           /* of one rule in one layer; more are counted */
#define OAKUM_HYGIENE_AGAIN_MAX 10000u   /* names with a finding that come again in a layer */
#define OAKUM_HYGIENE_OWNED_MAX 1000000u /* files of packages in one layer */
#define OAKUM_HYGIENE_OWNERS_MAX 1000u   /* different owners in one layer */
#define OAKUM_HYGIENE_SIZED_MIN 4096u    /* bytes of a file that is told by name, */
#define OAKUM_HYGIENE_SIZED_MAX 4096u    /* and how many are: the largest of a layer */
#define OAKUM_HYGIENE_FOLDERS_MAX 20000u /* folders whose other files are added up */
#define OAKUM_HYGIENE_FACT_MAX (512 * OAKUM_KIB) /* bytes of one fact of a layer */
#define OAKUM_HYGIENE_FACTS_MAX 20000u       /* facts of one layer that wait for the whole image */
#define OAKUM_HYGIENE_WORK_MAX 20000000u     /* names held against whiteouts */
#define OAKUM_HYGIENE_SHIPPED_MAX 2000000u   /* files and folders of an image that are compared */
#define OAKUM_HYGIENE_HUGE (100 * OAKUM_MIB) /* bytes of a file that is told of */
#define OAKUM_HYGIENE_WASTE_MIN (100 * OAKUM_KIB) /* bytes that are worth a word */
#define OAKUM_HYGIENE_WORST 10u                   /* files that are told of by name */
#define OAKUM_HYGIENE_EXAMPLES 10u                /* names in one line */
#define OAKUM_HYGIENE_TOOLS_MAX 50u               /* programs in one line */
#define OAKUM_HYGIENE_PARTS_MAX 1000u           /* of a PATH, of the words or commands of a step */
#define OAKUM_HYGIENE_STEP_MAX (64 * OAKUM_KIB) /* bytes of one line of history */
#define OAKUM_HYGIENE_OLD_DAYS 180              /* days after which an image is old */

/* packages that nothing needs */
#define OAKUM_NEEDLESS_GRAPH_MAX (8 * OAKUM_MIB) /* bytes of what is told of a package database */
#define OAKUM_NEEDLESS_DATABASE_MAX (64 * OAKUM_MIB)
#define OAKUM_NEEDLESS_FILES_MAX (256 * OAKUM_KIB) /* bytes of the programs of one package */
#define OAKUM_NEEDLESS_PROGRAM_MAX (8 * OAKUM_MIB) /* first bytes of a program that are kept, */
#define OAKUM_NEEDLESS_PROGRAM_ALL (4 * OAKUM_MIB) /* and its size up to which all of it is */
#define OAKUM_NEEDLESS_SCRIPT_MAX (1 * OAKUM_MIB)
#define OAKUM_NEEDLESS_DYNAMIC_MAX (64 * OAKUM_KIB) /* bytes of PT_DYNAMIC */
#define OAKUM_NEEDLESS_PARTS_MAX 256u               /* program headers of an ELF */
#define OAKUM_NEEDLESS_LIBRARIES_MAX 256u           /* that one program names */
#define OAKUM_NEEDLESS_WORDS_MAX (32 * OAKUM_KIB)   /* bytes of the words of one script */
#define OAKUM_NEEDLESS_WORD_MAX 40u
#define OAKUM_NEEDLESS_NEEDS_MAX (4 * OAKUM_MIB)  /* bytes of what the programs of a layer need */
#define OAKUM_NEEDLESS_LAYER_MAX (64 * OAKUM_MIB) /* the same before packages' own are left out */
#define OAKUM_NEEDLESS_SAME_MAX 100u              /* packages that provide one name */
#define OAKUM_NEEDLESS_GROUPS_MAX 50u             /* that are told of */

/* licenses and their texts */
#define OAKUM_LICENSE_PARTS_MAX 200u              /* of what one text of copyrights names */
#define OAKUM_LICENSE_NOTICE_MAX (32 * OAKUM_KIB) /* bytes of a text that is searched for names */
#define OAKUM_LICENSE_TEXT_MAX (256 * OAKUM_KIB)  /* bytes of a text that is compared */
#define OAKUM_LICENSE_TEXT_WORDS_MAX 60000u
#define OAKUM_LICENSE_TEXT_SHARE 0.8  /* of a text that must be there */
#define OAKUM_LICENSE_TEXTS_MAX 16u   /* licenses told of one text */
#define OAKUM_LICENSE_FILES_MAX 5000u /* texts of one layer */
