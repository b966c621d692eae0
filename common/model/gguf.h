/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of GGUF model files (versions 2 and 3, both byte orders): keys and tensor table, never the weights.
 * Nothing a file says is believed: every count, length and offset is checked against the size of the file before it is used
 * to allocate, to add or to multiply. All that is returned lives in the arena. The format: docs/gguf.md of ggml.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/model/gguf_type.h"

#define GGUF_KEYS_MAX 65536
#define GGUF_TENSORS_MAX 262144
#define GGUF_NAME_MAX 65535                     /* a key, as the format says */
#define GGUF_TENSOR_NAME_MAX 255                /* llama.cpp takes 63 */
#define GGUF_TEXT_KEPT (1024 * 1024)            /* a longer string is checked, not kept */
#define GGUF_NUMBERS_KEPT 4096                  /* elements of an array of numbers that are kept: per-layer values */
#define GGUF_HEADER_MAX (1024ULL * 1024 * 1024) /* everything before the weights */
#define GGUF_DIMENSIONS_MAX 4

struct gguf_key {
    const char *name;
    uint32_t type;    /* enum gguf_value_type */
    uint32_t element; /* of an array */
    uint64_t count;   /* of an array's elements; else 1 */
    uint64_t bytes;   /* of the value in the file, without its type */
    const char *text; /* of a string; NULL when it is too long to keep */
    uint64_t *raw;    /* numbers as they lie in the file, zero-extended; NULL: strings, and arrays too long to keep */
};

struct gguf_tensor {
    const char *name;
    const struct tensor_type *type;
    uint32_t dimensions;
    uint64_t size[GGUF_DIMENSIONS_MAX]; /* 1 beyond `dimensions` */
    uint64_t elements;
    uint64_t offset; /* in the file */
    uint64_t bytes;
};

struct gguf_index; /* names to places */

struct gguf {
    const char *path;
    uint32_t version;
    bool is_big_endian;
    uint64_t file_bytes, data_offset, alignment;
    uint64_t tensor_bytes; /* sum */
    struct gguf_key *keys;
    uint64_t keys_count;
    struct gguf_tensor *tensors;
    uint64_t tensors_count;
    struct gguf_index *key_index, *tensor_index;
};

bool gguf_read(struct arena *arena, const char *path, struct gguf **out, struct error *err);
/* The same of an open file; `path` is for messages. */
bool gguf_read_fd(struct arena *arena, int fd, const char *path, struct gguf **out, struct error *err);

const struct gguf_key *gguf_key_find(const struct gguf *gguf, const char *name);
const struct gguf_tensor *gguf_tensor_find(const struct gguf *gguf, const char *name);
const char *gguf_text(const struct gguf *gguf, const char *name); /* NULL: absent or no string */
/* Element `index` (0 of a scalar) as a whole number; a boolean is 0 or 1. False: another type, negative, or not kept. */
bool gguf_whole(const struct gguf_key *key, uint64_t index, uint64_t *out);
