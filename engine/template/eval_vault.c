/* SPDX-License-Identifier: Apache-2.0 */
/*
 * !vault values that could not be opened when their variable was read: they matter when they are used.
 */
#include "engine/template/eval.h"
#include "engine/vault/vault.h"

#define OBJECT_DEPTH 2 /* hostvars, a host */

static const struct value *opened(struct template_call *call, const struct value *value, struct error *err)
{
    const struct vault_door door = { call->decrypt, call->decrypt_context };

    return vault_inline_value(&door, call->arena, value, err);
}

const struct value *eval_open(struct eval *eval, const struct value *value)
{
    const struct value *text = eval->keeps_vault ? value : opened(eval->call, value, eval->err);

    eval->located = eval->located || text == NULL;
    return text;
}

enum wanted { WANTED_ENVELOPE, WANTED_SECRET };

static const struct value *first_of(struct arena *arena, const struct value *value, enum wanted wanted, int depth);

/* hostvars and its like, which make their values when they are asked. */
static const struct value *first_in_object(struct arena *arena, const struct value *value, enum wanted wanted,
                                           int depth)
{
    const struct value_object_ops *ops = value->as.object.ops;
    const struct value *keys = ops->keys == NULL || ops->get == NULL ? NULL : ops->keys(value->as.object.data, arena);
    const struct value *found = NULL;

    for (size_t i = 0; found == NULL && i < value_count(keys); i++) {
        const char *key = value_text(value_item(keys, i));
        const struct value *item = key == NULL ? NULL : ops->get(value->as.object.data, arena, key, strlen(key));

        found = item == NULL ? NULL : first_of(arena, item, wanted, depth + 1);
    }
    return found;
}

/* The first, however deep. */
static const struct value *first_of(struct arena *arena, const struct value *value, enum wanted wanted, int depth)
{
    bool is_it = wanted == WANTED_ENVELOPE ? value_is_envelope(value) : (value->marks & VALUE_SECRET) != 0;
    const struct value *found = is_it ? value : NULL;

    if (is_it || depth > LIMIT_VALUE_DEPTH)
        return found;
    if (value->kind == VALUE_OBJECT)
        return depth > OBJECT_DEPTH ? NULL : first_in_object(arena, value, wanted, depth);
    for (size_t i = 0; found == NULL && i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);

        found = first_of(arena, pair != NULL ? pair->item : value_item(value, i), wanted, depth + 1);
    }
    return found;
}

bool eval_object_is_secret(struct eval *eval, const struct value *value)
{
    return value->kind == VALUE_OBJECT && first_of(eval->arena, value, WANTED_SECRET, 0) != NULL;
}

bool template_is_opened(struct template_call *call, const struct value *value, struct error *err)
{
    const struct value *left = call->env->has_unopened ? first_of(call->arena, value, WANTED_ENVELOPE, 0) : NULL;

    return left == NULL || opened(call, left, err) != NULL;
}

bool eval_opened_deep(struct eval *eval, const struct value *value)
{
    bool fine = template_is_opened(eval->call, value, eval->err);

    eval->located = eval->located || !fine;
    return fine;
}
