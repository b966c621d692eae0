/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service tasks without a manager: scope global, chroots, containers with another init. Links are changed by
 * systemctl, which can do that alone; state only through an init script. A state that cannot be reached is
 * refused: Ansible warns and says ok.
 */
#include <string.h>

#include "agent/system/unit/unit.h"
#include "agent/system/unit/unit_offline.h"
#include "agent/task/unit_request.h"
#include "common/base/text.h"

struct offline_job {
    struct task_context *task;
    const struct unit_request *request;
    const char *unit;
    bool is_global;
    bool is_script; /* an init script and no unit file */
    const char *file_state;
};

static const char *scope_option(const struct offline_job *job)
{
    return job->is_global ? "--global" : "--system";
}

static bool links_change(struct offline_job *job, const char *verb, struct error *err)
{
    struct task_context *task = job->task;
    struct unit_answer answer;

    if (!change_wanted(task, "%s unit %s", verb, job->unit))
        return true;
    if (job->is_script && strstr(verb, "mask") == NULL)
        return init_script_enable(task->system, task->scratch, job->request->name, strcmp(verb, "enable") == 0, err);
    if (!unit_offline_systemctl(task->system, task->scratch,
                                (const char *const[3]){ scope_option(job), verb, job->unit }, &answer, err))
        return false;
    return answer.status == 0 || error_set(err, "Unable to %s service %s: %s", verb, job->request->name, answer.text);
}

static bool offline_mask(struct offline_job *job, struct error *err)
{
    bool wanted = job->request->masked == ARG_TRUE;

    if (job->request->masked == ARG_UNSET || wanted == (strcmp(job->file_state, "masked") == 0))
        return true;
    return links_change(job, wanted ? "mask" : "unmask", err);
}

static bool offline_enable(struct offline_job *job, struct error *err)
{
    static const char *const enabled[] = { "enabled", "enabled-runtime", "static", "generated", NULL };
    static const char *const missing[] = { "", "not-found", NULL };
    struct task_context *task = job->task;
    bool wanted = job->request->enabled == ARG_TRUE, is_enabled;

    if (job->request->enabled == ARG_UNSET)
        return true;
    if (!job->is_script && (text_in(job->file_state, missing) || strstr(job->file_state, "No such file") != NULL))
        return error_set(err, "Could not find the requested service %s: host", job->request->name);
    is_enabled = job->is_script ? init_script_is_enabled(task->system, task->scratch, job->request->name)
                                : text_in(job->file_state, enabled);
    result_set_bool(task, "enabled", wanted);
    return is_enabled == wanted || links_change(job, wanted ? "enable" : "disable", err);
}

static const char *script_verb(const char *state, bool is_running)
{
    if (strcmp(state, "started") == 0)
        return is_running ? NULL : "start";
    if (strcmp(state, "stopped") == 0)
        return is_running ? "stop" : NULL;
    if (!is_running)
        return "start";
    return strcmp(state, "restarted") == 0 ? "restart" : "reload";
}

static bool offline_state(struct offline_job *job, struct error *err)
{
    const struct unit_request *request = job->request;
    struct task_context *task = job->task;
    struct unit_answer answer;

    if (request->state == NULL)
        return true;
    if (!job->is_script || job->is_global)
        return error_set(err,
                         job->is_global ? "scope 'global' has no running units: state cannot be set"
                                        : "System has not been booted with systemd as init system (PID 1), and there "
                                          "is no init script '%s': state cannot be set",
                         request->name);
    if (!init_script_run(task->system, task->scratch, request->name, "status", &answer, err))
        return false;
    if (answer.status > 3)
        return error_set(err, "failed determining service state, possible typo of service name? (%s)", answer.text);
    result_set_string(task, "state", strcmp(request->state, "stopped") == 0 ? "stopped" : "started");
    const char *verb = script_verb(request->state, answer.status == 0);
    if (verb == NULL || !change_wanted(task, "%s service %s", verb, request->name))
        return true;
    if (!init_script_run(task->system, task->scratch, request->name, verb, &answer, err))
        return false;
    return answer.status == 0 || error_set(err, "Unable to %s service %s: %s", verb, request->name, answer.text);
}

/* Is there a unit file, and is it enabled? An init script alone is fine where systemctl is missing. */
static bool offline_look(struct offline_job *job, struct error *err)
{
    static const char *const no_file[] = { "", "not-found", NULL };
    const struct unit_request *request = job->request;
    struct task_context *task = job->task;
    bool has_script = init_script_exists(task->system, task->scratch, request->name);
    struct unit_answer answer = { .text = "" };

    if ((request->enabled != ARG_UNSET || request->masked != ARG_UNSET) &&
        !unit_offline_systemctl(task->system, task->scratch,
                                (const char *const[3]){ scope_option(job), "is-enabled", job->unit }, &answer, err) &&
        !has_script)
        return false;
    job->file_state = answer.text;
    bool has_file = !text_in(answer.text, no_file) && strstr(answer.text, "No such file") == NULL;
    job->is_script = has_script && (request->state != NULL || !has_file);
    return true;
}

bool unit_task_run_offline(struct task_context *task, const struct unit_request *request, struct error *err)
{
    static const char not_booted[] = "System has not been booted with systemd as init system (PID 1)";
    struct offline_job job = { .task = task, .request = request, .is_global = strcmp(request->scope, "global") == 0 };

    if (request->daemon_reload || request->daemon_reexec)
        return error_set(err, "there is no running systemd to reload: %s", not_booted);
    if (strcmp(request->scope, "user") == 0)
        return error_set(err, "there are no user units: %s", not_booted);
    if (request->name != NULL) {
        job.unit = unit_name_complete(task->scratch, request->name);
        if (!offline_look(&job, err) || !offline_mask(&job, err) || !offline_enable(&job, err) ||
            !offline_state(&job, err))
            return false;
    }
    result_set_string(task, "name", request->name);
    result_set(task, "status", value_map(task->scratch));
    return true;
}
