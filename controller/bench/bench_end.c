/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a benchmark: what its nodes were, what it is compared with, what is told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/bench/bench_compare.h"
#include "controller/bench/bench_order.h"
#include "controller/bench/bench_step.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_event.h"
#include "controller/store/store_node.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_run.h"
#include "controller/store/store_workload.h"
#include "controller/store/store_writer.h"

#define CAUSE_ROWS 20               /* of drift, and of runs, of each node */
#define FAIL_OUTPUT ((size_t)16384) /* of each job of one that failed: its last bytes */

struct bench_nodes {
    struct value *names, *hosts;
    struct store_node **rows; /* those that are known, as names */
    size_t count;
};

static const struct value *json_value(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error ignored = ERROR_INIT;

    return text != NULL && json_read(arena, text, strlen(text), NULL, &value, &ignored) ? value : NULL;
}

/* --- what its nodes are --- */

static bool node_add(const struct bench_step *step, const char *name, const char *build, struct bench_nodes *nodes,
                     struct error *err)
{
    struct store_node *node = NULL;

    if (!store_node_by_name(step->reader, step->arena, name, &node, err))
        return false;
    value_list_add(step->arena, nodes->names, value_string(step->arena, name));
    value_map_put(step->arena, nodes->hosts, name,
                  bench_host(step->arena, node == NULL ? NULL : json_value(step->arena, node->facts), build));
    if (node != NULL)
        nodes->rows[nodes->count++] = node;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool nodes_read(const struct bench_step *step, const struct value *result, struct bench_nodes *out,
                       struct error *err)
{
    const struct value *names = value_map_get(result, "nodes");
    const char **sorted = arena_new_array(step->arena, const char *, value_count(names) + 1);
    struct bench_nodes nodes = { .names = value_list(step->arena),
                                 .hosts = value_map(step->arena),
                                 .rows = arena_new_array(step->arena, struct store_node *, value_count(names) + 1) };

    for (size_t i = 0; i < value_count(names); i++)
        sorted[i] = value_text(value_item(names, i)) == NULL ? "" : value_text(value_item(names, i));
    qsort(sorted, value_count(names), sizeof(*sorted), by_name);
    for (size_t i = 0; i < value_count(names); i++) {
        if (sorted[i][0] != '\0' && value_map_get(nodes.hosts, sorted[i]) == NULL &&
            !node_add(step, sorted[i], value_map_text(result, "build"), &nodes, err))
            return false;
    }
    *out = nodes;
    return true;
}

static bool watts_read(const struct bench_step *step, const struct bench_nodes *nodes, int64_t from_us, int64_t to_us,
                       double *out, struct error *err)
{
    double sum = 0, watts = (double)NAN;

    for (size_t i = 0; i < nodes->count; i++) {
        if (!store_bench_watts(step->reader, nodes->rows[i]->id, from_us, to_us, &watts, err))
            return false;
        sum += watts; /* one that is not known makes all of it not known */
    }
    *out = nodes->count > 0 ? sum : (double)NAN;
    return true;
}

/* --- what happened to them since --- */

static void cause_add(const struct bench_step *step, struct value *list, const char *sentence)
{
    value_list_add(step->arena, list, value_string(step->arena, sentence));
}

static bool drifts_add(const struct bench_step *step, const struct store_node *node, int64_t since_us,
                       struct value *list, struct error *err)
{
    struct store_drift_filter filter = {
        .node_id = node->id, .resolved = true, .limit = CAUSE_ROWS, .without_diff = true
    };
    struct store_drift_page page;

    if (!store_drift_page(step->reader, step->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        const struct store_drift *drift = &page.rows[i];

        if (drift->last_us > since_us)
            cause_add(step, list,
                      arena_printf(step->arena, "%s: drift of %s%s%s", node->name, drift->resource,
                                   drift->reason == NULL ? "" : ": ", drift->reason == NULL ? "" : drift->reason));
    }
    return true;
}

static bool runs_add(const struct bench_step *step, const struct store_node *node, int64_t since_us, struct value *list,
                     struct error *err)
{
    struct store_run_filter filter = { .node_id = node->id, .limit = CAUSE_ROWS };
    struct store_run_page page;

    if (!store_run_page(step->reader, step->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        const struct store_run *run = &page.runs[i];

        if (run->created_us > since_us && text_equal(run->kind, "apply"))
            cause_add(step, list,
                      arena_printf(step->arena, "%s: run %lld (%s) by %s", node->name, (long long)run->id, run->title,
                                   run->actor));
    }
    return true;
}

static bool causes_read(const struct bench_step *step, const struct store_bench *before,
                        const struct bench_nodes *nodes, const char **out, struct error *err)
{
    struct value *list = value_list(step->arena);

    bench_causes(step->arena, json_value(step->arena, before->host), nodes->hosts, list);
    for (size_t i = 0; i < nodes->count; i++) {
        if (!drifts_add(step, nodes->rows[i], before->ended_us, list, err) ||
            !runs_add(step, nodes->rows[i], before->ended_us, list, err))
            return false;
    }
    *out = json_text(step->arena, list, JSON_COMPACT);
    return true;
}

static bool compare(const struct bench_step *step, const struct bench_nodes *nodes, const struct value *figures,
                    struct store_bench *bench, struct error *err)
{
    struct store_bench *before = NULL;
    struct bench_change change = { .name = NULL };

    if (!store_bench_before(step->reader, step->arena, bench->alike, bench->id, &before, err))
        return false;
    if (before == NULL ||
        !bench_change_find(step->arena, bench->kind, json_value(step->arena, before->figures), figures, &change))
        return true;
    bench->compared = before->id;
    bench->change = change.part;
    if (fabs(change.part) <= BENCH_CHANGE_TOLD)
        return true;
    bench->sentence = bench_change_text(step->arena, &change, before->id);
    return causes_read(step, before, nodes, &bench->causes, err);
}

/* --- kept and told --- */

static bool event_add(struct store_connection *writer, struct arena *arena, const char *kind,
                      const struct store_bench *bench, struct error *err)
{
    struct value *body = value_map(arena);
    struct store_event event = { .at_us = bench->ended_us, .kind = kind };

    value_map_put_int(arena, body, "bench", bench->id);
    value_map_put_string(arena, body, "kind", bench->kind);
    value_map_put_string(arena, body, "subject", bench->subject);
    value_map_put_string(arena, body, "outcome", bench->state);
    value_map_put_string(arena, body, "sentence", bench->sentence);
    if (!isnan(bench->change))
        value_map_put(arena, body, "change", value_real(arena, bench->change));
    if (bench->causes != NULL)
        value_map_put(arena, body, "causes", json_value(arena, bench->causes));
    event.body = json_text(arena, body, JSON_COMPACT);
    return store_event_add(writer, &event, NULL, err);
}

bool bench_end_write(struct store_connection *writer, const struct store_bench *bench, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    bool changed = false, found = false;

    if (!store_bench_end(writer, bench, &changed, err) ||
        !store_workload_remove(writer, bench_workload_name(arena, bench->id), &found, err) ||
        !store_piece_tidy(writer, bench->ended_us, &(int64_t){ 0 }, err))
        return false;
    return !changed ||
           (event_add(writer, arena, "bench.done", bench, err) &&
            (!(bench->change < -BENCH_CHANGE_TOLD) || event_add(writer, arena, "bench.slower", bench, err)));
}

static bool end_run(struct store_connection *writer, void *data, struct error *err)
{
    return bench_end_write(writer, data, err);
}

bool bench_step_done(const struct bench_step *step, const struct store_bench *bench,
                     const struct store_instance *instance, struct error *err)
{
    const struct value *result = json_value(step->arena, instance->result);
    const struct value *figures = value_map_get(result, "figures"), *outputs = value_map_get(result, "outputs");
    struct store_bench end = *bench;
    struct bench_nodes nodes = { .count = 0 };

    if (!nodes_read(step, result, &nodes, err))
        return false;
    end.state = "done";
    end.sentence = "";
    end.ended_us = clock_wall_us();
    end.nodes = json_text(step->arena, nodes.names, JSON_COMPACT);
    end.host = json_text(step->arena, nodes.hosts, JSON_COMPACT);
    end.alike = bench_alike(step->arena, bench->kind, bench->subject, nodes.names, bench->settings);
    end.figures = figures == NULL ? NULL : json_text(step->arena, figures, JSON_COMPACT);
    end.output = outputs == NULL ? NULL : json_text(step->arena, outputs, JSON_COMPACT);
    end.change = (double)NAN;
    end.compared = 0;
    end.causes = NULL;
    if (!watts_read(step, &nodes, instance->began_us, end.ended_us, &end.watts, err) ||
        !compare(step, &nodes, figures, &end, err))
        return false;
    return store_write_wait(step->store, end_run, &end, err);
}

/* The jobs with the ends of their outputs; NULL: nothing was told. */
static const char *output_ends(struct arena *arena, const struct store_instance *instance)
{
    const struct value *jobs = instance == NULL ? NULL : value_map_get(json_value(arena, instance->result), "outputs");
    struct value *kept = value_list(arena);

    for (size_t i = 0; i < value_count(jobs); i++) {
        const struct value *job = value_item(jobs, i);
        const char *output = value_map_text(job, "output");
        size_t length = output == NULL ? 0 : strlen(output);
        struct value *end = value_map(arena);

        if (length > FAIL_OUTPUT)
            output += length - FAIL_OUTPUT;
        while (output != NULL && ((unsigned char)*output & 0xC0) == 0x80) /* from a whole character on */
            output++;
        if (output != NULL)
            value_map_put_string(arena, end, "output", output);
        value_list_add(arena, kept, value_merge(arena, job, end, false));
    }
    return value_count(kept) == 0 ? NULL : json_text(arena, kept, JSON_COMPACT);
}

bool bench_step_fail(const struct bench_step *step, const struct store_bench *bench, const char *sentence,
                     const struct store_instance *instance, struct error *err)
{
    struct store_bench end = *bench;

    end.state = "failed";
    end.sentence = sentence;
    end.ended_us = clock_wall_us();
    end.nodes = end.host = end.alike = end.figures = end.causes = NULL;
    end.output = output_ends(step->arena, instance);
    end.watts = end.change = (double)NAN;
    end.compared = 0;
    return store_write_wait(step->store, end_run, &end, err);
}
