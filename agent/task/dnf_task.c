/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `package` on nodes with dnf: present, absent and latest by the dnf program. dnf is asked first with
 * --assumeno, which solves and prints but changes nothing; the real run stands behind the gate.
 */
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/task/package_request.h"
#include "common/base/text.h"

/* Arguments that only apt understands are refused here, not passed over. */
static const char *unsupported(const struct package_request *request)
{
    if (request->deb != NULL)
        return "deb";
    if (!text_equal(request->upgrade, "no"))
        return "upgrade";
    if (request->purge)
        return "purge";
    if (request->default_release != NULL)
        return "default_release";
    if (request->clean || request->autoclean)
        return request->clean ? "clean" : "autoclean";
    if (request->policy_rc_d != ARG_INT_UNSET)
        return "policy_rc_d";
    if (request->force || request->only_upgrade || request->fail_on_autoremove)
        return request->force ? "force" : request->only_upgrade ? "only_upgrade" : "fail_on_autoremove";
    if (request->allow_change_held_packages || request->allow_downgrade)
        return request->allow_downgrade ? "allow_downgrade" : "allow_change_held_packages";
    return NULL;
}

static const char *verb_of(const char *state)
{
    if (text_equal(state, "absent") || text_equal(state, "removed"))
        return "remove";
    if (text_equal(state, "present") || text_equal(state, "installed") || text_equal(state, "latest"))
        return "install";
    return NULL;
}

static bool dnf_run(struct task_context *task, const struct package_request *request, const char *answer,
                    struct process_result *out, struct error *err)
{
    size_t count = value_count(request->packages), at = 0;
    const char **argv = arena_new_array(task->scratch, const char *, count + 10);
    struct process_request process = PROCESS("");

    argv[at++] = "dnf";
    argv[at++] = answer;
    if (request->install_recommends != ARG_UNSET)
        argv[at++] = request->install_recommends == ARG_TRUE ? "--setopt=install_weak_deps=True"
                                                             : "--setopt=install_weak_deps=False";
    if (request->allow_unauthenticated)
        argv[at++] = "--nogpgcheck";
    if (request->update_cache == ARG_TRUE)
        argv[at++] = "--refresh";
    if (!request->autoremove)
        argv[at++] = "--setopt=clean_requirements_on_remove=False";
    argv[at++] = verb_of(request->state);
    for (size_t i = 0; i < count; i++)
        argv[at++] = value_text(value_item(request->packages, i));
    process.argv = argv;
    return process_run(task->system, task->scratch, &process, out, err);
}

/* rpm knows what is installed without loading repositories. Groups (@name) it does not know. With state
 * present dnf gets only what is missing: it would upgrade the others. */
static bool missing_packages(struct task_context *task, const struct package_request *request, struct value *missing,
                             struct error *err)
{
    bool is_present = text_equal(request->state, "present") || text_equal(request->state, "installed");
    struct process_result result;

    for (size_t i = 0; i < value_count(request->packages); i++) {
        const struct value *item = value_item(request->packages, i);
        const char *name = value_text(item);

        if (is_present && name[0] != '@') {
            if (!process_run(task->system, task->scratch, &PROCESS("rpm", "-q", "--whatprovides", "--", name), &result,
                             err))
                return false;
            if (result.status == 0)
                continue;
        }
        value_list_add(task->scratch, missing, item);
    }
    return true;
}

static bool dnf_failed(struct task_context *task, const struct process_result *result)
{
    result_set_int(task, "rc", result->status);
    result_set_string(task, "stdout", result->output);
    result_set_string(task, "stderr", result->errors);
    return result_fail(task, "dnf failed: %s", result->errors_length > 0 ? result->errors : result->output);
}

static bool is_nothing_to_do(const struct process_result *result)
{
    return strstr(result->output, "Nothing to do") != NULL || strstr(result->output, "No packages to remove") != NULL ||
           strstr(result->errors, "Nothing to do") != NULL;
}

static bool dnf_change(struct task_context *task, const struct package_request *request, struct error *err)
{
    struct process_result result;

    if (!dnf_run(task, request, "--assumeno", &result, err))
        return false;
    if (is_nothing_to_do(&result) && result.status == 0) {
        result_message(task, "Nothing to do");
        result_set_int(task, "rc", 0);
        return true;
    }
    if (strstr(result.output, "Transaction Summary") == NULL && strstr(result.errors, "Transaction Summary") == NULL &&
        strstr(result.output, "Transaction Summary:") == NULL)
        return dnf_failed(task, &result);
    if (!change_wanted(task, "dnf %s %zu packages", verb_of(request->state), value_count(request->packages)))
        return true;
    if (!dnf_run(task, request, "--assumeyes", &result, err))
        return false;
    if (result.status != 0)
        return dnf_failed(task, &result);
    result_set_int(task, "rc", 0);
    result_set_string(task, "stdout", result.output);
    return true;
}

bool dnf_task_run(struct task_context *task, const struct package_request *request, struct error *err)
{
    const char *refused = unsupported(request);
    struct package_request rest = *request;
    struct value *missing = value_list(task->scratch);

    if (refused != NULL)
        return error_set(err, "argument '%s' cannot be used with dnf", refused);
    if (verb_of(request->state) == NULL)
        return error_set(err, "state '%s' cannot be used with dnf, only present, absent and latest", request->state);
    if (value_count(request->packages) == 0)
        return error_set(err, "dnf needs the names of packages");
    if (!missing_packages(task, request, missing, err))
        return false;
    rest.packages = missing;
    if (value_count(missing) > 0)
        return dnf_change(task, &rest, err);
    result_message(task, "Nothing to do");
    result_set_int(task, "rc", 0);
    return true;
}
