#include "cli/cli.h"

const OakumCommand *const oakum_commands[] = {&oakum_cmd_ship,
                                              &oakum_cmd_lint,
                                              &oakum_cmd_build,
                                              &oakum_cmd_executor,
                                              &oakum_cmd_warmer,
                                              &oakum_cmd_scan,
                                              &oakum_cmd_compare,
                                              &oakum_cmd_report,
                                              &oakum_cmd_policy,
                                              &oakum_cmd_gitlab,
                                              &oakum_cmd_db,
                                              &oakum_cmd_doctor,
                                              &oakum_cmd_store,
                                              &oakum_cmd_debug,
                                              &oakum_cmd_man,
                                              &oakum_cmd_completion,
                                              NULL};
