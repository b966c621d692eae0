/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of one architecture. A key that is there but makes no sense is an error: guessing past it would give a wrong sum. */
#include "common/model/model_shape_keys.h"

#include <inttypes.h>

static const char *full_name(const struct shape_keys *keys, const char *name)
{
    return arena_printf(keys->arena, "%s.%s", keys->architecture, name);
}

const struct gguf_key *shape_key(const struct shape_keys *keys, const char *name)
{
    return gguf_key_find(keys->gguf, full_name(keys, name));
}

static bool number_at(const struct gguf_key *key, uint64_t index, uint64_t *out, struct error *err)
{
    uint64_t number = 0;

    if (!gguf_whole(key, index, &number))
        return error_set(err, "key '%s' is no whole number", key->name);
    if (number > SHAPE_NUMBER_MAX)
        return error_set(err, "key '%s' is %" PRIu64 ", which cannot be", key->name, number);
    *out = number;
    return true;
}

bool shape_number(const struct shape_keys *keys, const char *name, uint64_t *out, struct error *err)
{
    const struct gguf_key *key = shape_key(keys, name);

    if (!key)
        return true;
    if (key->type == GGUF_ARRAY)
        return error_set(err, "key '%s' is a list, not a number", key->name);
    return number_at(key, 0, out, err);
}

bool shape_number_required(const struct shape_keys *keys, const char *name, uint64_t *out, struct error *err)
{
    if (!shape_key(keys, name))
        return error_set(err, "key '%s' is missing", full_name(keys, name));
    return shape_number(keys, name, out, err);
}

bool shape_numbers(const struct shape_keys *keys, const char *name, uint32_t layers, uint32_t extra, uint64_t **out,
                   struct error *err)
{
    const struct gguf_key *key = shape_key(keys, name);

    *out = NULL;
    if (!key)
        return true;
    bool is_list = key->type == GGUF_ARRAY;
    if (is_list && key->count != layers && key->count != layers - extra)
        return error_set(err, "key '%s' has %" PRIu64 " values for %" PRIu32 " layers", key->name, key->count, layers);
    uint64_t *numbers = arena_new_array(keys->arena, uint64_t, layers + 1U);
    for (uint32_t i = 0; i < layers && (!is_list || i < key->count); i++) {
        if (!number_at(key, is_list ? i : 0, &numbers[i], err))
            return false;
    }
    *out = numbers;
    return true;
}
