/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of common/value share among themselves. */
#pragma once

#include "common/base/limits.h"
#include "common/value/value.h"

/* A map with more pairs than this has a hash index. */
#define VALUE_MAP_SCAN 8

/* Bare node of `kind`. */
struct value *value_new(struct arena *arena, enum value_kind kind);
/* What stands for a part of a tree that nests deeper than LIMIT_VALUE_DEPTH. */
const struct value *value_too_deep(void);

/* Position of the pair with this key, or -1. The key is given by its bytes or as a value. */
int64_t value_map_find_text(const struct value *map, const char *key, size_t length);
int64_t value_map_find(const struct value *map, const struct value *key);
/* After pairs were removed or copied. */
void value_map_reindex(struct arena *arena, struct value *map);
/* Adds a pair whose key is known to be absent. */
void value_map_append(struct arena *arena, struct value *map, const struct value *key, const struct value *item);

bool value_equal_deep(const struct value *a, const struct value *b, int depth);
bool value_is_number(const struct value *value);
