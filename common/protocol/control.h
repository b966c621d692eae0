/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket between a controller and the program of one of its runs (AF_UNIX, SOCK_SEQPACKET): each message is one JSON
 * object, with descriptors beside it. What is too long for a message, or secret, goes as sealed memory.
 *
 *   to the program     {"do": "start"} + memory        what to run: see controller/runs
 *                      {"do": "session", "number": N} + connection, watch   the node's agent is at the other end
 *                      {"do": "refused", "number": N, "message": ...}       there will be no such session
 *                      {"do": "waiting", "number": N, "seen_us": T}         the node has been told; when it was last seen
 *                      {"do": "answer", "number": N} + memory | {..., "none": true}
 *                      {"do": "pause"}, {"do": "resume"}
 *   from the program   {"ask": "session", "number": N, "node": NAME | "local": true}
 *                      {"ask": "question", "number": N, "prompt": ..., "secret": true}
 *                      {"is": "paused"}, {"is": "resumed"}
 * To cancel is SIGTERM. The end of the socket is the end of the run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define CONTROL_MESSAGE ((size_t)64 * 1024)
#define CONTROL_MEMORY ((size_t)64 * 1024 * 1024)
#define CONTROL_DESCRIPTORS 2

struct control_message {
    const struct value *body;
    int fds[CONTROL_DESCRIPTORS]; /* the receiver's; -1: none */
    size_t fd_count;
};

/* Both ends are closed on exec and do not block. */
bool control_pair(int out[2], struct error *err);
/* Descriptors stay the caller's. False with ERROR_LIMIT: the other side does not read. */
bool control_send(int fd, const struct control_message *message, struct error *err);

enum control_status { CONTROL_READY, CONTROL_AGAIN, CONTROL_END };
/* Anything that is no message of ours ends the conversation. */
enum control_status control_receive(int fd, struct arena *arena, struct control_message *out);
void control_message_close(struct control_message *message); /* descriptors nobody took */

/* Memory that holds the text, to be sent; -1: failed. */
int control_memory(const char *text, size_t length, struct error *err);
bool control_memory_read(int fd, struct arena *arena, const char **out, size_t *length_out, struct error *err);
