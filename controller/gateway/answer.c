/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on their way through. In JSON a quote inside a string is escaped, so that "usage": in the bytes is a member's name, never content. */
#include "controller/gateway/answer.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/json/json.h"

#define DATA "data:"
#define ERROR_TEXT_MAX 2000

static const char *find(const char *bytes, size_t length, const char *what)
{
    return memmem(bytes, length, what, strlen(what));
}

static const char *blanks_skip(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* The closing quote of the string that begins behind `at`, or NULL. */
static const char *string_end(const char *at, const char *end)
{
    for (; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at : NULL;
}

/* --- the model's name --- */

/* Where the first "model": "..." has its text. */
static bool model_find(const char *bytes, size_t length, const char **from_out, const char **to_out)
{
    const char *end = bytes + length, *at = find(bytes, length, "\"model\":");

    if (at == NULL)
        return false;
    at = blanks_skip(at + strlen("\"model\":"), end);
    if (at == end || *at != '"')
        return false;
    *from_out = at;
    at = string_end(at + 1, end);
    *to_out = at == NULL ? NULL : at + 1;
    return at != NULL;
}

static void add_with_model(struct arena *scratch, const char *bytes, size_t length, const char *model, struct text *out)
{
    const char *from = NULL, *to = NULL;

    if (!model_find(bytes, length, &from, &to)) {
        text_add_n(out, bytes, length);
        return;
    }
    text_add_n(out, bytes, (size_t)(from - bytes));
    json_write(out, value_string(scratch, model), &JSON_COMPACT);
    text_add_n(out, to, (size_t)(bytes + length - to));
}

/* --- usage --- */

static int64_t count_of(const struct value *usage, const char *name)
{
    const struct value *count = value_map_get(usage, name);

    return value_is(count, VALUE_INT) && count->as.integer > 0 && count->as.integer < INT32_MAX ? count->as.integer : 0;
}

static void usage_note(const struct value *usage, struct answer_facts *facts)
{
    facts->has_usage = true;
    facts->tokens_in = count_of(usage, "prompt_tokens");
    facts->tokens_out = count_of(usage, "completion_tokens");
}

/* The object that begins at `at`: its length, 0: it does not end. */
static size_t object_length(const char *at, const char *end)
{
    const char *from = at;
    int depth = 0;

    for (; at < end; at++) {
        if (*at == '"') {
            at = string_end(at + 1, end);
            if (at == NULL)
                return 0;
        }
        depth += (*at == '{') - (*at == '}');
        if (depth == 0)
            return (size_t)(at - from) + 1;
    }
    return 0;
}

/* Large answers are not read as a whole for the sake of two numbers. */
static void usage_find(struct arena *scratch, const char *bytes, size_t length, struct answer_facts *facts)
{
    const char *end = bytes + length;

    for (const char *at = find(bytes, length, "\"usage\":"); at != NULL;
         at = find(at, (size_t)(end - at), "\"usage\":")) {
        const struct value *usage = NULL;
        struct error ignored = ERROR_INIT;
        size_t size = 0;

        at = blanks_skip(at + strlen("\"usage\":"), end);
        size = at < end && *at == '{' ? object_length(at, end) : 0;
        if (size > 0 && json_read(scratch, at, size, NULL, &usage, &ignored))
            usage_note(usage, facts);
    }
}

/* --- events --- */

static void error_note(struct answer_stream *stream, const struct value *event)
{
    const struct value *error = value_map_get(event, "error");
    const char *message = value_text(error) != NULL ? value_text(error) : value_map_text(error, "message");

    if (error == NULL || value_is(error, VALUE_NULL) || stream->facts.error != NULL)
        return;
    stream->facts.error =
        arena_printf(stream->arena, "%.*s", ERROR_TEXT_MAX, message == NULL ? "no reason told" : message);
}

/* An event with usage or an error in it is read; false: nothing of it goes on. */
static bool event_read(struct answer_stream *stream, const char *json, size_t length, struct text *out)
{
    const struct value *event = NULL;
    const struct value *usage = NULL, *choices = NULL;
    struct value *copy = value_map(stream->scratch);
    struct error ignored = ERROR_INIT;

    if (!json_read(stream->scratch, json, length, NULL, &event, &ignored) || !value_is(event, VALUE_MAP)) {
        text_add_n(out, json, length);
        return true;
    }
    error_note(stream, event);
    if (stream->facts.error != NULL)
        return false; /* who passes it on words it */
    usage = value_map_get(event, "usage");
    choices = value_map_get(event, "choices");
    if (value_is(usage, VALUE_MAP))
        usage_note(usage, &stream->facts);
    if (!stream->wants_usage && value_is(usage, VALUE_MAP) && value_is(choices, VALUE_LIST) &&
        value_count(choices) == 0)
        return false;
    for (size_t i = 0; i < value_count(event); i++) {
        const struct value_pair *pair = value_pair_at(event, i);

        if (stream->wants_usage || strcmp(value_text(pair->key), "usage") != 0)
            value_map_put(stream->scratch, copy, value_text(pair->key), pair->item);
    }
    value_map_put_string(stream->scratch, copy, "model", stream->model);
    json_write(out, copy, &JSON_COMPACT);
    return true;
}

static bool has_piece(const char *json, size_t length)
{
    static const char *const signs[] = { "\"content\":\"", "\"text\":\"", "\"reasoning_content\":\"",
                                         "\"arguments\":\"" };

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const char *at = find(json, length, signs[i]);

        if (at != NULL && at + strlen(signs[i]) < json + length && at[strlen(signs[i])] != '"')
            return true;
    }
    return false;
}

/* One event without the empty line behind it. */
static void event_take(struct answer_stream *stream, const char *event, size_t length, struct text *out)
{
    const char *end = event + length, *json = NULL;
    size_t before = out->length;

    if (length < strlen(DATA) || memcmp(event, DATA, strlen(DATA)) != 0 || memchr(event, '\n', length) != NULL) {
        text_add_n(out, event, length);
        text_add(out, "\n\n");
        return;
    }
    json = blanks_skip(event + strlen(DATA), end);
    length = (size_t)(end - json);
    while (length > 0 && json[length - 1] == '\r')
        length--;
    text_add(out, "data: ");
    if (length == 6 && memcmp(json, "[DONE]", 6) == 0) {
        stream->facts.is_done = true;
        text_add_n(out, json, length);
    } else if (find(json, length, "\"usage\":") != NULL || find(json, length, "\"error\":") != NULL) {
        if (!event_read(stream, json, length, out)) {
            text_truncate(out, before);
            return;
        }
    } else {
        add_with_model(stream->scratch, json, length, stream->model, out);
    }
    stream->facts.pieces += has_piece(json, length);
    text_add(out, "\n\n");
}

/* The end of the first event in what is held; 0: it is not whole. */
static size_t event_end(const struct answer_stream *stream, size_t from, size_t search, size_t *next_out)
{
    const char *data = stream->held.data;

    for (size_t i = search; i + 1 < stream->held.length; i++) {
        if (data[i] != '\n')
            continue;
        if (data[i + 1] == '\n') {
            *next_out = i + 2;
            return i > from && data[i - 1] == '\r' ? i - 1 : i;
        }
        if (data[i + 1] == '\r' && i + 2 < stream->held.length && data[i + 2] == '\n') {
            *next_out = i + 3;
            return i > from && data[i - 1] == '\r' ? i - 1 : i;
        }
    }
    *next_out = 0;
    return from;
}

bool answer_stream_take(struct answer_stream *stream, const char *bytes, size_t length, struct text *out)
{
    size_t from = 0, next = 0, left = 0;

    text_add_n(&stream->held, bytes, length);
    for (;;) {
        size_t end = event_end(stream, from, stream->searched > from ? stream->searched : from, &next);

        if (next == 0)
            break;
        if (end > from)
            event_take(stream, stream->held.data + from, end - from, out);
        arena_reset(stream->scratch);
        from = next;
    }
    left = stream->held.length - from;
    if (left > 0 && from > 0)
        memmove(stream->held.data, stream->held.data + from, left);
    text_truncate(&stream->held, left);
    stream->searched = left > 2 ? left - 2 : 0;
    return left <= LIMIT_GATEWAY_EVENT;
}

/* --- in one piece --- */

bool answer_whole(struct arena *arena, const char *body, size_t length, const char *model, struct text *out,
                  struct answer_facts *facts)
{
    ARENA_SCOPED scratch = arena_new();
    const char *begin = blanks_skip(body, body + length);

    while (length > 0 && (body[length - 1] == '\n' || body[length - 1] == '\r' || body[length - 1] == ' '))
        length--;
    if (begin >= body + length || *begin != '{' || body[length - 1] != '}')
        return false;
    *out = text_new(arena);
    usage_find(scratch, body, length, facts);
    add_with_model(scratch, body, length, model, out);
    text_add_char(out, '\n');
    return true;
}

/* --- errors --- */

static const char *type_of(int status)
{
    return status == 401   ? "authentication_error"
           : status == 403 ? "permission_error"
           : status == 429 ? "rate_limit_error"
           : status < 500  ? "invalid_request_error"
                           : "server_error";
}

void answer_error_more(struct arena *arena, struct value *error, int status)
{
    if (value_map_get(error, "param") == NULL)
        value_map_put_string(arena, error, "param", NULL);
    value_map_put_string(arena, error, "type", type_of(status));
}

struct value *answer_error(struct arena *arena, int status, const char *code, const char *param, const char *message)
{
    struct value *out = value_map(arena), *error = value_map(arena);

    value_map_put_string(arena, error, "code", code);
    value_map_put_string(arena, error, "message", message);
    value_map_put_string(arena, error, "param", param);
    answer_error_more(arena, error, status);
    value_map_put(arena, out, "error", error);
    return out;
}

const char *answer_error_of(struct arena *arena, const char *body, size_t length)
{
    const struct value *value = NULL, *error = NULL;
    struct error ignored = ERROR_INIT;
    const char *message = NULL;

    if (!json_read(arena, body, length, NULL, &value, &ignored))
        return NULL;
    error = value_map_get(value, "error");
    message = value_text(error) != NULL                  ? value_text(error)
              : value_map_text(error, "message") != NULL ? value_map_text(error, "message")
                                                         : value_map_text(value, "message");
    return message == NULL ? NULL : arena_printf(arena, "%.*s", ERROR_TEXT_MAX, message);
}
