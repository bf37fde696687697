/* After each of many random edits the findings and the tree are those of a fresh reading. */
#include "../same-lint.h"
#include "shell/shell.h"

static const char *const lines[] = {
    "FROM debian:12 AS base\n",
    "FROM base AS Other\n",
    "FROM base\n",
    "FROM $IMAGE AS third\n",
    "FROM scratch AS base\n",
    "ARG IMAGE=alpine\n",
    "ARG VERSION\n",
    "ARG PASSWORD=x UNUSED\n",
    "ENV A=$VERSION B=$A \\\n  C=d\n",
    "ENV PIP_NO_CACHE_DIR=1\n",
    "ENV old form\n",
    "SHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\n",
    "SHELL [\"powershell\", \"-command\"]\n",
    "SHELL [\"/bin/sh\", \"-c\"]\n",
    "RUN apt-get update && apt-get install curl\n",
    "RUN apt-get install -y gcc=1 && \\\n  # a comment\n\n  rm -rf /var/lib/apt/lists/*\n",
    "RUN curl -k https://a.b/c | sh; wget http://x/y && cd /tmp\n",
    "RUN sudo yum install a-${VERSION} && chmod 777 /x || true\n",
    "RUN [\"sh\", \"-c\", \"apt-get install a; rm /b\"]\n",
    "RUN --mount=type=cache,target=/root/.npm --mount=from=base,target=/b npm install\n",
    "RUN <<EOF\napt-get update\ncd /x\nEOF\n",
    "RUN cat <<A <<-B > /x\n$VERSION\nA\n\ttext\n\tB\n",
    "RUN pip install flask\n",
    "RUN cat <<EOF\n",
    "RUM <<EOF\n",
    "EOF\n",
    "COPY a b\n",
    "COPY --from=base --chown=a:b /x /y\n",
    "COPY --from=third a.tar.gz /y/\n",
    "COPY package-lock.json id_rsa /app/\n",
    "COPY <<EOF /x\n$UNKNOWN\nEOF\n",
    "ADD --checksum=x http://a/b /c\n",
    "ADD a.py /c\n",
    "ADD a b c\n",
    "WORKDIR relative\n",
    "WORKDIR /app\n",
    "USER root\n",
    "USER app\n",
    "EXPOSE 22 99999 80/TCP $PORT\n",
    "LABEL a=b Bad..key=\"c d\" \\\n e=f\n",
    "VOLUME [\"/proc\", \"\"]\n",
    "HEALTHCHECK --interval=1x CMD curl -f http://localhost || exit 1\n",
    "HEALTHCHECK NONE\n",
    "CMD node server.js\n",
    "CMD [\"node\", \"server.js\"]\n",
    "ENTRYPOINT run\n",
    "STOPSIGNAL TERM\n",
    "MAINTAINER me\n",
    "ONBUILD RUN apt-get install a && cd /x\n",
    "ONBUILD COPY --from=base a b\n",
    "ONBUILD FROM x\n",
    "ONBUILD HEALTHCHECK CMD a\n",
    "run echo \xc3\xa9\xf0\x9f\x98\x80 | tee /x\n",
    "FORM debian\n",
    "\\\n",
    "RUN a \\\n",
    "\n",
    "   \r\n",
    "# a comment\n",
    "# oakum ignore=apt-pin,curl-pipe-sh # reason\n",
    "# hadolint ignore=DL3008\n",
    "# hadolint global ignore=DL3015\n",
    "# oakum ignore-file=cd\n",
    "# check=skip=JSONArgsRecommended\n",
    "# escape=`\n",
    "# syntax=docker/dockerfile:1\n",
    "#!/bin/x\n",
    "\xef\xbb\xbf",
};

static GString *edit(GRand *random, const GString *text)
{
  gint32 at = g_rand_int_range(random, 0, (gint32)text->len + 1), cut = 0;
  gboolean whole = g_rand_int_range(random, 0, 4) > 0; /* most edits are of lines */
  if (g_rand_int_range(random, 0, 12) == 0)
    at = 0;
  while (whole && at > 0 && text->str[at - 1] != '\n')
    at--;
  if (g_rand_boolean(random)) {
    cut = g_rand_int_range(random, 0, MIN(90, (gint32)text->len - at) + 1);
    while (whole && at + cut < (gint32)text->len && cut > 0 && text->str[at + cut - 1] != '\n')
      cut++;
  }
  GString *out = g_string_new_len(text->str, at);
  gint32 more = text->len > 5000 ? 0 : g_rand_int_range(random, 0, 3);
  for (; more > 0; more--) {
    const char *line = lines[g_rand_int_range(random, 0, G_N_ELEMENTS(lines))];
    if (whole)
      g_string_append(out, line);
    else
      g_string_append_c(out, line[g_rand_int_range(random, 0, (gint32)strlen(line))]);
  }
  g_string_append_len(out, text->str + at + cut, (gssize)text->len - at - cut);
  return out;
}

static void edit_often(guint32 seed, guint edits, OakumLintCompat compat)
{
  GRand *random = g_rand_new_with_seed(seed);
  g_autoptr(OakumShellCache) shells = oakum_shell_cache_new();
  const OakumLintOptions options = {
      .compat = compat, .now = 1800000000, .ignore_known = TRUE, .shells = shells};
  SameText texts[2] = {{0}};
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < 60; i++)
    g_string_append(text, lines[g_rand_int_range(random, 0, G_N_ELEMENTS(lines))]);
  guint taken = 0;
  for (guint i = 0; i < edits; i++) {
    GString *next = edit(random, text);
    g_string_free(text, TRUE);
    text = next;
    oakum_shell_cache_turn(shells);
    g_assert_true(same_after(&texts[0], &texts[1], text->str, text->len, &options));
    guint moved;
    for (guint k = 0; k < texts[1].tree->instructions->len; k++)
      taken += oakum_dockerfile_before(texts[1].tree, k, &moved) >= 0;
    same_text_clear(&texts[0]);
    texts[0] = texts[1];
    texts[1] = (SameText){0};
  }
  g_assert_cmpuint(taken, >, edits); /* it would prove nothing if all were read anew */
  same_text_clear(&texts[0]);
  g_string_free(text, TRUE);
  g_rand_free(random);
}

static void test_edits(void)
{
  /* more of them on demand */
  const char *seeds = g_getenv("OAKUM_EDIT_SEEDS");
  guint32 last = seeds ? (guint32)g_ascii_strtoull(seeds, NULL, 10) : 8;
  for (guint32 seed = 1; seed <= last; seed++)
    edit_often(seed, 150, OAKUM_LINT_COMPAT_NONE);
}

static void test_edits_docker(void)
{
  for (guint32 seed = 101; seed <= 104; seed++)
    edit_often(seed, 100, OAKUM_LINT_COMPAT_DOCKER);
}

static void test_edits_hadolint(void)
{
  edit_often(201, 50, OAKUM_LINT_COMPAT_HADOLINT);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/again/edits", test_edits);
  g_test_add_func("/again/edits-docker", test_edits_docker);
  g_test_add_func("/again/edits-hadolint", test_edits_hadolint);
  return g_test_run();
}
