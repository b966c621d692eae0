/* SPDX-License-Identifier: Apache-2.0 */
/* state=present, latest, fixed and build-dep: apt-get install and build-dep, then the marks "installed
 * manually". */
#include <string.h>

#include "agent/task/apt_parts.h"

static void install_options(struct apt_command *command, const struct package_request *request)
{
    if (request->default_release != NULL) {
        apt_command_add(command, "-t");
        apt_command_add_quoted(command, request->default_release);
    }
    if (request->install_recommends != ARG_UNSET) {
        apt_command_add(command, "-o");
        apt_command_add(command, request->install_recommends == ARG_TRUE ? "APT::Install-Recommends=yes"
                                                                         : "APT::Install-Recommends=no");
    }
    if (request->allow_unauthenticated)
        apt_command_add(command, "--allow-unauthenticated");
    if (request->allow_downgrade)
        apt_command_add(command, "--allow-downgrades");
    if (request->allow_change_held_packages)
        apt_command_add(command, "--allow-change-held-packages");
}

static bool install_command(struct apt_job *job, const char *const *packages, bool is_build_dep, bool simulate,
                            struct apt_command *command, struct error *err)
{
    const struct package_request *request = job->request;
    const char *program = NULL;

    if (!apt_program(job, "apt-get", &program, err))
        return false;
    apt_command_begin(command, job->task->scratch, program);
    apt_command_add(command, "-y");
    apt_command_add_dpkg_options(command, request->dpkg_options);
    apt_command_add_if(command, request->only_upgrade, "--only-upgrade");
    apt_command_add_if(command, text_equal(request->state, "fixed"), "--fix-broken");
    apt_command_add_if(command, request->force, "--force-yes");
    if (!is_build_dep)
        apt_command_add_if(command, request->autoremove, "--auto-remove");
    apt_command_add_if(command, request->fail_on_autoremove, "--no-remove");
    apt_command_add_if(command, simulate, "--simulate");
    apt_command_add(command, is_build_dep ? "build-dep" : "install");
    for (size_t i = 0; packages[i] != NULL; i++)
        apt_command_add_quoted(command, packages[i]);
    install_options(command, request);
    return true;
}

static enum apt_next install_failed(struct apt_job *job, const struct apt_command *command,
                                    const struct process_result *result)
{
    struct task_context *task = job->task;

    result_fail(task, "'%s' failed: %s", command->shown.data, result->errors);
    result_set_string(task, "stdout", result->output);
    result_set_string(task, "stderr", result->errors);
    result_set_int(task, "rc", result->status);
    return APT_END;
}

static enum apt_next install_run(struct apt_job *job, const char *const *packages, bool is_build_dep, bool simulate,
                                 struct process_result *result, struct error *err)
{
    struct apt_command command;

    if (!install_command(job, packages, is_build_dep, simulate, &command, err) ||
        !apt_command_run(job, &command, simulate, result, err))
        return APT_ERROR;
    return result->status != 0 ? install_failed(job, &command, result) : APT_CONTINUE;
}

static const char *joined(struct arena *arena, const char *const *words)
{
    struct text text = text_new(arena);

    for (size_t i = 0; words[i] != NULL; i++)
        text_printf(&text, "%s%s", i > 0 ? " " : "", words[i]);
    return text.data;
}

/* Which packages building needs only apt knows: a simulation tells whether there is anything to do. */
static enum apt_next install_build_deps(struct apt_job *job, const struct value *packages, struct error *err)
{
    struct task_context *task = job->task;
    const char **names = arena_new_array(task->scratch, const char *, value_count(packages) + 1);
    struct process_result result;

    if (value_count(packages) == 0)
        return APT_CONTINUE;
    for (size_t i = 0; i < value_count(packages); i++)
        names[i] = value_text(value_item(packages, i));
    enum apt_next next = install_run(job, names, true, true, &result, err);
    if (next != APT_CONTINUE)
        return next;
    if (strstr(result.output, "\n0 upgraded, 0 newly installed") == NULL &&
        change_wanted(task, "install the build dependencies of %s", joined(task->scratch, names))) {
        next = install_run(job, names, true, false, &result, err);
        if (next != APT_CONTINUE)
            return next;
    }
    apt_result_output(job, &result);
    return APT_CONTINUE;
}

/* As Ansible does, and as silently: what was asked for by name must survive autoremove. Not a change of its own. */
static enum apt_next mark_manual(struct apt_job *job, const struct apt_plan *plan, struct error *err)
{
    struct task_context *task = job->task;
    struct process_result result;
    struct apt_command command;
    const char *program = NULL;
    bool any = false;

    if (plan->name_count == 0 || task->check_mode)
        return APT_CONTINUE;
    if (!dpkg_any_automatic(task->system, task->scratch, plan->names, &any, err))
        return APT_ERROR;
    if (!any)
        return APT_CONTINUE;
    if (!apt_program(job, "apt-mark", &program, err))
        return APT_ERROR;
    apt_command_begin(&command, task->scratch, program);
    apt_command_add(&command, "manual");
    for (size_t i = 0; i < plan->name_count; i++)
        apt_command_add(&command, plan->names[i]);
    if (!apt_command_run(job, &command, true, &result, err))
        return APT_ERROR;
    return result.status != 0 ? install_failed(job, &command, &result) : APT_CONTINUE;
}

enum apt_next apt_install(struct apt_job *job, const struct value *packages, struct error *err)
{
    struct task_context *task = job->task;
    struct apt_plan plan;
    struct process_result result;

    enum apt_next next = apt_expand_globs(job, packages, false, &packages, err);
    if (next != APT_CONTINUE)
        return next;
    if (text_equal(job->request->state, "build-dep"))
        return install_build_deps(job, packages, err);
    next = apt_plan_install(job, packages, text_equal(job->request->state, "latest"), &plan, err);
    if (next != APT_CONTINUE)
        return next;
    if (plan.wanted_count > 0) {
        bool may = change_wanted(task, "install %s", joined(task->scratch, plan.wanted));

        next = install_run(job, plan.wanted, false, !may, &result, err);
        if (next != APT_CONTINUE)
            return next;
        apt_result_output(job, &result);
    }
    return mark_manual(job, &plan, err);
}
