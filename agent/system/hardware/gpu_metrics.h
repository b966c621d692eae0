/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binary table gpu_metrics of the amdgpu driver (drivers/gpu/drm/amd/include/kgd_pp_interface.h): its revision,
 * which tells an APU from a card, and the power figures of revision 3.0 (Strix and later). The firmware writes
 * milliwatts. The table is little-endian, as the machines are that have it.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

struct gpu_metrics {
    int format, content; /* "3.0" is format 3, content 0 */
    /* milliwatts; -1: not said */
    int64_t socket_mw, apu_mw, gfx_mw, cores_mw, npu_mw, system_mw;
};

/* False when the device has no such table, or a broken one. */
bool gpu_metrics_read(const struct sysfs *fs, const char *device_folder, struct gpu_metrics *out);
