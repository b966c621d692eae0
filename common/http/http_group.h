/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several transfers at a time on one thread, over connections that are kept: for downloads in parts. Redirects are
 * followed as the request says. Everything happens inside http_group_step, callbacks included.
 */
#pragma once

#include <poll.h>

#include "common/http/http.h"

struct http_group;
struct http_transfer;

struct http_job {
    struct http_request request; /* what its pointers name must live until the transfer is over */
    struct http_sink sink;
    /* With sink.data, when the head is there and before the body's first byte; false (err set) ends the transfer. */
    bool (*begin)(void *data, const struct http_response *head, struct error *err);
};

struct http_done {
    void *data; /* the job's sink.data */
    bool is_ok; /* there is a response, of whatever status; else `error` says why not */
    const struct http_response *response;
    const struct error *error;
};

bool http_group_new(struct http_group **out, struct error *err);
void http_group_free(struct http_group *group); /* ends what is still running */
/* Begins a transfer; it moves in the next step. */
bool http_group_start(struct http_group *group, const struct http_job *job, struct error *err);
/* Ends at once the transfers whose sink.data is `data`, which nobody is told of; not from within a callback. */
void http_group_end(struct http_group *group, const void *data);
/* Waits up to `wait_ms` for something to do, and does it. */
bool http_group_step(struct http_group *group, int wait_ms, struct error *err);
/* The same, for a program whose one loop it is: waits for the descriptors too (and without any transfer), whose `revents` are set. */
bool http_group_wait(struct http_group *group, struct pollfd *others, size_t count, int wait_ms, struct error *err);
/* One transfer that is over; false: none. What *out names lives until the next call of a group function. */
bool http_group_next(struct http_group *group, struct http_done *out);
