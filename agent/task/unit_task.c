/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A systemd task: reload, mask, enable, start, in this order, each only if the unit is not already so. The
 * result's `status` is the unit as it was before, as Ansible reports it.
 */
#include <string.h>

#include "agent/system/unit/unit.h"
#include "agent/system/unit/unit_offline.h"
#include "agent/task/unit_request.h"
#include "common/base/text.h"

struct unit_job {
    struct task_context *task;
    const struct unit_request *request;
    struct unit_manager *manager;
    const char *unit;         /* full name */
    struct value *properties; /* NULL: systemd has none (template) */
    const char *file_state;   /* "" when there is no unit file */
    const char *script;       /* the init script of that name, or NULL; users have none */
    bool is_native;
    bool is_init_script; /* the request's name is that of an init script */
    bool reports_enabled;
};

/* No mutation that counts as a change, as in Ansible: what is on disk and what runs stay as they are. */
static bool manager_refresh(struct unit_job *job, struct error *err)
{
    if (job->task->check_mode)
        return true;
    if (job->request->daemon_reload && !unit_manager_reload(job->manager, err))
        return error_prefix(err, "failure during daemon-reload");
    if (job->request->daemon_reexec && !unit_manager_reexecute(job->manager, err))
        return error_prefix(err, "failure during daemon-reexec");
    return true;
}

static bool unit_load(struct unit_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct error refused = ERROR_INIT;

    job->is_init_script = init_script_exists(task->system, task->scratch, job->request->name);
    if (strcmp(job->request->scope, "user") != 0)
        job->script = init_script_of(task->system, task->scratch, job->unit);
    if (!unit_file_state(job->manager, job->unit, &job->file_state, err))
        return false;
    if (unit_name_is_template(job->unit) || !unit_show(job->manager, job->unit, &job->properties, &refused)) {
        job->properties = NULL;
        job->is_native = job->file_state[0] != '\0';
        return true;
    }
    const char *load = value_map_text(job->properties, "LoadState");
    const char *trouble = value_map_text(job->properties, "LoadError");
    job->is_native = load != NULL && strcmp(load, "not-found") != 0;
    if (job->is_native && strcmp(load, "masked") != 0 && trouble != NULL)
        return error_set(err, "Error loading unit file '%s': %s", job->request->name, trouble);
    return true;
}

static bool unit_require(struct unit_job *job, struct error *err)
{
    return job->is_native || job->is_init_script ||
           error_set(err, "Could not find the requested service %s: host", job->request->name);
}

static bool unit_mask(struct unit_job *job, struct error *err)
{
    const struct unit_request *request = job->request;
    bool wanted = request->masked == ARG_TRUE, is_masked = strcmp(job->file_state, "masked") == 0;
    const char *verb = wanted ? "mask" : "unmask";

    if (request->masked == ARG_UNSET || wanted == is_masked)
        return true;
    if (!change_wanted(job->task, "%s unit %s", verb, job->unit))
        return true;
    if (!unit_file_change(job->manager, job->unit, wanted ? UNIT_FILE_MASK : UNIT_FILE_UNMASK, request->force, err))
        return error_prefix(err, "Unable to %s service %s", verb, request->name);
    return unit_file_state(job->manager, job->unit, &job->file_state, err);
}

/* An init script that systemd only knows through its generator; its links are made by other programs. */
static bool is_only_script(const struct unit_job *job)
{
    return job->script != NULL && (job->file_state[0] == '\0' || strcmp(job->file_state, "generated") == 0);
}

static bool unit_is_enabled(struct unit_job *job, bool *out, struct error *err)
{
    static const char *const enabled[] = { "enabled", "enabled-runtime", "static", "generated", NULL };
    static const char *const unclear[] = { "indirect", "alias", NULL };

    if (is_only_script(job)) {
        *out = init_script_is_enabled(job->task->system, job->task->scratch, job->script);
        return true;
    }
    if (text_in(job->file_state, unclear))
        return unit_file_has_links(job->manager, job->unit, out, err);
    *out = text_in(job->file_state, enabled);
    return true;
}

/* As systemctl: first the init script, so that nothing starts it by its run levels, then the unit. */
static bool links_change(struct unit_job *job, bool enable, struct error *err)
{
    struct task_context *task = job->task;

    if (job->script != NULL && !init_script_enable(task->system, task->scratch, job->script, enable, err))
        return false;
    if (is_only_script(job))
        return unit_manager_reload(job->manager, err);
    return unit_file_change(job->manager, job->unit, enable ? UNIT_FILE_ENABLE : UNIT_FILE_DISABLE, job->request->force,
                            err);
}

static bool unit_enable(struct unit_job *job, struct error *err)
{
    const struct unit_request *request = job->request;
    bool wanted = request->enabled == ARG_TRUE, is_enabled = false;
    const char *verb = wanted ? "enable" : "disable";

    if (request->enabled == ARG_UNSET)
        return true;
    if (!unit_require(job, err) || !unit_is_enabled(job, &is_enabled, err))
        return false;
    job->reports_enabled = true;
    if (is_enabled == wanted || !change_wanted(job->task, "%s unit %s", verb, job->unit))
        return true;
    if (!links_change(job, wanted, err))
        return error_prefix(err, "Unable to %s service %s", verb, request->name);
    return true;
}

/* The job that brings the unit into the wanted state; NULL: it is there. */
static const char *job_verb(const char *state, const char *active)
{
    bool is_running = strcmp(active, "active") == 0 || strcmp(active, "activating") == 0;

    if (strcmp(state, "started") == 0)
        return is_running ? NULL : "Start";
    if (strcmp(state, "stopped") == 0)
        return is_running || strcmp(active, "deactivating") == 0 ? "Stop" : NULL;
    if (!is_running)
        return "Start";
    return strcmp(state, "restarted") == 0 ? "Restart" : "Reload";
}

static const char *verb_text(const char *verb)
{
    return strcmp(verb, "Start") == 0     ? "start"
           : strcmp(verb, "Stop") == 0    ? "stop"
           : strcmp(verb, "Restart") == 0 ? "restart"
                                          : "reload";
}

static bool unit_set_state(struct unit_job *job, struct error *err)
{
    const struct unit_request *request = job->request;
    const char *active = value_map_text(job->properties, "ActiveState");

    if (request->state == NULL)
        return true;
    if (!unit_require(job, err))
        return false;
    if (active == NULL)
        return error_set(err, "Service is in unknown state");
    const char *verb = job_verb(request->state, active);
    if (verb == NULL || !change_wanted(job->task, "%s unit %s", verb_text(verb), job->unit))
        return true;
    if (!unit_job_run(job->manager, job->unit, verb, !request->no_block, err))
        return error_prefix(err, "Unable to %s service %s", verb_text(verb), request->name);
    return true;
}

static bool unit_change(struct unit_job *job, struct error *err)
{
    if (!unit_load(job, err))
        return false;
    if (job->is_init_script && !job->is_native)
        result_warn(job->task, "The service (%s) is actually an init script but the system is managed by systemd",
                    job->request->name);
    return unit_mask(job, err) && unit_enable(job, err) && unit_set_state(job, err);
}

static void unit_report(const struct unit_job *job)
{
    struct task_context *task = job->task;
    const struct unit_request *request = job->request;

    result_set_string(task, "name", request->name);
    result_set(task, "status", job->properties != NULL ? job->properties : value_map(task->scratch));
    if (job->reports_enabled)
        result_set_bool(task, "enabled", request->enabled == ARG_TRUE);
    if (request->state != NULL)
        result_set_string(task, "state", strcmp(request->state, "stopped") == 0 ? "stopped" : "started");
}

static bool request_check(const struct unit_request *request, struct error *err)
{
    const char *glob = request->name != NULL ? strpbrk(request->name, "*?[") : NULL;

    if (glob != NULL)
        return error_set(err,
                         "This module does not currently support using glob patterns, found '%c' in service name: %s",
                         *glob, request->name);
    if (request->name == NULL &&
        (request->state != NULL || request->enabled != ARG_UNSET || request->masked != ARG_UNSET))
        return error_set(err, "missing parameter(s) required by '%s': name",
                         request->state != NULL          ? "state"
                         : request->enabled != ARG_UNSET ? "enabled"
                                                         : "masked");
    return true;
}

bool unit_task_run(struct task_context *task, const struct unit_request *request, struct error *err)
{
    struct unit_job job = { .task = task, .request = request };
    UNIT_MANAGER_SCOPED manager = NULL;
    bool is_user = strcmp(request->scope, "user") == 0;

    if (!request_check(request, err))
        return false;
    if (strcmp(request->scope, "global") == 0 || !unit_is_booted(task->system, task->scratch))
        return unit_task_run_offline(task, request, err);
    if (!unit_manager_open(task->system, task->scratch, is_user ? UNIT_SCOPE_USER : UNIT_SCOPE_SYSTEM, &manager, err))
        return false;
    job.manager = manager;
    if (!manager_refresh(&job, err))
        return false;
    if (request->name != NULL) {
        job.unit = unit_name_complete(task->scratch, request->name);
        if (!unit_change(&job, err))
            return false;
    }
    unit_report(&job);
    return true;
}
