/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the daemon's configuration. */
#include "agent/daemon/daemon_config.h"

#include <string.h>

#include "common/base/path.h"
#include "common/spec/arg_spec.h"
#include "common/yaml/yaml_reader.h"

#define SECOND_US ((int64_t)1000000)
#define INTERVAL_LEAST_S 60
#define INTERVAL_MOST_S ((int64_t)7 * 24 * 3600)

struct config_args {
    const char *policy, *window, *playbook;
    int64_t check_interval_s;
};

static const char *const policy_names[] = {
    [POLICY_REPORT] = "report", [POLICY_REPAIR] = "repair", [POLICY_WINDOW] = "window", NULL
};

static const struct arg_spec config_args[] = {
    ARG(config_args, policy, ARG_STRING, .default_text = "report", .choices = policy_names,
        .help = "what is done about drift"),
    ARG(config_args, window, ARG_STRING,
        .help = "when repairs are allowed: \"Mon-Fri 01:00-05:00; Sat,Sun 08:00-20:00\""),
    ARG(config_args, playbook, ARG_STRING, .help = "what this machine shall be; default: the bundle's site.yml"),
    ARG(config_args, check_interval_s, ARG_INT, .default_text = "1800", .help = "seconds between two drift checks"),
    ARG_END,
};
static const struct task_spec config_spec = { .name = "agent.yml",
                                              .args = config_args,
                                              .args_size = sizeof(struct config_args) };

const char *daemon_policy_name(enum daemon_policy policy)
{
    return policy_names[policy];
}

static bool config_check(const struct config_args *args, struct daemon_config *out, struct error *err)
{
    while (strcmp(policy_names[out->policy], args->policy) != 0)
        out->policy++;
    if ((out->policy == POLICY_WINDOW) != (args->window != NULL))
        return error_set(err, args->window == NULL ? "policy 'window' needs a window: \"22:00-06:00\""
                                                   : "window means something with policy 'window' only");
    if (args->window != NULL && !schedule_windows_read(args->window, &out->windows, err))
        return error_prefix(err, "window");
    if (args->playbook != NULL && args->playbook[0] != '/')
        return error_set(err, "playbook '%s' is no absolute path", args->playbook);
    if (args->check_interval_s < INTERVAL_LEAST_S || args->check_interval_s > INTERVAL_MOST_S)
        return error_set(err, "check_interval_s is %lld: from %d to %lld are possible",
                         (long long)args->check_interval_s, INTERVAL_LEAST_S, (long long)INTERVAL_MOST_S);
    out->playbook = args->playbook;
    out->check_interval_us = args->check_interval_s * SECOND_US;
    return true;
}

bool daemon_config_read(struct arena *arena, const char *path, struct daemon_config *out, struct error *err)
{
    struct daemon_config config = { .policy = POLICY_REPORT };
    struct config_args args = { 0 };
    const struct value *map = NULL;

    if (path_exists(path) && !yaml_read_file(arena, path, false, &map, err))
        return false;
    if (map != NULL && map->kind != VALUE_MAP && map->kind != VALUE_NULL)
        return error_set(err, "'%s' holds a %s, not a mapping", path, value_kind_text(map));
    if (!arg_bind_plain(arena, &config_spec, value_is(map, VALUE_MAP) ? map : NULL, "setting", &args, err) ||
        !config_check(&args, &config, err))
        return err->line > 0 ? error_prefix(err, "%s:%d:%d", path, err->line, err->column)
                             : error_prefix(err, "'%s'", path);
    *out = config;
    return true;
}
