/* SPDX-License-Identifier: Apache-2.0 */
/* The order of an apt task: clean, lists, upgrade, .deb files, packages. Each part is in an apt_*.c file of
 * its own. */
#include <string.h>

#include "agent/task/apt_parts.h"
#include "common/base/clock.h"

/* Fetches the lists, again after growing pauses. */
static enum apt_next update_fetch(struct apt_job *job, struct error *err)
{
    const struct package_request *request = job->request;
    struct task_context *task = job->task;
    struct process_result result = { .errors = NULL };

    for (int64_t retry = 0; retry < request->update_cache_retries; retry++) {
        int64_t longest = request->update_cache_retry_max_delay, delay = retry < 30 ? INT64_C(1) << retry : longest;

        if (!apt_run(task->system, task->scratch,
                     PROCESS_ARGV("apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"),
                     request->lock_timeout, &result, err))
            return APT_ERROR;
        if (result.status == 0)
            return APT_CONTINUE;
        if (!system_pause(task->system, 1000 * (delay < longest ? delay : longest), err))
            return APT_ERROR;
    }
    bool any = result.errors != NULL && result.errors[0] != '\0';
    result_fail(task, "Failed to update apt cache: %s", any ? result.errors : "unknown reason");
    return APT_END;
}

/* New lists are not a change while there is something else to do; a task that does nothing else reports them. */
enum apt_next apt_update(struct apt_job *job, struct error *err)
{
    const struct package_request *request = job->request;
    struct task_context *task = job->task;
    bool has_more = request->packages != NULL || request->deb != NULL || !text_equal(request->upgrade, "no");

    job->cache_time = apt_lists_time(task->system, task->scratch);
    if (request->update_cache != ARG_TRUE && request->cache_valid_time == 0)
        return APT_CONTINUE;
    if (job->cache_time + request->cache_valid_time <= clock_wall_us() / 1000000) {
        enum apt_next next = task->check_mode ? APT_CONTINUE : update_fetch(job, err);
        if (next != APT_CONTINUE)
            return next;
        int64_t time = apt_lists_time(task->system, task->scratch);
        job->cache_updated = task->check_mode || time != job->cache_time;
        job->cache_time = time;
    }
    if (has_more)
        return APT_CONTINUE;
    if (job->cache_updated)
        result_changed(task);
    result_set_bool(task, "cache_updated", job->cache_updated);
    result_set_int(task, "cache_update_time", job->cache_time);
    return APT_END;
}

/* The names without blanks around them and without "*", which stands for all installed packages. */
static const struct value *packages_named(struct task_context *task, const struct value *all, bool *has_star_out)
{
    struct value *packages = value_list(task->scratch);

    *has_star_out = false;
    for (size_t i = 0; i < value_count(all); i++) {
        const char *text = value_text(value_item(all, i));

        if (text_equal(text, "*")) {
            *has_star_out = true;
            continue;
        }
        const char *name = text_trim(task->scratch, text, strlen(text));
        value_list_add(task->scratch, packages, value_string(task->scratch, name));
    }
    return packages;
}

static enum apt_next packages_check(struct apt_job *job, const struct value *packages)
{
    for (size_t i = 0; i < value_count(packages); i++) {
        const char *package = value_text(value_item(packages, i));
        const char *equals = strchr(package, '=');

        if (equals != NULL && strchr(equals + 1, '=') != NULL) {
            result_fail(job->task, "invalid package spec: %s", package);
            return APT_END;
        }
    }
    return APT_CONTINUE;
}

static enum apt_next packages_change(struct apt_job *job, struct error *err)
{
    const struct package_request *request = job->request;
    bool has_star = false;
    const struct value *packages = packages_named(job->task, request->packages, &has_star);

    if (has_star && text_equal(request->state, "latest")) {
        if (value_count(packages) == 0)
            return apt_upgrade(job, "yes", err);
        result_fail(job->task, "unable to install additional packages when upgrading all installed packages");
        return APT_END;
    }
    enum apt_next next = packages_check(job, packages);
    if (next != APT_CONTINUE)
        return next;
    if (value_count(packages) == 0 && request->autoclean)
        return apt_cleanup(job, "autoclean", err);
    if (value_count(packages) == 0 && request->autoremove)
        return apt_cleanup(job, "autoremove", err);
    if (text_equal(request->state, "absent"))
        return apt_remove(job, packages, err);
    next = apt_install(job, packages, err);
    if (next != APT_ERROR && !job->is_unknown) {
        result_set_bool(job->task, "cache_updated", job->cache_updated);
        result_set_int(job->task, "cache_update_time", job->cache_time);
    }
    return next;
}

bool apt_task_run(struct task_context *task, const struct package_request *request, struct error *err)
{
    struct apt_job job = { .task = task, .request = request };
    enum apt_next next = apt_clean(&job, err);

    if (next == APT_CONTINUE)
        next = apt_update(&job, err);
    if (next == APT_CONTINUE && !text_equal(request->upgrade, "no"))
        next = apt_upgrade(&job, request->upgrade, err);
    if (next == APT_CONTINUE && request->deb != NULL)
        next = apt_install_debs(&job, err);
    if (next == APT_CONTINUE)
        next = packages_change(&job, err);
    return next != APT_ERROR;
}
