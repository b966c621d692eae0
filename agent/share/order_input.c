/* SPDX-License-Identifier: Apache-2.0 */
/* A buffer of one line; one that is longer ends the input. */
#include "agent/share/order_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/json/json.h"

bool order_input_open(int fd, struct order_input *out, struct error *err)
{
    *out = (struct order_input){ .fd = fd, .buffer = malloc(ORDER_LINE_MAX + 1) };
    if (out->buffer == NULL)
        return error_set(err, "no memory");
    return fd_set_nonblocking(fd, true, err);
}

void order_input_close(struct order_input *input)
{
    free(input->buffer);
    input->buffer = NULL;
}

static void lines_take(struct order_input *input, struct arena *arena, const struct value **out)
{
    char *start = input->buffer, *newline;
    struct error ignored = ERROR_INIT;

    while ((newline = memchr(start, '\n', input->length - (size_t)(start - input->buffer))) != NULL) {
        const struct value *value = NULL;
        size_t length = (size_t)(newline - start);

        if (json_read(arena, arena_copy_n(arena, start, length), length, NULL, &value, &ignored))
            *out = value;
        start = newline + 1;
    }
    input->length -= (size_t)(start - input->buffer);
    memmove(input->buffer, start, input->length);
}

void order_input_take(struct order_input *input, struct arena *arena, const struct value **out)
{
    *out = NULL;
    while (!input->has_ended) {
        ssize_t got = read(input->fd, input->buffer + input->length, ORDER_LINE_MAX - input->length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            input->has_ended = true;
            return;
        }
        input->length += (size_t)got;
        lines_take(input, arena, out);
        input->has_ended = input->length == ORDER_LINE_MAX;
    }
}
