/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types of GGUF: of values in the header, and of tensors with their block sizes; names of whole-file quantisations.
 * Facts from ggml.h, ggml-common.h and llama.h of llama.cpp (August 2026).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum gguf_value_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_VALUE_TYPES
};

size_t gguf_value_size(uint32_t type); /* 0: string, array, or no such type */
const char *gguf_value_type_name(uint32_t type);

struct tensor_type {
    const char *name; /* "q4_k" */
    uint32_t id;
    uint32_t block; /* elements */
    uint32_t bytes; /* of one block */
};

const struct tensor_type *tensor_type_find(uint32_t id); /* NULL: not known */
const struct tensor_type *tensor_type_named(const char *name);

/* "Q4_K_M" for general.file_type, or NULL. */
const char *gguf_file_type_name(uint64_t file_type);
