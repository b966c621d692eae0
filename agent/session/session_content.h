/* SPDX-License-Identifier: Apache-2.0 */
/* The running task's content channel, over the engine's frames. */
#pragma once

#include "agent/session/inbox.h"
#include "agent/task/task_context.h"

struct session_content {
    struct inbox *inbox;
    int output;
    uint32_t channel;
    struct system_memory *memory; /* the session's */
};

/* A channel whose context is `content`; both must outlive the task. */
struct content_channel session_content_channel(struct session_content *content);
