/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads as JSON. */
#include "controller/api/workloads_shown.h"

#include <math.h>

#include "common/base/text.h"

#define NAMES_MAX 1000

static void put_number(struct api_call *call, struct value *map, const char *key, double number)
{
    value_map_put(call->arena, map, key, isnan(number) ? value_null() : value_real(call->arena, number));
}

static void put_place(struct api_call *call, struct value *out, const struct value *plan)
{
    const struct value *parts = value_map_get(plan, "parts"), *head = value_item(parts, 0);
    struct value *nodes = value_list(call->arena);

    for (size_t i = 0; value_is(parts, VALUE_LIST) && i < value_count(parts); i++)
        value_list_add(call->arena, nodes, value_map_get(value_item(parts, i), "node"));
    value_map_put(call->arena, out, "nodes", nodes);
    value_map_put(call->arena, out, "parts", value_is(parts, VALUE_LIST) ? parts : value_list(call->arena));
    value_map_put_string(call->arena, out, "address", value_map_text(head, "address"));
    value_map_put(call->arena, out, "port", head == NULL ? value_null() : value_map_get(head, "port"));
    value_map_put_string(call->arena, out, "build", value_map_text(plan, "build"));
    value_map_put_string(call->arena, out, "placed", value_map_text(plan, "sentence"));
    value_map_put_bool(call->arena, out, "measured", value_map_true(plan, "measured"));
}

/* The newest from the launcher's memory, else what was written last. */
static void put_figures(struct api_call *call, struct value *out, const struct store_instance *row)
{
    struct launcher_figures figures = { .prefill_per_s = (double)NAN, .decode_per_s = (double)NAN };
    bool is_known = launcher_figures(center_of(call)->launcher, row->id, &figures);
    bool is_measured = is_known && figures.at_us != 0;

    put_number(call, out, "prefill_per_s", is_measured ? figures.prefill_per_s : (double)NAN);
    put_number(call, out, "decode_per_s", is_measured ? figures.decode_per_s : (double)NAN);
    put_number(call, out, "running", is_measured ? figures.figures.requests_running : (double)NAN);
    put_number(call, out, "waiting", is_measured ? figures.figures.requests_waiting : (double)NAN);
    center_put_time(call, out, "probed_at",
                    is_known && figures.served_us > row->served_us ? figures.served_us : row->served_us);
    put_number(call, out, "probe_ms", is_known && figures.served_us != 0 ? figures.probe_ms : row->probe_ms);
}

static struct value *instance_value(struct api_call *call, const struct store_instance *row, bool in_full)
{
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "id", row->id);
    value_map_put_int(call->arena, out, "replica", row->replica);
    value_map_put_string(call->arena, out, "state", row->state);
    value_map_put_string(call->arena, out, "sentence", row->sentence);
    center_put_time(call, out, "since", row->since_us);
    center_put_time(call, out, "next_at", row->next_us);
    value_map_put_int(call->arena, out, "attempt", row->attempt);
    value_map_put_int(call->arena, out, "failures", row->failures);
    put_number(call, out, "load_s", row->load_s);
    put_place(call, out, center_json(call, row->plan));
    put_figures(call, out, row);
    if (in_full) {
        value_map_put(call->arena, out, "log", center_json(call, row->log));
        value_map_put(call->arena, out, "result", center_json(call, row->result));
    }
    return out;
}

/* Of all replicas: serving when all do, else what the first one that does not is. */
static const struct store_instance *telling(const struct workload_shown *shown)
{
    const struct store_instance *first = NULL;

    for (size_t i = 0; i < shown->count; i++) {
        const struct store_instance *row = &shown->instances[i];

        if (row->workload_id != shown->row->id || row->replica >= STORE_INSTANCE_BESIDE)
            continue;
        if (first == NULL || (text_equal(first->state, "serving") && !text_equal(row->state, "serving")))
            first = row;
    }
    return first;
}

struct value *workload_shown_value(struct api_call *call, const struct workload_shown *shown)
{
    static const char *const keys[] = { "kind", "engine", "models", "alias", "replicas", "priority", "port" };
    const struct store_workload *row = shown->row;
    const struct store_instance *first = telling(shown);
    const struct value *declaration = center_json(call, row->declaration);
    struct value *out = value_map(call->arena), *instances = value_list(call->arena), *beside = value_list(call->arena);

    value_map_put_string(call->arena, out, "name", row->name);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct value *item = value_map_get(declaration, keys[i]);

        value_map_put(call->arena, out, keys[i], item == NULL ? value_null() : item);
    }
    value_map_put_string(call->arena, out, "wanted", row->is_wanted ? "run" : "stop");
    value_map_put_string(call->arena, out, "state",
                         first != NULL    ? first->state
                         : row->is_wanted ? "pending"
                                          : "stopped");
    value_map_put_string(call->arena, out, "sentence",
                         first != NULL    ? first->sentence
                         : row->is_wanted ? "it is to start"
                                          : "it was never started");
    value_map_put_int(call->arena, out, "version", row->version);
    center_put_time(call, out, "changed_at", row->changed_us);
    value_map_put_string(call->arena, out, "changed_by", row->changed_by);
    for (size_t i = 0; i < shown->count; i++) {
        if (shown->instances[i].workload_id == row->id)
            value_list_add(call->arena, shown->instances[i].replica < STORE_INSTANCE_BESIDE ? instances : beside,
                           instance_value(call, &shown->instances[i], shown->in_full));
    }
    value_map_put(call->arena, out, "instances", instances);
    value_map_put(call->arena, out, "beside", beside);
    if (shown->in_full)
        value_map_put(call->arena, out, "declaration", declaration);
    return out;
}

static const char *nearest_of(struct api_call *call, const char *name)
{
    struct store_workload *rows = NULL;
    const char **names = NULL;
    struct error ignored = ERROR_INIT;
    size_t count = 0;

    if (!store_workload_list(center_of(call)->reader, call->arena, &rows, &count, &ignored))
        return NULL;
    count = count < NAMES_MAX ? count : NAMES_MAX;
    names = arena_new_array(call->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = rows[i].name;
    return text_nearest(name, names, count);
}

void workload_unknown(struct api_call *call, const char *name)
{
    const char *nearest = nearest_of(call, name);

    api_reply_error(call, 404, "workload_unknown", "there is no workload '%s'%s%s%s", name,
                    nearest != NULL ? "; the nearest is '" : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "'" : "");
}

bool workload_of_call(struct api_call *call, struct store_workload **out)
{
    const char *name = api_path_value(call, "name");
    struct error err = ERROR_INIT;

    *out = NULL;
    if (!store_workload_get(center_of(call)->reader, call->arena, name, out, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (*out != NULL)
        return true;
    workload_unknown(call, name);
    return false;
}
