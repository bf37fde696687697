/* CVSS base scores from their vectors: FIRST's specification documents of v2, v3.0, v3.1 and v4.0.
 * Of a v4 vector the exploit maturity, requirements and modified metrics count, as its one score
 * wants. */
#include "finding/finding.h"
#include <math.h>
#include <string.h>

/* The value of a metric, up to the next '/'; NULL: it is not there. Found at the beginning of a
 * part only, so that "A" is not found in "AA". */
static const char *metric_of(const char *vector, const char *metric, size_t *len)
{
  size_t n = strlen(metric);
  for (const char *at = vector; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
    if (strncmp(at, metric, n) == 0 && at[n] == ':') {
      *len = strcspn(at + n + 1, "/");
      return at + n + 1;
    }
  return NULL;
}

/* The one letter of a metric, 0 when it has none or more than one. */
static char letter_of(const char *vector, const char *metric)
{
  size_t len;
  const char *at = metric_of(vector, metric, &len);
  return at && len == 1 ? *at : 0;
}

static double weight(const char *vector, const char *metric, const char *letters,
                     const double *weights)
{
  char letter = letter_of(vector, metric);
  const char *hit = letter ? strchr(letters, letter) : NULL;
  return hit ? weights[hit - letters] : -1;
}

/* ---- v2 ------------------------------------------------------------------------------------- */
static gboolean score2(const char *v, double *score)
{
  double av = weight(v, "AV", "LAN", (const double[]){0.395, 0.646, 1});
  double ac = weight(v, "AC", "HML", (const double[]){0.35, 0.61, 0.71});
  double au = weight(v, "Au", "MSN", (const double[]){0.45, 0.56, 0.704});
  static const double impacts[] = {0, 0.275, 0.66};
  double c = weight(v, "C", "NPC", impacts), i = weight(v, "I", "NPC", impacts),
         a = weight(v, "A", "NPC", impacts);
  if (av < 0 || ac < 0 || au < 0 || c < 0 || i < 0 || a < 0)
    return FALSE;
  double impact = 10.41 * (1 - (1 - c) * (1 - i) * (1 - a)), exploit = 20 * av * ac * au;
  *score = impact <= 0 ? 0 : round((0.6 * impact + 0.4 * exploit - 1.5) * 1.176 * 10) / 10;
  return TRUE;
}

/* ---- v3 ------------------------------------------------------------------------------------- */
/* 3.1 rounds by whole numbers, so that no platform's floats decide (appendix A of 3.1); the same
 * for 3.0 differs only where floats fail. */
static double round_up(double value)
{
  long whole = lround(value * 100000);
  return whole % 10000 == 0 ? (double)whole / 100000 : (floor((double)whole / 10000) + 1) / 10;
}

static gboolean score3(const char *v, double *score)
{
  char scope = letter_of(v, "S");
  gboolean changed = scope == 'C';
  double av = weight(v, "AV", "NALP", (const double[]){0.85, 0.62, 0.55, 0.2});
  double ac = weight(v, "AC", "LH", (const double[]){0.77, 0.44});
  double pr =
      weight(v, "PR", "NLH",
             changed ? (const double[]){0.85, 0.68, 0.5} : (const double[]){0.85, 0.62, 0.27});
  double ui = weight(v, "UI", "NR", (const double[]){0.85, 0.62});
  static const double impacts[] = {0.56, 0.22, 0};
  double c = weight(v, "C", "HLN", impacts), i = weight(v, "I", "HLN", impacts),
         a = weight(v, "A", "HLN", impacts);
  if (av < 0 || ac < 0 || pr < 0 || ui < 0 || c < 0 || i < 0 || a < 0 || (!changed && scope != 'U'))
    return FALSE;
  double iss = 1 - (1 - c) * (1 - i) * (1 - a);
  double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;
  double sum = impact + 8.22 * av * ac * pr * ui;
  *score = impact <= 0 ? 0 : round_up(fmin(changed ? 1.08 * sum : sum, 10));
  return TRUE;
}

/* ---- v4 ------------------------------------------------------------------------------------- */
/* Scores of the 270 macro vectors, in tenths: FIRST, CVSS v4.0 specification, section 8.2 and its
 * lookup table. By EQ1, EQ2, EQ3, EQ4, EQ5, EQ6; -1: no vector gives it. */
static const int8_t macro_scores[18][18] = {
    {100, 99, 98, 95, 95, 92, 100, 96, 93, 87, 91, 81, 93, 90, 89, 80, 81, 68},
    {98, 95, 95, 92, 90, 84, 93, 92, 89, 81, 81, 65, 88, 80, 78, 70, 69, 48},
    {-1, 92, -1, 82, -1, 72, -1, 79, -1, 69, -1, 50, -1, 69, -1, 55, -1, 27},
    {99, 97, 95, 92, 92, 85, 95, 91, 90, 83, 84, 71, 92, 81, 82, 71, 72, 53},
    {95, 93, 92, 85, 85, 73, 92, 82, 80, 72, 70, 59, 84, 70, 71, 52, 50, 30},
    {-1, 86, -1, 75, -1, 52, -1, 71, -1, 52, -1, 29, -1, 63, -1, 29, -1, 17},
    {98, 95, 94, 87, 91, 81, 94, 89, 86, 74, 77, 64, 87, 75, 74, 63, 63, 49},
    {94, 89, 88, 77, 76, 67, 86, 76, 74, 58, 59, 50, 72, 57, 57, 52, 52, 25},
    {-1, 83, -1, 70, -1, 54, -1, 65, -1, 58, -1, 26, -1, 53, -1, 21, -1, 13},
    {95, 90, 88, 76, 76, 70, 90, 77, 75, 62, 61, 53, 77, 66, 68, 59, 52, 30},
    {89, 78, 76, 67, 62, 58, 74, 59, 57, 57, 47, 23, 61, 52, 57, 29, 24, 16},
    {-1, 71, -1, 59, -1, 30, -1, 58, -1, 26, -1, 15, -1, 23, -1, 13, -1, 6},
    {93, 87, 86, 72, 75, 58, 86, 74, 74, 61, 56, 34, 70, 54, 52, 40, 40, 22},
    {85, 75, 74, 55, 62, 51, 72, 57, 55, 41, 46, 19, 53, 36, 34, 19, 19, 8},
    {-1, 64, -1, 51, -1, 20, -1, 47, -1, 21, -1, 11, -1, 24, -1, 9, -1, 4},
    {88, 75, 73, 53, 60, 50, 73, 55, 59, 40, 41, 20, 54, 43, 45, 22, 20, 11},
    {75, 55, 58, 45, 40, 21, 61, 51, 48, 18, 20, 9, 46, 18, 17, 7, 8, 2},
    {-1, 53, -1, 24, -1, 14, -1, 24, -1, 12, -1, 5, -1, 10, -1, 3, -1, 1},
};

enum { AV, PR, UI, AC, AT, VC, VI, VA, SC, SI, SA, CR, IR, AR, N4 };
/* Letters from the worst to the least; the place in them is the distance in steps. What the worst
 * is for SC is "H", though the others of its kind know "S". */
static const struct {
  const char *name, *letters;
  int first; /* distance of the first letter */
} metrics4[N4] = {{"AV", "NALP", 0}, {"PR", "NLH", 0},  {"UI", "NPA", 0},  {"AC", "LH", 0},
                  {"AT", "NP", 0},   {"VC", "HLN", 0},  {"VI", "HLN", 0},  {"VA", "HLN", 0},
                  {"SC", "HLN", 1},  {"SI", "SHLN", 0}, {"SA", "SHLN", 0}, {"CR", "HML", 0},
                  {"IR", "HML", 0},  {"AR", "HML", 0}};

/* Distance of each metric in steps; FALSE: no vector of v4. */
static gboolean levels4(const char *v, int level[N4], int *maturity)
{
  for (int m = 0; m < N4; m++) {
    g_autofree char *modified = g_strconcat("M", metrics4[m].name, NULL);
    char base = letter_of(v, metrics4[m].name), own = letter_of(v, modified);
    gboolean requirement = m >= CR;
    /* "S" (safety) is a value of the modified metrics alone */
    if (!requirement && (base == 0 || base == 'S' || !strchr(metrics4[m].letters, base)))
      return FALSE;
    char letter = !requirement && own && own != 'X' ? own : base;
    if (requirement && (letter == 0 || letter == 'X'))
      letter = 'H';
    const char *hit = strchr(metrics4[m].letters, letter);
    if (!hit)
      return FALSE;
    level[m] = (int)(hit - metrics4[m].letters) + metrics4[m].first;
  }
  char e = letter_of(v, "E");
  *maturity = e == 0 || e == 'X' || e == 'A' ? 0 : e == 'P' ? 1 : e == 'U' ? 2 : -1;
  return *maturity >= 0;
}

static void macro4(const int l[N4], int maturity, int eq[6])
{
  gboolean none = l[AV] == 0 && l[PR] == 0 && l[UI] == 0,
           any = l[AV] == 0 || l[PR] == 0 || l[UI] == 0;
  eq[0] = none ? 0 : any && l[AV] != 3 ? 1 : 2;
  eq[1] = l[AC] == 0 && l[AT] == 0 ? 0 : 1;
  eq[2] = l[VC] == 0 && l[VI] == 0 ? 0 : l[VC] == 0 || l[VI] == 0 || l[VA] == 0 ? 1 : 2;
  eq[3] = l[SI] == 0 || l[SA] == 0 ? 0 : l[SC] == 1 || l[SI] == 1 || l[SA] == 1 ? 1 : 2;
  eq[4] = maturity;
  eq[5] = (l[CR] == 0 && l[VC] == 0) || (l[IR] == 0 && l[VI] == 0) || (l[AR] == 0 && l[VA] == 0)
              ? 0
              : 1;
}

/* In tenths; -1: there is none. */
static int macro_score(const int eq[6])
{
  static const int sizes[6] = {3, 2, 3, 3, 3, 2};
  for (int i = 0; i < 6; i++)
    if (eq[i] >= sizes[i])
      return -1;
  return macro_scores[(eq[0] * 2 + eq[1]) * 3 + eq[2]][(eq[3] * 3 + eq[4]) * 2 + eq[5]];
}

static int lower(const int eq[6], int a, int b)
{
  int next[6];
  memcpy(next, eq, sizeof next);
  next[a]++;
  if (b >= 0)
    next[b]++;
  return macro_score(next);
}

/* The highest vectors of each class, as distances (section 8.3, table of highest severity vectors);
 * the first whose metrics are all at least as bad is the one to measure from. */
static const int8_t high1[3][3][3] = {{{0, 0, 0}, {-1}},
                                      {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                                      {{3, 0, 0}, {1, 1, 1}, {-1}}};     /* AV PR UI */
static const int8_t high2[2][2][2] = {{{0, 0}, {-1}}, {{1, 0}, {0, 1}}}; /* AC AT */
static const int8_t high36[3][2][5][6] = {
    /* VC VI VA CR IR AR */
    {{{0, 0, 0, 0, 0, 0}, {-1}}, {{0, 0, 1, 1, 1, 0}, {0, 0, 0, 1, 1, 1}, {-1}}},
    {{{1, 0, 0, 0, 0, 0}, {0, 1, 0, 0, 0, 0}, {-1}},
     {{1, 0, 1, 0, 1, 0},
      {1, 0, 0, 0, 1, 1},
      {0, 1, 0, 1, 0, 1},
      {0, 1, 1, 1, 0, 0},
      {1, 1, 0, 0, 0, 1}}},
    {{{-1}}, {{1, 1, 1, 0, 0, 0}, {-1}}}};
static const int8_t high4[3][3] = {{1, 0, 0}, {1, 1, 1}, {2, 2, 2}}; /* SC SI SA */
/* Steps that each class is deep. */
static const int depth1[3] = {1, 4, 5}, depth2[2] = {1, 2},
                 depth36[3][2] = {{7, 6}, {8, 8}, {0, 10}}, depth4[3] = {6, 5, 4};

/* Sum of the distances from `high`; -1: one of them is worse than it. */
static int distance(const int *level, const int8_t *high, int n)
{
  int sum = 0;
  for (int i = 0; i < n; i++) {
    if (level[i] < high[i])
      return -1;
    sum += level[i] - high[i];
  }
  return sum;
}

static int first_distance(const int *level, const int8_t *highs, int rows, int n)
{
  for (int r = 0; r < rows && highs[r * n] >= 0; r++) {
    int d = distance(level, highs + (ptrdiff_t)r * n, n);
    if (d >= 0)
      return d;
  }
  return 0;
}

static gboolean score4(const char *v, double *score)
{
  int l[N4], eq[6], maturity;
  if (!levels4(v, l, &maturity))
    return FALSE;
  if (l[VC] == 2 && l[VI] == 2 && l[VA] == 2 && l[SC] == 3 && l[SI] == 3 && l[SA] == 3) {
    *score = 0;
    return TRUE;
  }
  macro4(l, maturity, eq);
  int value = macro_score(eq);
  int lower36 = eq[2] == 0 && eq[5] == 0   ? MAX(lower(eq, 5, -1), lower(eq, 2, -1))
                : eq[2] == 1 && eq[5] == 0 ? lower(eq, 5, -1)
                : eq[2] < 2                ? lower(eq, 2, -1)
                                           : -1;
  const int next[5] = {lower(eq, 0, -1), lower(eq, 1, -1), lower36, lower(eq, 3, -1),
                       lower(eq, 4, -1)};
  int six[6] = {l[VC], l[VI], l[VA], l[CR], l[IR], l[AR]};
  const double share[5] = {
      first_distance(l + AV, &high1[eq[0]][0][0], 3, 3) / (double)depth1[eq[0]],
      first_distance(l + AC, &high2[eq[1]][0][0], 2, 2) / (double)depth2[eq[1]],
      first_distance(six, &high36[eq[2]][eq[5]][0][0], 5, 6) / (double)depth36[eq[2]][eq[5]],
      MAX(distance(l + SC, high4[eq[3]], 3), 0) / (double)depth4[eq[3]], 0};
  double sum = 0;
  int existing = 0;
  for (int i = 0; i < 5; i++)
    if (next[i] >= 0) {
      existing++;
      sum += (value - next[i]) / 10.0 * share[i];
    }
  double exact = value / 10.0 - (existing ? sum / existing : 0);
  *score = fmin(fmax(floor((exact + 1e-6) * 10 + 0.5) / 10, 0), 10);
  return TRUE;
}

gboolean oakum_cvss_score(const char *vector, double *score, OakumSeverity *severity)
{
  gboolean two = g_str_has_prefix(vector, "AV:");
  gboolean ok = strlen(vector) > OAKUM_CVSS_MAX         ? FALSE
                : g_str_has_prefix(vector, "CVSS:4.0/") ? score4(vector, score)
                : g_str_has_prefix(vector, "CVSS:3.1/") || g_str_has_prefix(vector, "CVSS:3.0/")
                    ? score3(vector, score)
                : g_str_has_prefix(vector, "CVSS:2.0/") || two ? score2(vector, score)
                                                               : FALSE;
  if (!ok)
    return FALSE;
  /* bands of v3 and v4; v2 knows no critical (NVD's bands for it) */
  *severity = *score >= 9 && !two && vector[5] != '2' ? OAKUM_SEVERITY_CRITICAL
              : *score >= 7                           ? OAKUM_SEVERITY_HIGH
              : *score >= 4                           ? OAKUM_SEVERITY_MEDIUM
              : *score > 0                            ? OAKUM_SEVERITY_LOW
                                                      : OAKUM_SEVERITY_NEGLIGIBLE;
  return TRUE;
}

/* ---- one spelling --------------------------------------------------------------------------- */
/* Metrics in the order of their specification, each with its values but the one for "not defined";
 * `must`: so many at the beginning are mandatory. */
typedef struct {
  const char *metrics;
  int must;
} Form;
static const Form forms[] = {
    {"AV:N,A,L AC:L,M,H Au:M,S,N C:N,P,C I:N,P,C A:N,P,C E:U,POC,F,H RL:OF,TF,W,U RC:UC,UR,C "
     "CDP:N,L,LM,MH,H TD:N,L,M,H CR:L,M,H IR:L,M,H AR:L,M,H",
     6},
    {"AV:N,A,L,P AC:L,H PR:N,L,H UI:N,R S:U,C C:N,L,H I:N,L,H A:N,L,H E:U,P,F,H RL:O,T,W,U "
     "RC:U,R,C CR:L,M,H IR:L,M,H AR:L,M,H MAV:N,A,L,P MAC:L,H MPR:N,L,H MUI:N,R MS:U,C MC:N,L,H "
     "MI:N,L,H MA:N,L,H",
     8},
    {"AV:N,A,L,P AC:L,H AT:N,P PR:N,L,H UI:N,P,A VC:H,L,N VI:H,L,N VA:H,L,N SC:H,L,N SI:H,L,N "
     "SA:H,L,N E:A,P,U CR:H,M,L IR:H,M,L AR:H,M,L MAV:N,A,L,P MAC:L,H MAT:N,P MPR:N,L,H MUI:N,P,A "
     "MVC:N,L,H MVI:N,L,H MVA:N,L,H MSC:N,L,H MSI:N,L,H,S MSA:N,L,H,S S:N,P AU:N,Y R:A,U,I V:D,C "
     "RE:L,M,H U:Clear,Green,Amber,Red",
     11}};

char *oakum_cvss_normal(const char *vector)
{
  double score;
  OakumSeverity severity;
  if (!oakum_cvss_score(vector, &score, &severity))
    return NULL;
  gboolean four = g_str_has_prefix(vector, "CVSS:4"), three = g_str_has_prefix(vector, "CVSS:3");
  const Form *form = &forms[four ? 2 : three ? 1 : 0];
  g_autoptr(GString) out = g_string_new(NULL);
  if (four || three)
    g_string_append_len(out, vector, strlen("CVSS:3.1"));
  g_auto(GStrv) metrics = g_strsplit(form->metrics, " ", -1);
  for (int i = 0; metrics[i]; i++) {
    char *values = strchr(metrics[i], ':');
    *values++ = '\0';
    size_t len;
    const char *at = metric_of(vector, metrics[i], &len);
    g_auto(GStrv) known = g_strsplit(values, ",", -1);
    g_autofree char *value = at ? g_strndup(at, len) : NULL;
    if (value && g_strv_contains((const char *const *)known, value))
      g_string_append_printf(out, "%s%s:%s", out->len ? "/" : "", metrics[i], value);
    else if (i < form->must)
      return NULL;
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}
