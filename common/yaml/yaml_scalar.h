/* SPDX-License-Identifier: Apache-2.0 */
/* What a plain scalar means in YAML 1.1, by PyYAML's implicit resolvers. Reader and writer share it. */
#pragma once

#include "common/value/value.h"

#define YAML_TAG "tag:yaml.org,2002:"

enum yaml_type {
    YAML_TYPE_STRING,
    YAML_TYPE_NULL,
    YAML_TYPE_BOOL,
    YAML_TYPE_INT,
    YAML_TYPE_REAL,
    YAML_TYPE_TIMESTAMP,
    YAML_TYPE_MERGE,  /* << */
    YAML_TYPE_VALUE,  /* = */
    YAML_TYPE_BINARY, /* only by its tag */
};

enum yaml_type yaml_resolve(const char *data, size_t length);

/* The value of a scalar of the given type. NULL: the text is not of that type, or, with the error set, it is, but has too
 * many digits. Never gives strings. */
struct value *yaml_construct(struct arena *arena, enum yaml_type type, const char *data, size_t length,
                             struct error *err);
/* A timestamp in ISO form, as Python's isoformat(); NULL: no such date. */
char *yaml_timestamp(struct arena *arena, const char *data, size_t length);
bool yaml_is_timestamp(const char *data, size_t length);
