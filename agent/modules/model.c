/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model: a model's files in the node's store, fetched from a hub, a URL or a file and verified. The store and the
 * downloads are common/model's; here arguments become a plan, and every change passes the gate. Also collects what nothing
 * in the store refers to any more.
 */
#include <string.h>

#include "agent/task/module.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/model/pull_value.h"
#include "common/model/store_clean.h"
#include "common/model/store_link.h"

#define PROGRESS_MS 5000

struct model_args {
    const char *source, *name, *state, *store, *revision, *token, *endpoint, *rate_limit;
    const struct value *files, *checksum;
    bool mmproj, update, gc, gc_partial;
    int64_t connections, timeout, retries;
};

static const struct arg_spec model_args[] = {
    ARG(model_args, source, ARG_STRING, .aliases = ARG_NAMES("src", "url"),
        .help =
            "hf://ORG/REPO[/FILE, FOLDER or PATTERN][@REVISION], https://..., or file:///... on the node; for absent "
            "also the name of a link; may be left out with gc"),
    ARG(model_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present", "verified"),
        .help = "verified: what is there is read again, and fetched anew if it is damaged"),
    ARG(model_args, name, ARG_STRING, .help = "also make STORE/links/NAME, which leads to the model's folder"),
    ARG(model_args, store, ARG_PATH, .default_text = MODEL_STORE_DEFAULT, .help = "root folder of the store"),
    ARG(model_args, files, ARG_LIST, .aliases = ARG_NAMES("include"),
        .help = "patterns that choose files of a repository or folder"),
    ARG(model_args, checksum, ARG_LIST, .help = "SHA-256 that the file must have; of split models one for each file"),
    ARG(model_args, revision, ARG_STRING, .help = "branch, tag or commit, when the source names none; default main"),
    ARG(model_args, mmproj, ARG_BOOL, .default_text = "yes", .help = "fetch the projector (mmproj) beside a model too"),
    ARG(model_args, update, ARG_BOOL, .default_text = "no",
        .help = "ask whether the branch or the URL has something newer; without, what is in the store stays"),
    ARG(model_args, gc, ARG_BOOL, .default_text = "no",
        .help = "then remove from the store what nothing refers to and nobody uses, as roost models gc does"),
    ARG(model_args, gc_partial, ARG_BOOL, .default_text = "no",
        .help = "with gc: unfinished downloads too, if nobody is working on them"),
    ARG(model_args, token, ARG_STRING, .no_log = true,
        .help = "the hub's token; else HF_TOKEN or a token file of the node"),
    ARG(model_args, endpoint, ARG_STRING, .help = "the hub's URL; else HF_ENDPOINT, else " MODEL_ENDPOINT_DEFAULT),
    ARG(model_args, connections, ARG_INT, .default_text = "4", .help = "connections for one file"),
    ARG(model_args, rate_limit, ARG_STRING, .help = "bytes per second over all connections: 20M, 1.5G"),
    ARG(model_args, timeout, ARG_INT, .default_text = "30", .help = "seconds to connect, and without any data"),
    ARG(model_args, retries, ARG_INT, .default_text = "10", .help = "tries without any progress"),
    ARG_END,
};

static const struct arg_rule model_rules[] = {
    { .kind = ARG_RULE_ONE_OF, .names = ARG_NAMES("source", "gc") },
    { .kind = ARG_RULE_END },
};

struct model_job {
    struct task_context *task;
    const struct model_args *args;
    struct model_settings settings;
    struct model_request request;
    struct model_plan plan;
    int64_t told_ms;
};

/* --- the task as the download sees it --- */

static bool job_is_cancelled(void *data)
{
    const struct model_job *job = data;
    const struct system *system = job->task->system;

    return system_is_cancelled(system) || (system->deadline_ms > 0 && clock_monotonic_ms() >= system->deadline_ms);
}

static void job_progress(void *data, const char *text)
{
    struct model_job *job = data;
    int64_t now = clock_monotonic_ms();

    if (now - job->told_ms < PROGRESS_MS)
        return;
    job->told_ms = now;
    task_progress(job->task, "%s", text);
}

static void job_note(void *data, const char *text)
{
    const struct model_job *job = data;

    task_progress(job->task, "%s", text);
}

static const char *job_variable(void *data, const char *name)
{
    const struct model_job *job = data;

    return value_map_text(job->task->system->environment, name);
}

/* --- arguments --- */

static bool job_source(struct model_job *job, struct error *err)
{
    const struct model_args *args = job->args;
    struct model_source source;

    job->request.source = args->source;
    if (args->source == NULL)
        return args->gc || error_set(err, "source is required, unless gc is true");
    if (args->revision == NULL || args->revision[0] == '\0')
        return true;
    if (!text_starts(args->source, "hf://"))
        return error_set(err, "revision: only sources that start with hf:// have one");
    if (strchr(args->source, '@') == NULL)
        job->request.source = arena_printf(job->task->scratch, "%s@%s", args->source, args->revision);
    if (!model_source_parse(job->task->scratch, job->request.source, &source, err))
        return false;
    return strcmp(source.revision, args->revision) == 0 ||
           error_set(err, "the source names the revision '%s', the argument '%s'", source.revision, args->revision);
}

static bool job_numbers(struct model_job *job, struct error *err)
{
    const struct model_args *args = job->args;

    if (args->connections < 1 || args->connections > MODEL_CONNECTIONS_MAX)
        return error_set(err, "connections: 1 to %d", MODEL_CONNECTIONS_MAX);
    if (args->timeout < 1 || args->timeout > 86400 || args->retries < 1 || args->retries > 1000 * 1000)
        return error_set(err, "timeout is 1 to 86400 seconds, retries is 1 to 1000000");
    job->settings.connections = (int)args->connections;
    job->settings.timeout_ms = (int)args->timeout * 1000;
    job->settings.retries = (int)args->retries;
    return args->rate_limit == NULL || model_size_read(args->rate_limit, &job->settings.rate_bytes) ||
           error_set(err, "rate_limit: '%.40s' is no size; write bytes per second, as 20M", args->rate_limit);
}

static bool job_start(struct model_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct model_args *args = job->args;
    const struct model_environment environment = { job_variable, job };

    job->settings.store = system_path(task->system, task->scratch, args->store);
    job->settings.endpoint = args->endpoint;
    job->settings.token = args->token;
    job->settings.watch = (struct model_watch){ job, job_is_cancelled, job_progress, job_note };
    job->request.name = args->name;
    job->request.patterns = args->files;
    job->request.checksums = args->checksum;
    job->request.projector = args->mmproj;
    job->request.update = args->update;
    return job_numbers(job, err) && job_source(job, err) &&
           model_settings_complete(task->scratch, &job->settings, &environment, err);
}

/* --- present --- */

static void report(struct model_job *job)
{
    const struct value *map = model_plan_value(&job->plan);

    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);

        result_set(job->task, value_text(pair->key), pair->item);
    }
}

static bool make_plan(struct model_job *job, struct error *err)
{
    return model_plan_make(job->task->scratch, &job->settings, &job->request, &job->plan, err);
}

/* Reads again whatever there is of it, complete or not. *good_out false: something was damaged, and in a real run it is out of the way now. */
static bool verify(struct model_job *job, bool *good_out, struct error *err)
{
    struct model_plan *plan = &job->plan;

    *good_out = true;
    for (size_t i = 0; i < plan->files.count; i++) {
        bool is_good = false;

        if (!plan->steps[i].has_blob)
            continue;
        if (!store_verify(&plan->store, plan->files.items[i].sha256, &job->settings, true, &is_good, err))
            return false;
        if (is_good)
            continue;
        *good_out = false;
        if (change_wanted(job->task, "replace the damaged '%s'", plan->files.items[i].path) &&
            !store_verify(&plan->store, plan->files.items[i].sha256, &job->settings, false, &is_good, err))
            return false;
    }
    return true;
}

static bool model_present(struct model_job *job, struct error *err)
{
    bool is_good = true;

    if (!make_plan(job, err))
        return false;
    if (strcmp(job->args->state, "verified") == 0) {
        if (!verify(job, &is_good, err) || (!is_good && !make_plan(job, err)))
            return false;
    }
    report(job);
    if (job->plan.is_there || (!is_good && job->task->check_mode))
        return true;
    if (!change_wanted(job->task, "pull %s into '%s'", job->plan.source.shown, job->plan.store.root))
        return true;
    if (!model_plan_execute(&job->plan, err))
        return false;
    report(job);
    return true;
}

/* --- absent --- */

static bool model_absent(struct model_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct model_store store = { task->scratch, job->settings.store };
    struct store_cleaned cleaned = { 0 };
    const char *source = job->request.source;
    bool is_link = model_source_is_link(source);
    const struct model_removal removal = { &source, 1, 0 };
    struct store_name *names = NULL;
    struct store_link link;
    size_t count = 0;

    result_set_string(task, "source", source);
    result_set_string(task, "store", store.root);
    /* a link that is not there is absent; a source that is none is a mistake */
    if (is_link && !store_link_read(&store, source, &link))
        return true;
    if (!model_names_going(task->scratch, &job->settings, &removal, &names, &count, err))
        return false;
    if (count == 0 && !is_link)
        return true;
    /* refused when a process uses it, in check mode too */
    if (!store_remove(&store, names, count, true, &cleaned, err))
        return false;
    if (count == 0 ? !change_wanted(task, "remove the link '%s'", source)
                   : !change_wanted(task, "remove %zu files of %s", count, source))
        return true;
    if (!store_remove(&store, names, count, false, &cleaned, err) ||
        !model_forget(task->scratch, &job->settings, source, err))
        return false;
    result_set_int(task, "freed", cleaned.bytes);
    return true;
}

/* --- collecting --- */

/* In check mode of the store as it is: what a pull that was only predicted would leave behind is not known. */
static bool model_collect(struct model_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct model_store store = { task->scratch, job->settings.store };
    struct store_cleaned cleaned = { 0 };
    bool has_work;

    result_set_string(task, "store", store.root);
    if (!store_collect(&store, job->args->gc_partial, true, &cleaned, err))
        return false;
    has_work = cleaned.names > 0 || cleaned.blobs > 0 || cleaned.partials > 0;
    if (has_work &&
        change_wanted(task, "remove %d names, %d blobs, %d unfinished downloads from '%s'", cleaned.names,
                      cleaned.blobs, cleaned.partials, store.root) &&
        !store_collect(&store, job->args->gc_partial, false, &cleaned, err))
        return false;
    result_set(task, "collected", store_cleaned_value(task->scratch, &cleaned));
    return true;
}

static bool model_run(struct task_context *task, const void *raw, struct error *err)
{
    struct model_job job = { .task = task, .args = raw };

    if (!job_start(&job, err))
        return false;
    if (job.args->source != NULL &&
        !(strcmp(job.args->state, "absent") == 0 ? model_absent(&job, err) : model_present(&job, err)))
        return false;
    return !job.args->gc || model_collect(&job, err);
}

MODULE_DEFINE(model) = {
    .spec = { .name = "model",
              .summary = "Fetch, verify and remove models in the node's store",
              .args = model_args,
              .rules = model_rules,
              .args_size = sizeof(struct model_args) },
    .run = model_run,
};
