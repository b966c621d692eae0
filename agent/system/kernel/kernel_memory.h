/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel says of GPU memory that is the host's: limits of TTM, size of amdgpu's GTT. Reads only. */
#pragma once

#include "agent/system/host/system.h"

struct kernel_memory {
    int64_t total_bytes;     /* MemTotal; 0: not known */
    int64_t pages_limit;     /* /sys/module/ttm/parameters/pages_limit; -1: cannot be read */
    int64_t page_pool_size;  /* likewise */
    int64_t gtt_total_bytes; /* mem_info_gtt_total of the amdgpu card with most; -1: there is none */
    int64_t gttsize_mib;     /* amdgpu.gttsize in effect; -1: automatic, or amdgpu is not loaded */
    int64_t boot_time_s;     /* when this kernel was started, seconds since 1970; 0: not known */
    bool has_ttm;            /* /sys/module/ttm */
    bool has_dkms;           /* /sys/module/amdttm: AMD's out-of-tree driver is loaded instead */
    bool is_ttm_builtin;     /* ttm is part of the kernel's image: modprobe.d does not reach it */
    const char *release;     /* "6.18.9-200.fc43.x86_64"; "" : not known */
};

void kernel_memory_read(const struct system *system, struct arena *arena, struct kernel_memory *out);
/* Is the release at least major.minor? An unknown release is. */
bool kernel_release_at_least(const char *release, int64_t major, int64_t minor);
/* Seconds since 1970 of the last change of a file's text; 0: there is none. */
int64_t kernel_file_time(const struct system *system, struct arena *arena, const char *path);
