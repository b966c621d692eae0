/* SPDX-License-Identifier: Apache-2.0 */
/* A workload with its instances, as the API gives it and the pages show it. */
#pragma once

#include "controller/api/center.h"
#include "controller/launcher/launcher.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_workload.h"

/* Of the instances only those of the workload are taken. `in_full`: with declaration, results and the last failure's log. */
struct workload_shown {
    const struct store_workload *row;
    const struct store_instance *instances;
    size_t count;
    bool in_full;
};
struct value *workload_shown_value(struct api_call *call, const struct workload_shown *shown);
/* 404, with the nearest name. */
void workload_unknown(struct api_call *call, const char *name);
/* The workload of the path's {name}; false: answered already (404 with the nearest name). */
bool workload_of_call(struct api_call *call, struct store_workload **out);
