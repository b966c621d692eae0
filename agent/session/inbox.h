/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine sent and nobody has looked at yet. Reading never waits for the task that runs: TASK frames queue
 * up, CANCEL takes effect at once, content that no running task wants is dropped.
 */
#pragma once

#include "agent/system/host/system.h"
#include "common/protocol/frame.h"

struct inbox_frame {
    struct inbox_frame *next;
    struct frame frame; /* data is this frame's own copy */
    bool is_cancelled;  /* TASK that the engine took back before its turn */
};

struct inbox {
    struct frame_reader *reader;
    int fd;
    struct system_watch watch; /* for the running task's system */
    struct inbox_frame *first;
    size_t queued_bytes;
    uint32_t current;  /* channel of the running task; 0: none */
    bool is_cancelled; /* the running task was taken back, or the engine is gone */
    bool is_gone;      /* end of stream or broken stream */
    bool is_broken;
    struct error error; /* why, when is_broken */
};

void inbox_init(struct inbox *inbox, int fd);
void inbox_free(struct inbox *inbox);
void inbox_start_task(struct inbox *inbox, uint32_t channel);
void inbox_end_task(struct inbox *inbox);
/* The oldest frame for the session itself (anything but CONTENT and END), or NULL. Free it with inbox_frame_free. */
struct inbox_frame *inbox_take(struct inbox *inbox);
/* The oldest CONTENT or END of the running task, or NULL. */
struct inbox_frame *inbox_take_content(struct inbox *inbox);
/* Waits until something was read or the stream ended. */
void inbox_wait(struct inbox *inbox);
/* Wipes: task frames may hold passwords. */
void inbox_frame_free(struct inbox_frame *frame);
