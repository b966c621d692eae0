/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the fact group "roost" that are a few small files each: what the machine is and how it is set up. */
#pragma once

#include "agent/system/hardware/sysfs.h"

struct value *roost_machine(const struct sysfs *fs);
struct value *roost_kernel(const struct sysfs *fs);
struct value *roost_cpu(const struct sysfs *fs);
struct value *roost_iommu(const struct sysfs *fs);
struct value *roost_tuned(const struct sysfs *fs);
/* Puts packages, package_manager and linux_firmware_date. */
void roost_put_packages(const struct sysfs *fs, struct value *roost);
