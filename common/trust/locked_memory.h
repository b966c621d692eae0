/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for passwords and what they open: locked (it is never swapped out), left out of core dumps, wiped before it goes
 * back. Where the kernel refuses to lock more (RLIMIT_MEMLOCK), it is used unlocked: the rest still holds.
 */
#pragma once

#include <stddef.h>

struct locked_memory;

struct locked_memory *locked_memory_new(void);
void *locked_memory_alloc(struct locked_memory *memory, size_t size); /* zeroed, aligned for any type; never NULL */
void locked_memory_free(struct locked_memory *memory);                /* wipes; NULL is fine */
