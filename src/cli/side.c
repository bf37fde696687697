#include "cli/side.h"
#include "os/os.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean oakum_side_is_result(const char *path)
{
  struct stat st;
  char start[64];
  OAKUM_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
    return FALSE;
  ssize_t n = read(fd, start, sizeof(start));
  ssize_t at = 0;
  while (at < n && g_ascii_isspace(start[at]))
    at++;
  return at < n && start[at] == '{';
}

gboolean oakum_side_load(const OakumSideContext *context, const char *text, OakumSide *side,
                         GError **error)
{
  if (oakum_side_is_result(text)) {
    g_autofree char *data = NULL;
    size_t len;
    if (!oakum_file_read(text, OAKUM_RESULT_FILE_MAX, &data, &len, error) ||
        !(side->saved = oakum_report_read(data, len, text, error)))
      return FALSE;
    side->result = side->saved->result;
    return TRUE;
  }
  side->scanned.keep = context->keep;
  const OakumScanArgs scan = {
      .db = (char *)context->db, .vex = context->vex, .max_age = (char *)"0"};
  g_auto(OakumGate) none = {.policy = oakum_policy_new()};
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(text, error);
  OakumCatalog *catalog =
      arg && oakum_image_arg_take_stdin(arg, error)
          ? oakum_image_arg_examine(
                arg, context->platform, context->store, context->cache, context->registry,
                &(OakumExamineOptions){
                    .checks = OAKUM_CHECK_ALL, .target = text, .now = oakum_cli_now()},
                &side->scanned.facts, error)
          : NULL;
  if (!catalog || !oakum_cli_scan(catalog, &scan, NULL, &none, &side->scanned, error))
    return FALSE;
  side->result = oakum_scanned_result(&side->scanned, &(OakumReportSubject){.target = text});
  return TRUE;
}

void oakum_side_clear(OakumSide *side)
{
  oakum_scanned_clear(&side->scanned);
  g_clear_pointer(&side->saved, oakum_saved_result_free);
}
