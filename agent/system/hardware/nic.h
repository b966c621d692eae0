/* SPDX-License-Identifier: Apache-2.0 */
/* Network cards that are hardware: speed, duplex, MTU, driver and the PCIe link, from /sys/class/net. Addresses are
 * in Ansible's own facts. */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* List of maps, docs/facts.md. */
struct value *nic_list(const struct sysfs *fs);
