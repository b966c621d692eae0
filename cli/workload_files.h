/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workloads that are declared beside the inventory: the folder `workloads` in the inventory's folder. Read and checked as a whole
 * (workload.h); whether their engines can do it is checked here too, so that nothing half right is sent to the controller.
 */
#pragma once

#include "controller/workload/workload.h"

struct workload_files {
    const char *folder; /* or file; where they were looked for, whether it is there or not */
    struct workload *workloads;
    size_t count;
};

/* `folder`: as told (--folder), a file or a folder, which must be there; NULL: beside `inventory` (-i), NULL: beside the inventories that
 * ansible.cfg and ANSIBLE_INVENTORY name, else ./inventory. No folder there: none. */
bool workload_files_read(struct arena *arena, const char *folder, const char *inventory, struct workload_files *out,
                         struct error *err);
/* By name; the error names the nearest one and the folder. */
bool workload_files_find(const struct workload_files *files, const char *name, const struct workload **out,
                         struct error *err);
