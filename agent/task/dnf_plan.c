/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the names asked for dnf is to install, upgrade or remove, by what rpm has installed. */
#include <string.h>

#include "agent/task/dnf_parts.h"
#include "common/base/text.h"

enum kind { KIND_PACKAGE, KIND_FILE, KIND_OTHER }; /* other: groups, modules, paths that a package provides */

static enum kind kind_of(const char *name)
{
    if (strstr(name, "://") != NULL || text_ends(name, ".rpm"))
        return KIND_FILE;
    return name[0] == '@' || strchr(name, '/') != NULL ? KIND_OTHER : KIND_PACKAGE;
}

/* name, name.arch, or name-version-release: names with a version must fit whole. */
static bool is_installed(struct dnf_job *job, const struct rpm_packages *installed, const char *name)
{
    struct rpm_package wanted;

    (void)rpm_name_split(job->task->scratch, name, &wanted);
    return rpm_packages_find(installed, &wanted) != NULL;
}

static bool is_newer_installed(const struct rpm_packages *installed, const struct rpm_package *wanted)
{
    const struct rpm_package only_name = { .name = wanted->name };
    const struct rpm_package *found = rpm_packages_find(installed, &only_name);

    return found != NULL && rpm_package_compare(found, wanted) > 0;
}

/* What is in a package file; false: it cannot be read here (a URL): dnf will see. */
static bool file_package(struct dnf_job *job, const char *path, struct rpm_package *out)
{
    struct process_request request = PROCESS("rpm", "-qp", "--qf", RPM_QUERY_FORMAT, path);
    struct task_context *task = job->task;
    struct process_result result;
    struct rpm_packages packages;
    struct error ignored = ERROR_INIT;

    if (strstr(path, "://") != NULL || !process_run_ok(task->system, task->scratch, &request, &result, &ignored))
        return false;
    rpm_packages_parse(task->scratch, result.output, &packages);
    if (packages.count == 0)
        return false;
    *out = packages.items[0];
    return true;
}

static void plan_file(struct dnf_job *job, const struct rpm_packages *installed, const char *name,
                      struct dnf_plan *plan)
{
    struct rpm_package package;
    bool is_known = file_package(job, name, &package);

    dnf_result_add(job, job->results, "Installed %s", name);
    if (is_known && rpm_packages_find(installed, &package) != NULL)
        return;
    if (is_known && !job->request->allow_downgrade && is_newer_installed(installed, &package))
        return;
    if (is_known && job->request->update_only && !is_installed(job, installed, package.name))
        return;
    word_list_add(&plan->install, name);
}

static void plan_package(struct dnf_job *job, const struct rpm_packages *installed, const char *name,
                         struct dnf_plan *plan)
{
    bool is_latest = text_equal(job->request->state, "latest"), is_there = is_installed(job, installed, name);
    struct rpm_package wanted;

    if (job->request->update_only && !is_there) {
        dnf_result_add(job, job->results, "Packages providing %s not installed due to update_only specified", name);
        return;
    }
    if (job->request->update_only) {
        word_list_add(&plan->upgrade, name);
        return;
    }
    if (rpm_name_split(job->task->scratch, name, &wanted) && is_newer_installed(installed, &wanted)) {
        if (job->request->allow_downgrade)
            word_list_add(&plan->install, name);
        return;
    }
    if (!is_there)
        word_list_add(&plan->install, name);
    else if (is_latest)
        word_list_add(&plan->upgrade, name);
}

static bool plan_absent(struct dnf_job *job, struct dnf_plan *plan, struct error *err)
{
    for (size_t i = 0; i < value_count(job->names); i++) {
        const char *name = value_text(value_item(job->names, i));

        if (kind_of(name) == KIND_FILE)
            return error_set(err, "Cannot remove paths -- please specify package name.");
        word_list_add(&plan->remove, name);
    }
    plan->autoremove = job->request->autoremove;
    return true;
}

bool dnf_plan_make(struct dnf_job *job, const struct rpm_packages *installed, struct dnf_plan *out, struct error *err)
{
    const char *state = job->request->state;
    struct arena *arena = job->task->scratch;

    *out = (struct dnf_plan){ .install = word_list_new(arena),
                              .upgrade = word_list_new(arena),
                              .remove = word_list_new(arena) };
    if (text_equal(state, "absent") || text_equal(state, "removed"))
        return plan_absent(job, out, err);
    if (value_count(job->names) == 1 && strcmp(value_text(value_item(job->names, 0)), "*") == 0 &&
        text_equal(state, "latest")) {
        out->upgrade_all = true;
        return true;
    }
    for (size_t i = 0; i < value_count(job->names); i++) {
        const char *name = value_text(value_item(job->names, i));

        if (kind_of(name) == KIND_FILE)
            plan_file(job, installed, name, out);
        else if (kind_of(name) == KIND_PACKAGE)
            plan_package(job, installed, name, out);
        else
            word_list_add(&out->install, name);
    }
    return true;
}
