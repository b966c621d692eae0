/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nftables: one table of nftables in a file of its own, in the running ruleset and at boot. The file replaces its table
 * whole and in one transaction, so a node never runs with half of it; `nft -c` must accept it before anything changes.
 */
#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/network/nft.h"
#include "agent/system/file/text_file.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct nftables_args {
    const char *name, *family, *rules, *state, *folder, *main_file;
    bool runtime, boot, backup;
};

static const struct arg_spec nftables_args[] = {
    ARG(nftables_args, name, ARG_STRING, .required = true, .aliases = ARG_NAMES("table"), .help = "name of the table"),
    ARG(nftables_args, family, ARG_STRING, .default_text = "inet",
        .choices = ARG_NAMES("inet", "ip", "ip6", "arp", "bridge", "netdev"), .help = "family of the table"),
    ARG(nftables_args, rules, ARG_STRING, .help = "what is between the table's braces: sets, chains and their rules"),
    ARG(nftables_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the table is there"),
    ARG(nftables_args, folder, ARG_PATH, .default_text = "/etc/nftables.d", .help = "where the table's file is kept"),
    ARG(nftables_args, main_file, ARG_PATH, .default_text = "/etc/nftables.conf",
        .help = "the file that nftables.service loads"),
    ARG(nftables_args, runtime, ARG_BOOL, .default_text = "yes", .help = "change the running ruleset too"),
    ARG(nftables_args, boot, ARG_BOOL, .default_text = "yes", .help = "have main_file include the folder"),
    ARG(nftables_args, backup, ARG_BOOL, .default_text = "no", .help = "keep copies of files as they were"),
    ARG_END,
};

static const struct arg_rule nftables_rules[] = {
    { .kind = ARG_RULE_REQUIRED_IF, .key = "state", .equals = "present", .names = ARG_NAMES("rules") },
    { .kind = ARG_RULE_END },
};

struct table_job {
    struct task_context *task;
    const struct nftables_args *args;
    const char *path; /* of the table's file */
    const char *backup;
};

/* --- files --- */

static bool write_file(struct table_job *job, const char *path, const char *before, const char *text, struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { .mode = 0644 };
    const char *folder = path_dirname(task->scratch, system_path(task->system, task->scratch, path));

    if (job->args->backup && before != NULL && !file_backup(task->system, task->scratch, path, &job->backup, err))
        return false;
    return file_tree_make(task->scratch, folder, err) &&
           file_replace_text(task->system, task->scratch, path, text, &options, err);
}

/* The line that has the folder's files loaded at boot; the rest of main_file is whoever's it is. */
static bool include_ensure(struct table_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *path = job->args->main_file;
    char *before = NULL;

    if (!text_file_read(task->system, task->scratch, path, &before, err))
        return false;
    if (before != NULL && nft_includes(before, job->args->folder))
        return true;
    const char *after = nft_with_include(task->scratch, before, job->args->folder);
    result_diff(task, before != NULL ? before : "", after, before != NULL ? path : "/dev/null", path);
    return !change_wanted(task, "have '%s' include '%s'", path, job->args->folder) ||
           write_file(job, path, before, after, err);
}

/* --- present --- */

static bool table_load(struct table_job *job, const char *text, struct error *err)
{
    return !change_wanted(job->task, "load table %s %s", job->args->family, job->args->name) ||
           nft_load(job->task->system, job->task->scratch, text, err);
}

static bool table_present(struct table_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct nftables_args *args = job->args;
    const char *text = nft_table_text(task->scratch, args->family, args->name, args->rules);
    const struct nft_table table = { args->family, args->name, text };
    enum nft_running running = NFT_SAME;
    char *before = NULL;

    if (!text_file_read(task->system, task->scratch, job->path, &before, err) ||
        !nft_check(task->system, task->scratch, text, err))
        return false;
    if (args->runtime && !nft_compare_running(task->system, task->scratch, &table, &running, err))
        return false;
    bool differs = !text_equal(before, text);
    if (differs)
        result_diff(task, before != NULL ? before : "", text, before != NULL ? job->path : "/dev/null", job->path);
    /* First the ruleset: a file that cannot be loaded must not wait for the next boot. */
    bool loads = running == NFT_DIFFERS || (running == NFT_UNKNOWN && differs);
    if (loads && !table_load(job, text, err))
        return false;
    if (differs && change_wanted(task, "write '%s'", job->path) && !write_file(job, job->path, before, text, err))
        return false;
    return !args->boot || include_ensure(job, err);
}

/* --- absent --- */

static bool table_absent(struct table_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct nftables_args *args = job->args;
    char *before = NULL;
    bool exists = false;

    if (!text_file_read(task->system, task->scratch, job->path, &before, err))
        return false;
    if (args->runtime && !nft_table_exists(task->system, task->scratch, args->family, args->name, &exists, err))
        return false;
    if (exists && change_wanted(task, "remove table %s %s", args->family, args->name) &&
        !nft_load(task->system, task->scratch,
                  arena_printf(task->scratch, "delete table %s %s\n", args->family, args->name), err))
        return false;
    if (before == NULL)
        return true;
    result_diff(task, before, "", job->path, "/dev/null");
    if (!change_wanted(task, "remove '%s'", job->path))
        return true;
    if (args->backup && !file_backup(task->system, task->scratch, job->path, &job->backup, err))
        return false;
    return text_file_remove(task->system, task->scratch, job->path, err);
}

static bool nftables_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct nftables_args *args = raw;
    struct table_job job = { .task = task, .args = args };

    if (!nft_name_is_valid(args->name))
        return error_set(err, "'%s' cannot name a table: letters, digits, _ and - only, a letter first", args->name);
    job.path =
        path_join(task->scratch, args->folder, arena_printf(task->scratch, "%s-%s.nft", args->family, args->name));
    result_set_string(task, "path", job.path);
    if (!(strcmp(args->state, "present") == 0 ? table_present(&job, err) : table_absent(&job, err)))
        return false;
    if (job.backup != NULL)
        result_set_string(task, "backup_file", job.backup);
    return true;
}

MODULE_DEFINE(nftables) = {
    .spec = {
        .name = "nftables",
        .summary = "A table of nftables, in its own file, loaded in one step",
        .args = nftables_args,
        .rules = nftables_rules,
        .args_size = sizeof(struct nftables_args),
    },
    .run = nftables_run,
};
