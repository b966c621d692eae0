/* SPDX-License-Identifier: Apache-2.0 */
/* The host's memory, and how much of it the GPU may use: /proc/meminfo, the limits of the kernel's module ttm. */
#pragma once

#include "agent/system/hardware/gpu.h"

#define TTM_PAGE_BYTES 4096 /* ttm counts in pages; on x86-64 always of this size */

struct host_memory {
    int64_t total_bytes, available_bytes, swap_total_bytes; /* -1: not known */
};

struct ttm_limits {
    int64_t pages_limit, page_pool_size; /* -1: not known; a limit of 0: no device has set it up yet */
};

/* Of the text of /proc/meminfo, the line "MemTotal:       65739164 kB" in bytes; -1: not there, or no such number. */
int64_t host_memory_line(struct arena *arena, const char *text, const char *key);
void host_memory_read(const struct sysfs *fs, struct host_memory *out);
/* Of ttm, or of amdttm where AMD's own driver package is loaded. */
void ttm_limits_read(const struct sysfs *fs, struct ttm_limits *out);
/* The map `memory`, docs/facts.md. */
struct value *host_memory_value(const struct sysfs *fs, const struct gpu *gpus, size_t count);
