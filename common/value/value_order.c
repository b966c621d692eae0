/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python's rules for equality, truth, order and hashing. Booleans are numbers; numbers compare exactly
 * across kinds; a list never equals a tuple.
 */
#include <math.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/value/value_big.h"
#include "common/value/value_internal.h"
#include "common/value/value_python.h"

#define INT64_LIMIT 9223372036854775808.0 /* 2^63 */

bool value_is_number(const struct value *value)
{
    return value->kind >= VALUE_BOOL && value->kind <= VALUE_REAL;
}

static int64_t number_int(const struct value *value)
{
    return value->kind == VALUE_BOOL ? value->as.boolean : value->as.integer;
}

static int int_order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Exact order of an integer and a real that is not NaN. */
static int int_real_order(int64_t integer, double real)
{
    double whole = floor(real);
    int order;

    if (real >= INT64_LIMIT)
        return -1;
    if (real < -INT64_LIMIT)
        return 1;
    order = int_order(integer, (int64_t)whole);
    return order == 0 && whole < real ? -1 : order;
}

/* False when one of them is NaN: then nothing is true of them. */
static bool number_order(const struct value *a, const struct value *b, int *out)
{
    bool a_real = a->kind == VALUE_REAL, b_real = b->kind == VALUE_REAL;

    if (a->kind <= VALUE_INT && b->kind <= VALUE_INT) {
        *out = int_order(number_int(a), number_int(b));
        return true;
    }
    if ((a_real && isnan(a->as.real)) || (b_real && isnan(b->as.real)))
        return false;
    if (a_real && b_real)
        *out = (a->as.real > b->as.real) - (a->as.real < b->as.real);
    else if (a->kind == VALUE_BIG || b->kind == VALUE_BIG)
        *out = value_big_order(a, b);
    else if (a_real)
        *out = -int_real_order(number_int(b), a->as.real);
    else
        *out = int_real_order(number_int(a), b->as.real);
    return true;
}

static bool lists_equal(const struct value *a, const struct value *b, int depth)
{
    if (a->as.list.count != b->as.list.count || (a->marks & VALUE_TUPLE) != (b->marks & VALUE_TUPLE))
        return false;
    for (size_t i = 0; i < a->as.list.count; i++) {
        if (!value_equal_deep(a->as.list.items[i], b->as.list.items[i], depth + 1))
            return false;
    }
    return true;
}

static bool maps_equal(const struct value *a, const struct value *b, int depth)
{
    if (a->as.map.count != b->as.map.count)
        return false;
    for (uint32_t i = 0; i < a->as.map.count; i++) {
        const struct value_pair *pair = &a->as.map.pairs[i];
        const struct value *other = value_map_get_value(b, pair->key);

        if (other == NULL || !value_equal_deep(pair->item, other, depth + 1))
            return false;
    }
    return true;
}

static bool numbers_equal(const struct value *a, const struct value *b)
{
    int order = 1;

    return number_order(a, b, &order) && order == 0;
}

bool value_equal_deep(const struct value *a, const struct value *b, int depth)
{
    if (a == b)
        return true;
    if (value_is_number(a) && value_is_number(b))
        return numbers_equal(a, b);
    if (a->kind != b->kind || depth > LIMIT_VALUE_DEPTH)
        return false;
    switch ((enum value_kind)a->kind) {
    case VALUE_STRING:
        return a->as.string.length == b->as.string.length &&
               memcmp(a->as.string.data, b->as.string.data, a->as.string.length) == 0;
    case VALUE_LIST:
        return lists_equal(a, b, depth);
    case VALUE_MAP:
        return maps_equal(a, b, depth);
    case VALUE_OBJECT:
        return a->as.object.ops == b->as.object.ops &&
               (a->as.object.data == b->as.object.data ||
                (a->as.object.ops->equal != NULL && a->as.object.ops->equal(a->as.object.data, b->as.object.data)));
    default:
        return true; /* null, undefined */
    }
}

bool value_equal(const struct value *a, const struct value *b)
{
    return value_equal_deep(a, b, 0);
}

bool value_truthy(const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_UNDEFINED:
    case VALUE_NULL:
        return false;
    case VALUE_BOOL:
        return value->as.boolean;
    case VALUE_INT:
        return value->as.integer != 0;
    case VALUE_BIG:
        return true;
    case VALUE_REAL:
        return fpclassify(value->as.real) != FP_ZERO;
    case VALUE_STRING:
        return value->as.string.length > 0;
    case VALUE_LIST:
        return value->as.list.count > 0;
    case VALUE_MAP:
        return value->as.map.count > 0;
    case VALUE_OBJECT:
        break;
    }
    return true;
}

static int string_order(const struct value *a, const struct value *b)
{
    size_t a_length = a->as.string.length, b_length = b->as.string.length;
    int order = memcmp(a->as.string.data, b->as.string.data, a_length < b_length ? a_length : b_length);

    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static bool value_compare_deep(const struct value *a, const struct value *b, int depth, int *out, struct error *err);

/* The first items that differ decide. */
static bool list_compare(const struct value *a, const struct value *b, int depth, int *out, struct error *err)
{
    size_t a_count = a->as.list.count, b_count = b->as.list.count;

    for (size_t i = 0; i < a_count && i < b_count; i++) {
        const struct value *left = a->as.list.items[i], *right = b->as.list.items[i];

        if (!value_equal_deep(left, right, depth + 1))
            return value_compare_deep(left, right, depth + 1, out, err);
    }
    *out = (a_count > b_count) - (a_count < b_count);
    return true;
}

static bool value_compare_deep(const struct value *a, const struct value *b, int depth, int *out, struct error *err)
{
    bool both_lists = a->kind == VALUE_LIST && b->kind == VALUE_LIST;

    if (depth > LIMIT_VALUE_DEPTH)
        return error_set_kind(err, ERROR_LIMIT, "values nest too deeply to be compared");
    if (value_is_number(a) && value_is_number(b)) {
        if (!number_order(a, b, out))
            *out = 0;
        return true;
    }
    if (a->kind == VALUE_STRING && b->kind == VALUE_STRING) {
        *out = string_order(a, b);
        return true;
    }
    if (both_lists && (a->marks & VALUE_TUPLE) == (b->marks & VALUE_TUPLE))
        return list_compare(a, b, depth, out, err);
    return error_set(err, "'<' not supported between instances of '%s' and '%s'", value_python_type(a),
                     value_python_type(b));
}

bool value_compare(const struct value *a, const struct value *b, int *order_out, struct error *err)
{
    return value_compare_deep(a, b, 0, order_out, err);
}

static uint64_t hash_mix(uint64_t hash)
{
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

/* A real that is a whole number hashes as that integer. */
static uint64_t real_hash(double real)
{
    uint64_t bits;

    if (real >= -INT64_LIMIT && real < INT64_LIMIT && floor(real) >= real)
        return hash_mix((uint64_t)(int64_t)real);
    memcpy(&bits, &real, sizeof(bits));
    return hash_mix(bits);
}

/* As the real that equals it, if there is one. */
static uint64_t big_hash(const struct value *big)
{
    double real = value_big_real(big);

    return isinf(real) ? hash_quick(big->as.string.data, big->as.string.length) : real_hash(real);
}

static uint64_t value_hash_deep(const struct value *value, int depth);

static uint64_t list_hash(const struct value *list, int depth)
{
    uint64_t hash = list->as.list.count;

    for (size_t i = 0; i < list->as.list.count; i++)
        hash = hash_mix(hash * 31 + value_hash_deep(list->as.list.items[i], depth + 1));
    return hash;
}

/* The order of pairs does not matter. */
static uint64_t map_hash(const struct value *map, int depth)
{
    uint64_t hash = map->as.map.count;

    for (uint32_t i = 0; i < map->as.map.count; i++) {
        const struct value_pair *pair = &map->as.map.pairs[i];

        hash += hash_mix(value_hash_deep(pair->key, depth + 1) * 31 + value_hash_deep(pair->item, depth + 1));
    }
    return hash;
}

static uint64_t value_hash_deep(const struct value *value, int depth)
{
    if (depth > LIMIT_VALUE_DEPTH)
        return 0;
    switch ((enum value_kind)value->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
        return hash_mix((uint64_t)number_int(value));
    case VALUE_BIG:
        return big_hash(value);
    case VALUE_REAL:
        return real_hash(value->as.real);
    case VALUE_STRING:
        return hash_quick(value->as.string.data, value->as.string.length);
    case VALUE_LIST:
        return list_hash(value, depth);
    case VALUE_MAP:
        return map_hash(value, depth);
    case VALUE_OBJECT:
        return hash_mix((uint64_t)(uintptr_t)(value->as.object.ops->equal != NULL ? (const void *)value->as.object.ops
                                                                                  : value->as.object.data));
    default:
        return value->kind;
    }
}

uint64_t value_hash(const struct value *value)
{
    return value_hash_deep(value, 0);
}
