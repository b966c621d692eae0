/* SPDX-License-Identifier: Apache-2.0 */
/* A request's body before it is read: what the headers say of its length, and when enough of it has come. */
#include <strings.h>

#include "common/base/limits.h"
#include "controller/api/server_internal.h"

static size_t limit_of(const struct api_route *route)
{
    if (route->sink != NULL)
        return route->sink->limit_bytes;
    if (route->body == NULL)
        return 0;
    return route->body_limit_bytes > 0 ? route->body_limit_bytes : LIMIT_API_BODY;
}

struct lengths {
    unsigned lengths, encodings;
};

static enum MHD_Result lengths_count(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct lengths *lengths = data;

    (void)kind;
    (void)value;
    lengths->lengths += strcasecmp(name, "Content-Length") == 0;
    lengths->encodings += strcasecmp(name, "Transfer-Encoding") == 0;
    return MHD_YES;
}

bool body_has_one_length(struct call *call)
{
    struct lengths lengths = { 0, 0 };

    MHD_get_connection_values(call->connection, MHD_HEADER_KIND, lengths_count, &lengths);
    if (lengths.lengths + lengths.encodings <= 1)
        return true;
    api_reply_header(&call->base, "Connection", "close");
    api_reply_error(&call->base, 400, "bad_request", "the length of the body is told more than once");
    return false;
}

bool body_is_wanted(struct call *call)
{
    const struct api_route *route = call->match.route;
    const char *told = api_header(&call->base, "Content-Length");
    int64_t length = 0;

    if (told == NULL)
        return true;
    if (!text_to_int(told, &length) || length < 0)
        length = INT64_MAX;
    if ((uint64_t)length <= limit_of(route))
        return true;
    api_reply_header(&call->base, "Connection", "close");
    body_refuse(call);
    return false;
}

void body_refuse(struct call *call)
{
    const struct api_route *route = call->match.route;

    if (route->body == NULL && route->sink == NULL)
        api_reply_error(&call->base, 400, "body_unexpected", "%s %s takes no body", route->method, route->path);
    else
        api_reply_error(&call->base, 413, "body_too_large", "the body has more than %zu bytes", limit_of(route));
}

bool body_goes_on(struct call *call, size_t length)
{
    call->came += length;
    return call->came <= limit_of(call->match.route) + LIMIT_API_OVERRUN;
}
