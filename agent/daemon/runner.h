/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child that does the work, so that its crash costs one run and its memory goes with it. Lines of its standard output are
 * handed on as they come; of standard error the last line is kept. It runs in a session of its own and is ended whole.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/value/value.h"

#define RUNNER_FDS 3
#define RUNNER_LINE_MAX ((size_t)4 * 1024 * 1024) /* the rest of a longer line is dropped */

struct runner;

struct runner_end {
    int status; /* exit code; -1: a signal ended it */
    int signal;
    char errors[512]; /* the last line of standard error */
};

typedef void runner_line(void *data, const char *line, size_t length);

bool runner_start(const char *const *argv, runner_line *line, void *data, struct runner **out, struct error *err);
/* With these variables (a map of texts, or NULL) beside its environment. */
bool runner_start_with(const char *const *argv, const struct value *environment, runner_line *line, void *data,
                       struct runner **out, struct error *err);
/* With a standard input that runner_say writes to. */
bool runner_start_fed(const char *const *argv, runner_line *line, void *data, struct runner **out, struct error *err);
/* A line for its input, without waiting. False: it does not take it. */
bool runner_say(struct runner *runner, const char *line, size_t length);
/* For `line`, from now on. */
void runner_data_set(struct runner *runner, void *data);
/* What to poll: up to RUNNER_FDS. */
size_t runner_fds(const struct runner *runner, struct pollfd *out);
/* Reads what is there without waiting; true: it has ended, and *out says how. */
bool runner_step(struct runner *runner, struct runner_end *out);
/* To the child alone. */
void runner_signal(struct runner *runner, int signal);
/* Asks it to end; the second time it must. */
void runner_stop(struct runner *runner);
void runner_free(struct runner *runner); /* ends it if it still runs; NULL is fine */
