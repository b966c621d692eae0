/* SPDX-License-Identifier: Apache-2.0 */
/* The topology of AMD's compute driver, /sys/class/kfd/kfd/topology/nodes: what ROCm goes by. docs/facts.md has the
 * keys; the property names are those of drivers/gpu/drm/amd/amdkfd/kfd_topology.c. */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* List of maps; empty without the driver. */
struct value *kfd_nodes(const struct sysfs *fs);
/* 110501 -> "gfx1151", 90010 -> "gfx90a"; NULL for 0. */
const char *kfd_gfx_target(struct arena *arena, int64_t version);
/* The node of a render node ("renderD128"), or NULL. */
const struct value *kfd_node_of(const struct value *nodes, const char *render_node);
