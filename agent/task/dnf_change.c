/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow of a dnf task. Each command is first run with --assumeno, which solves and prints but changes nothing; what it
 * prints is the prediction of check mode and the result of the real run, which stands behind the gate.
 */
#include <string.h>
#include <unistd.h>

#include "agent/task/dnf_parts.h"
#include "common/base/text.h"

/* --- what dnf says when it cannot --- */

/* True if a name was not found; each is noted as a failure. */
static bool note_missing(struct dnf_job *job, const char *output)
{
    static const char mark[] = "No match for argument: ";
    bool found = false;

    for (const char *at = strstr(output, mark); at != NULL; at = strstr(at, mark)) {
        at += sizeof(mark) - 1;
        dnf_result_add(job, job->failures, "No package %.*s available.", (int)strcspn(at, "\n"), at);
        found = true;
    }
    return found;
}

/* "Package NAME.rpm is not signed", wherever dnf says it; NULL: it does not. */
static const char *unsigned_line(struct arena *arena, const char *output)
{
    const char *mark = strstr(output, " is not signed"), *start = mark;

    if (mark == NULL)
        return NULL;
    while (start > output && start[-1] != '\n')
        start--;
    return arena_copy_n(arena, start, strcspn(start, "\n"));
}

/* From the problem on; dnf 5 adds advice on its command line. */
static const char *problem_text(struct arena *arena, const char *problem)
{
    const char *advice = strstr(problem, "\nYou can try to add to command line");

    return text_trim(arena, problem, advice != NULL ? (size_t)(advice - problem) : strlen(problem));
}

static bool dnf_failed(struct dnf_job *job, const struct process_result *result)
{
    struct task_context *task = job->task;
    const char *reason = strstr(result->errors, "Error: ");
    bool is_missing = note_missing(job, result->output) || note_missing(job, result->errors);

    result_set(task, "failures", job->failures);
    result_set(task, "results", value_list(task->scratch));
    result_set_int(task, "rc", 1);
    const char *not_signed = unsigned_line(task->scratch, result->output);
    if (not_signed == NULL)
        not_signed = unsigned_line(task->scratch, result->errors);
    if (not_signed != NULL)
        return result_fail(task, "Failed to validate GPG signature: %s", not_signed);
    if (is_missing)
        return result_fail(task, "Failed to install some of the specified packages");
    reason = reason != NULL ? reason + strlen("Error: ") : result->errors[0] != '\0' ? result->errors : result->output;
    const char *problem = strstr(result->errors, "Problem"),
               *trimmed = text_trim(task->scratch, reason, strlen(reason));
    if (problem != NULL)
        return result_fail(task, "Depsolve Error occurred: \n %s", problem_text(task->scratch, problem));
    return result_fail(task, "%s", trimmed);
}

/* --- one command --- */

static void note_transaction(struct dnf_job *job, const struct rpm_packages *installed, const struct dnf_table *table)
{
    struct arena *arena = job->task->scratch;
    const char *done = job->request->download_only ? "Downloaded" : "Installed";

    for (size_t i = 0; i < table->install_count; i++)
        dnf_result_add(job, job->results, "%s: %s", done, rpm_package_text(arena, &table->installs[i]));
    for (size_t i = 0; i < table->install_count; i++) {
        const struct rpm_package wanted = { .name = table->installs[i].name, .arch = table->installs[i].arch };
        const struct rpm_package *old = table->is_replacement[i] ? rpm_packages_find(installed, &wanted) : NULL;
        if (old != NULL)
            dnf_result_add(job, job->results, "Removed: %s", rpm_package_text(arena, old));
    }
    for (size_t i = 0; i < table->removal_count; i++)
        dnf_result_add(job, job->results, "Removed: %s", rpm_package_text(arena, &table->removals[i]));
}

static void add_if(struct word_list *argv, bool wanted, const char *option)
{
    if (wanted)
        word_list_add(argv, option);
}

/* What counts for packages that come. */
static void add_choices(struct dnf_job *job, struct word_list *argv, bool installs, bool for_real)
{
    const struct dnf_request *request = job->request;
    const char *folder = arena_printf(job->task->scratch, "--setopt=destdir=%s",
                                      request->download_dir != NULL ? request->download_dir : "");

    add_if(argv, !request->nobest, "--best");
    add_if(argv, request->nobest, job->is_dnf5 ? "--no-best" : "--nobest");
    add_if(argv, request->allowerasing, "--allowerasing");
    add_if(argv, request->skip_broken, "--skip-broken");
    add_if(argv, request->skip_broken && job->is_dnf5 && installs, "--skip-unavailable");
    add_if(argv, request->download_only, "--downloadonly");
    /* The folder is made even when the answer is no. */
    add_if(argv, request->download_only && request->download_dir != NULL && for_real, folder);
    add_if(argv, job->is_dnf5 && request->allow_downgrade && installs, "--allow-downgrade");
    add_if(argv, request->security && !installs, "--security");
    add_if(argv, request->bugfix && !installs, "--bugfix");
}

static struct word_list command_words(struct dnf_job *job, const char *answer, const char *verb,
                                      const struct word_list *names)
{
    struct word_list argv = dnf_options(job, answer);
    bool installs = strcmp(verb, "install") == 0;

    word_list_add(&argv, verb);
    if (installs || strcmp(verb, "upgrade") == 0)
        add_choices(job, &argv, installs, strcmp(answer, "--assumeyes") == 0);
    for (size_t i = 0; i < names->count; i++)
        word_list_add(&argv, names->items[i]);
    return argv;
}

/* Result lists of a real run start with what the plan itself had to say. */
static bool command_run(struct dnf_job *job, const char *verb, const struct word_list *names,
                        const struct rpm_packages *installed, struct error *err)
{
    struct task_context *task = job->task;
    struct word_list argv = command_words(job, "--assumeno", verb, names);
    struct process_result result;
    struct dnf_table table;

    if (!dnf_run(job, &argv, &result, err))
        return false;
    if (!dnf_table_parse(task->scratch, result.output, &table)) {
        bool is_removal = strcmp(verb, "remove") == 0;
        if (result.status != 0 && !is_removal)
            return dnf_failed(job, &result);
        return true;
    }
    if (table.install_count + table.removal_count == 0)
        return true; /* all of it is skipped */
    note_transaction(job, installed, &table);
    if (!change_wanted(task, "dnf %s: %zu packages come, %zu go", verb, table.install_count, table.removal_count))
        return true;
    argv = command_words(job, "--assumeyes", verb, names);
    if (!dnf_run(job, &argv, &result, err))
        return false;
    return result.status == 0 || dnf_failed(job, &result);
}

/* --- the task --- */

static bool plan_run(struct dnf_job *job, const struct dnf_plan *plan, const struct rpm_packages *installed,
                     struct error *err)
{
    const struct result *result = job->task->result;
    const struct word_list none = word_list_new(job->task->scratch);
    const struct {
        bool wanted;
        const char *verb;
        const struct word_list *names;
    } commands[] = {
        { plan->install.count > 0, "install", &plan->install },
        { plan->upgrade.count > 0, "upgrade", &plan->upgrade },
        { plan->upgrade_all, "upgrade", &none },
        { plan->remove.count > 0, "remove", &plan->remove },
        { plan->autoremove, "autoremove", &none },
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && !result->failed; i++) {
        if (commands[i].wanted && !command_run(job, commands[i].verb, commands[i].names, installed, err))
            return false;
    }
    return true;
}

static bool packages_change(struct dnf_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct dnf_request *request = job->request;
    bool other_root = request->installroot != NULL && strcmp(request->installroot, "/") != 0;
    struct rpm_packages installed;
    struct dnf_plan plan;

    if (!request->download_only && geteuid() != 0)
        return error_set(err, "This command has to be run under the root user.");
    if (!rpm_packages_read(task->system, task->scratch, other_root ? request->installroot : NULL, &installed, err) ||
        !dnf_plan_make(job, &installed, &plan, err) || !plan_run(job, &plan, &installed, err))
        return false;
    if (task->result->failed)
        return true;
    result_set(task, "results", job->results);
    result_set_int(task, "rc", 0);
    if (!task->result->changed)
        result_message(task, "Nothing to do");
    else
        result_message(task, "%s",
                       task->check_mode ? "Check mode: No changes made, but would have if not in check mode" : "");
    return true;
}

/* Only the cache is asked for. It is nothing that a task changes, and stays as it is in check mode. */
static bool cache_update(struct dnf_job *job, struct error *err)
{
    struct word_list argv = dnf_options(job, "--quiet");
    struct process_result result = { .status = 0 };

    word_list_add(&argv, "makecache");
    if (!job->task->check_mode && !dnf_run(job, &argv, &result, err))
        return false;
    result_set(job->task, "results", job->results);
    result_set_int(job->task, "rc", result.status != 0);
    if (result.status != 0)
        return result_fail(job->task, "%s", text_trim(job->task->scratch, result.errors, result.errors_length));
    result_message(job->task, "Cache updated");
    return true;
}

/* Lists may hold "a,b", as they once were strings. */
static bool names_clean(struct dnf_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;

    for (size_t i = 0; i < value_count(job->request->names); i++) {
        const char *text = value_text(value_item(job->request->names, i));
        size_t count = 0;
        char **parts = text_split(arena, text, ',', &count);

        for (size_t j = 0; j < count; j++) {
            char *name = text_trim(arena, parts[j], strlen(parts[j]));
            if (strchr(name, ' ') != NULL && strpbrk(name, "@<>=") == NULL)
                return error_set(err,
                                 "It appears that a space separated string of packages was passed in as an argument. "
                                 "To operate on several packages, pass a comma separated string of packages or a "
                                 "list of packages.");
            if (name[0] != '\0')
                value_list_add(arena, job->names, value_string(arena, name));
        }
    }
    return true;
}

bool dnf_request_run(struct task_context *task, const struct dnf_request *given, struct error *err)
{
    struct dnf_request request = *given;
    struct dnf_job job = { .task = task, .request = &request };

    job.names = value_list(task->scratch);
    job.results = value_list(task->scratch);
    job.failures = value_list(task->scratch);
    if (request.state == NULL)
        request.state = request.autoremove ? "absent" : "present";
    if (request.autoremove && strcmp(request.state, "absent") != 0)
        return error_set(err, "Autoremove should be used alone or with state=absent");
    if (!names_clean(&job, err) || !dnf_find(&job, err))
        return false;
    if (request.conf_file != NULL && access(request.conf_file, R_OK) != 0)
        return error_set(err, "cannot read configuration file");
    if (request.list != NULL)
        return dnf_list(&job, err);
    if (request.update_cache && value_count(job.names) == 0)
        return cache_update(&job, err);
    return packages_change(&job, err);
}
