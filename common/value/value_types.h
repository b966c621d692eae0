/* SPDX-License-Identifier: Apache-2.0 */
/* What a value is made of. Include common/value/value.h, which says what can be done with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

enum value_kind {
    VALUE_UNDEFINED, /* a name that has no value; carries the name for the message */
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_BIG, /* an integer that 64 bits do not hold: common/value/value_big.h */
    VALUE_REAL,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_MAP,
    VALUE_OBJECT, /* computed on demand: hostvars, loop, macros; see struct value_object_ops */
};

enum value_mark {
    VALUE_SECRET = 1 << 0,     /* never printed; spreads to what is made from it */
    VALUE_TRUSTED = 1 << 1,    /* comes from a playbook, role or inventory: may be templated */
    VALUE_STATIC = 1 << 2,     /* nothing in this subtree holds template syntax: never needs templating */
    VALUE_TUPLE = 1 << 3,      /* a list that Python would show as a tuple */
    VALUE_VAULT = 1 << 4,      /* string was written as !vault: the envelope, or, with STATIC, what was in it */
    VALUE_BYTES = 1 << 5,      /* string that Python would hold as bytes */
    VALUE_MARKUP = 1 << 6,     /* string already escaped for HTML (Jinja2's Markup) */
    VALUE_GROUP = VALUE_BYTES, /* tuple made by the filter groupby: its parts are named grouper and list */
};

struct value;

struct value_pair {
    const struct value *key; /* string in nearly all cases; any scalar is allowed */
    const struct value *item;
};

/* `get` and `keys` allocate in `arena`; get returns NULL when there is no such key. */
struct value_object_ops {
    const char *type_name; /* as Python would name it */
    const struct value *(*get)(void *object, struct arena *arena, const char *key, size_t length);
    const struct value *(*keys)(void *object, struct arena *arena); /* a list; NULL: not a mapping */
    bool (*equal)(const void *a, const void *b); /* of two of this kind; NULL: only one and the same */
};

struct value {
    uint8_t kind;  /* enum value_kind */
    uint8_t marks; /* enum value_mark */
    uint16_t column;
    uint32_t line;
    const char *path; /* file it was read from, or NULL; lives as long as the run */
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct {
            const char *data;
            size_t length;
        } string; /* UTF-8, NUL-terminated; also VALUE_UNDEFINED's name and VALUE_BIG's digits */
        struct {
            const struct value **items;
            size_t count, capacity;
        } list;
        struct {
            struct value_pair *pairs;
            uint32_t *index;
            uint32_t count, capacity;
        } map;
        struct {
            void *data;
            const struct value_object_ops *ops;
        } object;
    } as;
};
