/* SPDX-License-Identifier: Apache-2.0 */
/* Command line of `roost models ...`: one table for all that is below it, and what all of them need at hand. */
#pragma once

#include <stdbool.h>

#include "common/model/pull.h"

enum models_use {
    MODELS_PULL = 1 << 0,
    MODELS_LIST = 1 << 1,
    MODELS_VERIFY = 1 << 2,
    MODELS_GC = 1 << 3,
    MODELS_RM = 1 << 4,
    MODELS_NAMING = MODELS_PULL | MODELS_LIST | MODELS_VERIFY | MODELS_RM, /* they take sources */
    MODELS_ALL = MODELS_NAMING | MODELS_GC,
};

struct models_command {
    struct arena *arena;
    const char *verb; /* "pull" */
    struct model_settings settings;
    struct model_request request;
    const char **sources; /* what is no option */
    size_t source_count;
    unsigned given; /* options, by their place in the table */
    bool json, quiet, check, partials, no_projector, help;
    const char *token_file;
    struct value *patterns, *checksums;
    int signal_fd;    /* Ctrl-C ends a download in good order */
    bool is_terminal; /* standard error */
    bool has_line;    /* a progress line stands there */
    int64_t shown_ms;
};

/* False: *exit_out says how it ended. */
bool models_start(struct models_command *command, unsigned use, int argc, char **argv, int *exit_out);
void models_finish(struct models_command *command); /* ends the progress line */
/* Prints the error; the exit code. */
int models_fail(struct models_command *command, const struct error *err);
