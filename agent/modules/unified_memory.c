/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unified_memory: how much of the host's memory an integrated AMD GPU may use. Sets ttm's limits where they count, clears
 * away what older guides set, and reads back after the reboot what came of it.
 */
#include <string.h>

#include "agent/system/kernel/kernel_memory.h"
#include "agent/task/kernel_params_task.h"
#include "agent/task/unified_memory_conf.h"
#include "agent/task/unified_memory_size.h"
#include "agent/task/unified_memory_verdict.h"
#include "common/base/text.h"

struct unified_memory_args {
    const char *gtt, *reserve, *state, *method, *boot_loader;
};

static const struct arg_spec unified_memory_args[] = {
    ARG(unified_memory_args, gtt, ARG_STRING, .aliases = ARG_NAMES("size"),
        .help = "what the GPU may use: a size (112GiB), a share of the host's memory (85%), or max (all but reserve)"),
    ARG(unified_memory_args, reserve, ARG_STRING,
        .help =
            "what must be left to the host; default with max: 16GiB, else 4GiB, but at most a quarter of the memory"),
    ARG(unified_memory_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("present", "absent"),
        .help = "absent takes the limits away again: the kernel's default is half of the memory"),
    ARG(unified_memory_args, method, ARG_STRING, .default_text = "auto",
        .choices = ARG_NAMES("auto", "kernel_params", "modprobe"),
        .help = "where the limits are written; auto: the command line, which always counts, else modprobe.d"),
    ARG(unified_memory_args, boot_loader, ARG_STRING, .default_text = "auto",
        .choices = ARG_NAMES("auto", "grub", "grubby", "systemd-boot", "rpm-ostree"), .help = "as for kernel_params"),
    ARG_END,
};

static const struct arg_rule unified_memory_rules[] = {
    { .kind = ARG_RULE_REQUIRED_IF, .key = "state", .equals = "present", .names = ARG_NAMES("gtt") },
    { .kind = ARG_RULE_END },
};

struct unified_job {
    struct task_context *task;
    const struct unified_memory_args *args;
    struct kernel_memory memory;
    struct unified_size size;
    struct unified_conf conf;
    struct kernel_params_outcome params; /* job is NULL: the command line is not set */
    bool is_present;
    bool by_command_line;
};

/* --- which way --- */

static bool method_choose(struct unified_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct boot_job *boot = arena_new_of(task->scratch, struct boot_job);
    struct error why = ERROR_INIT;

    *boot = (struct boot_job){ .system = task->system, .arena = task->scratch };
    job->by_command_line = strcmp(job->args->method, "modprobe") != 0;
    if (strcmp(job->args->method, "auto") == 0)
        job->by_command_line = boot_loader_detect(boot, job->args->boot_loader, &why);
    if (job->by_command_line || !job->memory.is_ttm_builtin || !job->is_present)
        return true;
    return error_set(err, "ttm is built into the kernel %s, so that only its command line sets the limit%s%s",
                     job->memory.release, why.text[0] != '\0' ? ", and " : "; method: modprobe cannot work", why.text);
}

/* --- the command line --- */

/* Words that older guides and slips of the pen have left behind. */
static const char *const stale_params[] = { "amdgpu.gttsize",        "amdgpu.gtt_size", "amdttm.pages_limit",
                                            "amdttm.page_pool_size", "ttm.page_limit",  "ttm.pages_pool_size" };
#define STALE_COUNT (sizeof(stale_params) / sizeof(stale_params[0]))

static bool command_line_set(struct unified_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *pages = arena_printf(task->scratch, "%lld", (long long)job->size.pages);
    struct kernel_goal goals[2 + STALE_COUNT] = {
        { .name = "ttm.pages_limit" },
        { .name = "ttm.page_pool_size" },
    };
    struct kernel_params_request request = {
        .boot_loader = job->args->boot_loader,
        .goals = goals,
        .goal_count = job->is_present ? 2 + STALE_COUNT : 2,
        .conflict = BOOT_REMOVE,
    };

    for (size_t i = 0; i < 2 && job->is_present; i++) {
        goals[i].is_present = true;
        goals[i].values = &pages;
        goals[i].value_count = 1;
    }
    for (size_t i = 0; i < STALE_COUNT; i++)
        goals[2 + i] = (struct kernel_goal){ .name = stale_params[i] };
    if (!kernel_params_apply(task, &request, &job->params, err))
        return false;
    request.goal_count = 3; /* what may be of interest: the limits, and what is deprecated */
    kernel_params_describe(task, &request, &job->params);
    return true;
}

/* --- modprobe.d --- */

static bool modprobe_set(struct unified_job *job, struct error *err)
{
    if (job->is_present && !job->by_command_line)
        job->conf.wanted =
            arena_printf(job->task->scratch,
                         "# Limits of GPU memory that Roost set (module unified_memory). It rewrites this file.\n"
                         "options ttm pages_limit=%lld page_pool_size=%lld\n",
                         (long long)job->size.pages, (long long)job->size.pages);
    job->conf.is_uninstall = !job->is_present;
    if (!unified_conf_apply(job->task, &job->conf, err))
        return false;
    result_set(job->task, "modprobe_files_changed", job->conf.removed);
    result_set_bool(job->task, "initramfs_refreshed", job->conf.initramfs_refreshed);
    return true;
}

/* --- what came of it --- */

static bool was_declared_at_boot(const struct unified_job *job)
{
    struct task_context *task = job->task;
    const char *path = job->by_command_line ? job->params.job->made_path : UNIFIED_CONF;
    int64_t since = path != NULL ? kernel_file_time(task->system, task->scratch, path) : 0;

    return !task->result->changed && since > 0 && job->memory.boot_time_s > since + 5;
}

static bool facts_gather(const struct unified_job *job, struct unified_facts *facts, struct error *err)
{
    struct task_context *task = job->task;
    struct kernel_words running;

    if (!kernel_cmdline_running(task->system, task->scratch, &running, err))
        return false;
    *facts = (struct unified_facts){
        .memory = job->memory,
        .pages = job->size.pages,
        .by_command_line = job->by_command_line,
        .running = kernel_words_values(&running, "ttm.pages_limit"),
        .is_reboot_owed = job->params.reboot_required,
        .was_declared_at_boot = was_declared_at_boot(job),
    };
    if (job->by_command_line || !facts->was_declared_at_boot || job->memory.pages_limit == job->size.pages)
        return true;
    struct initramfs *initramfs = arena_new_of(task->scratch, struct initramfs);
    initramfs_find(task->system, task->scratch, initramfs);
    if (!initramfs_with_module(task->system, task->scratch, initramfs, "ttm", &facts->image, err))
        return false;
    facts->is_image_stale = facts->image != NULL && kernel_file_time(task->system, task->scratch, facts->image) <
                                                        kernel_file_time(task->system, task->scratch, UNIFIED_CONF);
    return true;
}

static void describe_number(struct task_context *task, const char *key, int64_t number)
{
    result_set(task, key, number >= 0 ? value_int(task->scratch, number) : value_null());
}

static void describe_memory(const struct unified_job *job)
{
    struct task_context *task = job->task;

    result_set_string(task, "method", job->by_command_line ? "kernel_params" : "modprobe");
    describe_number(task, "host_memory_bytes", job->memory.total_bytes);
    describe_number(task, "pages_limit_in_effect", job->memory.pages_limit);
    describe_number(task, "page_pool_size_in_effect", job->memory.page_pool_size);
    describe_number(task, "gtt_total_bytes_in_effect", job->memory.gtt_total_bytes);
    if (!job->is_present)
        return;
    result_set_int(task, "gtt_bytes", job->size.gtt_bytes);
    result_set_int(task, "pages_limit", job->size.pages);
    result_set_int(task, "page_pool_size", job->size.pages);
    result_set_int(task, "host_left_bytes", job->size.left_bytes);
}

static bool judge_present(struct unified_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct unified_facts facts;

    if (!facts_gather(job, &facts, err))
        return false;
    struct unified_verdict verdict = unified_judge(task->scratch, &facts);
    bool is_ignored = strcmp(verdict.status, "ignored") == 0; /* another boot would not help */
    bool is_pending = strcmp(verdict.status, "pending") == 0 || (!is_ignored && job->params.reboot_required);
    result_set_string(task, "status", verdict.status);
    result_set_string(task, "reason", verdict.reason);
    result_set_bool(task, "reboot_required", is_pending);
    result_message(task, "%s: %s", verdict.status, verdict.reason);
    if (is_ignored)
        result_warn(task, "the limit of GPU memory is not in effect: %s", verdict.reason);
    return true;
}

/* Taken away, but ttm keeps its limit until the next boot. */
static bool judge_absent(struct unified_job *job, struct error *err)
{
    struct task_context *task = job->task;
    bool is_owed = job->params.reboot_required || (job->task->result->changed && job->memory.has_ttm);

    (void)err;
    result_set_string(task, "status", is_owed ? "pending" : "applied");
    result_set_string(task, "reason", is_owed ? "the limit is in effect until the next boot" : "no limit is set");
    result_set_bool(task, "reboot_required", is_owed);
    return true;
}

static bool unified_memory_run(struct task_context *task, const void *raw, struct error *err)
{
    struct unified_job *job = arena_new_of(task->scratch, struct unified_job);

    job->task = task;
    job->args = raw;
    job->is_present = strcmp(job->args->state, "present") == 0;
    kernel_memory_read(task->system, task->scratch, &job->memory);
    if (job->is_present &&
        !unified_size_plan(task->scratch, job->args->gtt, job->args->reserve, job->memory.total_bytes, &job->size, err))
        return false;
    if (job->is_present && job->size.is_tight)
        result_warn(task, "only %s of %s are left to the host: a full GPU may lock the machine up",
                    unified_text(task->scratch, job->size.left_bytes),
                    unified_text(task->scratch, job->size.host_bytes));
    if (!method_choose(job, err) || !modprobe_set(job, err) || (job->by_command_line && !command_line_set(job, err)))
        return false;
    describe_memory(job);
    return job->is_present ? judge_present(job, err) : judge_absent(job, err);
}

MODULE_DEFINE(unified_memory) = {
    .spec = {
        .name = "unified_memory",
        .summary = "Set how much of the host's memory an integrated AMD GPU may use",
        .args = unified_memory_args,
        .rules = unified_memory_rules,
        .args_size = sizeof(struct unified_memory_args),
    },
    .run = unified_memory_run,
};
