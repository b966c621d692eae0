/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control side's ansible-core, asked through one Python process that is started at the first question and kept until the
 * end; started anew for the next question where it did not answer. What it can do is in the files driver_*.py. It never runs
 * a module.
 */
#pragma once

#include <stddef.h>

#include "engine/foreign/foreign.h"

/* Lives in `arena`; nothing is started yet. An answer is no longer waited for once *interrupted (may be NULL) is not 0. */
struct foreign_python *python_open(struct arena *arena, const volatile int *interrupted);
/* Where action plugins run (python_action.c). */
bool python_connect(struct foreign_python *python, struct connection **out, struct error *err);
/* Ends the process, if there is one. NULL is fine. */
void python_close(struct foreign_python *python);

/* driver.py, and driver_*.py beside it */
struct python_source {
    const char *name;
    const unsigned char *data;
    const size_t *length;
    const char *hash; /* not used */
};
extern const struct python_source python_sources[];
extern const size_t python_sources_count;
