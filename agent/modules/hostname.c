/* SPDX-License-Identifier: Apache-2.0 */
/* hostname: the machine's name, now and after the next boot. */
#include <string.h>

#include "agent/system/host/hostname.h"
#include "agent/system/unit/unit.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct hostname_args {
    const char *name, *use;
};

static const struct arg_spec hostname_args[] = {
    ARG(hostname_args, name, ARG_STRING, .required = true, .help = "the name"),
    ARG(hostname_args, use, ARG_STRING,
        .choices = ARG_NAMES("alpine", "debian", "freebsd", "generic", "macos", "macosx", "darwin", "openbsd", "openrc",
                             "redhat", "sles", "solaris", "systemd"),
        .help = "how the node keeps its name; default: systemd where it runs, else /etc/hostname"),
    ARG_END,
};

struct strategy {
    const char *name;
    bool by_systemd;
    bool sets_current; /* the name in use too, not only the one kept */
    enum hostname_file file;
};

static bool strategy_choose(struct task_context *task, const char *use, struct strategy *out, struct error *err)
{
    static const struct strategy known[] = {
        { "systemd", true, true, HOSTNAME_FILE_PLAIN },   { "debian", true, true, HOSTNAME_FILE_PLAIN },
        { "alpine", false, true, HOSTNAME_FILE_PLAIN },   { "sles", false, false, HOSTNAME_FILE_SLES },
        { "redhat", false, false, HOSTNAME_FILE_REDHAT }, { "openrc", false, false, HOSTNAME_FILE_OPENRC },
    };

    if (use == NULL) {
        bool by_systemd = unit_is_booted(task->system, task->scratch);
        *out = (struct strategy){ "file", by_systemd, by_systemd, HOSTNAME_FILE_PLAIN };
        return true;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].name, use) == 0) {
            *out = known[i];
            return true;
        }
    }
    return error_set(err, "host name strategy '%s' is not supported on this system", use);
}

static bool name_keep(struct task_context *task, const struct strategy *strategy, const char *name, const char *kept,
                      struct error *err)
{
    if (strcmp(kept, name) == 0 || !change_wanted(task, "keep host name '%s' (was '%s')", name, kept))
        return true;
    if (strategy->by_systemd)
        return hostname_keep_by_systemd(name, err);
    return hostname_keep(task->system, task->scratch, strategy->file, name, err);
}

static bool name_use(struct task_context *task, const struct strategy *strategy, const char *name, struct error *err)
{
    const char *current = hostname_current(task->scratch);

    if (!strategy->sets_current || strcmp(current, name) == 0 ||
        !change_wanted(task, "set host name '%s' (was '%s')", name, current))
        return true;
    return strategy->by_systemd ? hostname_set_by_systemd(name, err) : hostname_set(name, err);
}

static void describe(struct task_context *task, const char *name, const char *before)
{
    struct arena *arena = task->scratch;
    struct value *facts = value_map(arena), *diff = value_map(arena);
    const char *full = hostname_full(arena), *dot = strchr(full, '.');

    value_map_put_string(arena, facts, "ansible_hostname", arena_copy_n(arena, name, strcspn(name, ".")));
    value_map_put_string(arena, facts, "ansible_nodename", name);
    value_map_put_string(arena, facts, "ansible_fqdn", full);
    value_map_put_string(arena, facts, "ansible_domain", dot != NULL ? dot + 1 : "");
    result_set_string(task, "name", name);
    result_set(task, "ansible_facts", facts);
    if (!task->result->changed)
        return;
    value_map_put_string(arena, diff, "before", arena_printf(arena, "hostname = %s\n", before));
    value_map_put_string(arena, diff, "after", arena_printf(arena, "hostname = %s\n", name));
    value_list_add(arena, task->result->diff, diff); /* Ansible reports it without diff mode too */
}

static bool hostname_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct hostname_args *args = raw;
    struct strategy strategy = { 0 };
    const char *kept = "", *current;

    if (!strategy_choose(task, args->use, &strategy, err) ||
        !hostname_kept(task->system, task->scratch, strategy.file, &kept, err))
        return false;
    if (strategy.by_systemd && !hostname_fits(args->name, err))
        return false;
    current = strategy.sets_current ? hostname_current(task->scratch) : kept;
    if (!name_keep(task, &strategy, args->name, kept, err) || !name_use(task, &strategy, args->name, err))
        return false;
    describe(task, args->name, strcmp(current, args->name) != 0 ? current : kept);
    return true;
}

MODULE_DEFINE(hostname) = {
    .spec = {
        .name = "hostname",
        .summary = "Set the host name",
        .args = hostname_args,
        .args_size = sizeof(struct hostname_args),
    },
    .run = hostname_run,
};
