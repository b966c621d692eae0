/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes waiting to be written to a non-blocking descriptor. Owns a malloc'ed buffer that shrinks to nothing when drained; it is
 * wiped as it drains, because passwords pass through. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

struct outbox {
    char *data;
    size_t start, end, capacity;
};

void outbox_add(struct outbox *outbox, const void *data, size_t length);
size_t outbox_pending(const struct outbox *outbox);
/* Writes what the descriptor takes now. False: it is broken (EPIPE and its like). */
bool outbox_flush(struct outbox *outbox, int fd, struct error *err);
void outbox_free(struct outbox *outbox);
