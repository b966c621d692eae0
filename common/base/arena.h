/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that dies together: one arena per run, request or task. Allocation never returns NULL (an
 * exhausted machine ends the process with one line: every size that input controls has been checked
 * against limits.h before). Not thread-safe: one arena belongs to one thread.
 */
#pragma once

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */
/* Forgets everything allocated, keeps the first chunk for reuse. */
void arena_reset(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
/* Grows an allocation of this arena, in place when it is the newest; the new part is zeroed. NULL `old`: allocates. */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t size);
char *arena_copy(struct arena *arena, const char *text);                  /* NULL gives NULL */
char *arena_copy_n(struct arena *arena, const char *data, size_t length); /* adds the final NUL */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *arena); /* bytes handed out, for tests and benchmarks */
/* Wipes and forgets: for arenas that held secrets. */
void arena_free_secret(struct arena *arena);

#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))

void arena_guard(struct arena **arena);
#define ARENA_SCOPED __attribute__((cleanup(arena_guard))) struct arena *
