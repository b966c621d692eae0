/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump allocation in chunks. Small allocations share chunks that double in size; an allocation too big
 * for that has a block of its own, so that a growing buffer can be resized in place. Under AddressSanitizer
 * everything not handed out is poisoned.
 */
#include "common/base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#if defined(ARENA_ASAN) || defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define TEXT_ALIGN 8 /* poisoning works in granules of eight bytes */
#define GAP 8
#define poison(address, size) ASAN_POISON_MEMORY_REGION(address, size)
#define unpoison(address, size) ASAN_UNPOISON_MEMORY_REGION(address, size)
#else
#define TEXT_ALIGN 1
#define GAP 0
#define poison(address, size) ((void)(address), (void)(size))
#define unpoison(address, size) ((void)(address), (void)(size))
#endif

#define VALUE_ALIGN _Alignof(max_align_t)

struct chunk {
    struct chunk *next;
    size_t size, used;
    _Alignas(max_align_t) char data[];
};

struct arena {
    struct chunk *chunks; /* the current one first */
    struct chunk *blocks; /* one allocation each, the newest first */
    size_t handed_out;
};

_Noreturn static void arena_exhausted(void)
{
    static const char message[] = "out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);

    (void)ignored;
    _exit(250);
}

static struct chunk *chunk_new(size_t size, struct chunk *next)
{
    struct chunk *chunk = size > PTRDIFF_MAX - sizeof(*chunk) ? NULL : malloc(sizeof(*chunk) + size);

    if (chunk == NULL)
        arena_exhausted();
    *chunk = (struct chunk){ .next = next, .size = size };
    return chunk;
}

static void chunks_free(struct chunk *chunk, const struct chunk *keep, bool wipe)
{
    while (chunk != NULL && chunk != keep) {
        struct chunk *next = chunk->next;

        unpoison(chunk->data, chunk->size);
        if (wipe)
            explicit_bzero(chunk->data, chunk->used);
        free(chunk);
        chunk = next;
    }
}

struct arena *arena_new(void)
{
    struct arena *arena = malloc(sizeof(*arena));

    if (arena == NULL)
        arena_exhausted();
    *arena = (struct arena){ .chunks = chunk_new(LIMIT_ARENA_CHUNK, NULL) };
    poison(arena->chunks->data, arena->chunks->size);
    return arena;
}

static void arena_end(struct arena *arena, bool wipe)
{
    if (arena == NULL)
        return;
    chunks_free(arena->chunks, NULL, wipe);
    chunks_free(arena->blocks, NULL, wipe);
    free(arena);
}

void arena_free(struct arena *arena)
{
    arena_end(arena, false);
}

void arena_free_secret(struct arena *arena)
{
    arena_end(arena, true);
}

void arena_guard(struct arena **arena)
{
    arena_free(*arena);
}

void arena_reset(struct arena *arena)
{
    struct chunk *first = arena->chunks;

    while (first->next != NULL)
        first = first->next;
    chunks_free(arena->chunks, first, false);
    chunks_free(arena->blocks, NULL, false);
    poison(first->data, first->size);
    first->used = 0;
    *arena = (struct arena){ .chunks = first };
}

static char *arena_block(struct arena *arena, size_t size)
{
    arena->blocks = chunk_new(size, arena->blocks);
    arena->blocks->used = size;
    return arena->blocks->data;
}

/* Uninitialized memory. */
static char *arena_take(struct arena *arena, size_t size, size_t align)
{
    struct chunk *chunk = arena->chunks;
    size_t start = (chunk->used + align - 1) & ~(align - 1);

    arena->handed_out += size;
    if (size + GAP > chunk->size - (start < chunk->size ? start : chunk->size)) {
        size_t next = chunk->size * 2 < LIMIT_ARENA_CHUNK_MAX ? chunk->size * 2 : LIMIT_ARENA_CHUNK_MAX;

        if (size > next / 4)
            return arena_block(arena, size);
        chunk = arena->chunks = chunk_new(next, chunk);
        poison(chunk->data, chunk->size);
        start = 0;
    }
    chunk->used = start + size + GAP;
    unpoison(chunk->data + start, size);
    return chunk->data + start;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_take(arena, size, VALUE_ALIGN), 0, size);
}

/* The newest block, resized. */
static void *arena_block_grow(struct arena *arena, size_t old_size, size_t size)
{
    struct chunk *block = realloc(arena->blocks, sizeof(*block) + size);

    if (block == NULL)
        arena_exhausted();
    arena->blocks = block;
    arena->handed_out += size - old_size;
    block->size = block->used = size;
    memset(block->data + old_size, 0, size - old_size);
    return block->data;
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t size)
{
    struct chunk *chunk = arena->chunks;
    char *at = old;
    char *copy;

    if (old == NULL)
        return arena_alloc(arena, size);
    if (size > PTRDIFF_MAX / 2)
        arena_exhausted();
    if (arena->blocks != NULL && at == arena->blocks->data)
        return arena_block_grow(arena, old_size, size);
    if (at + old_size + GAP == chunk->data + chunk->used && size - old_size <= chunk->size - chunk->used) {
        chunk->used += size - old_size;
        arena->handed_out += size - old_size;
        unpoison(at, size);
        memset(at + old_size, 0, size - old_size);
        return at;
    }
    copy = arena_take(arena, size, VALUE_ALIGN);
    memcpy(copy, at, old_size);
    memset(copy + old_size, 0, size - old_size);
    return copy;
}

char *arena_copy_n(struct arena *arena, const char *data, size_t length)
{
    char *copy = arena_take(arena, length + 1, TEXT_ALIGN);

    if (length > 0)
        memcpy(copy, data, length);
    copy[length] = '\0';
    return copy;
}

char *arena_copy(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy_n(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    char small[256];
    va_list args;
    char *out;
    int length;

    va_start(args, format);
    length = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (length < 0)
        return arena_copy(arena, "");
    if ((size_t)length < sizeof(small))
        return arena_copy_n(arena, small, (size_t)length);
    out = arena_take(arena, (size_t)length + 1, TEXT_ALIGN);
    va_start(args, format);
    (void)vsnprintf(out, (size_t)length + 1, format, args);
    va_end(args);
    return out;
}

size_t arena_used(const struct arena *arena)
{
    return arena->handed_out;
}
