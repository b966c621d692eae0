/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama-bench: prompt processing and generation in tokens per second, on one node, or over several by llama.cpp's RPC: the workers are pieces
 * of their own, open to the head alone, that end with the job.
 */
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/engines/batch_output.h"
#include "controller/engines/piece_draft.h"

#define RPC_PORT 50052
#define REPEATS_MOST 1000

struct bench_options {
    const char *version, *device, *worker_device, *flash_attention;
    int64_t pp, tg, depth, repeat, threads, batch, ubatch, layers, timeout_s;
};

static const struct arg_spec bench_args[] = {
    ARG(bench_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(bench_options, pp, ARG_INT, .default_text = "512", .help = "tokens of the prompt; 0: that is not measured"),
    ARG(bench_options, tg, ARG_INT, .default_text = "128", .help = "tokens generated; 0: that is not measured"),
    ARG(bench_options, depth, ARG_INT, .default_text = "0", .help = "tokens in the cache before"),
    ARG(bench_options, repeat, ARG_INT, .default_text = "5", .help = "how often"),
    ARG(bench_options, threads, ARG_INT, .default_text = "0", .help = "0: llama-bench's own choice"),
    ARG(bench_options, batch, ARG_INT, .default_text = "0", .help = "0: llama-bench's own choice"),
    ARG(bench_options, ubatch, ARG_INT, .default_text = "0", .help = "0: llama-bench's own choice"),
    ARG(bench_options, layers, ARG_INT, .default_text = "-1", .help = "layers on the GPU; -1: all, as it was planned"),
    ARG(bench_options, flash_attention, ARG_STRING, .default_text = "1", .choices = ARG_NAMES("0", "1", "auto"),
        .help = "as -fa takes it"),
    ARG(bench_options, device, ARG_STRING, .help = "as llama-bench's -dev, for instance none; absent: all"),
    ARG(bench_options, worker_device, ARG_STRING, .help = "as the RPC server's -d, for instance CPU; absent: all"),
    ARG(bench_options, timeout_s, ARG_INT, .default_text = "0", .help = "seconds until it is ended; 0: never"),
    ARG_END,
};

static const struct task_spec bench_spec = { .name = "llama_bench",
                                             .summary = "Options of llama-bench",
                                             .args = bench_args,
                                             .args_size = sizeof(struct bench_options) };

static bool bench_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    struct bench_options options = { .device = NULL };

    if (value_count(workload->models) != 1)
        return error_set(err, "llama_bench measures one model, but there are %zu", value_count(workload->models));
    if (!arg_bind_plain(arena, &bench_spec, workload->options, "option", &options, err))
        return false;
    if (options.pp < 0 || options.tg < 0 || options.pp + options.tg == 0)
        return error_set(err, "options.pp and options.tg: one of them must be more than 0, and none less");
    return (options.repeat > 0 && options.repeat <= REPEATS_MOST) ||
           error_set(err, "options.repeat is %lld; it must be 1 to %d", (long long)options.repeat, REPEATS_MOST);
}

static int64_t worker_port(const struct engine_job *job, size_t part)
{
    int64_t port = job->place->parts[part].port;

    return port != 0 ? port : RPC_PORT;
}

static void bench_worker(struct piece_draft *draft, size_t part, const struct bench_options *options)
{
    const char *address = job_address(draft->arena, draft->job, part);

    piece_draft_begin(draft, part, arena_printf(draft->arena, "worker%zu", part), "llama_rpc");
    draft->piece->build = draft->job->place->build;
    piece_draft_option(draft, "-H", "%s", address);
    piece_draft_option(draft, "-p", "%lld", (long long)worker_port(draft->job, part));
    if (options->threads > 0)
        piece_draft_option(draft, "-t", "%lld", (long long)options->threads);
    if (options->worker_device != NULL)
        piece_draft_option(draft, "-d", "%s", options->worker_device);
    piece_draft_port(draft, worker_port(draft->job, part), address);
    piece_draft_from(draft, job_address(draft->arena, draft->job, 0));
}

static void option_number(struct piece_draft *draft, const char *name, int64_t number)
{
    if (number > 0)
        piece_draft_option(draft, name, "%lld", (long long)number);
}

/* The head takes part in the split with a device of its own. */
static bool bench_has_head(const struct engine_job *job, const struct bench_options *options)
{
    return job->place->parts[0].node->has_gpu && !text_equal(options->device, "none");
}

/* The output counts as a layer, the last one. */
static void bench_split(struct text *split, const struct plan_part *part, const char *before, bool is_last)
{
    if (part->layers > 0)
        text_printf(split, "%s%llu", before, (unsigned long long)part->layers + (is_last ? 1 : 0));
    else
        text_printf(split, "%s%.4f", before, part->share > 0 ? part->share : 1.0);
}

/* A head without GPU keeps the first layers itself; the output goes with the last ones. */
static int64_t bench_layers(const struct engine_job *job, const struct bench_options *options)
{
    const struct plan_place *place = job->place;
    uint64_t all = 0;

    for (size_t i = 0; i < place->parts_count; i++)
        all += place->parts[i].layers;
    if (options->layers >= 0)
        return options->layers;
    return place->parts_count > 1 && !bench_has_head(job, options) && place->parts[0].layers > 0
               ? (int64_t)(all - place->parts[0].layers) + 1
               : 999;
}

/* Devices are the workers' first, then the head's own. They are named, as llama-bench goes on without one that it does not reach. */
static void bench_rpc(struct piece_draft *draft, const struct bench_options *options)
{
    const struct engine_job *job = draft->job;
    struct text servers = text_new(draft->arena), split = text_new(draft->arena), devices = text_new(draft->arena);
    const struct plan_part *head = &job->place->parts[0];
    bool has_head = bench_has_head(job, options);

    for (size_t i = 1; i < job->place->parts_count; i++) {
        const struct plan_part *part = &job->place->parts[i];

        text_printf(&servers, "%s%s:%lld", i > 1 ? "," : "", job_address(draft->arena, job, i),
                    (long long)worker_port(job, i));
        text_printf(&devices, "%sRPC%zu", i > 1 ? "/" : "", i - 1);
        bench_split(&split, part, i > 1 ? "/" : "", !has_head && i + 1 == job->place->parts_count);
    }
    if (has_head) {
        bench_split(&split, head, "/", true);
        text_printf(&devices, "/%s", options->device == NULL ? "" : options->device);
    }
    piece_draft_option(draft, "--rpc", "%s", servers.data);
    if (!has_head || options->device != NULL)
        piece_draft_option(draft, "-dev", "%s", devices.data);
    piece_draft_option(draft, "-ts", "%s", split.data);
}

static bool bench_head(struct piece_draft *draft, const struct bench_options *options, struct error *err)
{
    const struct engine_job *job = draft->job;
    const char *model = job->model_paths == NULL ? NULL : job->model_paths[0];

    if (model == NULL)
        return error_set(err, "the head has no file of the model '%s'", job_model(job));
    piece_draft_begin(draft, 0, "job", "llama_bench");
    draft->piece->kind = "job";
    draft->piece->build = job->place->build;
    draft->piece->timeout_s = options->timeout_s;
    piece_draft_option(draft, "-m", "%s", model);
    piece_draft_option(draft, "-p", "%lld", (long long)options->pp);
    piece_draft_option(draft, "-n", "%lld", (long long)options->tg);
    piece_draft_option(draft, "-r", "%lld", (long long)options->repeat);
    piece_draft_option(draft, "-ngl", "%lld", (long long)bench_layers(job, options));
    piece_draft_option(draft, "-fa", "%s", options->flash_attention);
    option_number(draft, "-d", options->depth);
    option_number(draft, "-t", options->threads);
    option_number(draft, "-b", options->batch);
    option_number(draft, "-ub", options->ubatch);
    if (job->workload->kv != NULL && !text_equal(job->workload->kv, "f16")) {
        piece_draft_option(draft, "-ctk", "%s", job->workload->kv);
        piece_draft_option(draft, "-ctv", "%s", job->workload->kv);
    }
    if (job->place->parts_count > 1)
        bench_rpc(draft, options);
    else if (options->device != NULL)
        piece_draft_option(draft, "-dev", "%s", options->device);
    piece_draft_option(draft, "-o", "json");
    piece_draft_arguments(draft, job->workload->arguments);
    piece_draft_read(draft, model);
    return true;
}

static bool bench_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                         struct error *err)
{
    struct bench_options options = { .device = NULL };
    struct piece_draft draft = piece_draft_new(arena, job, job->place->parts_count);

    if (!job_options(arena, job, &bench_spec, &options, err))
        return false;
    for (size_t i = 1; i < job->place->parts_count; i++)
        bench_worker(&draft, i, &options);
    if (!bench_head(&draft, &options, err))
        return false;
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

/* --- the result --- */

static int64_t whole(const struct value *test, const char *name)
{
    double number = value_map_real(test, name);

    return isnan(number) ? 0 : (int64_t)number;
}

static const char *test_name(struct arena *arena, const struct value *test)
{
    int64_t prompt = whole(test, "n_prompt"), generated = whole(test, "n_gen"), depth = whole(test, "n_depth");
    struct text out = text_new(arena);

    if (prompt > 0)
        text_printf(&out, "pp%lld", (long long)prompt);
    if (generated > 0)
        text_printf(&out, "%stg%lld", prompt > 0 ? "+" : "", (long long)generated);
    if (depth > 0)
        text_printf(&out, " @ d%lld", (long long)depth);
    return out.data == NULL ? "" : out.data;
}

static bool test_add(struct arena *arena, const struct value *test, struct value *tests, struct error *err)
{
    double rate = value_map_real(test, "avg_ts"), spread = value_map_real(test, "stddev_ts");
    struct value *map = value_map(arena);

    if (isnan(rate))
        return error_set(err, "llama-bench's test '%s' has no avg_ts", test_name(arena, test));
    value_map_put_string(arena, map, "name", test_name(arena, test));
    value_map_put(arena, map, "tokens_per_s", value_real(arena, rate));
    value_map_put(arena, map, "deviation", isnan(spread) ? value_null() : value_real(arena, spread));
    value_map_put(arena, map, "samples",
                  value_is(value_map_get(test, "samples_ts"), VALUE_LIST) ? value_map_get(test, "samples_ts")
                                                                          : value_list(arena));
    value_list_add(arena, tests, map);
    return true;
}

static bool bench_result(struct arena *arena, const struct engine_job *job, const struct value *outputs,
                         struct value *out, struct error *err)
{
    const char *text = batch_output(outputs, 0);
    const struct value *list = batch_json(arena, text, '['), *first = NULL;
    struct value *tests = value_list(arena);

    if (!value_is(list, VALUE_LIST) || value_count(list) == 0)
        return error_set(err, "llama-bench gave no result: %s", batch_last_words(arena, text));
    for (size_t i = 0; i < value_count(list); i++) {
        if (!test_add(arena, value_item(list, i), tests, err))
            return false;
    }
    first = value_item(list, 0);
    value_map_put_string(arena, out, "model", value_map_text(first, "model_type"));
    value_map_put_int(arena, out, "size_bytes", whole(first, "model_size"));
    value_map_put_int(arena, out, "parameters", whole(first, "model_n_params"));
    value_map_put_string(arena, out, "backend", value_map_text(first, "backends"));
    value_map_put_string(arena, out, "gpu", value_map_text(first, "gpu_info"));
    value_map_put_string(arena, out, "cpu", value_map_text(first, "cpu_info"));
    value_map_put_string(
        arena, out, "build",
        arena_printf(arena, "b%lld-%s", (long long)whole(first, "build_number"),
                     value_map_text(first, "build_commit") == NULL ? "" : value_map_text(first, "build_commit")));
    value_map_put_int(arena, out, "nodes", (int64_t)job->place->parts_count);
    value_map_put(arena, out, "tests", tests);
    return true;
}

ENGINE_DEFINE(llama_bench) = {
    .name = "llama_bench",
    .summary = "llama-bench on one node, or over several by RPC",
    .traits = ENGINE_BATCH | ENGINE_CLUSTER | ENGINE_GGUF,
    .programs = (const char *const[]){ "llama_bench", NULL },
    .worker_programs = (const char *const[]){ "llama_rpc", NULL },
    .role = "llama_cpp",
    .options = &bench_spec,
    .check = bench_check,
    .allows = job_version_allows,
    .pieces = bench_pieces,
    .result = bench_result,
};
