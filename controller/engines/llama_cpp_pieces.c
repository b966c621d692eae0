/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of llama.cpp: an RPC server for each worker, then llama-server. */
#include "common/base/text.h"
#include "common/model/memory_need_fit.h"
#include "controller/engines/llama_cpp.h"
#include "controller/engines/piece_draft.h"

#define STATE_FOLDER "/var/lib/roost-pieces"

static bool worker_piece(struct piece_draft *draft, size_t part, const struct llama_cpp_options *options,
                         struct error *err)
{
    const struct engine_job *job = draft->job;
    const char *address = job_address(draft->arena, job, part), *state = "llama-rpc";
    uint64_t cache = 0;

    if (!memory_size_parse(options->rpc_cache_max, &cache, err))
        return false;
    piece_draft_begin(draft, part, arena_printf(draft->arena, "worker-%zu", part), "llama_rpc");
    draft->piece->build = job->place->build;
    piece_draft_option(draft, "-H", "%s", address);
    piece_draft_option(draft, "-p", "%lld", (long long)job->place->parts[part].port);
    if (options->threads > 0)
        piece_draft_option(draft, "-t", "%lld", (long long)options->threads);
    if (options->worker_device != NULL)
        piece_draft_option(draft, "-d", "%s", options->worker_device);
    if (cache > 0) {
        piece_draft_argument(draft, "-c");
        draft->piece->state = state;
        draft->piece->state_max = (int64_t)cache;
        piece_draft_environment(draft, "LLAMA_CACHE", STATE_FOLDER "/%s", state);
        piece_draft_environment(draft, "HOME", STATE_FOLDER "/%s", state);
    }
    piece_draft_port(draft, job->place->parts[part].port, address);
    piece_draft_from(draft, job_address(draft->arena, job, 0));
    return true;
}

/* The head takes part in the split with a device of its own. */
static bool head_has_device(const struct engine_job *job, const struct llama_cpp_options *options)
{
    return job->place->parts[0].node->has_gpu && !text_equal(options->device, "none");
}

/* -1: not given. */
static int64_t gpu_layers(const struct engine_job *job, const struct llama_cpp_options *options)
{
    const struct plan_place *place = job->place;
    uint64_t all = 0;

    if (options->gpu_layers >= 0)
        return options->gpu_layers;
    for (size_t i = 0; i < place->parts_count; i++)
        all += place->parts[i].layers;
    /* a head without GPU keeps the first layers itself; the output goes with the last ones */
    if (place->parts_count > 1 && !head_has_device(job, options) && place->parts[0].layers > 0)
        return (int64_t)(all - place->parts[0].layers) + 1;
    return 999;
}

static void head_split(struct piece_draft *draft, const struct llama_cpp_options *options)
{
    const struct engine_job *job = draft->job;
    const struct plan_place *place = job->place;
    struct text hosts = text_new(draft->arena), shares = text_new(draft->arena), devices = text_new(draft->arena);
    const struct plan_part *head = &place->parts[0];
    bool is_last = head_has_device(job, options);

    for (size_t i = 1; i < place->parts_count; i++) {
        const struct plan_part *part = &place->parts[i];
        const char *comma = i > 1 ? "," : "";

        text_printf(&hosts, "%s%s:%lld", comma, job_address(draft->arena, job, i), (long long)part->port);
        text_printf(&devices, "%sRPC%zu", comma, i - 1);
        if (part->layers > 0)
            text_printf(&shares, "%s%llu", comma, /* the output counts as a layer, the last one */
                        (unsigned long long)part->layers + (!is_last && i + 1 == place->parts_count ? 1 : 0));
        else
            text_printf(&shares, "%s%.4f", comma, part->share > 0 ? part->share : 1.0);
    }
    piece_draft_option(draft, "--rpc", "%s", hosts.data);
    if (llama_cpp_names_devices(job, options)) {
        if (options->device != NULL && !text_equal(options->device, "none"))
            text_printf(&devices, ",%s", options->device);
        piece_draft_option(draft, "--device", "%s", devices.data);
    } else {
        piece_draft_option(draft, "--verbosity", "4"); /* its lines on devices are what the launcher looks at */
    }
    if (is_last)
        text_printf(&shares, head->layers > 0 ? ",%.0f" : ",%.4f",
                    head->layers > 0 ? (double)head->layers + 1 : head->share);
    piece_draft_option(draft, "--tensor-split", "%s", shares.data);
}

static void option_number(struct piece_draft *draft, const char *name, int64_t number, int64_t absent)
{
    if (number != absent)
        piece_draft_option(draft, name, "%lld", (long long)number);
}

static void option_text(struct piece_draft *draft, const char *name, const char *text)
{
    if (text != NULL)
        piece_draft_option(draft, name, "%s", text);
}

static void head_options(struct piece_draft *draft, const struct llama_cpp_options *options)
{
    const struct workload *workload = draft->job->workload;

    option_number(draft, "-c", workload->context, 0);
    option_number(draft, "-np", workload->slots > 0 ? workload->slots : 1, 0);
    option_text(draft, "-ctk", workload->kv);
    option_text(draft, "-ctv", workload->kv);
    option_number(draft, "-ngl", gpu_layers(draft->job, options), -1);
    option_number(draft, "-t", options->threads, 0);
    option_number(draft, "-tb", options->threads_batch, 0);
    option_number(draft, "-b", options->batch, 0);
    option_number(draft, "-ub", options->ubatch, 0);
    option_number(draft, "--cache-ram", options->cache_ram,
                  -1); /* always: its own default is 8 GiB, which nobody counts */
    option_text(draft, "-fa", options->flash_attn);
    option_text(draft, "--load-mode", options->load_mode);
    option_text(draft, "-sm", options->split_mode);
    option_text(draft, "--reasoning-format", options->reasoning);
    option_text(draft, "--mmproj", options->projector);
    if (options->projector != NULL)
        piece_draft_read(draft, options->projector);
    if (options->unified)
        piece_draft_argument(draft, "--kv-unified");
    if (options->jinja)
        piece_draft_argument(draft, "--jinja");
    piece_draft_argument(draft, options->slots_endpoint ? "--slots" : "--no-slots");
    if (workload->is_embedding) {
        piece_draft_argument(draft, "--embeddings");
        option_text(draft, "--pooling", options->pooling);
    }
}

static void head_piece(struct piece_draft *draft, const struct llama_cpp_options *options)
{
    const struct engine_job *job = draft->job;
    const char *address = job_address(draft->arena, job, 0);

    piece_draft_begin(draft, 0, "head", "llama_cpp");
    draft->piece->build = job->place->build;
    piece_draft_option(draft, "-m", "%s", job->model_paths[0]);
    piece_draft_option(draft, "--alias", "%s", job->workload->name);
    piece_draft_option(draft, "--host", "%s", address);
    piece_draft_option(draft, "--port", "%lld", (long long)job->place->parts[0].port);
    piece_draft_argument(draft, "--metrics");
    head_options(draft, options);
    if (job->place->parts_count > 1)
        head_split(draft, options);
    else
        option_text(draft, "--device", options->device);
    piece_draft_arguments(draft, job->workload->arguments);
    piece_draft_secret(draft, "LLAMA_API_KEY", job->key);
    piece_draft_read(draft, job->model_paths[0]);
    piece_draft_port(draft, job->place->parts[0].port, address);
    piece_draft_from(draft, PIECE_CONTROLLER);
}

bool llama_cpp_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                      struct error *err)
{
    struct llama_cpp_options options = { .device = NULL };
    struct piece_draft draft = piece_draft_new(arena, job, job->place->parts_count);

    if (!job_options(arena, job, &llama_cpp_spec, &options, err))
        return false;
    if (job->model_paths[0] == NULL)
        return error_set(err, "the model of workload '%s' is not on %s yet", job->workload->name,
                         job->place->parts[0].node->name);
    for (size_t i = 1; i < job->place->parts_count; i++) {
        if (!worker_piece(&draft, i, &options, err))
            return false;
    }
    head_piece(&draft, &options);
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}
