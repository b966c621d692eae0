/* SPDX-License-Identifier: Apache-2.0 */
/* Builds GGUF files byte by byte for tests: right ones, and wrong ones in every place. Little-endian unless `big` is set. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/model/gguf.h"

struct builder {
    struct text data;
    bool big;
};

static inline struct builder builder_new(struct arena *arena, bool big)
{
    return (struct builder){ text_new(arena), big };
}

static inline void put(struct builder *b, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text_add_char(&b->data, (char)(number >> 8 * (b->big ? size - 1 - i : i)));
}

static inline void put_text(struct builder *b, const char *text)
{
    put(b, strlen(text), 8);
    text_add(&b->data, text);
}

static inline void put_head(struct builder *b, uint32_t version, uint64_t tensors, uint64_t keys)
{
    text_add(&b->data, "GGUF");
    put(b, version, 4);
    put(b, tensors, 8);
    put(b, keys, 8);
}

static inline void put_key(struct builder *b, const char *name, uint32_t type)
{
    put_text(b, name);
    put(b, type, 4);
}

static inline void put_u32(struct builder *b, const char *name, uint32_t value)
{
    put_key(b, name, GGUF_U32);
    put(b, value, 4);
}

static inline void put_string(struct builder *b, const char *name, const char *value)
{
    put_key(b, name, GGUF_STRING);
    put_text(b, value);
}

static inline void put_list(struct builder *b, const char *name, const int32_t *values, uint64_t count)
{
    put_key(b, name, GGUF_ARRAY);
    put(b, GGUF_I32, 4);
    put(b, count, 8);
    for (uint64_t i = 0; i < count; i++)
        put(b, (uint32_t)values[i], 4);
}

static inline void put_tensor(struct builder *b, const char *name, uint64_t rows, uint64_t columns, uint32_t type,
                              uint64_t offset)
{
    put_text(b, name);
    put(b, 2, 4);
    put(b, rows, 8);
    put(b, columns, 8);
    put(b, type, 4);
    put(b, offset, 8);
}

static inline void put_zeros(struct builder *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_add_char(&b->data, 0);
}

static inline void put_padding(struct builder *b, size_t alignment)
{
    while (b->data.length % alignment)
        text_add_char(&b->data, 0);
}

/* Reads `length` bytes as a file called "test.gguf". */
static inline bool read_bytes(struct arena *arena, const char *data, size_t length, struct gguf **out,
                              struct error *err)
{
    int fd = memfd_create("gguf", MFD_CLOEXEC);
    bool done = fd >= 0 && write(fd, data, length) == (ssize_t)length;
    if (!done)
        abort();
    done = gguf_read_fd(arena, fd, "test.gguf", out, err);
    close(fd);
    return done;
}

static inline bool read_built(struct arena *arena, const struct builder *b, struct gguf **out, struct error *err)
{
    return read_bytes(arena, b->data.data, b->data.length, out, err);
}

static inline void write_file(const char *path, const struct builder *b)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(b->data.data, 1, b->data.length, file) != b->data.length || fclose(file) != 0)
        abort();
}
