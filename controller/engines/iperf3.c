/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network between all nodes of the workload: a server on each, open to the others alone; then one client after the other, each node to each, one
 * pair at a time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/engines/batch_output.h"
#include "controller/engines/piece_draft.h"

#define IPERF3_PORT 5211 /* 5201 may be the server of role iperf3 */
#define IPERF3_NODES_MOST 32
#define SECONDS_MOST 3600
#define STREAMS_MOST 128

struct iperf3_options {
    const char *version;
    int64_t seconds, omit, streams, port;
    bool both;
};

static const struct arg_spec iperf3_args[] = {
    ARG(iperf3_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(iperf3_options, seconds, ARG_INT, .default_text = "10", .help = "of each pair"),
    ARG(iperf3_options, omit, ARG_INT, .default_text = "0", .help = "seconds at the beginning that do not count"),
    ARG(iperf3_options, streams, ARG_INT, .default_text = "1", .help = "connections side by side"),
    ARG(iperf3_options, both, ARG_BOOL, .default_text = "true",
        .help = "each pair in both directions, one after the other"),
    ARG(iperf3_options, port, ARG_INT, .default_text = "0", .help = "of the servers; 0: what the plan gives"),
    ARG_END,
};

static const struct task_spec iperf3_spec = {
    .name = "iperf3", .summary = "Options of iperf3", .args = iperf3_args, .args_size = sizeof(struct iperf3_options)
};

static bool iperf3_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    struct iperf3_options options = { .seconds = 0 };

    if (!arg_bind_plain(arena, &iperf3_spec, workload->options, "option", &options, err))
        return false;
    if (options.seconds < 1 || options.seconds > SECONDS_MOST)
        return error_set(err, "options.seconds is %lld; it must be 1 to %d", (long long)options.seconds, SECONDS_MOST);
    return (options.streams >= 1 && options.streams <= STREAMS_MOST && options.omit >= 0 && options.port >= 0 &&
            options.port <= 65535) ||
           error_set(err, "options.streams must be 1 to %d, options.omit at least 0, options.port 0 to 65535",
                     STREAMS_MOST);
}

static bool iperf3_allows(struct arena *arena, const struct engine_job *job, struct error *err)
{
    size_t nodes = job->place->parts_count;

    (void)arena;
    if (nodes < 2 || nodes > IPERF3_NODES_MOST)
        return error_set(err, "iperf3 measures between 2 to %d nodes, not %zu: name them in 'nodes'", IPERF3_NODES_MOST,
                         nodes);
    return job_version_check(job, err);
}

static int64_t server_port(const struct engine_job *job, size_t part, const struct iperf3_options *options)
{
    int64_t port = job->place->parts[part].port;

    return options->port != 0 ? options->port : port != 0 ? port : IPERF3_PORT;
}

static void server(struct piece_draft *draft, size_t part, const struct iperf3_options *options)
{
    const char *address = job_address(draft->arena, draft->job, part);

    piece_draft_begin(draft, part, arena_printf(draft->arena, "server%zu", part), "iperf3");
    draft->piece->devices = NULL;
    draft->piece->restart =
        "on-failure"; /* its port may be a connection's own for a moment: it listens when that is over */
    piece_draft_argument(draft, "-s");
    piece_draft_option(draft, "-B", "%s", address);
    piece_draft_option(draft, "-p", "%lld", (long long)server_port(draft->job, part, options));
    piece_draft_port(draft, server_port(draft->job, part, options), address);
    for (size_t i = 0; i < draft->job->place->parts_count; i++) {
        if (i != part)
            piece_draft_from(draft, job_address(draft->arena, draft->job, i));
    }
}

static void client(struct piece_draft *draft, size_t from, size_t to, const struct iperf3_options *options)
{
    piece_draft_begin(draft, from, arena_printf(draft->arena, "pair-%zu-%zu", from, to), "iperf3");
    draft->piece->kind = "job";
    draft->piece->devices = NULL;
    draft->piece->timeout_s = options->seconds + options->omit + 30;
    piece_draft_option(draft, "-c", "%s", job_address(draft->arena, draft->job, to));
    piece_draft_option(draft, "-B", "%s", job_address(draft->arena, draft->job, from));
    piece_draft_option(draft, "-p", "%lld", (long long)server_port(draft->job, to, options));
    piece_draft_option(draft, "-t", "%lld", (long long)options->seconds);
    piece_draft_option(draft, "-P", "%lld", (long long)options->streams);
    if (options->omit > 0)
        piece_draft_option(draft, "-O", "%lld", (long long)options->omit);
    piece_draft_argument(draft, "--json");
    piece_draft_arguments(draft, draft->job->workload->arguments);
}

static bool iperf3_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                          struct error *err)
{
    struct iperf3_options options = { .seconds = 0 };
    size_t nodes = job->place->parts_count;
    struct piece_draft draft = piece_draft_new(arena, job, nodes * nodes);

    if (!job_options(arena, job, &iperf3_spec, &options, err))
        return false;
    for (size_t i = 0; i < nodes; i++)
        server(&draft, i, &options);
    for (size_t i = 0; i < nodes; i++) {
        for (size_t j = options.both ? 0 : i + 1; j < nodes; j++) {
            if (i != j)
                client(&draft, i, j, &options);
        }
    }
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

/* --- the result --- */

static bool pair_read(struct arena *arena, const char *text, struct value *pair, struct error *err)
{
    const struct value *map = batch_json(arena, text, '{'), *end = value_map_get(map, "end");
    const char *said = value_map_text(map, "error");
    double rate = value_map_real(value_map_get(end, "sum_received"), "bits_per_second");
    double again = value_map_real(value_map_get(end, "sum_sent"), "retransmits");
    const struct value *stream = value_map_get(value_item(value_map_get(end, "streams"), 0), "sender");
    double rtt = value_map_real(stream, "mean_rtt");

    if (isnan(rate))
        return error_set(err, "%s", said != NULL ? said : batch_last_words(arena, text));
    value_map_put(arena, pair, "bits_per_s", value_real(arena, rate));
    value_map_put(arena, pair, "retransmits", isnan(again) ? value_null() : value_int(arena, (int64_t)again));
    value_map_put(arena, pair, "mean_rtt_us", isnan(rtt) ? value_null() : value_real(arena, rtt));
    return true;
}

struct iperf3_sum {
    double least, most, sum;
    size_t count;
    const char *slowest;
};

static void sum_add(struct iperf3_sum *sum, const char *name, double rate)
{
    if (sum->count == 0 || rate < sum->least) {
        sum->least = rate;
        sum->slowest = name;
    }
    if (sum->count == 0 || rate > sum->most)
        sum->most = rate;
    sum->sum += rate;
    sum->count++;
}

/* "PREFIX.pair-0-1": which parts those are; false: no client's name. */
static bool pair_parts(const struct engine_job *job, const char *name, size_t *from_out, size_t *to_out)
{
    const char *pair = name == NULL ? NULL : strstr(name, ".pair-");
    char *rest = NULL;
    unsigned long from = 0, to = 0;

    if (pair == NULL)
        return false;
    from = strtoul(pair + strlen(".pair-"), &rest, 10);
    to = *rest == '-' ? strtoul(rest + 1, &rest, 10) : IPERF3_NODES_MOST;
    if (from >= job->place->parts_count || to >= job->place->parts_count)
        return false;
    *from_out = from;
    *to_out = to;
    return true;
}

static bool iperf3_result(struct arena *arena, const struct engine_job *job, const struct value *outputs,
                          struct value *out, struct error *err)
{
    struct value *pairs = value_list(arena);
    struct iperf3_sum sum = { .count = 0 };
    size_t from = 0, to = 0;

    for (size_t i = 0; i < value_count(outputs); i++) {
        struct value *pair = value_map(arena);
        const char *a = NULL, *b = NULL;

        if (!pair_parts(job, value_map_text(value_item(outputs, i), "name"), &from, &to))
            continue;
        a = job->place->parts[from].node->name;
        b = job->place->parts[to].node->name;
        value_map_put_string(arena, pair, "from", a);
        value_map_put_string(arena, pair, "to", b);
        if (!pair_read(arena, batch_output(outputs, i), pair, err))
            return error_prefix(err, "iperf3 from '%s' to '%s'", a, b);
        value_list_add(arena, pairs, pair);
        sum_add(&sum, arena_printf(arena, "%s > %s", a, b), value_map_real(pair, "bits_per_s"));
    }
    if (sum.count == 0)
        return error_set(err, "iperf3 has measured no pair");
    value_map_put(arena, out, "pairs", pairs);
    value_map_put(arena, out, "least_bits_per_s", value_real(arena, sum.least));
    value_map_put(arena, out, "most_bits_per_s", value_real(arena, sum.most));
    value_map_put(arena, out, "mean_bits_per_s", value_real(arena, sum.sum / (double)sum.count));
    value_map_put_string(arena, out, "slowest", sum.slowest);
    value_map_put_int(arena, out, "nodes", (int64_t)job->place->parts_count);
    return true;
}

ENGINE_DEFINE(iperf3) = {
    .name = "iperf3",
    .summary = "The network between all pairs of its nodes, one pair at a time",
    .traits = ENGINE_BATCH | ENGINE_CLUSTER,
    .programs = (const char *const[]){ "iperf3", NULL },
    .options = &iperf3_spec,
    .check = iperf3_check,
    .allows = iperf3_allows,
    .pieces = iperf3_pieces,
    .result = iperf3_result,
};
