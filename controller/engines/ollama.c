/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ollama on one node: a server of the workload's own beside the one that the role may run, with models that it fetches itself by name and
 * keeps in a folder of the workload. It has no keys: the firewall lets in the controller alone.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/engines/chat_probe.h"
#include "controller/engines/piece_draft.h"

#define OLLAMA_PORT 11434
#define STATE_FOLDER "/var/lib/roost-pieces"

struct ollama_options {
    const char *version, *keep_alive;
};

static const struct arg_spec ollama_args[] = {
    ARG(ollama_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(ollama_options, keep_alive, ARG_STRING, .default_text = "-1",
        .help = "how long a model stays in memory unused, as Ollama takes it; -1: always"),
    ARG_END,
};

static const struct task_spec ollama_spec = {
    .name = "ollama", .summary = "Options of Ollama", .args = ollama_args, .args_size = sizeof(struct ollama_options)
};

static bool ollama_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    (void)arena;
    for (size_t i = 0; i < value_count(workload->models); i++) {
        const char *model = value_text(value_item(workload->models, i));

        if (model == NULL || strstr(model, "://") != NULL || model[0] == '/')
            return error_set(
                err,
                "'%s' is no name of Ollama's library (llama3.2:3b, hf.co/ORG/REPO:QUANT): it fetches its models itself",
                model == NULL ? "" : model);
    }
    return true;
}

static int64_t ollama_port(const struct engine_job *job)
{
    int64_t port = job->place->parts[0].port;

    return port != 0 ? port : OLLAMA_PORT;
}

static void ollama_environment(struct piece_draft *draft, const struct ollama_options *options, const char *folder)
{
    const struct workload *workload = draft->job->workload;

    piece_draft_environment(draft, "HOME", "%s", folder);
    piece_draft_environment(draft, "OLLAMA_HOST", "%s:%lld", job_address(draft->arena, draft->job, 0),
                            (long long)ollama_port(draft->job));
    piece_draft_environment(draft, "OLLAMA_MODELS", "%s/models", folder);
    piece_draft_environment(draft, "OLLAMA_KEEP_ALIVE", "%s", options->keep_alive);
    piece_draft_environment(draft, "OLLAMA_MAX_LOADED_MODELS", "%zu", value_count(workload->models));
    if (workload->slots > 0)
        piece_draft_environment(draft, "OLLAMA_NUM_PARALLEL", "%lld", (long long)workload->slots);
    if (workload->context > 0) /* Ollama's is that of one request */
        piece_draft_environment(draft, "OLLAMA_CONTEXT_LENGTH", "%lld",
                                (long long)(workload->context / (workload->slots > 0 ? workload->slots : 1)));
    if (workload->kv != NULL && !text_equal(workload->kv, "f16")) {
        piece_draft_environment(draft, "OLLAMA_FLASH_ATTENTION", "1");
        piece_draft_environment(draft, "OLLAMA_KV_CACHE_TYPE", "%s", workload->kv);
    }
}

static bool ollama_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                          struct error *err)
{
    struct ollama_options options = { .version = NULL };
    struct piece_draft draft = piece_draft_new(arena, job, 1);
    const char *state = arena_printf(arena, "ollama-%s", job->workload->name);

    if (!job_options(arena, job, &ollama_spec, &options, err))
        return false;
    piece_draft_begin(&draft, 0, "head", "ollama");
    piece_draft_argument(&draft, "serve");
    piece_draft_arguments(&draft, job->workload->arguments);
    ollama_environment(&draft, &options, arena_printf(arena, STATE_FOLDER "/%s", state));
    draft.piece->state = state;
    piece_draft_port(&draft, ollama_port(job), job_address(arena, job, 0));
    piece_draft_from(&draft, PIECE_CONTROLLER);
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

/* --- its models: there, or pulled --- */

static struct engine_request ollama_look(struct arena *arena, const struct engine_job *job)
{
    (void)arena;
    (void)job;
    return (struct engine_request){ .method = "GET", .path = "/api/tags" };
}

/* A name without a tag is that of ":latest". */
static bool is_same_model(const char *told, const char *wanted)
{
    const char *slash = strrchr(wanted, '/');

    if (text_equal(told, wanted))
        return true;
    return strchr(slash == NULL ? wanted : slash, ':') == NULL && text_starts(told, wanted) &&
           text_equal(told + strlen(wanted), ":latest");
}

static bool has_model(const struct value *tags, const char *wanted)
{
    const struct value *models = value_map_get(tags, "models");

    for (size_t i = 0; i < value_count(models); i++) {
        const char *name = value_map_text(value_item(models, i), "name");

        if (name != NULL && is_same_model(name, wanted))
            return true;
    }
    return false;
}

/* The first of the workload's models that is not there; NULL: all are. */
static const char *missing_model(const struct engine_job *job, const struct value *tags)
{
    for (size_t i = 0; i < value_count(job->workload->models); i++) {
        const char *model = value_text(value_item(job->workload->models, i));

        if (model != NULL && !has_model(tags, model))
            return model;
    }
    return NULL;
}

static enum engine_answer ollama_look_read(struct arena *arena, const struct engine_job *job, int status,
                                           const char *body, const struct value *log, const char **sentence_out)
{
    const struct value *tags = status == 200 ? chat_json(arena, body) : NULL;
    const char *missing = NULL;

    (void)log;
    if (!value_is(tags, VALUE_MAP)) {
        *sentence_out = status == 0 ? "it does not answer yet" : arena_printf(arena, "/api/tags answers %d", status);
        return ENGINE_LOADS;
    }
    missing = missing_model(job, tags);
    if (missing == NULL)
        return ENGINE_SERVES;
    *sentence_out = arena_printf(arena, "it pulls '%s'", missing);
    return ENGINE_LOADS;
}

static struct engine_request ollama_load(struct arena *arena, const struct engine_job *job, const char *looked)
{
    const struct value *tags = chat_json(arena, looked);
    const char *missing = value_is(tags, VALUE_MAP) ? missing_model(job, tags) : NULL;
    struct value *map = value_map(arena);

    if (missing == NULL)
        return (struct engine_request){ .path = NULL };
    value_map_put_string(arena, map, "model", missing);
    value_map_put_bool(arena, map, "stream", false);
    return (
        struct engine_request){ .method = "POST", .path = "/api/pull", .body = json_text(arena, map, JSON_COMPACT) };
}

static struct engine_request ollama_probe(struct arena *arena, const struct engine_job *job, int64_t max_tokens)
{
    return chat_probe(arena, job, job_model(job), max_tokens);
}

ENGINE_DEFINE(ollama) = {
    .name = "ollama",
    .summary = "Ollama on one node, with models that it pulls itself by name",
    .traits = ENGINE_INFERENCE | ENGINE_PULLS | ENGINE_EMBEDDINGS,
    .programs = (const char *const[]){ "ollama", NULL },
    .options = &ollama_spec,
    .check = ollama_check,
    .allows = job_version_allows,
    .pieces = ollama_pieces,
    .probe = ollama_probe,
    .probe_read = chat_probe_read,
    .look = ollama_look,
    .look_read = ollama_look_read,
    .load = ollama_load,
};
