/* SPDX-License-Identifier: Apache-2.0 */
/* A server's answer as the agent reads it: in one piece and byte by byte it must come to the same. */
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/link_answer.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define BODY_MAX 65536

struct outcome {
    bool ok, is_done;
    int status;
    size_t used;
    const char *body;
    size_t length;
};

static struct outcome read_in_pieces(struct arena *arena, const char *data, size_t size, size_t piece)
{
    struct link_answer answer;
    struct error err = ERROR_INIT;
    struct outcome out = { .ok = true };

    link_answer_begin(&answer, arena, BODY_MAX);
    while (out.ok && out.used < size && !link_answer_is_done(&answer)) {
        size_t now = size - out.used < piece ? size - out.used : piece, used = 0;

        out.ok = link_answer_take(&answer, data + out.used, now, &used, &err);
        if (out.ok && used < now && !link_answer_is_done(&answer))
            abort(); /* what was not taken belongs to the next answer, which begins when this one is done */
        out.used += used;
    }
    out.is_done = out.ok && link_answer_is_done(&answer);
    if (!out.is_done)
        return out;
    out.status = answer.response.status;
    out.body = answer.body.data;
    out.length = answer.body.length;
    if (out.length > BODY_MAX)
        abort();
    return out;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct outcome whole = read_in_pieces(arena, (const char *)data, size, size + 1);
    struct outcome bytes = read_in_pieces(arena, (const char *)data, size, 1);

    if (whole.ok != bytes.ok || whole.is_done != bytes.is_done)
        abort();
    if (whole.is_done && (whole.status != bytes.status || whole.used != bytes.used || whole.length != bytes.length ||
                          (whole.length > 0 && memcmp(whole.body, bytes.body, whole.length) != 0)))
        abort();
    return 0;
}
