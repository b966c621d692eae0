/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of GGUF's types. A type that is missing here is refused by its number: its size could only be guessed. */
#include "common/model/gguf_type.h"

#include <strings.h>

static const struct {
    const char *name;
    size_t size;
} value_types[GGUF_VALUE_TYPES] = {
    [GGUF_U8] = { "u8", 1 },       [GGUF_I8] = { "i8", 1 },     [GGUF_U16] = { "u16", 2 },
    [GGUF_I16] = { "i16", 2 },     [GGUF_U32] = { "u32", 4 },   [GGUF_I32] = { "i32", 4 },
    [GGUF_F32] = { "f32", 4 },     [GGUF_BOOL] = { "bool", 1 }, [GGUF_U64] = { "u64", 8 },
    [GGUF_I64] = { "i64", 8 },     [GGUF_F64] = { "f64", 8 },   [GGUF_STRING] = { "string", 0 },
    [GGUF_ARRAY] = { "array", 0 },
};

static const struct tensor_type tensor_types[] = {
    { "f32", 0, 1, 4 },         { "f16", 1, 1, 2 },         { "q4_0", 2, 32, 18 },      { "q4_1", 3, 32, 20 },
    { "q5_0", 6, 32, 22 },      { "q5_1", 7, 32, 24 },      { "q8_0", 8, 32, 34 },      { "q8_1", 9, 32, 36 },
    { "q2_k", 10, 256, 84 },    { "q3_k", 11, 256, 110 },   { "q4_k", 12, 256, 144 },   { "q5_k", 13, 256, 176 },
    { "q6_k", 14, 256, 210 },   { "q8_k", 15, 256, 292 },   { "iq2_xxs", 16, 256, 66 }, { "iq2_xs", 17, 256, 74 },
    { "iq3_xxs", 18, 256, 98 }, { "iq1_s", 19, 256, 50 },   { "iq4_nl", 20, 32, 18 },   { "iq3_s", 21, 256, 110 },
    { "iq2_s", 22, 256, 82 },   { "iq4_xs", 23, 256, 136 }, { "i8", 24, 1, 1 },         { "i16", 25, 1, 2 },
    { "i32", 26, 1, 4 },        { "i64", 27, 1, 8 },        { "f64", 28, 1, 8 },        { "iq1_m", 29, 256, 56 },
    { "bf16", 30, 1, 2 },       { "tq1_0", 34, 256, 54 },   { "tq2_0", 35, 256, 66 },   { "mxfp4", 39, 32, 17 },
    { "nvfp4", 40, 64, 36 },    { "q1_0", 41, 128, 18 },    { "q2_0", 42, 64, 18 },
};

static const char *const file_types[] = {
    [0] = "F32",     [1] = "F16",     [2] = "Q4_0",     [3] = "Q4_1",    [7] = "Q8_0",     [8] = "Q5_0",
    [9] = "Q5_1",    [10] = "Q2_K",   [11] = "Q3_K_S",  [12] = "Q3_K_M", [13] = "Q3_K_L",  [14] = "Q4_K_S",
    [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M",  [18] = "Q6_K",   [19] = "IQ2_XXS", [20] = "IQ2_XS",
    [21] = "Q2_K_S", [22] = "IQ3_XS", [23] = "IQ3_XXS", [24] = "IQ1_S",  [25] = "IQ4_NL",  [26] = "IQ3_S",
    [27] = "IQ3_M",  [28] = "IQ2_S",  [29] = "IQ2_M",   [30] = "IQ4_XS", [31] = "IQ1_M",   [32] = "BF16",
    [36] = "TQ1_0",  [37] = "TQ2_0",  [38] = "MXFP4",   [39] = "NVFP4",  [40] = "Q1_0",    [41] = "Q2_0",
};

size_t gguf_value_size(uint32_t type)
{
    return type < GGUF_VALUE_TYPES ? value_types[type].size : 0;
}

const char *gguf_value_type_name(uint32_t type)
{
    return type < GGUF_VALUE_TYPES ? value_types[type].name : "?";
}

const struct tensor_type *tensor_type_find(uint32_t id)
{
    for (size_t i = 0; i < sizeof(tensor_types) / sizeof(tensor_types[0]); i++) {
        if (tensor_types[i].id == id)
            return &tensor_types[i];
    }
    return NULL;
}

const struct tensor_type *tensor_type_named(const char *name)
{
    for (size_t i = 0; i < sizeof(tensor_types) / sizeof(tensor_types[0]); i++) {
        if (strcasecmp(tensor_types[i].name, name) == 0)
            return &tensor_types[i];
    }
    return NULL;
}

const char *gguf_file_type_name(uint64_t file_type)
{
    return file_type < sizeof(file_types) / sizeof(file_types[0]) ? file_types[file_type] : NULL;
}
