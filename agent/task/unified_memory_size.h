/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of the host's memory the GPU may have: reading `112GiB`, `85%` and `max`, and refusing what would leave the host
 * without. Pure numbers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define UNIFIED_PAGE_BYTES 4096
#define UNIFIED_MIB ((int64_t)1024 * 1024)
#define UNIFIED_GIB (1024 * UNIFIED_MIB)
#define UNIFIED_RESERVE_BYTES (16 * UNIFIED_GIB) /* what `max` leaves when nothing else is said */
#define UNIFIED_FLOOR_BYTES (4 * UNIFIED_GIB)    /* the least that an explicit size may leave */

struct unified_size {
    int64_t gtt_bytes;
    int64_t pages;      /* gtt_bytes / 4096: ttm.pages_limit */
    int64_t host_bytes; /* MemTotal */
    int64_t left_bytes; /* host_bytes - gtt_bytes */
    int64_t reserve_bytes;
    bool is_tight; /* allowed, but little is left */
};

/* "16GiB", "512MiB", "1.5TiB": bytes. Units are binary and must be there. */
bool unified_bytes(const char *text, int64_t *out, struct error *err);
/* `reserve` may be NULL. host_bytes is MemTotal: what is left after firmware and carve-out. */
bool unified_size_plan(struct arena *arena, const char *gtt, const char *reserve, int64_t host_bytes,
                       struct unified_size *out, struct error *err);
/* "112 GiB", "125.1 GiB", "512 MiB" */
const char *unified_text(struct arena *arena, int64_t bytes);
