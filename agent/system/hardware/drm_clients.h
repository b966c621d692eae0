/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process holds how much memory for the GPU, of the host's (GTT) and of the GPU's own (VRAM): the kernel's fdinfo of open DRM
 * devices (Documentation/gpu/drm-usage-stats.rst). A client that several descriptors or processes share counts once.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

struct drm_holder {
    int64_t pid;
    uint64_t gtt_bytes, vram_bytes;
    bool has_compute; /* it has /dev/kfd open: not all that it holds is told here */
};

/* The text of one fdinfo file. */
struct drm_fdinfo {
    const char *client; /* what makes it the same client as another; NULL: not told */
    uint64_t gtt_bytes, vram_bytes;
};

struct drm_clients {
    struct drm_holder *holders; /* those that hold something, or may */
    size_t count;
    uint64_t gtt_bytes, vram_bytes; /* of all */
    bool has_compute;               /* somebody has /dev/kfd open: its memory is not told here */
};

void drm_clients_read(const struct sysfs *fs, struct drm_clients *out);
void drm_fdinfo_read(struct arena *arena, const char *text, struct drm_fdinfo *out);
