/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of requests to the gateway, from arbitrary bytes; the first says which kind. What an engine would be sent must be a good
 * request of that kind itself, and the same once more: nothing that is not looked at gets through.
 */
#include <stdlib.h>
#include <string.h>

#include "controller/gateway/ask.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const enum ask_kind kinds[] = { ASK_CHAT, ASK_TEXT, ASK_EMBEDDINGS };
    ARENA_SCOPED arena = arena_new();
    enum ask_kind kind = size == 0 ? ASK_CHAT : kinds[data[0] % 3];
    struct ask ask, again;
    struct ask_refusal why = { .message = NULL };
    size_t length = 0;
    const char *sent = NULL;

    if (size == 0 || !ask_read(arena, kind, (const char *)data + 1, size - 1, &ask, &why)) {
        if (size > 0 && why.message == NULL)
            abort();
        return 0;
    }
    sent = ask_body(arena, &ask, ask.model, &length);
    if (!ask_read(arena, kind, sent, length, &again, &why) || strcmp(again.model, ask.model) != 0 ||
        strcmp(again.rest, ask.rest) != 0 || again.weight != ask.weight || again.is_stream != ask.is_stream)
        abort();
    return 0;
}
