/* SPDX-License-Identifier: Apache-2.0 */
/* Neural processing units: /sys/class/accel (amdxdna, intel_vpu ...), and AMD's on PCI that no driver serves. */
#pragma once

#include "agent/system/hardware/pci.h"

/* List of maps, docs/facts.md. `devices` are pci_accelerators(). */
struct value *npu_list(const struct sysfs *fs, const struct pci_device *devices, size_t count);
