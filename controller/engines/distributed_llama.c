/* SPDX-License-Identifier: Apache-2.0 */
/*
 * distributed-llama: a root node with the API and the model, workers that get their part of it over the network at each start. It works on
 * 2^n nodes, no more than the model has KV heads, with files of its own format (.m, .t), of which nothing is known but their size. Neither
 * API nor workers know passwords, and both listen everywhere: the firewall lets in whom they are for.
 */
#include "controller/engines/chat_probe.h"
#include "controller/engines/piece_draft.h"

#define DLLAMA_FOLDER                                                                                                  \
    "/opt/distributed-llama/current" /* role distributed_llama; its shaders are looked for in the folder it runs in */
#define DLLAMA_RUN "cd \"$0\" && exec \"$@\""
#define DLLAMA_PORT 9990
#define DLLAMA_WORKER_PORT 9999

struct dllama_options {
    const char *version, *tokenizer, *folder, *buffer;
    int64_t kv_heads, threads, gpu;
};

static const struct arg_spec dllama_args[] = {
    ARG(dllama_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(dllama_options, tokenizer, ARG_STRING,
        .help = "path of the tokenizer (.t) on the head; else it is the second model"),
    ARG(dllama_options, folder, ARG_STRING, .default_text = DLLAMA_FOLDER, .help = "where dllama and dllama-api lie"),
    ARG(dllama_options, buffer, ARG_STRING, .default_text = "q80", .choices = ARG_NAMES("q80", "f32"),
        .help = "type of what nodes tell one another; weights in q40 need q80"),
    ARG(dllama_options, kv_heads, ARG_INT, .default_text = "0",
        .help = "of the model: its file is of a format that is not read here; needed for more than one node"),
    ARG(dllama_options, threads, ARG_INT, .default_text = "1", .help = "Vulkan needs 1"),
    ARG(dllama_options, gpu, ARG_INT, .default_text = "0", .help = "number of the GPU, where there is one"),
    ARG_END,
};

static const struct task_spec dllama_spec = { .name = "distributed_llama",
                                              .summary = "Options of distributed-llama",
                                              .args = dllama_args,
                                              .args_size = sizeof(struct dllama_options) };

static bool dllama_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    size_t models = value_count(workload->models);

    (void)arena;
    if (workload->is_embedding)
        return error_set(err, "distributed_llama has no embeddings");
    if (models > 2)
        return error_set(err, "distributed_llama serves one model (and its tokenizer behind it), but there are %zu",
                         models);
    if (models < 2 && value_map_text(workload->options, "tokenizer") == NULL)
        return error_set(err,
                         "distributed_llama needs its tokenizer (.t): as the second model, or as options.tokenizer");
    return true;
}

static uint64_t kv_heads(const struct engine_job *job, const struct dllama_options *options)
{
    const struct model_shape *shape = job->models == NULL || job->models[0] == NULL ? NULL : job->models[0]->shape;

    return shape != NULL && shape->layers > 0 ? shape->layer[0].kv_heads : (uint64_t)options->kv_heads;
}

static bool dllama_allows(struct arena *arena, const struct engine_job *job, struct error *err)
{
    struct dllama_options options = { .version = NULL };
    size_t nodes = job->place->parts_count;
    uint64_t heads = 0;

    if (!job_options(arena, job, &dllama_spec, &options, err) || !job_version_check(job, err))
        return false;
    if ((nodes & (nodes - 1)) != 0)
        return error_set(err, "distributed-llama works on 1, 2, 4, 8 ... nodes, not on %zu", nodes);
    heads = kv_heads(job, &options);
    if (nodes > 1 && heads == 0)
        return error_set(err, "how many KV heads '%s' has cannot be read from its file; declare options.kv_heads",
                         job_model(job));
    if (nodes > 1 && nodes > heads)
        return error_set(err,
                         "distributed-llama works on no more nodes than the model has KV heads: %zu nodes, %llu heads",
                         nodes, (unsigned long long)heads);
    return true;
}

static int64_t part_port(const struct engine_job *job, size_t part)
{
    int64_t port = job->place->parts[part].port;

    return port != 0 ? port : part == 0 ? DLLAMA_PORT : DLLAMA_WORKER_PORT;
}

/* The shell goes to the program's folder, then it is the program. */
static void dllama_begin(struct piece_draft *draft, size_t part, const char *what, const struct dllama_options *options)
{
    const struct plan_node *node = draft->job->place->parts[part].node;

    piece_draft_begin(draft, part, what, "/bin/sh");
    piece_draft_argument(draft, "-c");
    piece_draft_argument(draft, "%s", DLLAMA_RUN);
    piece_draft_argument(draft, "%s", options->folder);
    if (part == 0) {
        piece_draft_argument(draft, "./dllama-api");
    } else {
        piece_draft_argument(draft, "./dllama");
        piece_draft_argument(draft, "worker");
    }
    piece_draft_option(draft, "--port", "%lld", (long long)part_port(draft->job, part));
    piece_draft_option(draft, "--nthreads", "%lld", (long long)options->threads);
    if (node->has_gpu)
        piece_draft_option(draft, "--gpu-index", "%lld", (long long)options->gpu);
}

static bool dllama_head(struct piece_draft *draft, const struct dllama_options *options, struct error *err)
{
    const struct engine_job *job = draft->job;
    const char *model = job->model_paths == NULL ? NULL : job->model_paths[0];
    const char *tokenizer = options->tokenizer;

    if (model != NULL && tokenizer == NULL)
        tokenizer = job->model_paths[1];
    if (model == NULL || tokenizer == NULL)
        return error_set(err, "the head has no file of %s", model == NULL ? "the model" : "the tokenizer");
    dllama_begin(draft, 0, "head", options);
    piece_draft_option(draft, "--model", "%s", model);
    piece_draft_option(draft, "--tokenizer", "%s", tokenizer);
    piece_draft_option(draft, "--buffer-float-type", "%s", options->buffer);
    if (job->workload->context > 0)
        piece_draft_option(draft, "--max-seq-len", "%lld", (long long)job->workload->context);
    piece_draft_arguments(draft, job->workload->arguments);
    if (job->place->parts_count > 1)
        piece_draft_argument(draft, "--workers");
    for (size_t i = 1; i < job->place->parts_count; i++)
        piece_draft_argument(draft, "%s:%lld", job_address(draft->arena, job, i), (long long)part_port(job, i));
    piece_draft_read(draft, model);
    piece_draft_read(draft, tokenizer);
    piece_draft_port(draft, part_port(job, 0), "0.0.0.0");
    piece_draft_from(draft, PIECE_CONTROLLER);
    return true;
}

static bool dllama_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                          struct error *err)
{
    struct dllama_options options = { .version = NULL };
    struct piece_draft draft = piece_draft_new(arena, job, job->place->parts_count);

    if (!job_options(arena, job, &dllama_spec, &options, err))
        return false;
    for (size_t i = 1; i < job->place->parts_count; i++) {
        dllama_begin(&draft, i, arena_printf(arena, "worker%zu", i), &options);
        piece_draft_port(&draft, part_port(job, i), "0.0.0.0");
        piece_draft_from(&draft, job_address(arena, job, 0));
    }
    if (!dllama_head(&draft, &options, err))
        return false;
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

static struct engine_request dllama_probe(struct arena *arena, const struct engine_job *job, int64_t max_tokens)
{
    return chat_probe(arena, job, job->workload->name,
                      max_tokens); /* it serves what it was started with, however it is called */
}

ENGINE_DEFINE(distributed_llama) = {
    .name = "distributed_llama",
    .summary = "distributed-llama: a model split over 2^n nodes (tensor parallel), with an API of its own",
    .traits = ENGINE_INFERENCE | ENGINE_CLUSTER | ENGINE_POWER_OF_TWO,
    .programs = (const char *const[]){ "distributed_llama", NULL },
    .options = &dllama_spec,
    .check = dllama_check,
    .allows = dllama_allows,
    .pieces = dllama_pieces,
    .probe = dllama_probe,
    .probe_read = chat_probe_read,
};
