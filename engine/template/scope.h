/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that a template sets: scopes chained from the inside to the outside. Names are interned, so pointers
 * are compared. Short lists beat any table here: a scope rarely holds more than a handful of names.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/value/value.h"

struct eval;

struct binding {
    const char *name;
    const struct value *value;
};

struct scope {
    struct scope *parent;
    struct binding *bindings;
    uint32_t count, capacity;
};

struct scope *scope_push(struct eval *eval);
void scope_set(struct eval *eval, struct scope *scope, const char *name, const struct value *value);
static inline const struct value *scope_get(const struct scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->parent)
        for (uint32_t i = 0; i < scope->count; i++)
            if (scope->bindings[i].name == name)
                return scope->bindings[i].value;
    return NULL;
}
