/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine streams, from arbitrary bytes: however it is cut into pieces (the first byte says how), the client gets the same. */
#include <stdlib.h>
#include <string.h>

#include "controller/gateway/answer.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct text through(struct arena *arena, struct arena *scratch, const char *bytes, size_t length, size_t piece)
{
    struct answer_stream stream = {
        .arena = arena, .scratch = scratch, .model = "mine", .wants_usage = length % 2 == 0, .held = text_new(arena)
    };
    struct text out = text_new(arena);

    for (size_t at = 0; at < length; at += piece) {
        if (!answer_stream_take(&stream, bytes + at, length - at < piece ? length - at : piece, &out))
            break;
    }
    return out;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    ARENA_SCOPED scratch = arena_new();
    struct answer_facts facts = { .has_usage = false };
    struct text whole, pieces, ignored;

    if (size < 2)
        return 0;
    whole = through(arena, scratch, (const char *)data + 1, size - 1, size);
    pieces = through(arena, scratch, (const char *)data + 1, size - 1, (size_t)data[0] + 1);
    if (whole.length != pieces.length || (whole.length > 0 && memcmp(whole.data, pieces.data, whole.length) != 0))
        abort();
    (void)answer_whole(arena, (const char *)data + 1, size - 1, "mine", &ignored, &facts);
    (void)answer_error_of(arena, (const char *)data + 1, size - 1);
    return 0;
}
