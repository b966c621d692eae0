/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks of anonymous pages; the first one holds the head.
 */
#include "common/trust/locked_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((size_t)(32 * 1024))
#define ALIGNMENT 16u

struct chunk {
    struct chunk *next;
    size_t size, used; /* bytes, this head included */
};

struct locked_memory {
    struct chunk *newest;
};

static size_t rounded(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static struct chunk *chunk_new(size_t wanted)
{
    size_t size = rounded(wanted + rounded(sizeof(struct chunk), ALIGNMENT), CHUNK_BYTES);
    struct chunk *chunk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (chunk == MAP_FAILED) {
        fputs("roost: out of memory\n", stderr);
        abort();
    }
    (void)mlock(chunk, size); /* refused: see the header */
    (void)madvise(chunk, size, MADV_DONTDUMP);
    *chunk = (struct chunk){ .size = size, .used = rounded(sizeof(struct chunk), ALIGNMENT) };
    return chunk;
}

static void *chunk_take(struct chunk *chunk, size_t size)
{
    void *taken = (char *)chunk + chunk->used;

    chunk->used += size;
    return taken;
}

struct locked_memory *locked_memory_new(void)
{
    struct chunk *chunk = chunk_new(sizeof(struct locked_memory));
    struct locked_memory *memory = chunk_take(chunk, rounded(sizeof(struct locked_memory), ALIGNMENT));

    memory->newest = chunk;
    return memory;
}

void *locked_memory_alloc(struct locked_memory *memory, size_t size)
{
    size = rounded(size == 0 ? 1 : size, ALIGNMENT);
    if (memory->newest->size - memory->newest->used < size) {
        struct chunk *chunk = chunk_new(size);

        chunk->next = memory->newest;
        memory->newest = chunk;
    }
    return chunk_take(memory->newest, size);
}

void locked_memory_free(struct locked_memory *memory)
{
    struct chunk *chunk = memory == NULL ? NULL : memory->newest;

    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        size_t size = chunk->size;

        explicit_bzero(chunk, size);
        munmap(chunk, size);
        chunk = next;
    }
}
