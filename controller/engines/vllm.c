/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vLLM: on one node by itself; over several by tensor parallelism on Ray: its head and workers are pieces of their own, started before
 * the server. Models are folders of the node or names of the Hugging Face hub, which each node fetches for itself. The part of the memory it takes is
 * made of what the planner has promised it, never more than 0.9.
 */
#include <math.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "controller/engines/chat_probe.h"
#include "controller/engines/piece_draft.h"

#define VLLM_PORT 8000
#define VLLM_SHARE_MAX 0.90 /* above it unified memory swaps */
#define VLLM_SHARE_USUAL 0.85
#define VLLM_PATH "/opt/vllm/current/bin:/opt/vllm/venv/bin:/opt/vllm/bin:/usr/local/bin:/usr/bin:/bin"
#define STATE_FOLDER "/var/lib/roost-pieces"
#define RAY_NAME_MAX 12 /* of a workload: see vllm_state */
/* FOLDER ADDRESS WORD...: services start together, but Ray's workers need its head. */
#define RAY_RUN                                                                                                        \
    "rm -rf \"$0\" || exit; head=$1; shift; until [ -z \"$head\" ] || ray health-check --address \"$head\" "           \
    ">/dev/null 2>&1; do sleep 0.5; done; exec ray \"$@\""
#define PIECES_MOST(nodes) ((nodes) + 1)

struct vllm_options {
    const char *version, *attention, *interface;
    double memory;
    int64_t ray_port;
    bool eager;
};

static const struct arg_spec vllm_args[] = {
    ARG(vllm_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(vllm_options, memory, ARG_REAL,
        .help = "part of the GPU's memory, at most 0.9; absent: what the plan promises"),
    ARG(vllm_options, eager, ARG_BOOL, .help = "no graphs: starts sooner, works where they do not"),
    ARG(vllm_options, attention, ARG_STRING, .help = "attention backend, for instance TRITON_ATTN"),
    ARG(vllm_options, interface, ARG_STRING, .help = "network interface between the nodes (NCCL, Gloo)"),
    ARG(vllm_options, ray_port, ARG_INT, .default_text = "6379", .help = "of Ray's head; the 4 above it are used too"),
    ARG_END,
};

static const struct task_spec vllm_spec = {
    .name = "vllm", .summary = "Options of vLLM", .args = vllm_args, .args_size = sizeof(struct vllm_options)
};

static bool vllm_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    struct vllm_options options = { .version = NULL };

    if (value_count(workload->models) != 1)
        return error_set(err, "vllm serves one model, but there are %zu", value_count(workload->models));
    if (!arg_bind_plain(arena, &vllm_spec, workload->options, "option", &options, err))
        return false;
    if (!isnan(options.memory) && (options.memory <= 0 || options.memory > VLLM_SHARE_MAX))
        return error_set(err,
                         "options.memory is %g; it must be more than 0 and at most %g: above that the machine swaps",
                         options.memory, VLLM_SHARE_MAX);
    return (options.ray_port > 0 && options.ray_port < 65530) ||
           error_set(err, "options.ray_port is %lld; it must be 1 to 65530", (long long)options.ray_port);
}

static bool vllm_allows(struct arena *arena, const struct engine_job *job, struct error *err)
{
    (void)arena;
    if (job->place->parts_count > 1 && job_build(job, 0, "ray") == NULL)
        return error_set(err, "'%s' has no ray, by which vLLM works over several nodes",
                         job->place->parts[0].node->name);
    return job_version_check(job, err);
}

static int64_t vllm_port(const struct engine_job *job)
{
    int64_t port = job->place->parts[0].port;

    return port != 0 ? port : VLLM_PORT;
}

static double vllm_share(const struct engine_job *job, const struct vllm_options *options)
{
    const struct plan_part *part = &job->place->parts[0];
    double total =
        (double)(part->node->is_unified ? part->node->gtt_total + part->node->vram_total : part->node->vram_total);
    double share = !isnan(options->memory)      ? options->memory
                   : total > 0 && part->gpu > 0 ? ceil((double)part->gpu / total * 100) / 100
                                                : VLLM_SHARE_USUAL;

    return share > VLLM_SHARE_MAX ? VLLM_SHARE_MAX : share;
}

/* "hf://ORG/REPO" is ORG/REPO to vLLM. */
static const char *vllm_model(const struct engine_job *job)
{
    const char *model = job_model(job);

    return text_starts(model, "hf://") ? model + strlen("hf://") : model;
}

/* Ray's sockets lie in session_DATE_TIME_MICROSECONDS_PROCESS/sockets/plasma_store of its folder, and the path of a socket has at most 107 bytes. */
static const char *vllm_state(struct arena *arena, const struct engine_job *job)
{
    const char *name = job->workload->name;
    char hash[HASH_HEX_MAX];

    if (job->place->parts_count > 1 && strlen(name) > RAY_NAME_MAX)
        return arena_printf(arena, "vllm-%.*s", RAY_NAME_MAX, hash_hex_of(HASH_SHA256, name, strlen(name), hash));
    return arena_printf(arena, "vllm-%s", name);
}

static void vllm_environment(struct piece_draft *draft, size_t part, const struct vllm_options *options)
{
    const char *state = vllm_state(draft->arena, draft->job);
    const char *folder = arena_printf(draft->arena, STATE_FOLDER "/%s", state);

    draft->piece->state = state;
    piece_draft_environment(draft, "PATH", VLLM_PATH);
    piece_draft_environment(draft, "HOME", "%s", folder);
    piece_draft_environment(draft, "XDG_CACHE_HOME", "%s/cache", folder);
    piece_draft_environment(draft, "HF_HOME", "%s/huggingface", folder);
    piece_draft_environment(draft, "VLLM_CACHE_ROOT", "%s/vllm", folder);
    piece_draft_environment(draft, "FLASH_ATTENTION_TRITON_AMD_ENABLE", "TRUE");
    if (draft->job->place->parts_count == 1)
        return;
    piece_draft_environment(draft, "VLLM_HOST_IP", "%s", job_address(draft->arena, draft->job, part));
    piece_draft_environment(draft, "RAY_EXPERIMENTAL_NOSET_ROCR_VISIBLE_DEVICES", "1");
    piece_draft_environment(draft, "NCCL_IB_GID_INDEX", "1");
    piece_draft_environment(draft, "NCCL_NET_GDR_LEVEL", "0");
    if (options->interface != NULL) {
        piece_draft_environment(draft, "NCCL_SOCKET_IFNAME", "%s", options->interface);
        piece_draft_environment(draft, "GLOO_SOCKET_IFNAME", "%s", options->interface);
    }
}

/* Ray's own ports, each open to the other nodes alone. What its worker processes and NCCL choose for themselves is not among them. */
static void ray_ports(struct piece_draft *draft, size_t part, const struct vllm_options *options)
{
    static const char *const names[] = { "--node-manager-port", "--object-manager-port", "--runtime-env-agent-port",
                                         "--metrics-export-port" };
    const char *address = job_address(draft->arena, draft->job, part);

    for (size_t i = part == 0 ? 0 : 1; i <= sizeof(names) / sizeof(names[0]); i++) {
        int64_t port = options->ray_port + (int64_t)i;

        if (i > 0)
            piece_draft_argument(draft, "%s=%lld", names[i - 1], (long long)port);
        piece_draft_port(draft, port, address);
        for (size_t j = 0; j < draft->job->place->parts_count; j++) {
            if (j != part)
                piece_draft_from(draft, job_address(draft->arena, draft->job, j));
        }
    }
}

/*
 * Pieces have a /tmp each, but the server talks to Ray on its node by sockets in Ray's folder: it is one that both see. All nodes have it in the
 * same place, as Ray wants it; what an earlier life left in it goes.
 */
static void ray_piece(struct piece_draft *draft, size_t part, const struct vllm_options *options)
{
    const char *address =
        arena_printf(draft->arena, "%s:%lld", job_address(draft->arena, draft->job, 0), (long long)options->ray_port);
    const char *folder = arena_printf(draft->arena, STATE_FOLDER "/%s/ray", vllm_state(draft->arena, draft->job));

    piece_draft_begin(draft, part, part == 0 ? "ray" : arena_printf(draft->arena, "worker%zu", part), "/bin/sh");
    piece_draft_argument(draft, "-c");
    piece_draft_argument(draft, RAY_RUN);
    piece_draft_argument(draft, "%s", folder);
    piece_draft_argument(draft, "%s", part == 0 ? "" : address);
    piece_draft_argument(draft, "start");
    if (part == 0) {
        piece_draft_argument(draft, "--head");
        piece_draft_argument(draft, "--port=%lld", (long long)options->ray_port);
        piece_draft_argument(draft, "--include-dashboard=false");
        piece_draft_argument(draft, "--temp-dir=%s", folder);
    } else {
        piece_draft_argument(draft, "--address=%s", address);
    }
    piece_draft_argument(draft, "--node-ip-address=%s", job_address(draft->arena, draft->job, part));
    piece_draft_argument(draft, "--num-gpus=1");
    piece_draft_argument(draft, "--disable-usage-stats");
    piece_draft_argument(draft, "--block");
    ray_ports(draft, part, options);
    vllm_environment(draft, part, options);
}

static void vllm_head(struct piece_draft *draft, const struct vllm_options *options)
{
    const struct engine_job *job = draft->job;
    size_t nodes = job->place->parts_count;
    const char *address = job_address(draft->arena, job, 0), *model = vllm_model(job);

    piece_draft_begin(draft, 0, "head", "vllm");
    piece_draft_argument(draft, "serve");
    piece_draft_argument(draft, "%s", model);
    piece_draft_option(draft, "--host", "%s", address);
    piece_draft_option(draft, "--port", "%lld", (long long)vllm_port(job));
    piece_draft_option(draft, "--served-model-name", "%s", job->workload->name);
    piece_draft_option(draft, "--gpu-memory-utilization", "%.2f", vllm_share(job, options));
    if (job->workload->context > 0) /* of one request, as all of vLLM's */
        piece_draft_option(draft, "--max-model-len", "%lld",
                           (long long)(job->workload->context / (job->workload->slots > 0 ? job->workload->slots : 1)));
    if (job->workload->slots > 0)
        piece_draft_option(draft, "--max-num-seqs", "%lld", (long long)job->workload->slots);
    if (options->eager)
        piece_draft_argument(draft, "--enforce-eager");
    if (options->attention != NULL)
        piece_draft_option(draft, "--attention-backend", "%s", options->attention);
    if (nodes > 1) {
        piece_draft_option(draft, "--tensor-parallel-size", "%zu", nodes);
        piece_draft_option(draft, "--distributed-executor-backend", "ray");
        piece_draft_environment(draft, "RAY_ADDRESS", "%s:%lld", address, (long long)options->ray_port);
    }
    piece_draft_arguments(draft, job->workload->arguments);
    piece_draft_secret(draft, "VLLM_API_KEY", job->key);
    if (model[0] == '/')
        piece_draft_read(draft, model);
    vllm_environment(draft, 0, options);
    piece_draft_port(draft, vllm_port(job), address);
    piece_draft_from(draft, PIECE_CONTROLLER);
}

static bool vllm_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                        struct error *err)
{
    struct vllm_options options = { .version = NULL };
    size_t nodes = job->place->parts_count;
    struct piece_draft draft = piece_draft_new(arena, job, PIECES_MOST(nodes));

    if (!job_options(arena, job, &vllm_spec, &options, err))
        return false;
    for (size_t i = 0; nodes > 1 && i < nodes; i++)
        ray_piece(&draft, i, &options);
    vllm_head(&draft, &options);
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

static struct engine_request vllm_probe(struct arena *arena, const struct engine_job *job, int64_t max_tokens)
{
    return chat_probe(arena, job, job->workload->name, max_tokens);
}

static struct engine_request vllm_metrics(struct arena *arena, const struct engine_job *job)
{
    (void)arena;
    (void)job;
    return (struct engine_request){ .method = "GET", .path = "/metrics" };
}

static bool vllm_metrics_read(struct arena *arena, const char *body, struct engine_figures *out)
{
    (void)arena;
    *out = (struct engine_figures){
        .tokens_in = chat_metric(body, "vllm:prompt_tokens_total"),
        .tokens_out = chat_metric(body, "vllm:generation_tokens_total"),
        .seconds_in = chat_metric(body, "vllm:request_prefill_time_seconds_sum"),
        .seconds_out = chat_metric(body, "vllm:request_decode_time_seconds_sum"),
        .requests_running = chat_metric(body, "vllm:num_requests_running"),
        .requests_waiting = chat_metric(body, "vllm:num_requests_waiting"),
        .slots = (double)NAN,
    };
    return !isnan(out->tokens_out);
}

ENGINE_DEFINE(vllm) = {
    .name = "vllm",
    .summary = "vLLM on one node, or over several by Ray",
    .traits = ENGINE_INFERENCE | ENGINE_CLUSTER | ENGINE_PULLS | ENGINE_EMBEDDINGS,
    .programs = (const char *const[]){ "vllm", NULL },
    .worker_programs = (const char *const[]){ "vllm", "ray", NULL },
    .options = &vllm_spec,
    .check = vllm_check,
    .allows = vllm_allows,
    .pieces = vllm_pieces,
    .probe = vllm_probe,
    .probe_read = chat_probe_read,
    .metrics = vllm_metrics,
    .metrics_read = vllm_metrics_read,
};
