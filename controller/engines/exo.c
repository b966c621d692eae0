/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exo: every node runs the same program; the head's is forced to be master and has the API. They find one another by a namespace of the
 * workload's own; with zenoh by multicast of IPv6, and then they connect to what answered: link-local addresses. A model serves once it is
 * placed: exo's /state tells what is, /place_instance asks for it. Its API has no keys and listens everywhere: the firewall lets in the
 * controller alone, and the peers to the peers' port.
 */
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/engines/chat_probe.h"
#include "controller/engines/piece_draft.h"

#define EXO_PORT 52415
#define STATE_FOLDER "/var/lib/roost-pieces"
#define FILES_FOLDER "/run/roost-piece-" /* PIECE: where a piece finds its files */
#define SETTLES_MS 2000                  /* "Command received" is its answer; its state follows a little later */

struct exo_options {
    const char *version, *network, *sharding, *instance;
    int64_t peer_port, discovery_port;
    bool offline;
};

static const struct arg_spec exo_args[] = {
    ARG(exo_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(exo_options, network, ARG_STRING, .default_text = "zenoh", .choices = ARG_NAMES("zenoh", "libp2p"),
        .help = "how its nodes talk: libp2p up to release 1.0.71, zenoh after it"),
    ARG(exo_options, peer_port, ARG_INT, .default_text = "52414", .help = "that its nodes talk to one another on"),
    ARG(exo_options, discovery_port, ARG_INT, .default_text = "52413",
        .help = "UDP, by which they find one another (zenoh)"),
    ARG(exo_options, sharding, ARG_STRING, .default_text = "Pipeline", .choices = ARG_NAMES("Pipeline", "Tensor"),
        .help = "how a model is split"),
    ARG(exo_options, instance, ARG_STRING, .default_text = "MlxRing", .choices = ARG_NAMES("MlxRing", "MlxJaccl"),
        .help = "what its parts talk by"),
    ARG(exo_options, offline, ARG_BOOL, .help = "never ask the hub for models"),
    ARG_END,
};

static const struct task_spec exo_spec = {
    .name = "exo", .summary = "Options of exo", .args = exo_args, .args_size = sizeof(struct exo_options)
};

static bool exo_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    (void)arena;
    if (workload->is_embedding)
        return error_set(err, "exo has no embeddings");
    return value_count(workload->models) == 1 ||
           error_set(err, "an exo workload serves one model (mlx-community/...), but there are %zu",
                     value_count(workload->models));
}

/* Each node has an API; only the head's is for others. */
static int64_t exo_port(const struct engine_job *job, size_t part)
{
    int64_t port = job->place->parts[part].port;

    return port != 0 ? port : EXO_PORT;
}

static void exo_peer(struct piece_draft *draft, size_t part)
{
    const struct value *all = value_map_get(draft->job->place->parts[part].node->facts, "all_ipv6_addresses");

    piece_draft_from(draft, job_address(draft->arena, draft->job, part));
    for (size_t i = 0; i < value_count(all); i++)
        piece_draft_from(draft, value_text(value_item(all, i)));
}

static void exo_network(struct piece_draft *draft, size_t part, const struct exo_options *options)
{
    const struct engine_job *job = draft->job;
    const char *name = arena_printf(draft->arena, "roost-%s", job->prefix);

    if (text_equal(options->network, "zenoh")) {
        piece_draft_option(draft, "--namespace", "%s", name);
        piece_draft_option(draft, "--zenoh-port", "%lld", (long long)options->peer_port);
        piece_draft_option(draft, "--discovery-port", "%lld", (long long)options->discovery_port);
    } else {
        piece_draft_environment(draft, "EXO_LIBP2P_NAMESPACE", "%s", name);
        piece_draft_option(draft, "--libp2p-port", "%lld", (long long)options->peer_port);
        if (part > 0)
            piece_draft_option(draft, "--bootstrap-peers", "/ip4/%s/tcp/%lld", job_address(draft->arena, job, 0),
                               (long long)options->peer_port);
    }
    piece_draft_port(draft, options->peer_port, "0.0.0.0");
    for (size_t i = 0; i < job->place->parts_count; i++) {
        if (i != part)
            exo_peer(draft, i);
    }
}

static void exo_piece(struct piece_draft *draft, size_t part, const struct exo_options *options)
{
    const char *state = arena_printf(draft->arena, "exo-%s", draft->job->workload->name);
    const char *folder = arena_printf(draft->arena, STATE_FOLDER "/%s", state);

    piece_draft_begin(draft, part, part == 0 ? "head" : arena_printf(draft->arena, "worker%zu", part), "exo");
    draft->piece->state = state;
    piece_draft_environment(draft, "HOME", "%s", folder);
    piece_draft_environment(draft, "XDG_CONFIG_HOME", "%s/config", folder);
    piece_draft_environment(draft, "XDG_DATA_HOME", "%s/data", folder);
    piece_draft_environment(draft, "XDG_CACHE_HOME", "%s/cache", folder);
    piece_draft_file(draft, "index.html", "This exo is run by Roost.\n"); /* it does not start without a dashboard */
    piece_draft_environment(draft, "EXO_DASHBOARD_DIR", FILES_FOLDER "%s", draft->piece->name);
    piece_draft_option(draft, "--api-port", "%lld", (long long)exo_port(draft->job, part));
    if (part == 0)
        piece_draft_argument(draft, "--force-master");
    if (options->offline)
        piece_draft_argument(draft, "--offline");
    exo_network(draft, part, options);
    piece_draft_arguments(draft, draft->job->workload->arguments);
    piece_draft_port(draft, exo_port(draft->job, part), "0.0.0.0");
    if (part == 0)
        piece_draft_from(draft, PIECE_CONTROLLER);
}

/* The head is first among equals, but it is last in the order of pieces. */
static bool exo_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                       struct error *err)
{
    struct exo_options options = { .version = NULL };
    struct piece_draft draft = piece_draft_new(arena, job, job->place->parts_count);

    if (!job_options(arena, job, &exo_spec, &options, err))
        return false;
    for (size_t i = 1; i < job->place->parts_count; i++)
        exo_piece(&draft, i, &options);
    exo_piece(&draft, 0, &options);
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

/* --- its placement --- */

static struct engine_request exo_look(struct arena *arena, const struct engine_job *job)
{
    (void)arena;
    (void)job;
    return (struct engine_request){ .method = "GET", .path = "/state" };
}

/* {"MlxRingInstance": {"shardAssignments": {"modelId": ..}}}, whatever the kind is called */
static bool is_placed(const struct value *state, const char *model)
{
    const struct value *instances = value_map_get(state, "instances");

    for (size_t i = 0; i < value_map_count(instances); i++) {
        const struct value *tagged = value_pair_at(instances, i)->item;

        for (size_t j = 0; j < value_map_count(tagged); j++) {
            const struct value *shards = value_map_get(value_pair_at(tagged, j)->item, "shardAssignments");

            if (text_equal(value_map_text(shards, "modelId"), model))
                return true;
        }
    }
    return false;
}

static size_t nodes_seen(const struct value *state)
{
    const struct value *nodes = value_map_get(value_map_get(state, "topology"), "nodes");

    return value_count(nodes);
}

static enum engine_answer exo_look_read(struct arena *arena, const struct engine_job *job, int status, const char *body,
                                        const struct value *log, const char **sentence_out)
{
    const struct value *state = status == 200 ? chat_json(arena, body) : NULL;
    size_t wanted = job->place->parts_count;

    (void)log;
    if (!value_is(state, VALUE_MAP)) {
        *sentence_out = status == 0 ? "it does not answer yet" : arena_printf(arena, "/state answers %d", status);
        return ENGINE_LOADS;
    }
    if (nodes_seen(state) < wanted) {
        *sentence_out = arena_printf(arena, "%zu of %zu nodes have found one another", nodes_seen(state), wanted);
        return ENGINE_LOADS;
    }
    if (is_placed(state, job_model(job)))
        return ENGINE_SERVES;
    *sentence_out = arena_printf(arena, "'%s' is being placed", job_model(job));
    return ENGINE_LOADS;
}

static struct engine_request exo_load(struct arena *arena, const struct engine_job *job, const char *looked)
{
    const struct value *state = chat_json(arena, looked);
    struct exo_options options = { .version = NULL };
    struct error ignored = ERROR_INIT;
    struct value *map = value_map(arena);

    if (!value_is(state, VALUE_MAP) || nodes_seen(state) < job->place->parts_count ||
        is_placed(state, job_model(job)) || !job_options(arena, job, &exo_spec, &options, &ignored))
        return (struct engine_request){ .path = NULL };
    value_map_put_string(arena, map, "model_id", job_model(job));
    value_map_put_string(arena, map, "sharding", options.sharding);
    value_map_put_string(arena, map, "instance_meta", options.instance);
    value_map_put_int(arena, map, "min_nodes", (int64_t)job->place->parts_count);
    return (struct engine_request){ .method = "POST",
                                    .path = "/place_instance",
                                    .body = json_text(arena, map, JSON_COMPACT) };
}

static struct engine_request exo_probe(struct arena *arena, const struct engine_job *job, int64_t max_tokens)
{
    return chat_probe(arena, job, job_model(job), max_tokens);
}

ENGINE_DEFINE(exo) = {
    .name = "exo",
    .summary = "exo: a model in MLX's format over nodes that find one another (on Linux by their processors)",
    .traits = ENGINE_INFERENCE | ENGINE_CLUSTER | ENGINE_PULLS,
    .programs = (const char *const[]){ "exo", NULL },
    .options = &exo_spec,
    .check = exo_check,
    .allows = job_version_allows,
    .pieces = exo_pieces,
    .probe = exo_probe,
    .probe_read = chat_probe_read,
    .look = exo_look,
    .look_read = exo_look_read,
    .load = exo_load,
    .settles_ms = SETTLES_MS,
};
