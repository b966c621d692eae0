/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lemonade Server on one node: a router of the workload's own beside the one that the role may run. It fetches models by the names of its list, and
 * loads what /v1/load tells it; by itself it keeps one model of each type.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/engines/chat_probe.h"
#include "controller/engines/piece_draft.h"

#define LEMONADE_PORT 13305
#define LEMONADE_RUN "cp config.json \"$0\" && exec lemond \"$0\" \"$@\""
#define LEMONADE_PATH "/opt/bin:/usr/local/bin:/usr/bin:/bin" /* its packages put it into /usr/bin or /opt/bin */
#define STATE_FOLDER "/var/lib/roost-pieces"

struct lemonade_options {
    const char *version, *backend, *llamacpp_args;
    const struct value *config;
};

static const struct arg_spec lemonade_args[] = {
    ARG(lemonade_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(lemonade_options, backend, ARG_STRING, .choices = ARG_NAMES("vulkan", "rocm", "cpu"),
        .help = "of llama.cpp; absent: Lemonade chooses"),
    ARG(lemonade_options, llamacpp_args, ARG_STRING, .help = "further arguments of its llama-server"),
    ARG(lemonade_options, config, ARG_MAP, .help = "further settings of its config.json, as role lemonade takes them"),
    ARG_END,
};

static const struct task_spec lemonade_spec = { .name = "lemonade",
                                                .summary = "Options of Lemonade",
                                                .args = lemonade_args,
                                                .args_size = sizeof(struct lemonade_options) };

static bool lemonade_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    (void)arena;
    for (size_t i = 0; i < value_count(workload->models); i++) {
        const char *model = value_text(value_item(workload->models, i));

        if (model == NULL || strstr(model, "://") != NULL || model[0] == '/')
            return error_set(err, "'%s' is no name of Lemonade's list (Qwen3-0.6B-GGUF): it fetches its models itself",
                             model == NULL ? "" : model);
    }
    return true;
}

static int64_t lemonade_port(const struct engine_job *job)
{
    int64_t port = job->place->parts[0].port;

    return port != 0 ? port : LEMONADE_PORT;
}

static const char *lemonade_config(struct arena *arena, const struct engine_job *job,
                                   const struct lemonade_options *options)
{
    struct value *map = value_map(arena);

    value_map_put_int(arena, map, "port", lemonade_port(job));
    value_map_put_string(arena, map, "host", job_address(arena, job, 0));
    value_map_put_bool(arena, map, "no_broadcast", true);
    value_map_put_int(arena, map, "max_loaded_models", (int64_t)value_count(job->workload->models));
    if (job->workload->context > 0)
        value_map_put_int(arena, map, "ctx_size", job->workload->context);
    return json_text(arena, options->config == NULL ? map : value_merge(arena, map, options->config, true),
                     JSON_COMPACT);
}

static bool lemonade_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                            struct error *err)
{
    struct lemonade_options options = { .version = NULL };
    struct piece_draft draft = piece_draft_new(arena, job, 1);
    const char *state = arena_printf(arena, "lemonade-%s", job->workload->name);
    const char *folder = arena_printf(arena, STATE_FOLDER "/%s", state);

    if (!job_options(arena, job, &lemonade_spec, &options, err))
        return false;
    piece_draft_begin(&draft, 0, "head",
                      "/bin/sh"); /* which puts the settings where it looks for them, and is it then */
    piece_draft_argument(&draft, "-c");
    piece_draft_argument(&draft, "%s", LEMONADE_RUN);
    piece_draft_argument(&draft, "%s", folder);
    piece_draft_option(&draft, "--port", "%lld", (long long)lemonade_port(job));
    piece_draft_option(&draft, "--host", "%s", job_address(arena, job, 0));
    piece_draft_arguments(&draft, job->workload->arguments);
    piece_draft_file(&draft, "config.json", lemonade_config(arena, job, &options));
    piece_draft_environment(&draft, "PATH", LEMONADE_PATH);
    piece_draft_environment(&draft, "HOME", "%s", folder);
    piece_draft_environment(&draft, "HF_HOME", "%s/huggingface", folder);
    piece_draft_secret(&draft, "LEMONADE_API_KEY", job->key);
    draft.piece->state = state;
    piece_draft_port(&draft, lemonade_port(job), job_address(arena, job, 0));
    piece_draft_from(&draft, PIECE_CONTROLLER);
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

/* --- its models: loaded, or told to be --- */

static struct engine_request lemonade_look(struct arena *arena, const struct engine_job *job)
{
    (void)arena;
    (void)job;
    return (struct engine_request){ .method = "GET", .path = "/v1/health" };
}

static bool is_loaded(const struct value *health, const char *model)
{
    const struct value *loaded = value_map_get(health, "all_models_loaded");

    for (size_t i = 0; i < value_count(loaded); i++) {
        const struct value *item = value_item(loaded, i);

        if (text_equal(value_map_text(item, "model_name"), model) || text_equal(value_text(item), model))
            return true;
    }
    return false;
}

static const char *missing_model(const struct engine_job *job, const struct value *health)
{
    for (size_t i = 0; i < value_count(job->workload->models); i++) {
        const char *model = value_text(value_item(job->workload->models, i));

        if (model != NULL && !is_loaded(health, model))
            return model;
    }
    return NULL;
}

static enum engine_answer lemonade_look_read(struct arena *arena, const struct engine_job *job, int status,
                                             const char *body, const struct value *log, const char **sentence_out)
{
    const struct value *health = status == 200 ? chat_json(arena, body) : NULL;
    const char *missing = NULL;

    (void)log;
    if (!value_is(health, VALUE_MAP)) {
        *sentence_out = status == 0 ? "it does not answer yet" : arena_printf(arena, "/v1/health answers %d", status);
        return ENGINE_LOADS;
    }
    missing = missing_model(job, health);
    if (missing == NULL)
        return ENGINE_SERVES;
    *sentence_out = arena_printf(arena, "it loads '%s'", missing);
    return ENGINE_LOADS;
}

static struct engine_request lemonade_load(struct arena *arena, const struct engine_job *job, const char *looked)
{
    const struct value *health = chat_json(arena, looked);
    const char *missing = value_is(health, VALUE_MAP) ? missing_model(job, health) : NULL;
    struct lemonade_options options = { .version = NULL };
    struct error ignored = ERROR_INIT;
    struct value *map = value_map(arena);

    if (missing == NULL || !job_options(arena, job, &lemonade_spec, &options, &ignored))
        return (struct engine_request){ .path = NULL };
    value_map_put_string(arena, map, "model_name", missing);
    value_map_put_bool(arena, map, "pinned", true);
    if (job->workload->context > 0)
        value_map_put_int(arena, map, "ctx_size", job->workload->context);
    if (options.backend != NULL)
        value_map_put_string(arena, map, "llamacpp_backend", options.backend);
    if (options.llamacpp_args != NULL)
        value_map_put_string(arena, map, "llamacpp_args", options.llamacpp_args);
    return (struct engine_request){ .method = "POST", .path = "/v1/load", .body = json_text(arena, map, JSON_COMPACT) };
}

static struct engine_request lemonade_probe(struct arena *arena, const struct engine_job *job, int64_t max_tokens)
{
    return chat_probe(arena, job, job_model(job), max_tokens);
}

ENGINE_DEFINE(lemonade) = {
    .name = "lemonade",
    .summary = "Lemonade Server on one node, with models that it fetches itself by the names of its list",
    .traits = ENGINE_INFERENCE | ENGINE_PULLS | ENGINE_EMBEDDINGS,
    .programs = (const char *const[]){ "lemonade", NULL },
    .options = &lemonade_spec,
    .check = lemonade_check,
    .allows = job_version_allows,
    .pieces = lemonade_pieces,
    .probe = lemonade_probe,
    .probe_read = chat_probe_read,
    .look = lemonade_look,
    .look_read = lemonade_look_read,
    .load = lemonade_load,
};
