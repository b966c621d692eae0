/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes in: header lines are kept for the last response only, the body goes to the sink; both bounded.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/http/http_transfer.h"

/* "HTTP/1.1 200 OK" begins a new response: what was kept belongs to a redirect or to a 100 Continue. */
static void receive_status(struct http_transfer *transfer, const char *line, size_t length)
{
    const char *end = line + length, *at = memchr(line, ' ', length);

    at = at == NULL ? NULL : memchr(at + 1, ' ', (size_t)(end - at - 1));
    transfer->received_count = 0;
    transfer->reason = at == NULL ? "" : text_trim(transfer->arena, at, (size_t)(end - at));
}

static bool receive_limit(struct http_transfer *transfer, const char *what, long long limit)
{
    transfer->is_failed = true;
    return error_set_kind(transfer->err, ERROR_LIMIT, "%s: the %s is larger than the %lld bytes that are accepted",
                          http_transfer_shown(transfer), what, limit);
}

static void received_add(struct http_transfer *transfer, struct http_header header)
{
    size_t capacity = transfer->received_capacity;

    if (transfer->received_count == capacity) {
        size_t wider = capacity == 0 ? 16 : capacity * 2;

        transfer->received =
            arena_grow(transfer->arena, transfer->received, capacity * sizeof(header), wider * sizeof(header));
        transfer->received_capacity = wider;
    }
    transfer->received[transfer->received_count++] = header;
}

size_t http_receive_header(char *data, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t length = size * count;
    const char *colon = memchr(data, ':', length);

    transfer->header_bytes += length;
    if (transfer->header_bytes > LIMIT_HTTP_HEADERS) {
        receive_limit(transfer, "header", LIMIT_HTTP_HEADERS);
        return 0;
    }
    if (length >= 5 && strncasecmp(data, "HTTP/", 5) == 0) {
        receive_status(transfer, data, length);
    } else if (colon != NULL && colon > data) {
        size_t name_length = (size_t)(colon - data);
        struct http_header header = {
            .name = text_trim(transfer->arena, data, name_length),
            .value = text_trim(transfer->arena, colon + 1, length - name_length - 1),
        };

        received_add(transfer, header);
    }
    return length;
}

/* The head is complete: whoever asked may look at it before the body comes. */
static bool receive_begin(struct http_transfer *transfer)
{
    struct http_response head = { 0 };

    if (transfer->is_begun)
        return true;
    transfer->is_begun = true;
    if (transfer->begin == NULL)
        return true;
    http_transfer_answer(transfer, &head);
    if (transfer->begin(transfer->sink->data, &head, transfer->err))
        return true;
    transfer->is_failed = true;
    return false;
}

size_t http_receive_body(char *data, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t length = size * count;
    int64_t limit = transfer->request->limit_bytes;

    if (length == 0 || !receive_begin(transfer))
        return 0;
    transfer->size_bytes += (int64_t)length;
    if (limit > 0 && transfer->size_bytes > limit) {
        receive_limit(transfer, "answer", (long long)limit);
        return 0;
    }
    if (transfer->sink == NULL || transfer->sink->write(transfer->sink->data, data, length, transfer->err))
        return length;
    transfer->is_failed = true;
    return 0;
}

const char *http_header_get(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcasecmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    }
    return NULL;
}
