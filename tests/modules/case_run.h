/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one case three times: check mode, for real, again. */
#pragma once

#include "tests/modules/module_case.h"

struct case_options {
    bool on_node; /* a disposable machine: cases that need `node` may change it */
    bool has_network;
    bool keep;          /* leave the case's folder behind */
    bool verbose;       /* print every result */
    const char *shared; /* $S of the shell lines: a folder of all cases, for what takes long to make */
};

enum case_outcome { CASE_OK, CASE_FAILED, CASE_SKIPPED };

/* *why_out: the reason when the outcome is not CASE_OK. */
enum case_outcome case_run(struct arena *arena, const struct module_case *given, const struct case_options *options,
                           const char **why_out);

/* An empty folder in $TMPDIR. */
bool case_folder_make(char *out, size_t size);
void case_folder_remove(struct arena *arena, const char *folder);
