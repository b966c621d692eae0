/* SPDX-License-Identifier: Apache-2.0 */
/* One question, one answer; each looks at the store anew, as files grow and change their names meanwhile. */
#include "agent/share/share_answer.h"

#include <stdio.h>
#include <string.h>

#include "agent/share/share_talk.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/chunk_map.h"
#include "common/model/model_told.h"

struct question {
    const struct model_store *store;
    struct arena *arena;
    const struct value *said, *told, *file;
    const char *source;
    struct chunk_list list; /* of `file` */
    int fd;                 /* its content */
};

static void refuse(struct arena *arena, const char *sentence, struct share_reply *out)
{
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "ok", false);
    value_map_put_string(arena, map, "sentence", sentence);
    *out = (struct share_reply){ .head = arena_printf(arena, "%s\n", json_text(arena, map, JSON_COMPACT)), .fd = -1 };
}

static struct share_reply reply_of(struct arena *arena, int64_t bytes, int64_t size)
{
    return (struct share_reply){ .head = arena_printf(arena, "{\"ok\":true,\"bytes\":%lld,\"size\":%lld}\n",
                                                      (long long)bytes, (long long)size),
                                 .fd = -1,
                                 .left = bytes };
}

static int64_t number_of(const struct question *question, const char *key)
{
    const struct value *number = value_map_get(question->said, key);

    return value_is(number, VALUE_INT) ? number->as.integer : -1;
}

/* NULL, or why not. */
static const char *file_find(struct question *question)
{
    const struct value *files = value_map_get(question->told, "files");
    int64_t index = number_of(question, "file");
    struct error err = ERROR_INIT;
    const char *key = NULL;
    bool is_blob = false, found = false;

    if (index < 0 || index >= (int64_t)value_count(files))
        return "there is no such file";
    question->file = value_item(files, (size_t)index);
    question->fd = model_told_open(question->store, question->arena, question->file, &key, &is_blob);
    if (question->fd < 0)
        return "nothing of it is here";
    if (!chunk_list_read(question->store, question->arena, key, &question->list, &found, &err) || !found ||
        (!is_blob && question->list.is_doubted))
        return "nothing of it is here yet";
    return NULL;
}

static void answer_have(struct question *question, struct share_reply *out)
{
    char *states = arena_alloc(question->arena, (size_t)question->list.count + 1);

    for (int64_t i = 0; i < question->list.count; i++)
        states[i] = chunk_list_state(&question->list, i) == CHUNK_HAVE ? 'h' : '.';
    *out = reply_of(question->arena, question->list.count, question->list.size);
    out->body = states;
}

static void answer_digests(struct question *question, struct share_reply *out)
{
    int64_t first = number_of(question, "first"), count = number_of(question, "count");
    size_t digits = DIGEST_HEX - 1;
    char *body;

    if (first < 0 || count < 1 || count > SHARE_DIGESTS_MAX || first > question->list.count - count) {
        refuse(question->arena, "there are no such chunks", out);
        return;
    }
    body = arena_alloc(question->arena, (size_t)count * digits + 1);
    memset(body, '0', (size_t)count * digits);
    for (int64_t i = 0; i < count; i++) {
        if (chunk_list_state(&question->list, first + i) == CHUNK_HAVE)
            memcpy(body + (size_t)i * digits, chunk_list_digest(&question->list, first + i), digits);
    }
    *out = reply_of(question->arena, count * (int64_t)digits, question->list.size);
    out->body = body;
}

static void answer_chunk(struct question *question, struct share_reply *out)
{
    int64_t index = number_of(question, "chunk");

    if (chunk_list_state(&question->list, index) != CHUNK_HAVE) {
        refuse(question->arena, "that chunk is not here", out);
        return;
    }
    *out = reply_of(question->arena, chunk_length_of(question->list.size, index), question->list.size);
    out->at = index * CHUNK_SIZE;
    out->fd = question->fd;
    question->fd = -1;
}

static void answer_plan(struct question *question, struct share_reply *out)
{
    const char *text = json_text(question->arena, question->told, JSON_COMPACT);

    *out = reply_of(question->arena, (int64_t)strlen(text), -1);
    out->body = text;
}

static void answer(struct question *question, const char *ask, struct share_reply *out)
{
    const char *why;

    question->told = model_told_read(question->store, question->arena, question->source);
    if (question->told == NULL) {
        refuse(question->arena, "nothing is known of it yet", out);
        return;
    }
    if (text_equal(ask, "plan")) {
        answer_plan(question, out);
        return;
    }
    why = file_find(question);
    if (why != NULL)
        refuse(question->arena, why, out);
    else if (text_equal(ask, "have"))
        answer_have(question, out);
    else if (text_equal(ask, "digests"))
        answer_digests(question, out);
    else if (text_equal(ask, "chunk"))
        answer_chunk(question, out);
    else
        refuse(question->arena, "that is no question", out);
}

void share_answer_make(const struct model_store *store, const struct share_order *order, const struct share_peer *who,
                       const char *line, size_t length, struct share_reply *out)
{
    struct question question = { .store = store, .arena = store->arena, .fd = -1 };
    struct error ignored = ERROR_INIT;

    if (!json_read(store->arena, line, length, NULL, &question.said, &ignored)) {
        refuse(store->arena, "that is no question", out);
        return;
    }
    question.source = value_map_text(question.said, "source");
    /* who may not have it is not told whether it is here */
    if (question.source == NULL || !share_order_allows(order, question.source, who->node, who->fingerprint)) {
        refuse(store->arena, "this is not shared with that node", out);
        return;
    }
    answer(&question, value_map_text(question.said, "ask"), out);
    fd_close(question.fd);
}
