/* SPDX-License-Identifier: Apache-2.0 */
/* The controller's launcher, put together with its server: nodes that have work, and who follows workloads, are woken. */
#pragma once

#include "controller/api/center.h"

/* The store must be open and somebody keep count of who was heard; the server may come later. `lease_s` 0: the usual one. */
bool center_launcher_open(struct center *center, int64_t lease_s, struct error *err);
void center_launcher_stop(struct center *center); /* while the server still runs; what runs on nodes goes on */
void center_launcher_free(struct center *center);
