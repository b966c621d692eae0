/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the controller starts a run's program: `roost apply --controlled RUN` (or check) in a folder of its own, with two descriptors, and the order
 * that comes over the control socket:
 *   {"run": N, "kind": "apply"|"check", "playbooks": [...], "inventories": [...], "project": [{"path", "from", "mode"}], "options": {...},
 *    "terminal": {"color", "columns", "interactive"}, "secrets": {"connection_password", "become_password", "settings"}}
 * `options` is what POST /api/v1/runs takes (run_choices.h). What the program tells is JSON lines: the run's events
 * (common/event) and {"event": "output", "stream": "out"|"err", "text": ...}.
 */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define RUN_CONTROLLED "--controlled"
#define RUN_CONTROL_FD 3
#define RUN_EVENTS_FD 4

#define RUN_PROJECT_FILES 20000
#define RUN_PROJECT_PATH 1024

/* A path of a project: relative, without "..", without empty parts. */
bool run_path_is_fine(const char *path);
/* Copies the files of the order's project below `folder`, which is made. */
bool run_project_lay_out(struct arena *arena, const struct value *project, const char *folder, struct error *err);
