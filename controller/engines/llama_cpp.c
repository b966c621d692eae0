/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama.cpp: llama-server on one node, or as the head of several RPC servers that hold layers of the model. It goes on without a
 * worker that it cannot reach (ggml-org/llama.cpp #26392), so its devices are named or counted; /health says nothing of
 * workers, so only a completion counts.
 */
#include "controller/engines/llama_cpp.h"

#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "common/model/memory_need_fit.h"
#include "controller/engines/chat_probe.h"
#include "controller/engines/piece_draft.h"

static const struct arg_spec llama_cpp_args[] = {
    ARG(llama_cpp_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(llama_cpp_options, threads, ARG_INT, .default_text = "0",
        .help = "CPU threads, of workers too; 0: its own choice"),
    ARG(llama_cpp_options, threads_batch, ARG_INT, .default_text = "0", .help = "the same while it reads prompts"),
    ARG(llama_cpp_options, device, ARG_STRING,
        .help = "devices of the head, for instance Vulkan0; none: the CPU alone; absent: all that it finds"),
    ARG(llama_cpp_options, worker_device, ARG_STRING, .help = "the same of RPC workers, for instance Vulkan0 or CPU"),
    ARG(llama_cpp_options, gpu_layers, ARG_INT, .default_text = "-1", .help = "-ngl; -1: all, as it was planned"),
    ARG(llama_cpp_options, batch, ARG_INT, .default_text = "0", .help = "-b; 0: its own (2048)"),
    ARG(llama_cpp_options, ubatch, ARG_INT, .default_text = "0", .help = "-ub; 0: its own (512)"),
    ARG(llama_cpp_options, flash_attn, ARG_STRING, .choices = ARG_NAMES("on", "off", "auto"), .help = "-fa"),
    ARG(llama_cpp_options, load_mode, ARG_STRING, .choices = ARG_NAMES("auto", "none", "mmap", "mlock", "dio"),
        .help = "how weights are read"),
    ARG(llama_cpp_options, split_mode, ARG_STRING, .choices = ARG_NAMES("none", "layer", "row", "tensor"),
        .help = "-sm"),
    ARG(llama_cpp_options, pooling, ARG_STRING, .choices = ARG_NAMES("none", "mean", "cls", "last", "rank"),
        .help = "of embeddings; absent: the model's"),
    ARG(llama_cpp_options, reasoning, ARG_STRING, .choices = ARG_NAMES("none", "auto", "deepseek", "deepseek-legacy"),
        .help = "--reasoning-format"),
    ARG(llama_cpp_options, projector, ARG_PATH, .help = "a projector's GGUF file on the head (--mmproj)"),
    ARG(llama_cpp_options, cache_ram, ARG_INT, .default_text = "0",
        .help = "MiB of host memory for prompts that were read before (--cache-ram)"),
    ARG(llama_cpp_options, unified, ARG_BOOL, .help = "one cache for all slots (--kv-unified)"),
    ARG(llama_cpp_options, slots_endpoint, ARG_BOOL, .help = "offers /slots"),
    ARG(llama_cpp_options, jinja, ARG_BOOL, .help = "--jinja, where it is not the default"),
    ARG(llama_cpp_options, rpc_cache_max, ARG_STRING, .default_text = "20GiB",
        .help = "of tensors that a worker keeps on its disk; 0: it keeps none"),
    ARG_END,
};

const struct task_spec llama_cpp_spec = { .name = "llama_cpp",
                                          .summary = "Options of llama.cpp",
                                          .args = llama_cpp_args,
                                          .args_size = sizeof(struct llama_cpp_options) };

static bool number_check(const char *name, int64_t number, int64_t least, int64_t most, struct error *err)
{
    return (number >= least && number <= most) || error_set(err, "options.%s is %lld; it must be %lld to %lld", name,
                                                            (long long)number, (long long)least, (long long)most);
}

static bool llama_cpp_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    struct llama_cpp_options options = { .device = NULL };
    const struct tensor_type *type = NULL;
    uint64_t bytes = 0;

    if (value_count(workload->models) != 1)
        return error_set(err, "llama_cpp serves one model, but there are %zu", value_count(workload->models));
    if (!arg_bind_plain(arena, &llama_cpp_spec, workload->options, "option", &options, err))
        return false;
    return number_check("threads", options.threads, 0, 1024, err) &&
           number_check("threads_batch", options.threads_batch, 0, 1024, err) &&
           number_check("batch", options.batch, 0, MEMORY_BATCH_MAX, err) &&
           number_check("ubatch", options.ubatch, 0, MEMORY_BATCH_MAX, err) &&
           number_check("gpu_layers", options.gpu_layers, -1, 10000, err) &&
           number_check("cache_ram", options.cache_ram, 0, 16777216, err) &&
           (workload->kv == NULL || memory_cache_type(workload->kv, &type, err)) &&
           (memory_size_parse(options.rpc_cache_max, &bytes, err) || error_prefix(err, "options.rpc_cache_max"));
}

bool llama_cpp_names_devices(const struct engine_job *job, const struct llama_cpp_options *options)
{
    return options->device != NULL || !job->place->parts[0].node->has_gpu;
}

static struct engine_request llama_cpp_probe(struct arena *arena, const struct engine_job *job, int64_t max_tokens)
{
    return chat_probe(arena, job, job->workload->name, max_tokens);
}

/* --- that the head has all its workers --- */

static struct engine_request llama_cpp_look(struct arena *arena, const struct engine_job *job)
{
    struct llama_cpp_options options = { .device = NULL };
    struct error ignored = ERROR_INIT;

    if (job->place->parts_count < 2 || !job_options(arena, job, &llama_cpp_spec, &options, &ignored) ||
        llama_cpp_names_devices(job, &options))
        return (struct engine_request){ .path = NULL }; /* one that is missing would have ended it */
    return (struct engine_request){ .method = "GET", .path = "/props" };
}

/* Workers whose address a line of the log names as a device in use. */
static size_t devices_in_log(struct arena *arena, const struct engine_job *job, const struct value *log)
{
    size_t found = 0;

    for (size_t i = 1; i < job->place->parts_count; i++) {
        const struct plan_part *part = &job->place->parts[i];
        const char *wanted = arena_printf(arena, "(%s:%lld)", job_address(arena, job, i), (long long)part->port);
        bool is_there = false;

        for (size_t line = 0; line < value_count(log) && !is_there; line++) {
            const char *text = value_text(value_item(log, line));

            is_there = text != NULL && strstr(text, "using device RPC") != NULL && strstr(text, wanted) != NULL;
        }
        found += is_there ? 1 : 0;
    }
    return found;
}

static bool log_has(const struct value *log, const char *words)
{
    for (size_t i = 0; i < value_count(log); i++) {
        const char *text = value_text(value_item(log, i));

        if (text != NULL && strstr(text, words) != NULL)
            return true;
    }
    return false;
}

static enum engine_answer llama_cpp_look_read(struct arena *arena, const struct engine_job *job, int status,
                                              const char *body, const struct value *log, const char **sentence_out)
{
    size_t wanted = job->place->parts_count - 1, found = devices_in_log(arena, job, log);

    (void)body;
    if (found == wanted)
        return ENGINE_SERVES;
    *sentence_out = arena_printf(arena, "its log names %zu of %zu workers as devices", found, wanted);
    return status == 200 && log_has(log, "model loaded") ? ENGINE_WRONG : ENGINE_LOADS;
}

/* --- figures --- */

static struct engine_request llama_cpp_metrics(struct arena *arena, const struct engine_job *job)
{
    (void)arena;
    (void)job;
    return (struct engine_request){ .method = "GET", .path = "/metrics" };
}

static bool llama_cpp_metrics_read(struct arena *arena, const char *body, struct engine_figures *out)
{
    (void)arena;
    *out = (struct engine_figures){
        .tokens_in = chat_metric(body, "llamacpp:prompt_tokens_total"),
        .tokens_out = chat_metric(body, "llamacpp:tokens_predicted_total"),
        .seconds_in = chat_metric(body, "llamacpp:prompt_seconds_total"),
        .seconds_out = chat_metric(body, "llamacpp:tokens_predicted_seconds_total"),
        .requests_running = chat_metric(body, "llamacpp:requests_processing"),
        .requests_waiting = chat_metric(body, "llamacpp:requests_deferred"),
        .slots = (double)NAN,
        .steps = chat_metric(body, "llamacpp:n_decode_total"),
    };
    return !isnan(out->tokens_out);
}

ENGINE_DEFINE(llama_cpp) = {
    .name = "llama_cpp",
    .summary = "llama.cpp on one node, or over several by its RPC servers",
    .traits = ENGINE_INFERENCE | ENGINE_CLUSTER | ENGINE_GGUF | ENGINE_EMBEDDINGS,
    .programs = (const char *const[]){ "llama_cpp", NULL },
    .worker_programs = (const char *const[]){ "llama_rpc", NULL },
    .options = &llama_cpp_spec,
    .check = llama_cpp_check,
    .allows = job_version_allows,
    .pieces = llama_cpp_pieces,
    .probe = llama_cpp_probe,
    .probe_read = chat_probe_read,
    .look = llama_cpp_look,
    .look_read = llama_cpp_look_read,
    .metrics = llama_cpp_metrics,
    .metrics_read = llama_cpp_metrics_read,
};
