/* The table of rules, made ready. */
#include "inspect/secret-private.h"
#include <string.h>
#if defined OAKUM_SECRET_DATABASES && !defined OAKUM_MAKE_SECRETS
#include <secret-databases.h>
#endif

#ifdef SECRET_DATABASES
__asm__(".pushsection .rodata\n"
        ".global oakum_secret_databases_begin\n"
        ".global oakum_secret_databases_end\n"
        "oakum_secret_databases_begin:\n"
        ".incbin \"" SECRET_DATABASES "\"\n"
        "oakum_secret_databases_end:\n"
        ".popsection\n");
extern const uint8_t oakum_secret_databases_begin[], oakum_secret_databases_end[];
#endif

#define ROW(kind, id, code, severity, category, title, place, entropy, proof, literals, pattern)   \
  {SECRET_##kind,                                                                                  \
   id,                                                                                             \
   code,                                                                                           \
   OAKUM_SEVERITY_##severity,                                                                      \
   category,                                                                                       \
   title,                                                                                          \
   SECRET_##place,                                                                                 \
   entropy,                                                                                        \
   SECRET_PROOF_##proof,                                                                           \
   literals,                                                                                       \
   pattern},
#define COMMAND(text, how) text "|"
#define CALL(text, number) text "|"
static const char commands[] =
#include "inspect/secret-commands.inc"
    ;
static const char calls[] =
#include "inspect/secret-calls.inc"
    ;
#undef COMMAND
#undef CALL
#define TOKEN(...) ROW(TOKEN, __VA_ARGS__)
#define VALUE(...) ROW(VALUE, __VA_ARGS__)
#define WHOLE(...) ROW(WHOLE, __VA_ARGS__, 0, NONE, "", "")
/* clang-format off */
const SecretRule oakum_secret_rules[] = {
#include "inspect/secret-rules.inc"
};
/* clang-format on */
#undef TOKEN
#undef VALUE
#undef WHOLE
#undef ROW
const guint oakum_secret_rules_n = G_N_ELEMENTS(oakum_secret_rules);

/* A name, blanks, quotes and an operator may stand between a word and its value. */
#define VALUE_AHEAD 512u
#define VALUE_BACK 64u
#define EXACT_BASE64_MIN 4u /* a shorter one is in too many texts */

/* The bytes of `text` that are sure when it is encoded `behind` bytes after the begin of a group.
 */
static char *encode(const char *text, size_t len, guint behind)
{
  g_autofree guchar *padded = g_malloc0(len + behind + 3);
  memcpy(padded + behind, text, len);
  g_autofree char *all = g_base64_encode(padded, len + behind + 3);
  size_t from = (behind * 8 + 5) / 6, to = (behind + len) * 8 / 6;
  return g_strndup(all + from, to - from);
}

/* Every process that looks for secrets makes them: they are found by a hash of their text. */
typedef struct {
  GArray *all;       /* SecretLiteral */
  GArray *next;      /* guint, one a literal: the next of the same hash plus one, or 0 */
  guint heads[1024]; /* the latest of a hash plus one, or 0 */
} Literals;

static void add(Literals *known, const char *text, size_t len, gboolean caseless, int base64,
                guint rule, size_t back, size_t ahead)
{
  GArray *literals = known->all;
  SecretLiteral *at = NULL;
  guint hash = 5381;
  for (size_t i = 0; i < len; i++)
    hash = hash * 33 + (guint8)text[i];
  guint *head = &known->heads[hash % G_N_ELEMENTS(known->heads)];
  for (guint i = *head; i > 0 && !at; i = g_array_index(known->next, guint, i - 1)) {
    SecretLiteral *one = &g_array_index(literals, SecretLiteral, i - 1);
    if (one->len == len && one->caseless == caseless && one->base64 == base64 &&
        memcmp(one->text, text, len) == 0)
      at = one;
  }
  if (!at) {
    g_array_append_val(known->next, *head);
    *head = literals->len + 1;
    SecretLiteral one = {
        .text = g_strndup(text, len), .len = (guint)len, .caseless = caseless, .base64 = base64};
    g_array_append_val(literals, one);
    at = &g_array_index(literals, SecretLiteral, literals->len - 1);
  }
  at->back = MAX(at->back, back);
  at->ahead = MAX(at->ahead, ahead);
  if (base64 >= 0)
    return;
  at->rules = g_renew(guint, at->rules, at->n_rules + 1);
  at->rules[at->n_rules++] = rule;
}

/* Known by where it stands: what is searched for are words that are everywhere. */
static gboolean by_place(SecretProof proof)
{
  return proof == SECRET_PROOF_WORDS || proof == SECRET_PROOF_CALL || proof == SECRET_PROOF_STATE ||
         proof == SECRET_PROOF_TYPED;
}

static size_t proof_ahead(SecretProof proof)
{
  return proof == SECRET_PROOF_PEM || proof == SECRET_PROOF_PEM_SEALED ||
                 proof == SECRET_PROOF_GCP_ACCOUNT || proof == SECRET_PROOF_JWK ||
                 proof == SECRET_PROOF_PUTTY || proof == SECRET_PROOF_PUTTY_SEALED ||
                 proof == SECRET_PROOF_PKCS12 || proof == SECRET_PROOF_JAAS
             ? OAKUM_SECRET_KEY_AHEAD
         : by_place(proof) ? OAKUM_SECRET_WORDS_AHEAD
                           : 0;
}

static void add_rule(SecretTable *table, Literals *literals, guint index)
{
  const SecretRule *rule = &oakum_secret_rules[index];
  g_autoptr(GArray) patterns = g_array_new(TRUE, TRUE, sizeof(SecretPattern));
  size_t back = 0, ahead = 0;
  for (const char *at = rule->patterns; *at;) {
    const char *to = at;
    for (gboolean set = FALSE; *to && (set || *to != '|'); to++)
      set = *to == '[' || (set && *to != ']');
    SecretPattern pattern;
    oakum_secret_pattern_init(&pattern, at, (size_t)(to - at));
    back = MAX(back, pattern.back_max);
    ahead = MAX(ahead, pattern.ahead_max);
    g_array_append_val(patterns, pattern);
    at = *to ? to + 1 : to;
  }
  table->patterns[index] = (SecretPattern *)(void *)g_array_steal(patterns, NULL);
  if (rule->kind == SECRET_WHOLE)
    return;
  back += rule->kind == SECRET_VALUE ? VALUE_BACK : 2;
  ahead += rule->kind == SECRET_VALUE ? VALUE_AHEAD : 1;
  ahead = MAX(ahead, proof_ahead(rule->proof));
  if (ahead > OAKUM_SECRET_WINDOW || back > OAKUM_SECRET_BACK)
    g_error("secret rule %s: looks too far", rule->id);
  g_auto(GStrv) words = g_strsplit(rule->literals, "|", -1);
  for (char **word = words; *word; word++) {
    size_t len = strlen(*word);
    if (len == 0)
      continue;
    add(literals, *word, len, rule->kind == SECRET_VALUE, -1, index, back, ahead);
    for (guint behind = 0; behind < 3 && rule->kind == SECRET_TOKEN && !by_place(rule->proof);
         behind++) {
      g_autofree char *encoded = encode(*word, len, behind);
      if (strlen(encoded) >= EXACT_BASE64_MIN)
        add(literals, encoded, strlen(encoded), FALSE, (int)behind, index, OAKUM_SECRET_BACK,
            OAKUM_SECRET_WINDOW);
    }
  }
}

/* Whether a rule of it looks at installed libraries and programs too. */
static gboolean is_core(const SecretLiteral *literal)
{
  gboolean core = literal->base64 >= 0;
  for (guint i = 0; i < literal->n_rules; i++)
    core |= oakum_secret_rules[literal->rules[i]].place <= SECRET_TEXT;
  return core;
}

static gboolean compile(SecretTable *table, SecretSet set)
{
  g_autofree const char **texts = g_new(const char *, table->n);
  g_autofree unsigned *flags = g_new(unsigned, table->n), *ids = g_new(unsigned, table->n);
  g_autofree size_t *lengths = g_new(size_t, table->n);
  unsigned n = 0;
  for (guint i = 0; i < table->n; i++) {
    const SecretLiteral *literal = &table->literals[i];
    if (set == SECRET_SET_CORE && !is_core(literal))
      continue;
    texts[n] = literal->text;
    lengths[n] = literal->len;
    flags[n] = literal->caseless ? HS_FLAG_CASELESS : 0;
    ids[n++] = i;
  }
  hs_compile_error_t *bad = NULL;
  const hs_platform_info_t *target = NULL; /* this processor */
#ifdef OAKUM_MAKE_SECRETS
  static const hs_platform_info_t least = {.tune = HS_TUNE_FAMILY_GENERIC};
  target = &least;
#endif
  hs_error_t done = hs_compile_lit_multi(texts, flags, ids, lengths, n, HS_MODE_BLOCK, target,
                                         &table->databases[set], &bad);
  if (bad)
    hs_free_compile_error(bad);
  return done == HS_SUCCESS;
}

/* What make-secrets wrote; FALSE when this library or processor does not take it. */
static gboolean load(SecretTable *table)
{
#ifdef SECRET_DATABASES
  const uint8_t *at = oakum_secret_databases_begin;
  for (int set = 0; set < SECRET_SETS; set++) {
    uint32_t len;
    memcpy(&len, at, sizeof len);
    at += sizeof len;
    if (hs_deserialize_database((const char *)at, len, &table->databases[set]) != HS_SUCCESS)
      return FALSE;
    at += len;
  }
  return at == oakum_secret_databases_end;
#else
  (void)table;
  return FALSE;
#endif
}

const SecretTable *oakum_secret_table(void)
{
  static gsize once;
  static SecretTable *made;
  if (g_once_init_enter(&once)) {
    if (hs_valid_platform() == HS_SUCCESS) {
      SecretTable *table = g_new0(SecretTable, 1);
      Literals literals = {g_array_new(FALSE, TRUE, sizeof(SecretLiteral)),
                           g_array_new(FALSE, FALSE, sizeof(guint)),
                           {0}};
      table->patterns = g_new0(SecretPattern *, oakum_secret_rules_n);
      for (guint i = 0; i < oakum_secret_rules_n; i++)
        add_rule(table, &literals, i);
      g_array_unref(literals.next);
      table->n = literals.all->len;
      table->literals = (SecretLiteral *)(void *)g_array_free(literals.all, FALSE);
      for (guint i = 0; i < table->n; i++)
        table->longest = MAX(table->longest, table->literals[i].len);
      made = load(table) || (compile(table, SECRET_SET_CORE) && compile(table, SECRET_SET_ALL))
                 ? table
                 : NULL;
    }
    g_once_init_leave(&once, 1);
  }
  return made;
}
