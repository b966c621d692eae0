/* SPDX-License-Identifier: Apache-2.0 */
/* What models are (their GGUF headers as JSON), and what they were seen to take. Functions that change need the writer's connection. */
#pragma once

#include "controller/store/store.h"

struct store_shape {
    const char *key;   /* digest of the first file, or the source while nobody has it */
    int64_t bytes;     /* of all files */
    const char *shape; /* JSON: common/model/model_shape_value.h */
    int64_t at_us;
};

/* Makes it, or replaces the one of that key. */
bool store_shape_set(struct store_connection *writer, const struct store_shape *shape, struct error *err);
bool store_shape_remove(struct store_connection *writer, const char *key, struct error *err);
/* NULL: it is not known. */
bool store_shape_get(struct store_connection *connection, struct arena *arena, const char *key,
                     struct store_shape **out, struct error *err);

/* The most that was measured of (digest, build, context, slots, kv, options) over so many nodes. */
struct store_peak {
    const char *digest, *build, *kv; /* kv: "f16" when none is declared */
    const char *options;             /* plan_options_text; "{}": none that matters */
    int64_t context, slots;          /* as declared: 0 is 0 */
    int64_t nodes;
    int64_t gpu, host; /* bytes, of all nodes together */
    int64_t at_us;
};
/* What is larger than before takes its place; the rest stays, but what was not reached for a week counts no more. */
bool store_peak_learn(struct store_connection *writer, const struct store_peak *peak, struct error *err);
/* Of one model; newest first. */
bool store_peak_list(struct store_connection *connection, struct arena *arena, const char *digest,
                     struct store_peak **out, size_t *count_out, struct error *err);
