/* SPDX-License-Identifier: Apache-2.0 */
/* Wiring between controller/bench and controller/api: needs the launcher, ends before it. */
#pragma once

#include "controller/api/center.h"

bool center_benches_open(struct center *center, struct error *err);
void center_benches_stop(struct center *center);
void center_benches_free(struct center *center);
