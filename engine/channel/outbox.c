/* SPDX-License-Identifier: Apache-2.0 */
/* Queue of bytes for one descriptor. */
#include "engine/channel/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t outbox_pending(const struct outbox *outbox)
{
    return outbox->end - outbox->start;
}

/* Never realloc: it would leave an unwiped copy behind. */
static void outbox_grow(struct outbox *outbox, size_t wanted)
{
    size_t capacity = outbox->capacity ? outbox->capacity : 4096;
    size_t pending = outbox_pending(outbox);
    while (capacity < pending + wanted)
        capacity *= 2;
    char *data = malloc(capacity);
    if (!data)
        abort();
    if (pending)
        memcpy(data, outbox->data + outbox->start, pending);
    outbox_free(outbox);
    *outbox = (struct outbox){ data, 0, pending, capacity };
}

void outbox_add(struct outbox *outbox, const void *data, size_t length)
{
    if (length == 0)
        return;
    if (outbox->end + length > outbox->capacity)
        outbox_grow(outbox, length);
    memcpy(outbox->data + outbox->end, data, length);
    outbox->end += length;
}

bool outbox_flush(struct outbox *outbox, int fd, struct error *err)
{
    while (outbox_pending(outbox) > 0) {
        ssize_t written = write(fd, outbox->data + outbox->start, outbox_pending(outbox));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN)
            return true;
        if (written < 0)
            return error_set_errno(err, "cannot write to the session");
        explicit_bzero(outbox->data + outbox->start, (size_t)written);
        outbox->start += (size_t)written;
    }
    outbox->start = outbox->end = 0;
    return true;
}

void outbox_free(struct outbox *outbox)
{
    if (outbox->data)
        explicit_bzero(outbox->data, outbox->capacity);
    free(outbox->data);
    *outbox = (struct outbox){ 0 };
}
