/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory is soldered or plugged in: the memory devices (type 17) of the SMBIOS table, DSP0134. More than
 * MemTotal: the BIOS keeps a part, for instance for the GPU. Only root may read the table. */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* False when the table is not there, broken before its end, or names no memory. */
bool dmi_memory_installed(const struct sysfs *fs, int64_t *bytes_out);
