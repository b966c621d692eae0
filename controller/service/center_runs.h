/* SPDX-License-Identifier: Apache-2.0 */
/* The controller's runs, put together with its server: who follows them, and nodes that have work, are woken. */
#pragma once

#include "controller/api/center.h"

/* `folder` is the controller's. The store must be open; the server may come later. */
bool center_runs_open(struct center *center, const char *folder, struct error *err);
/* First this, while the server still runs: it ends the runs and their nodes' connections. */
void center_runs_stop(struct center *center);
void center_runs_free(struct center *center);
