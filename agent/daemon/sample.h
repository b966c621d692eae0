/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power, heat and memory of this machine, as one report: {at_us, watts, celsius, gpu_busy, memory_used, memory_total, gtt_used,
 * gtt_total, vram_used, vram_total, load}. Bytes; gpu_busy 0..1. What is not measured is left out. Only small files are read, and
 * no GPU is woken.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* Counters of energy as last read: power is their growth. Zeroed at first. */
#define SAMPLE_ZONES 16
struct sample_energy {
    int64_t at_us;
    double joules[SAMPLE_ZONES];
    size_t count;
};

/*
 * watts: of an integrated GPU the socket's figure, which holds the processor; else the cards' and the processors' together, as far
 * as they are told. celsius: the hottest sensor of the GPUs, without one of the processors.
 */
struct value *sample_read(const struct sysfs *fs, struct sample_energy *energy, int64_t now_us);
