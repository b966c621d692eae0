/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal, upgrade of everything, autoremove, autoclean and clean. Where only apt can say whether there is
 * anything to do, a simulation is asked first; the real run stands behind the gate.
 */
#include <string.h>

#include "agent/task/apt_parts.h"

static enum apt_next change_failed(struct apt_job *job, const char *what, const struct process_result *result)
{
    struct task_context *task = job->task;

    result_fail(task, "'%s' failed: %s", what, result->errors);
    result_set_string(task, "stdout", result->output);
    result_set_string(task, "stderr", result->errors);
    result_set_int(task, "rc", result->status);
    return APT_END;
}

static bool remove_command(struct apt_job *job, const struct value *packages, bool simulate,
                           struct apt_command *command, struct error *err)
{
    const struct package_request *request = job->request;
    const char *program = NULL;

    if (!apt_program(job, "apt-get", &program, err))
        return false;
    apt_command_begin(command, job->task->scratch, program);
    apt_command_add(command, "-q");
    apt_command_add(command, "-y");
    apt_command_add_dpkg_options(command, request->dpkg_options);
    apt_command_add_if(command, request->purge, "--purge");
    apt_command_add_if(command, request->force, "--force-yes");
    apt_command_add_if(command, request->autoremove, "--auto-remove");
    apt_command_add_if(command, simulate, "--simulate");
    apt_command_add(command, "remove");
    for (size_t i = 0; i < value_count(packages); i++)
        apt_command_add_quoted(command, value_text(value_item(packages, i)));
    return true;
}

static bool removal_is_due(struct apt_job *job, struct dpkg_status *dpkg, const char *text)
{
    struct task_context *task = job->task;
    struct package_spec spec = package_spec_split(task->scratch, text);
    const struct dpkg_package *package = dpkg_status_find(dpkg, spec.name);

    if (package == NULL)
        return false;
    if (job->request->purge && dpkg_has_files(task->system, task->scratch, package))
        return true;
    if (!package->is_installed || spec.operator_ == NULL)
        return package->is_installed;
    if (spec.operator_[0] == '>')
        return package_version_compare(package->version, spec.version) >= 0;
    return package_glob_match(spec.version, package->version);
}

enum apt_next apt_remove(struct apt_job *job, const struct value *packages, struct error *err)
{
    struct task_context *task = job->task;
    struct dpkg_status *dpkg = NULL;
    struct value *due = value_list(task->scratch);
    struct text names = text_new(task->scratch);
    struct apt_command command;
    struct process_result result;

    enum apt_next next = apt_expand_globs(job, packages, true, &packages, err);
    if (next != APT_CONTINUE)
        return next;
    if (!dpkg_status_read(task->system, task->scratch, &dpkg, err))
        return APT_ERROR;
    for (size_t i = 0; i < value_count(packages); i++) {
        const char *package = value_text(value_item(packages, i));

        if (!removal_is_due(job, dpkg, package))
            continue;
        value_list_add(task->scratch, due, value_item(packages, i));
        text_printf(&names, "%s'%s'", names.length > 0 ? " " : "", package);
    }
    if (value_count(due) == 0)
        return APT_END;
    bool may = change_wanted(task, "%s %s", job->request->purge ? "purge" : "remove", names.data);
    if (!remove_command(job, due, !may, &command, err) || !apt_command_run(job, &command, !may, &result, err))
        return APT_ERROR;
    if (result.status != 0)
        return change_failed(job, arena_printf(task->scratch, "apt-get remove %s", names.data), &result);
    apt_result_output(job, &result);
    return APT_END;
}

static bool cleanup_run(struct apt_job *job, const char *operation, bool simulate, struct process_result *result,
                        struct error *err)
{
    struct apt_command command;
    const char *program = NULL;

    if (!apt_program(job, "apt-get", &program, err))
        return false;
    apt_command_begin(&command, job->task->scratch, program);
    apt_command_add(&command, "-y");
    apt_command_add_dpkg_options(&command, job->request->dpkg_options);
    apt_command_add_if(&command, job->request->purge, "--purge");
    apt_command_add_if(&command, job->request->force, "--force-yes");
    apt_command_add(&command, operation);
    apt_command_add_if(&command, simulate, "--simulate");
    return apt_command_run(job, &command, simulate, result, err);
}

enum apt_next apt_cleanup(struct apt_job *job, const char *operation, struct error *err)
{
    struct task_context *task = job->task;
    const char *what = arena_printf(task->scratch, "apt-get %s", operation);
    bool is_autoclean = strcmp(operation, "autoclean") == 0;
    const char *sign = is_autoclean ? "Del " : "The following packages will be REMOVED";
    struct process_result result;

    if (!cleanup_run(job, operation, true, &result, err))
        return APT_ERROR;
    if (result.status == 0 && strstr(result.output, sign) != NULL && change_wanted(task, "%s", what) &&
        !cleanup_run(job, operation, false, &result, err))
        return APT_ERROR;
    if (result.status != 0)
        return change_failed(job, what, &result);
    apt_result_output(job, &result);
    return APT_END;
}

/* Not counted as a change, as in Ansible: what goes are copies of files that can be had again. */
enum apt_next apt_clean(struct apt_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct process_result result;

    if (!job->request->clean || task->check_mode)
        return APT_CONTINUE;
    if (!apt_run(task->system, task->scratch, PROCESS_ARGV("apt-get", "clean"), job->request->lock_timeout, &result,
                 err))
        return APT_ERROR;
    if (result.status == 0 && result.errors_length == 0)
        return APT_CONTINUE;
    result_fail(task, "apt-get clean failed%s%s", result.errors_length > 0 ? ": " : "", result.errors);
    result_set_string(task, "stdout", result.output);
    result_set_int(task, "rc", result.status);
    return APT_END;
}

struct upgrade_kind {
    bool by_aptitude;
    const char *const *verb; /* NULL-terminated */
};

static struct upgrade_kind upgrade_kind_of(struct apt_job *job, const char *mode)
{
    static const char *const dist[] = { "dist-upgrade", NULL };
    static const char *const full[] = { "full-upgrade", NULL };
    static const char *const safe[] = { "safe-upgrade", NULL };
    static const char *const plain[] = { "upgrade", "--with-new-pkgs", NULL };
    struct task_context *task = job->task;
    bool use_apt_get = job->request->force_apt_get || process_find(task->system, task->scratch, "aptitude") == NULL;
    bool is_full = strcmp(mode, "full") == 0;

    if (strcmp(mode, "dist") == 0 || (is_full && use_apt_get))
        return (struct upgrade_kind){ false, dist };
    if (use_apt_get)
        return (struct upgrade_kind){ false, plain };
    return (struct upgrade_kind){ true, is_full ? full : safe };
}

static bool upgrade_run(struct apt_job *job, const struct upgrade_kind *kind, bool simulate,
                        struct process_result *result, struct error *err)
{
    const struct package_request *request = job->request;
    struct apt_command command;
    const char *program = NULL;

    if (!apt_program(job, kind->by_aptitude ? "aptitude" : "apt-get", &program, err))
        return false;
    apt_command_begin(&command, job->task->scratch, program);
    apt_command_add(&command, "-y");
    apt_command_add_dpkg_options(&command, request->dpkg_options);
    if (request->force && kind->by_aptitude) {
        apt_command_add(&command, "--assume-yes");
        apt_command_add(&command, "--allow-untrusted");
    } else if (request->force) {
        apt_command_add(&command, "--force-yes");
    }
    apt_command_add_if(&command, request->fail_on_autoremove, "--no-remove");
    apt_command_add_if(&command, request->allow_unauthenticated, "--allow-unauthenticated");
    apt_command_add_if(&command, request->allow_downgrade, "--allow-downgrades");
    apt_command_add_if(&command, simulate, "--simulate");
    for (size_t i = 0; kind->verb[i] != NULL; i++)
        apt_command_add(&command, kind->verb[i]);
    apt_command_add_if(&command, request->autoremove && !kind->by_aptitude, "--auto-remove");
    if (request->default_release != NULL) {
        apt_command_add(&command, "-t");
        apt_command_add_quoted(&command, request->default_release);
    }
    return apt_command_run(job, &command, simulate, result, err);
}

/* Nothing to do: no package upgraded, installed or removed. (Ansible overlooks upgrades that only remove.) */
static bool upgrade_is_empty(const char *output)
{
    const char *line = strstr(output, "\n0 upgraded, 0 newly installed, 0 to remove");

    return line != NULL || strstr(output, "\n0 packages upgraded, 0 newly installed, 0 to remove") != NULL;
}

enum apt_next apt_upgrade(struct apt_job *job, const char *mode, struct error *err)
{
    struct task_context *task = job->task;
    struct upgrade_kind kind = upgrade_kind_of(job, mode);
    const char *what = arena_printf(task->scratch, "%s %s", kind.by_aptitude ? "aptitude" : "apt-get", kind.verb[0]);
    struct process_result result;

    if (!upgrade_run(job, &kind, true, &result, err))
        return APT_ERROR;
    if (result.status == 0 && !upgrade_is_empty(result.output) && change_wanted(task, "%s", what) &&
        !upgrade_run(job, &kind, false, &result, err))
        return APT_ERROR;
    if (result.status != 0)
        return change_failed(job, what, &result);
    result_message(task, "%s", result.output);
    apt_result_output(job, &result);
    if (!task->result->changed)
        task->result->diff = value_list(task->scratch);
    return APT_END;
}
