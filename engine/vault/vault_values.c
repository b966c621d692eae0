/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of an encrypted file: what they hold is secret, how they are called and arranged is not.
 */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/vault/vault.h"

static const struct value *secret_value(struct vault_secrets *hides, struct arena *arena, const struct value *value,
                                        int depth);

static struct value *placed_like(struct value *copy, const struct value *value)
{
    copy->marks = value->marks;
    copy->path = value->path;
    copy->line = value->line;
    copy->column = value->column;
    return copy;
}

static const struct value *secret_list(struct vault_secrets *hides, struct arena *arena, const struct value *list,
                                       int depth)
{
    struct value *copy = value_list(arena);

    for (size_t i = 0; i < list->as.list.count; i++)
        value_list_add(arena, copy, secret_value(hides, arena, list->as.list.items[i], depth + 1));
    return placed_like(copy, list);
}

static const struct value *secret_map(struct vault_secrets *hides, struct arena *arena, const struct value *map,
                                      int depth)
{
    struct value *copy = value_map(arena);

    for (size_t i = 0; i < map->as.map.count; i++) {
        const struct value_pair *pair = &map->as.map.pairs[i];

        value_map_put_value(arena, copy, pair->key, secret_value(hides, arena, pair->item, depth + 1));
    }
    return placed_like(copy, map);
}

/* The digits, without a sign: they are a secret as a text is. */
static void number_hide(struct vault_secrets *hides, struct arena *arena, const struct value *number)
{
    const char *text = value_to_text(arena, number);

    text += text[0] == '-';
    vault_hide(hides, text, strlen(text));
}

static const struct value *secret_value(struct vault_secrets *hides, struct arena *arena, const struct value *value,
                                        int depth)
{
    if (depth > LIMIT_VALUE_DEPTH)
        return value;
    switch (value->kind) {
    case VALUE_LIST:
        return secret_list(hides, arena, value, depth);
    case VALUE_MAP:
        return secret_map(hides, arena, value, depth);
    case VALUE_STRING:
        if (hides != NULL && !value_text_is_template(value->as.string.data, value->as.string.length))
            vault_hide(hides, value->as.string.data, value->as.string.length);
        return value_mark(arena, value, VALUE_SECRET, 0);
    case VALUE_INT:
    case VALUE_BIG:
    case VALUE_REAL:
        if (hides != NULL)
            number_hide(hides, arena, value);
        return value_mark(arena, value, VALUE_SECRET, 0);
    default:
        return value;
    }
}

const struct value *vault_secret_values(const struct vault_door *door, struct arena *arena, const struct value *value)
{
    struct vault_secrets *hides = door != NULL && door->decrypt == vault_decrypt ? door->context : NULL;

    return value == NULL ? NULL : secret_value(hides, arena, value, 0);
}

const struct value *vault_all_opened(const struct vault_door *door, struct arena *arena, const struct value *value,
                                     struct error *err)
{
    struct value *copy;

    if (value_is_envelope(value))
        return vault_inline_value(door, arena, value, err);
    if (!value_has_mark(value, VALUE_VAULT) || (value->kind != VALUE_LIST && value->kind != VALUE_MAP))
        return value;
    copy = placed_like(value->kind == VALUE_LIST ? value_list(arena) : value_map(arena), value);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        const struct value *item = vault_all_opened(door, arena, pair != NULL ? pair->item : value_item(value, i), err);

        if (item == NULL)
            return NULL;
        if (pair != NULL)
            value_map_put_value(arena, copy, pair->key, item);
        else
            value_list_add(arena, copy, item);
    }
    return copy;
}
