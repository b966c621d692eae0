/* SPDX-License-Identifier: Apache-2.0 */
/* dnf's command line, version 4 and 5. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/task/dnf_parts.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define LOCKED 200 /* dnf 4 with exit_on_lock */

bool dnf_find(struct dnf_job *job, struct error *err)
{
    static const char *const names[] = { "dnf", "dnf5", "dnf-3", "yum" };
    struct task_context *task = job->task;
    char real[LIMIT_PATH + 1];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = process_find(task->system, task->scratch, names[i]);

        if (path == NULL)
            continue;
        const char *base = realpath(path, real) != NULL ? path_basename(real) : names[i];
        if (strcmp(names[i], "yum") == 0 && !text_starts(base, "dnf"))
            return error_set(err, "this node has yum 3 and no dnf; only dnf is supported");
        job->program = path;
        job->is_dnf5 = text_starts(base, "dnf5");
        return true;
    }
    return process_require(task->system, task->scratch, "dnf", err) != NULL;
}

static void add_each(struct dnf_job *job, struct word_list *argv, const char *option, const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++) {
        size_t count = 0;
        char **parts = text_split(job->task->scratch, value_text(value_item(list, i)), ',', &count);

        for (size_t j = 0; j < count; j++) {
            const char *part = text_trim(job->task->scratch, parts[j], strlen(parts[j]));
            if (part[0] != '\0')
                word_list_add(argv, arena_printf(job->task->scratch, "%s=%s", option, part));
        }
    }
}

static void add_text(struct dnf_job *job, struct word_list *argv, const char *option, const char *text)
{
    if (text != NULL)
        word_list_add(argv, arena_printf(job->task->scratch, "%s=%s", option, text));
}

static bool has_url(const struct dnf_job *job)
{
    for (size_t i = 0; i < value_count(job->names); i++) {
        if (strstr(value_text(value_item(job->names, i)), "://") != NULL)
            return true;
    }
    return false;
}

static void add_trust(struct dnf_job *job, struct word_list *argv)
{
    const struct dnf_request *request = job->request;

    if (request->disable_gpg_check) {
        word_list_add(argv, job->is_dnf5 ? "--no-gpgchecks" : "--nogpgcheck");
    } else {
        word_list_add(argv, "--setopt=gpgcheck=1");
        word_list_add(argv, "--setopt=localpkg_gpgcheck=1");
    }
    if (!request->sslverify || (!request->validate_certs && has_url(job)))
        word_list_add(argv, "--setopt=sslverify=0");
}

static void add_places(struct dnf_job *job, struct word_list *argv)
{
    const struct dnf_request *request = job->request;
    bool other_root = request->installroot != NULL && strcmp(request->installroot, "/") != 0;

    add_text(job, argv, "--config", request->conf_file);
    add_text(job, argv, "--installroot", other_root ? request->installroot : NULL);
    add_text(job, argv, "--releasever", request->releasever);
    add_each(job, argv, job->is_dnf5 ? "--disable-repo" : "--disablerepo", request->disablerepo);
    add_each(job, argv, job->is_dnf5 ? "--enable-repo" : "--enablerepo", request->enablerepo);
    add_each(job, argv, job->is_dnf5 ? "--disable-plugin" : "--disableplugin", request->disable_plugin);
    add_each(job, argv, job->is_dnf5 ? "--enable-plugin" : "--enableplugin", request->enable_plugin);
    add_each(job, argv, "--exclude", request->exclude);
    add_text(job, argv, job->is_dnf5 ? "--setopt=disable_excludes" : "--disableexcludes", request->disable_excludes);
    if (request->cacheonly)
        word_list_add(argv, "--cacheonly");
    if (request->update_cache)
        word_list_add(argv, "--refresh");
}

struct word_list dnf_options(struct dnf_job *job, const char *answer)
{
    const struct dnf_request *request = job->request;
    struct word_list argv = word_list_new(job->task->scratch);

    word_list_add(&argv, job->program);
    word_list_add(&argv, answer);
    add_trust(job, &argv);
    add_places(job, &argv);
    if (request->install_weak_deps != ARG_UNSET)
        word_list_add(&argv, request->install_weak_deps == ARG_TRUE ? "--setopt=install_weak_deps=True"
                                                                    : "--setopt=install_weak_deps=False");
    word_list_add(&argv, request->autoremove ? "--setopt=clean_requirements_on_remove=True"
                                             : "--setopt=clean_requirements_on_remove=False");
    if (!job->is_dnf5)
        word_list_add(&argv, "--setopt=exit_on_lock=True");
    return argv;
}

bool dnf_run(struct dnf_job *job, const struct word_list *argv, struct process_result *out, struct error *err)
{
    struct task_context *task = job->task;
    struct process_request request = PROCESS("");

    request.argv = argv->items;
    for (int64_t waited = 0;; waited++) {
        if (!process_run(task->system, task->scratch, &request, out, err))
            return false;
        if (job->is_dnf5 || out->status != LOCKED || waited >= job->request->lock_timeout)
            break;
        if (!system_pause(task->system, 1000, err))
            return false;
    }
    if (!job->is_dnf5 && out->status == LOCKED)
        return error_set(err, "dnf lockfile is held by another process");
    if (!job->warned_release && strstr(out->errors, "Unable to detect release version") != NULL) {
        result_warn(task, "Unable to detect release version (use \"releasever\" option to specify release version)");
        job->warned_release = true;
    }
    return true;
}

void dnf_result_add(struct dnf_job *job, struct value *list, const char *format, ...)
{
    struct text text = text_new(job->task->scratch);
    va_list args;

    va_start(args, format);
    text_vprintf(&text, format, args);
    va_end(args);
    value_list_add(job->task->scratch, list, value_string(job->task->scratch, text.data));
}
