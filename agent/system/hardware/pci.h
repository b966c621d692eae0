/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI devices as /sys/bus/pci/devices shows them, and their names in the pci.ids file of the node. Facts of a link
 * are what it trained to, not what the slot could do (those have max in their names).
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

#define PCI_VENDOR_AMD_GPU 0x1002
#define PCI_VENDOR_AMD 0x1022
#define PCI_VENDOR_NVIDIA 0x10de
#define PCI_VENDOR_INTEL 0x8086

#define DRM_RENDER_PREFIX "render\x44" /* renderD128; written so for the spelling check */

struct pci_device {
    const char *slot;    /* 0000:c1:00.0 */
    const char *folder;  /* /sys/bus/pci/devices/SLOT */
    uint32_t class_code; /* base class, sub-class, interface: 0x030000 */
    uint32_t vendor, device, revision;
    const char *driver; /* NULL: none is bound */
};

/* Displays, processing and signal processing accelerators (classes 03, 11 and 12) in the order of their slots: what
 * the readers of GPUs and NPUs look at. The rest of the bus is not opened. */
struct pci_device *pci_accelerators(const struct sysfs *fs, size_t *count_out);
bool pci_is_slot(const char *name);
/* vendor_id, device_id, subsystem_vendor_id, subsystem_device_id, revision */
void pci_put_ids(const struct sysfs *fs, struct value *map, const char *folder);
/* link_speed_gts, link_width, link_speed_max_gts, link_width_max; nothing for a device that is not on PCIe */
void pci_put_link(const struct sysfs *fs, struct value *map, const char *folder);
/* Name of a device in the node's pci.ids, or NULL. */
const char *pci_name(const struct sysfs *fs, uint32_t vendor, uint32_t device);
