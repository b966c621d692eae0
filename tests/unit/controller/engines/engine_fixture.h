/* SPDX-License-Identifier: Apache-2.0 */
/* A workload in JSON, put on nodes ai-0, ai-1 ... at 10.0.0.1, .2 ...: the engine's pieces, as the node would read them. */
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/engines/engine.h"

#define GIB (1024ULL * 1024 * 1024)
#define NODES_MOST 8

struct bed {
    struct arena *arena;
    struct workload workload;
    const struct engine *engine;
    struct plan_node nodes[NODES_MOST];
    struct plan_part parts[NODES_MOST];
    struct plan_place place;
    const char *paths[4];
    const struct plan_model *models[2];
    struct engine_job job;
    struct piece *pieces;
    size_t count;
    struct error err;
};

static inline const struct value *bed_json(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &value, &err))
        fail_msg("%s: %s", text, err.text);
    return value;
}

/* `declared`: JSON. */
static inline void bed_make(struct bed *bed, const char *declared, size_t nodes)
{
    *bed = (struct bed){ .arena = arena_new() };
    if (!workload_bind(bed->arena, bed_json(bed->arena, declared), &bed->workload, &bed->err))
        fail_msg("%s", bed->err.text);
    bed->engine = engine_find(bed->workload.engine);
    assert_non_null(bed->engine);
    for (size_t i = 0; i < nodes; i++) {
        bed->nodes[i] = (struct plan_node){ .name = arena_printf(bed->arena, "ai-%zu", i),
                                            .address = arena_printf(bed->arena, "10.0.0.%zu", i + 1),
                                            .is_usable = true,
                                            .memory_total = 128 * GIB,
                                            .memory_available = (100 - i) * GIB,
                                            .cpus = 16 };
        bed->parts[i] = (struct plan_part){ .node = &bed->nodes[i],
                                            .role = i == 0 ? "head" : "worker",
                                            .port = i == 0 ? 8100 : 50052 };
    }
    bed->place = (struct plan_place){
        .workload = &bed->workload, .is_placed = true, .parts = bed->parts, .parts_count = nodes, .build = "b1"
    };
    bed->job = (struct engine_job){ .workload = &bed->workload,
                                    .place = &bed->place,
                                    .model_paths = bed->paths,
                                    .models = bed->models,
                                    .key = "s3cret",
                                    .prefix = "w.0",
                                    .attempt = 3 };
}

static inline void bed_free(struct bed *bed)
{
    arena_free(bed->arena);
}

/* Every piece must be one that a node takes. */
static inline void bed_pieces(struct bed *bed)
{
    if (!bed->engine->pieces(bed->arena, &bed->job, &bed->pieces, &bed->count, &bed->err))
        fail_msg("%s", bed->err.text);
    for (size_t i = 0; i < bed->count; i++) {
        struct piece read;

        if (!piece_bind(bed->arena, piece_value(bed->arena, &bed->pieces[i]), &read, &bed->err))
            fail_msg("%s", bed->err.text);
    }
}

static inline const struct piece *bed_piece(const struct bed *bed, const char *name)
{
    for (size_t i = 0; i < bed->count; i++) {
        if (strcmp(bed->pieces[i].name, name) == 0)
            return &bed->pieces[i];
    }
    fail_msg("there is no piece '%s'", name);
    return &bed->pieces[0]; /* never */
}

/* Program and arguments, with a blank between. */
static inline const char *bed_line(const struct bed *bed, const char *name)
{
    const struct piece *piece = bed_piece(bed, name);
    struct text out = text_new(bed->arena);

    text_add(&out, piece->program);
    for (size_t i = 0; i < value_count(piece->arguments); i++)
        text_printf(&out, " %s", value_text(value_item(piece->arguments, i)));
    return out.data;
}

/* "8100 10.0.0.1: controller; ..." */
static inline const char *bed_ports(const struct bed *bed, const char *name)
{
    const struct value *ports = bed_piece(bed, name)->ports;
    struct text out = text_new(bed->arena);

    for (size_t i = 0; i < value_count(ports); i++) {
        const struct value *port = value_item(ports, i), *from = value_map_get(port, "from");

        text_printf(&out, "%s%lld %s:", i > 0 ? "; " : "", (long long)value_map_get(port, "port")->as.integer,
                    value_map_text(port, "address"));
        for (size_t j = 0; j < value_count(from); j++)
            text_printf(&out, " %s", value_text(value_item(from, j)));
    }
    return out.data == NULL ? "" : out.data;
}

static inline const char *bed_env(const struct bed *bed, const char *name, const char *variable)
{
    return value_map_text(bed_piece(bed, name)->environment, variable);
}

static inline void assert_has(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL)
        fail_msg("'%s' does not hold '%s'", text == NULL ? "(null)" : text, part);
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("'%s' holds '%s'", text, part);
}

/* The declaration is refused, and the sentence holds that. */
static inline void bed_refused(const char *declared, const char *part)
{
    ARENA_SCOPED arena = arena_new();
    struct workload workload = { .name = NULL };
    struct error err = ERROR_INIT;

    if (workload_bind(arena, bed_json(arena, declared), &workload, &err) &&
        engine_workload_check(arena, &workload, &err))
        fail_msg("%s was taken", declared);
    assert_has(err.text, part);
}

static inline enum engine_answer bed_look(struct bed *bed, int status, const char *body, const char **sentence)
{
    *sentence = NULL;
    return bed->engine->look_read(bed->arena, &bed->job, status, body, NULL, sentence);
}

/* What is sent when look said LOADS: "POST /path body", or NULL. */
static inline const char *bed_load(struct bed *bed, const char *looked)
{
    struct engine_request request = bed->engine->load(bed->arena, &bed->job, looked);

    return request.path == NULL ? NULL
                                : arena_printf(bed->arena, "%s %s %s", request.method, request.path, request.body);
}

/* Figures of a result, or a sentence in bed->err. */
static inline struct value *bed_result(struct bed *bed, const char *const *names, const char *const *texts,
                                       size_t count)
{
    struct value *outputs = value_list(bed->arena), *out = value_map(bed->arena);

    for (size_t i = 0; i < count; i++) {
        struct value *output = value_map(bed->arena);

        value_map_put_string(bed->arena, output, "name", names[i]);
        value_map_put_string(bed->arena, output, "output", texts[i]);
        value_list_add(bed->arena, outputs, output);
    }
    return bed->engine->result(bed->arena, &bed->job, outputs, out, &bed->err) ? out : NULL;
}
