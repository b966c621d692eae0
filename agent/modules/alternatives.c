/* SPDX-License-Identifier: Apache-2.0 */
/* alternatives: which of several programs a name stands for. Follows community.general.alternatives; update-alternatives does
 * the work. */
#include <string.h>

#include "agent/system/host/alternatives.h"
#include "agent/system/process/process.h"
#include "agent/system/file/word_list.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define PRIORITY_DEFAULT 50

struct alternatives_args {
    const char *name, *path, *link, *state;
    int64_t priority;
    const struct value *subcommands;
};

static const struct arg_spec alternatives_args[] = {
    ARG(alternatives_args, name, ARG_STRING, .required = true, .help = "the name, as editor"),
    ARG(alternatives_args, path, ARG_PATH, .required = true, .help = "the program it is to stand for"),
    ARG(alternatives_args, link, ARG_PATH, .help = "the link people use; needed for names that are new"),
    ARG(alternatives_args, priority, ARG_INT, .help = "the highest one wins in auto mode; default for new ones: 50"),
    ARG(alternatives_args, state, ARG_STRING, .default_text = "selected",
        .choices = ARG_NAMES("present", "selected", "absent", "auto"),
        .help = "known, known and chosen, unknown, or known with the highest priority chosen"),
    ARG(alternatives_args, subcommands, ARG_VALUES, .aliases = ARG_NAMES("slaves"),
        .help = "what goes along: a list of name, path and link"),
    ARG_END,
};

struct alternatives_job {
    struct task_context *task;
    const struct alternatives_args *args;
    struct alternatives all;
    const struct alternative *own; /* NULL: the path is not known for the name */
    struct word_list messages;
    struct value *before, *after; /* for the diff */
};

static bool state_is(const struct alternatives_job *job, const char *state)
{
    return strcmp(job->args->state, state) == 0;
}

/* --- asking and telling --- */

static bool display(struct alternatives_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct process_result result;

    if (process_require(task->system, task->scratch, "update-alternatives", err) == NULL)
        return false;
    if (!process_run(task->system, task->scratch, &PROCESS("update-alternatives", "--display", job->args->name),
                     &result, err))
        return false;
    alternatives_parse(task->scratch, job->args->name, result.status == 0 ? result.output : "", &job->all);
    job->own = alternatives_find(&job->all, job->args->path);
    return true;
}

static bool tell(struct alternatives_job *job, const struct word_list *argv, const char *sentence, struct error *err)
{
    struct process_request request = PROCESS("");
    struct process_result result;

    word_list_add(&job->messages, sentence);
    if (!change_wanted(job->task, "%s", sentence))
        return true;
    request.argv = argv->items;
    return process_run_ok(job->task->system, job->task->scratch, &request, &result, err);
}

static struct word_list words(struct alternatives_job *job, const char *option)
{
    struct word_list argv = word_list_new(job->task->scratch);

    word_list_add(&argv, "update-alternatives");
    word_list_add(&argv, option);
    return argv;
}

/* --- what is wanted and what is --- */

static const char *link_of(const struct alternatives_job *job)
{
    return job->args->link != NULL ? job->args->link : job->all.link;
}

static int64_t priority_of(const struct alternatives_job *job)
{
    if (job->args->priority != ARG_INT_UNSET)
        return job->args->priority;
    return job->own != NULL ? job->own->priority : PRIORITY_DEFAULT;
}

static bool has_subcommand(const struct value *list, const struct value *wanted)
{
    static const char *const keys[] = { "name", "path", "link" };

    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        bool same = true;

        for (size_t j = 0; j < 3; j++)
            same = same && text_equal(value_map_text(item, keys[j]), value_map_text(wanted, keys[j]));
        if (same)
            return true;
    }
    return false;
}

static bool same_subcommands(const struct value *a, const struct value *b)
{
    for (size_t i = 0; i < value_count(a); i++) {
        if (!has_subcommand(b, value_item(a, i)))
            return false;
    }
    for (size_t i = 0; i < value_count(b); i++) {
        if (!has_subcommand(a, value_item(b, i)))
            return false;
    }
    return true;
}

/* Fedora does not show the links of what goes along: those asked for count. */
static void links_fill(struct alternatives_job *job)
{
    struct arena *arena = job->task->scratch;
    const struct value *asked = job->args->subcommands;

    for (size_t i = 0; job->own != NULL && i < value_count(job->own->subcommands); i++) {
        struct value *map = value_map(arena);
        const struct value *item = value_item(job->own->subcommands, i);
        const char *name = value_map_text(item, "name"), *link = value_map_text(item, "link");

        for (size_t j = 0; link == NULL && j < value_count(asked); j++) {
            if (text_equal(value_map_text(value_item(asked, j), "name"), name))
                link = value_map_text(value_item(asked, j), "link");
        }
        value_map_put_string(arena, map, "name", name);
        value_map_put_string(arena, map, "path", value_map_text(item, "path"));
        value_map_put_string(arena, map, "link", link);
        value_list_remove(job->own->subcommands, i);
        value_list_insert(arena, job->own->subcommands, i, map);
    }
}

static bool subcommands_check(const struct alternatives_args *args, struct error *err)
{
    static const char *const keys[] = { "name", "path", "link" };

    for (size_t i = 0; i < value_count(args->subcommands); i++) {
        for (size_t j = 0; j < 3; j++) {
            if (value_map_text(value_item(args->subcommands, i), keys[j]) == NULL)
                return error_set(err, "missing required arguments: %s found in subcommands", keys[j]);
        }
    }
    return true;
}

static bool must_install(const struct alternatives_job *job)
{
    const struct alternatives_args *args = job->args;

    if (job->own == NULL || (args->priority != ARG_INT_UNSET && args->priority != job->own->priority))
        return true;
    return args->subcommands != NULL && !same_subcommands(args->subcommands, job->own->subcommands);
}

/* --- changing --- */

static void put_details(struct alternatives_job *job, struct value *map, int64_t priority, const char *link,
                        const struct value *subcommands)
{
    struct arena *arena = job->task->scratch;

    value_map_put_string(arena, map, "state", "present");
    value_map_put_string(arena, map, "path", job->args->path);
    value_map_put_int(arena, map, "priority", priority);
    value_map_put_string(arena, map, "link", link);
    if (value_count(subcommands) > 0)
        value_map_put(arena, map, "subcommands", subcommands);
}

static bool install(struct alternatives_job *job, struct error *err)
{
    const struct alternatives_args *args = job->args;
    struct arena *arena = job->task->scratch;
    struct word_list argv = words(job, "--install");
    const struct value *own = job->own != NULL ? job->own->subcommands : NULL;

    if (!path_exists(system_path(job->task->system, arena, args->path)))
        return error_set(err, "Specified path %s does not exist", args->path);
    if (link_of(job) == NULL)
        return error_set(err, "Needed to install the alternative, but unable to do so as we are missing the link");
    word_list_add(&argv, link_of(job));
    word_list_add(&argv, args->name);
    word_list_add(&argv, args->path);
    word_list_add(&argv, arena_printf(arena, "%lld", (long long)priority_of(job)));
    for (size_t i = 0; i < value_count(args->subcommands); i++) {
        const struct value *item = value_item(args->subcommands, i);

        word_list_add(&argv, "--slave");
        word_list_add(&argv, value_map_text(item, "link"));
        word_list_add(&argv, value_map_text(item, "name"));
        word_list_add(&argv, value_map_text(item, "path"));
    }
    put_details(job, job->after, priority_of(job), link_of(job), args->subcommands != NULL ? args->subcommands : own);
    return tell(job, &argv, arena_printf(arena, "Install alternative '%s' for '%s'.", args->path, args->name), err);
}

static bool select_path(struct alternatives_job *job, struct error *err)
{
    struct word_list argv = words(job, "--set");
    struct arena *arena = job->task->scratch;

    word_list_add(&argv, job->args->name);
    word_list_add(&argv, job->args->path);
    value_map_put_string(arena, job->after, "state", "selected");
    return tell(job, &argv, arena_printf(arena, "Set alternative '%s' for '%s'.", job->args->path, job->args->name),
                err);
}

static bool set_auto(struct alternatives_job *job, struct error *err)
{
    struct word_list argv = words(job, "--auto");
    struct arena *arena = job->task->scratch;

    word_list_add(&argv, job->args->name);
    value_map_put_string(arena, job->after, "state", "present");
    return tell(job, &argv, arena_printf(arena, "Set alternative to auto for '%s'.", job->args->name), err);
}

static bool remove_path(struct alternatives_job *job, struct error *err)
{
    struct word_list argv = words(job, "--remove");
    struct arena *arena = job->task->scratch;

    word_list_add(&argv, job->args->name);
    word_list_add(&argv, job->args->path);
    value_map_put_string(arena, job->after, "state", "absent");
    return tell(job, &argv, arena_printf(arena, "Remove alternative '%s' from '%s'.", job->args->path, job->args->name),
                err);
}

static bool job_run(struct alternatives_job *job, struct error *err)
{
    if (state_is(job, "absent"))
        return job->own == NULL || remove_path(job, err);
    if (must_install(job) && !install(job, err))
        return false;
    if (state_is(job, "selected") && !text_equal(job->all.current, job->args->path))
        return select_path(job, err);
    return !state_is(job, "auto") || !text_equal(job->all.mode, "manual") || set_auto(job, err);
}

static void note_before(struct alternatives_job *job)
{
    struct arena *arena = job->task->scratch;

    value_map_put_string(arena, job->before, "state", "absent");
    if (job->own == NULL)
        return;
    put_details(job, job->before, job->own->priority, job->all.link, job->own->subcommands);
    if (text_equal(job->all.mode, "manual") && !text_equal(job->all.current, job->args->path))
        value_map_put_string(arena, job->before, "state", "selected");
}

static bool alternatives_run(struct task_context *task, const void *raw, struct error *err)
{
    struct alternatives_job job = { .task = task, .args = raw, .messages = word_list_new(task->scratch) };

    job.before = value_map(task->scratch);
    job.after = value_map(task->scratch);
    if (!subcommands_check(job.args, err) || !display(&job, err))
        return false;
    links_fill(&job);
    note_before(&job);
    if (!job_run(&job, err))
        return false;
    result_message(task, "%s", word_list_join(&job.messages, " "));
    if (task->diff_mode)
        result_diff_values(task, job.before, job.after);
    return true;
}

MODULE_DEFINE(alternatives) = {
    .spec = {
        .name = "alternatives",
        .summary = "Which program a name stands for, by update-alternatives",
        .args = alternatives_args,
        .args_size = sizeof(struct alternatives_args),
    },
    .run = alternatives_run,
};
