/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GPUs and display controllers on PCI: what they are, whether they work in the host's memory, and what the drivers
 * say of them (amdgpu in sysfs, NVIDIA's in /proc/driver/nvidia). docs/facts.md describes the map. A GPU that sleeps
 * is not woken: of it only what the driver keeps in memory is read.
 */
#pragma once

#include "agent/system/hardware/gpu_metrics.h"
#include "agent/system/hardware/pci.h"

enum gpu_kind {
    GPU_DISPLAY,    /* shows a picture, cannot compute: ASPEED, virtual machines */
    GPU_INTEGRATED, /* part of the processor, works in the host's memory */
    GPU_DISCRETE,   /* has memory of its own */
};

struct gpu {
    struct pci_device pci;
    enum gpu_kind kind;
    const char *kind_why;           /* a sentence: how the kind was decided; NULL for displays */
    const char *card, *render_node; /* "card1", "renderD128"; NULL: none */
    bool is_suspended;
    struct gpu_metrics metrics; /* format 0: none */
};

/* The limits of a GPU's memory; -1: not known. */
struct gpu_memory {
    int64_t vram_total_bytes, vram_used_bytes;
    int64_t vram_visible_total_bytes, vram_visible_used_bytes;
    int64_t gtt_total_bytes, gtt_used_bytes;
};

/* In the order of the slots. */
struct gpu *gpu_list(const struct sysfs *fs, size_t *count_out);
struct gpu *gpu_list_of(const struct sysfs *fs, const struct pci_device *devices, size_t count, size_t *count_out);
/* The first one that works in the host's memory, or NULL. */
const struct gpu *gpu_find_integrated(const struct gpu *gpus, size_t count);
void gpu_memory_read(const struct sysfs *fs, const struct gpu *gpu, struct gpu_memory *out);
/* One item of `gpus` in docs/facts.md. */
struct value *gpu_value(const struct sysfs *fs, const struct gpu *gpu);
/* Adds what NVIDIA's driver says in /proc/driver/nvidia; nothing when it is not loaded. */
void gpu_put_nvidia(const struct sysfs *fs, struct value *map, const struct gpu *gpu);
/* Adds the map `firmware`; nothing when the driver tells no version. */
void gpu_put_firmware(const struct sysfs *fs, struct value *map, const struct gpu *gpu);
/* "NVIDIA GB10", or NULL. */
const char *gpu_nvidia_model(const struct sysfs *fs, const char *slot);
