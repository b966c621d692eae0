/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acceptance: who answers; what was measured before is measured again and compared with it; a rack that was never measured gets its
 * network measured, as the baseline of the next rebuild.
 */
#include "cli/rebuild_accept.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/rebuild_answers.h"
#include "cli/rebuild_center.h"
#include "cli/rebuild_progress.h"
#include "common/base/text.h"

#define BENCH_S 3600
#define MARGIN 5
#define NETWORK_S 120 /* the first time: no reason to wait long where iperf3 is not installed */
#define BASELINES_MAX 16
#define PAIRS_NODES_MAX 8 /* the network of more nodes is measured when somebody asks for it */

/* --- one benchmark --- */

struct bench {
    int64_t id, timeout_s;
    char state[16], sentence[REBUILD_SENTENCE];
    double change;    /* of its worst figure; NAN: it is compared with nothing */
    int64_t compared; /* with which one */
};

/* "llama_bench tiny", "iperf3". */
static const char *bench_name(struct arena *arena, const struct value *row)
{
    const char *kind = value_map_text(row, "kind"), *subject = value_map_text(row, "subject");

    return subject == NULL || *subject == '\0' ? kind : arena_printf(arena, "%s %s", kind, subject);
}

static const char *bench_said(const struct bench *bench)
{
    return *bench->sentence == '\0' ? bench->state : bench->sentence;
}

static bool bench_look(struct rebuild_call *call, void *data, const struct value *answer, bool *done_out,
                       struct error *err)
{
    struct bench *bench = data;
    const struct value *change = value_map_get(answer, "change");
    const char *state = value_map_text(answer, "state"), *sentence = value_map_text(answer, "sentence");

    (void)err;
    snprintf(bench->state, sizeof(bench->state), "%s", state == NULL ? "failed" : state);
    snprintf(bench->sentence, sizeof(bench->sentence), "%s", sentence == NULL ? "" : sentence);
    *done_out = text_in(bench->state, (const char *const[]){ "done", "failed", NULL });
    bench->change = value_is(change, VALUE_REAL) ? change->as.real : (double)NAN;
    bench->compared = value_map_int(answer, "compared", 0);
    rebuild_progress_say(call, false, "%s: %s", bench_name(call->arena, answer),
                         *done_out ? bench->state : bench_said(bench));
    return true;
}

static bool bench_run(struct rebuild_call *call, const struct value *order, struct bench *out, struct error *err)
{
    const struct value *answer = NULL, *id = NULL;
    const struct rebuild_ask ask = { .method = "POST", .path = "/api/v1/benches", .body = order };
    struct rebuild_wait wait = { .look = bench_look, .data = out, .timeout_s = out->timeout_s, .what = "no end of it" };

    if (!rebuild_center_ask(call, &ask, &answer, err))
        return false;
    id = value_map_get(value_item(value_map_get(answer, "items"), 0), "id");
    if (!value_is(id, VALUE_INT))
        return error_set(err, "the controller's answer makes no sense");
    out->id = id->as.integer;
    wait.path = arena_printf(call->arena, "/api/v1/benches/%" PRId64, out->id);
    return rebuild_center_wait(call, &wait, err);
}

/* --- against the baseline --- */

/* The order that a benchmark was: its settings are the engine's options, and these three. */
static struct value *order_again(struct arena *arena, const struct value *row)
{
    static const char *const own[] = { "kv", "network", "nodes", NULL };
    struct value *order = value_map(arena), *options = value_map(arena), *counts = value_list(arena);
    const struct value *settings = value_map_get(row, "settings"), *nodes = value_map_get(row, "nodes");

    value_map_put_string(arena, order, "kind", value_map_text(row, "kind"));
    if (text_equal(value_map_text(row, "kind"), "llama_bench"))
        value_map_put_string(arena, order, "model", value_map_text(row, "subject"));
    if (value_count(nodes) > 0)
        value_map_put(arena, order, "nodes", nodes);
    for (size_t i = 0; i < value_map_count(settings); i++) {
        const char *name = value_text(value_pair_at(settings, i)->key);

        if (!text_in(name, own))
            value_map_put(arena, options, name, value_pair_at(settings, i)->item);
        else if (!text_equal(name, "nodes"))
            value_map_put(arena, order, name, value_pair_at(settings, i)->item);
    }
    value_map_put(arena, order, "options", options);
    value_list_add(arena, counts, value_map_get(row, "nodes_count"));
    value_map_put(arena, order, "counts", counts);
    return order;
}

/* Why a node cannot be measured; NULL: it can. *is_ours: it was built now. */
static bool node_obstacle(struct rebuild_call *call, const char *name, bool *is_ours, const char **why_out,
                          struct error *err)
{
    const struct value *node = NULL;
    struct rebuild_ask ask = { .path = arena_printf(call->arena, "/api/v1/nodes/%s", name), .not_found = 404 };

    *why_out = NULL;
    for (size_t i = 0; i < call->rebuild->count; i++) {
        if (!text_equal(call->rebuild->nodes[i].name, name))
            continue;
        *is_ours = *is_ours || call->rebuild->nodes[i].progress.state == REBUILD_DONE;
        if (call->rebuild->nodes[i].progress.state != REBUILD_DONE)
            *why_out = arena_printf(call->arena, "%s is not built", name);
        return true;
    }
    if (!rebuild_center_ask(call, &ask, &node, err))
        return false;
    if (node == NULL || !text_equal(value_map_text(node, "state"), "active"))
        *why_out = arena_printf(call->arena, "%s is no node any more", name);
    else if (text_equal(value_map_text(node, "verdict"), "lost"))
        *why_out = arena_printf(call->arena, "%s is lost", name);
    return true;
}

/* Can it be measured again, and has it to do with what was built? What has and cannot is told. */
static bool is_baseline(struct rebuild_call *call, const struct value *row, bool *out, struct error *err)
{
    const struct value *nodes = value_map_get(row, "nodes");
    const char *why = NULL, *one = NULL;
    bool is_ours = value_count(nodes) == 0;

    for (size_t i = 0; i < value_count(nodes); i++) {
        if (!node_obstacle(call, value_text(value_item(nodes, i)), &is_ours, &one, err))
            return false;
        why = why == NULL ? one : why;
    }
    if (is_ours && why != NULL)
        rebuild_progress_say(call, true, "%s is not measured again: %s", bench_name(call->arena, row), why);
    *out = is_ours && why == NULL;
    return true;
}

/* The newest of each kind of measurement that went well, on nodes that are there and of which one was built now. */
static bool baselines_find(struct rebuild_call *call, struct value **out, struct error *err)
{
    struct value *rows = value_list(call->arena), *known = value_map(call->arena);
    const struct value *answer = NULL, *items = NULL;

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = "/api/v1/benches" }, &answer, err))
        return false;
    items = value_map_get(answer, "items");
    for (size_t i = 0; i < value_count(items) && value_count(rows) < BASELINES_MAX; i++) {
        const struct value *row = value_item(items, i);
        const char *alike = value_map_text(row, "alike");
        bool counts = false;

        if (alike == NULL || !text_equal(value_map_text(row, "state"), "done") || value_map_get(known, alike) != NULL)
            continue;
        value_map_put_bool(call->arena, known, alike, true);
        if (!is_baseline(call, row, &counts, err))
            return false;
        if (counts)
            value_list_add(call->arena, rows, row);
    }
    *out = rows;
    return true;
}

static int64_t margin_of(const struct rebuild_call *call)
{
    int64_t given = call->rebuild->options.margin;

    return given >= 0 ? given : MARGIN;
}

static bool slower(const struct rebuild_call *call, const char *what, const struct bench *bench, struct error *err)
{
    return error_set(err,
                     "%s is slower than bench %" PRId64 " by %.1f %%, and %" PRId64 " %% are let pass%s%s; --resume "
                     "measures again, --resume --margin PERCENT lets more pass",
                     what, bench->compared, -bench->change * 100, margin_of(call), *bench->sentence == '\0' ? "" : ": ",
                     bench->sentence);
}

static bool baselines_run(struct rebuild_call *call, const struct value *baselines, struct error *err)
{
    for (size_t i = 0; i < value_count(baselines); i++) {
        const struct value *row = value_item(baselines, i);
        const char *what = bench_name(call->arena, row);
        struct bench bench = { .timeout_s = BENCH_S };

        if (!bench_run(call, order_again(call->arena, row), &bench, err))
            return error_prefix(err, "%s", what);
        if (!text_equal(bench.state, "done"))
            return error_set(err, "%s, which was measured before, has failed: %s", what, bench.sentence);
        rebuild_note(call, what, bench_said(&bench));
        if (bench.change * 100 < -(double)margin_of(call))
            return slower(call, what, &bench, err);
    }
    return true;
}

/* --- the first time --- */

/* An order for the pairs of all nodes that are built; NULL: none or too many. */
static struct value *network_order(struct rebuild_call *call)
{
    struct value *order = value_map(call->arena), *nodes = value_list(call->arena), *options = value_map(call->arena);

    for (size_t i = 0; i < call->rebuild->count; i++) {
        if (call->rebuild->nodes[i].progress.state == REBUILD_DONE)
            value_list_add(call->arena, nodes, value_string(call->arena, call->rebuild->nodes[i].name));
    }
    value_map_put_string(call->arena, order, "kind", "iperf3");
    value_map_put(call->arena, order, "nodes", nodes);
    value_map_put_string(call->arena, options, "seconds", "1");
    value_map_put(call->arena, order, "options", options);
    return value_count(nodes) < 2 || value_count(nodes) > PAIRS_NODES_MAX ? NULL : order;
}

/* Whether the planner would place it: the program is on all of them. *why_out: a sentence, NULL: it would. */
static bool network_possible(struct rebuild_call *call, const struct value *order, const char **why_out,
                             struct error *err)
{
    struct value *body = value_map(call->arena), *list = value_list(call->arena), *workload = value_map(call->arena);
    const struct value *nodes = value_map_get(order, "nodes"), *answer = NULL, *place = NULL;

    value_map_put_string(call->arena, workload, "name", "network");
    value_map_put_string(call->arena, workload, "kind", "batch");
    value_map_put_string(call->arena, workload, "engine", "iperf3");
    value_map_put_string(call->arena, workload, "spread", "cluster");
    value_map_put(call->arena, workload, "nodes", nodes);
    value_map_put_int(call->arena, workload, "nodes_count", (int64_t)value_count(nodes));
    value_list_add(call->arena, list, workload);
    value_map_put(call->arena, body, "workloads", list);
    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .method = "POST", .path = "/api/v1/plan", .body = body },
                            &answer, err))
        return false;
    place = value_item(value_map_get(answer, "places"), 0);
    *why_out = value_map_true(place, "placed") ? NULL : value_map_text(place, "sentence");
    return true;
}

static bool network_run(struct rebuild_call *call, const char **out, struct error *err)
{
    const char *why = NULL;
    struct bench bench = { .timeout_s = NETWORK_S };
    const struct value *order = network_order(call);
    struct rebuild_ask cancel = { .method = "POST", .not_found = 404 };

    *out = "the network was not measured";
    if (order == NULL)
        return true;
    if (!network_possible(call, order, &why, err))
        return false;
    if (why != NULL) {
        *out = arena_printf(call->arena, "the network was not measured: %s", why);
        return true;
    }
    if (bench_run(call, order, &bench, err)) {
        rebuild_note(call, "network", bench_said(&bench));
        *out = text_equal(bench.state, "done")
                   ? "the network was measured"
                   : arena_printf(call->arena, "the network was not measured: %s", bench.sentence);
        return true;
    }
    if (err->kind == ERROR_CANCELLED || bench.id == 0)
        return false;
    cancel.path = arena_printf(call->arena, "/api/v1/benches/%" PRId64 "/cancel", bench.id);
    *out = arena_printf(call->arena, "the network was not measured: %s", err->text);
    return rebuild_center_ask(call, &cancel, NULL, err);
}

bool rebuild_accept(struct rebuild_call *call, struct error *err)
{
    const char *served = NULL, *measured = NULL;
    struct value *baselines = NULL;

    if (!rebuild_answers(call, &served, err) || !baselines_find(call, &baselines, err) ||
        !baselines_run(call, baselines, err))
        return false;
    if (value_count(baselines) > 0)
        measured = arena_printf(call->arena, "%zu benchmark%s as before", value_count(baselines),
                                value_count(baselines) == 1 ? "" : "s");
    else if (!network_run(call, &measured, err))
        return false;
    rebuild_tell(call, "%s; %s", served, measured);
    return true;
}
