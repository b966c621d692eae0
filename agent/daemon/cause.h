/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something is no longer as declared: reads what this machine's logs say of a window of time. Reads the ends of files and, for
 * sudo and ssh, asks journalctl for those minutes; nothing is asked unless there is a new drift.
 */
#pragma once

#include <stdbool.h>

#include "agent/daemon/cause_log.h"

struct cause_sources {
    const char *root;  /* before every path: "" */
    bool has_programs; /* journalctl and rpm may be asked */
};

/* Adds all that the logs say to `list`, for windows that begin where this one does or later. Takes a few hundredths of a second,
 * three seconds at most for each program. */
void cause_gather(struct evidence_list *list, const struct cause_sources *sources, const struct cause_window *window);
