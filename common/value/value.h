/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value tree: what YAML, JSON, facts, variables and results are made of. Values live in an arena
 * and are immutable once handed out as `const struct value *`; only the code that is building one (a
 * loader, or the template evaluator for lists and maps it made itself) holds a non-const pointer.
 *
 * Semantics are Python's where they can be seen: equality, truth, order, text (value_python.h).
 * Integers have any size: beyond 64 bits they are a kind of their own (value_big.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value_types.h"

/* --- making: strings are copied unless the name says otherwise --- */
const struct value *value_null(void);
const struct value *value_bool(bool boolean);
struct value *value_undefined(struct arena *arena, const char *name);
struct value *value_int(struct arena *arena, int64_t integer);
struct value *value_real(struct arena *arena, double real);
struct value *value_string(struct arena *arena, const char *string);
struct value *value_string_n(struct arena *arena, const char *data, size_t length);
struct value *value_string_borrow(struct arena *arena, const char *data, size_t length); /* NUL at data[length] */
struct value *value_list(struct arena *arena);
struct value *value_map(struct arena *arena);
struct value *value_object(struct arena *arena, void *data, const struct value_object_ops *ops);

void value_list_add(struct arena *arena, struct value *list, const struct value *item);
void value_list_insert(struct arena *arena, struct value *list, size_t index, const struct value *item);
void value_list_remove(struct value *list, size_t index);
/* Replaces the item and keeps the place if the key is there. */
void value_map_put(struct arena *arena, struct value *map, const char *key, const struct value *item);
void value_map_put_value(struct arena *arena, struct value *map, const struct value *key, const struct value *item);
bool value_map_remove(struct arena *arena, struct value *map, const struct value *key);
/* Conveniences for building results. NULL string puts null. */
void value_map_put_string(struct arena *arena, struct value *map, const char *key, const char *string);
void value_map_put_int(struct arena *arena, struct value *map, const char *key, int64_t integer);
void value_map_put_bool(struct arena *arena, struct value *map, const char *key, bool boolean);

/* --- reading --- */
static inline bool value_is(const struct value *value, enum value_kind kind)
{
    return value != NULL && value->kind == kind;
}
/* A !vault value as it was written: never to be used as text. */
static inline bool value_is_envelope(const struct value *value)
{
    return value != NULL && (value->marks & (VALUE_VAULT | VALUE_STATIC)) == VALUE_VAULT;
}
/* A map, or an object with keys: what Python calls a Mapping. */
static inline bool value_is_mapping(const struct value *value)
{
    return value_is(value, VALUE_MAP) || (value_is(value, VALUE_OBJECT) && value->as.object.ops->keys != NULL);
}
const char *value_text(const struct value *value); /* the string, or NULL when it is none */
size_t value_count(const struct value *value);     /* items of a list or pairs of a map; else 0 */
size_t value_map_count(const struct value *value); /* pairs of a map; else 0: with value_pair_at on what others say */
const struct value *value_item(const struct value *list, size_t index);
const struct value_pair *value_pair_at(const struct value *map, size_t index);
const struct value *value_map_get(const struct value *map, const char *key); /* NULL: absent or no map */
const struct value *value_map_get_n(const struct value *map, const char *key, size_t length);
const struct value *value_map_get_value(const struct value *map, const struct value *key);
const char *value_map_text(const struct value *map, const char *key);               /* NULL: absent or no string */
bool value_map_true(const struct value *map, const char *key);                      /* absent: false */
int64_t value_map_int(const struct value *map, const char *key, int64_t otherwise); /* absent or no integer */
double value_map_real(const struct value *map, const char *key); /* of an integer too; NAN: absent or no number */
struct source_position value_position(const struct value *value);
/* "string", "list", "mapping", "boolean", ...: for messages to users */
const char *value_kind_text(const struct value *value);

/* --- Python's rules --- */
bool value_equal(const struct value *a, const struct value *b); /* 1 == 1.0 == True */
bool value_truthy(const struct value *value);
/* *order_out is <0, 0, >0; false when Python would raise TypeError. */
bool value_compare(const struct value *a, const struct value *b, int *order_out, struct error *err);
uint64_t value_hash(const struct value *value); /* equal values hash equally */

/* --- copying and marking --- */
const struct value *value_copy(struct arena *arena, const struct value *value); /* deep: what outlives its arena */
/* The same value with marks added / removed on every node beneath it. Returns `value` itself if nothing changes. */
const struct value *value_mark(struct arena *arena, const struct value *value, unsigned add, unsigned remove);
/* True if any node beneath carries one of `marks`. */
bool value_has_mark(const struct value *value, unsigned marks);
/*
 * Is there a value that passes `test`: this one, or one of the items beneath (no names of maps)? Parts may be shared, so that a small
 * value has very many items: after `most` of them the answer is no.
 */
typedef bool value_test(const struct value *value, const void *context);
bool value_holds(const struct value *value, value_test *test, const void *context, size_t most);
/* True if the text holds {{, {% or {#: used by loaders to set VALUE_STATIC. */
bool value_text_is_template(const char *data, size_t length);
/* Ansible's hash merge: `over` wins; recursive merges maps; lists are replaced. */
const struct value *value_merge(struct arena *arena, const struct value *base, const struct value *over,
                                bool recursive);
