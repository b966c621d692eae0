/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running task has at hand. Built by the session (or by the module test runner) for one task and one item;
 * dies with its scratch arena.
 */
#pragma once

#include "agent/system/host/system.h"
#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct result;

/* Content that stays at the engine until the module asks for it. Implemented by the session over frames, by tests
 * over a file. */
struct content_channel {
    void *context;
    /* Streams content number `id` of this task into fd, in chunks of at most LIMIT_CONTENT_CHUNK. */
    bool (*receive)(void *context, int64_t id, int fd, struct error *err);
    /* Streams from fd to its end to the engine (fetch). */
    bool (*send)(void *context, int fd, struct error *err);
    void (*progress)(void *context, const char *message);
};

struct task_context {
    struct system *system; /* the host: root folder, environment for commands, cancellation */
    struct arena *scratch; /* everything the task allocates */
    struct result *result;
    const char *module_name;
    bool check_mode;
    bool diff_mode;
    int verbosity;
    const struct content_channel *content; /* NULL: no content can be had (agent's own runs use a local one) */
};

bool task_content_receive(struct task_context *task, int64_t id, int fd, struct error *err);
bool task_content_send(struct task_context *task, int fd, struct error *err);
void task_progress(struct task_context *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
