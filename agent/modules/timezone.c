/* SPDX-License-Identifier: Apache-2.0 */
/* timezone: the machine's time zone, and whether its hardware clock runs in UTC. */
#include <string.h>

#include "agent/system/host/timezone.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct timezone_args {
    const char *name, *hwclock;
};

static const struct arg_spec timezone_args[] = {
    ARG(timezone_args, name, ARG_STRING, .help = "time zone, as a path below /usr/share/zoneinfo"),
    ARG(timezone_args, hwclock, ARG_STRING, .choices = ARG_NAMES("local", "UTC"), .aliases = ARG_NAMES("rtc"),
        .help = "what the hardware clock runs in"),
    ARG_END,
};

static const struct arg_rule timezone_rules[] = {
    { .kind = ARG_RULE_ONE_OF, .names = ARG_NAMES("hwclock", "name") },
    { .kind = ARG_RULE_END },
};

struct timezone_job {
    struct task_context *task;
    const struct timezone_args *args;
    bool by_systemd;
    const char *name, *clock; /* as they are */
};

static bool timezone_look(struct timezone_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct timezone_args *args = job->args;

    if (job->by_systemd) {
        job->name = timezone_linked(task->system, task->scratch);
        job->clock = timezone_clock(task->system, task->scratch);
        return true;
    }
    return (args->name == NULL || timezone_named(task->system, task->scratch, args->name, &job->name, err)) &&
           (args->hwclock == NULL ||
            timezone_clock_named(task->system, task->scratch, args->hwclock, &job->clock, err));
}

static bool zone_set(struct timezone_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *name = job->args->name;

    if (name == NULL || strcmp(name, job->name) == 0 ||
        !change_wanted(task, "set time zone '%s' (was '%s')", name, job->name))
        return true;
    return job->by_systemd ? timezone_set_by_systemd(name, err)
                           : timezone_set_files(task->system, task->scratch, name, err);
}

static bool clock_set(struct timezone_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *wanted = job->args->hwclock;

    if (wanted == NULL || strcmp(wanted, job->clock) == 0 ||
        !change_wanted(task, "let the hardware clock run in %s time (was %s)", wanted, job->clock))
        return true;
    bool local = strcmp(wanted, "local") == 0;
    return job->by_systemd ? timezone_set_clock_by_systemd(local, err)
                           : timezone_set_clock_files(task->system, task->scratch, local, err);
}

static const struct value *side(struct timezone_job *job, const char *name, const char *clock)
{
    struct value *map = value_map(job->task->scratch);

    if (job->args->hwclock != NULL)
        value_map_put_string(job->task->scratch, map, "hwclock", clock);
    if (job->args->name != NULL)
        value_map_put_string(job->task->scratch, map, "name", name);
    return map;
}

/* Ansible reports the difference without diff mode too, and playbooks look at it. */
static void describe(struct timezone_job *job, const struct value *before)
{
    struct arena *arena = job->task->scratch;
    struct value *diff = value_map(arena);

    value_map_put(arena, diff, "before", before);
    value_map_put(arena, diff, "after", side(job, job->args->name, job->args->hwclock));
    value_list_add(arena, job->task->result->diff, diff);
}

static bool timezone_verify(struct timezone_job *job, struct error *err)
{
    const struct timezone_args *args = job->args;

    if (job->task->check_mode || !job->task->result->changed)
        return true;
    if (!timezone_look(job, err))
        return false;
    if ((args->name == NULL || strcmp(args->name, job->name) == 0) &&
        (args->hwclock == NULL || strcmp(args->hwclock, job->clock) == 0))
        return true;
    return error_set(err, "still not desired state, though changes have made - time zone '%s', hardware clock '%s'",
                     job->name != NULL ? job->name : "", job->clock != NULL ? job->clock : "");
}

static bool timezone_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct timezone_args *args = raw;
    struct timezone_job job = { .task = task, .args = args };

    if (args->name != NULL && !timezone_exists(task->system, task->scratch, args->name))
        return error_set(err, "Error message:\ngiven timezone \"%s\" is not available", args->name);
    job.by_systemd = timezone_systemd_answers(task->system, task->scratch);
    if (!timezone_look(&job, err))
        return false;
    const struct value *before = side(&job, job.name, job.clock);
    if (!zone_set(&job, err) || !clock_set(&job, err) || !timezone_verify(&job, err))
        return false;
    describe(&job, before);
    return true;
}

MODULE_DEFINE(timezone) = {
    .spec = {
        .name = "timezone",
        .summary = "Set the time zone",
        .args = timezone_args,
        .rules = timezone_rules,
        .args_size = sizeof(struct timezone_args),
    },
    .run = timezone_run,
};
