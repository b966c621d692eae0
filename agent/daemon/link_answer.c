/* SPDX-License-Identifier: Apache-2.0 */
/* Lines until the head is over, then bytes that are counted. */
#include "agent/daemon/link_answer.h"

#include <string.h>
#include <strings.h>

#include "common/base/limits.h"

#define CHUNK_LINE_MAX ((size_t)256)
#define INFORMATION_LAST 199 /* statuses below 200 come before the answer */
#define SWITCHING 101

void link_answer_begin(struct link_answer *answer, struct arena *arena, int64_t limit_bytes)
{
    *answer = (struct link_answer){ .arena = arena,
                                    .limit_bytes = limit_bytes,
                                    .body = text_new(arena),
                                    .line = text_new(arena),
                                    .declared = -1,
                                    .keeps = true };
}

/* --- the head --- */

static bool is_digits(const char *text, size_t length)
{
    return strspn(text, "0123456789") >= length;
}

/* "HTTP/1.1 200 OK" */
static bool status_take(struct link_answer *answer, const char *line, struct error *err)
{
    const char *code = line + strlen("HTTP/1.x ");

    if ((!text_starts(line, "HTTP/1.1 ") && !text_starts(line, "HTTP/1.0 ")) || !is_digits(code, 3) ||
        (code[3] != ' ' && code[3] != '\0'))
        return error_set(err, "what answers does not speak HTTP/1.1");
    if (line[7] == '0')
        answer->keeps = false;
    answer->response = (struct http_response){
        .status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'),
        .reason = code[3] == '\0' ? "" : arena_copy(answer->arena, code + 4),
    };
    answer->declared = -1;
    answer->is_chunked = false;
    answer->state = ANSWER_HEADERS;
    return answer->response.status >= 100 ||
           error_set(err, "the answer has the status %d, which there is not", answer->response.status);
}

static bool length_take(struct link_answer *answer, const char *value, struct error *err)
{
    int64_t length = 0;

    if (value[0] == '\0' || !is_digits(value, strlen(value)) || !text_to_int(value, &length))
        return error_set(err, "the answer's Content-Length is no number");
    if (answer->declared >= 0 && answer->declared != length)
        return error_set(err, "the answer has two different lengths");
    answer->declared = length;
    return true;
}

/* "a, b" holds "b". */
static bool list_holds(const char *list, const char *word)
{
    size_t length = strlen(word);

    while (*list != '\0') {
        size_t part;

        list += strspn(list, " \t,");
        part = strcspn(list, " \t,");
        if (part == length && strncasecmp(list, word, length) == 0)
            return true;
        list += part;
    }
    return false;
}

static bool header_known(struct link_answer *answer, const char *name, const char *value, struct error *err)
{
    if (strcasecmp(name, "Content-Length") == 0)
        return length_take(answer, value, err);
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        if (strcasecmp(value, "chunked") != 0)
            return error_set(err, "the answer comes in an encoding that was not asked for");
        answer->is_chunked = true;
    } else if (strcasecmp(name, "Connection") == 0 && list_holds(value, "close")) {
        answer->keeps = false;
    }
    return true;
}

static bool header_take(struct link_answer *answer, const char *line, struct error *err)
{
    const char *colon = strchr(line, ':');
    size_t name = colon == NULL ? 0 : (size_t)(colon - line);
    struct http_header *header = &answer->headers[answer->response.header_count];

    if (name == 0 || strcspn(line, " \t") < name)
        return error_set(err, "the answer has a header that is none");
    if (answer->response.header_count == LINK_HEADERS_MAX)
        return error_set_kind(err, ERROR_LIMIT, "the answer has more than %d headers", LINK_HEADERS_MAX);
    header->name = arena_copy_n(answer->arena, line, name);
    header->value = text_trim(answer->arena, colon + 1, strlen(colon + 1));
    answer->response.header_count++;
    return header_known(answer, header->name, header->value, err);
}

static bool is_for_sink(const struct link_answer *answer)
{
    return answer->sink != NULL && answer->response.status == 200;
}

static bool length_check(const struct link_answer *answer, int64_t length, struct error *err)
{
    int64_t limit = answer->limit_bytes;

    if (answer->sink != NULL && !is_for_sink(answer) && limit > LIMIT_API_BODY)
        limit = LIMIT_API_BODY;
    return length <= limit - answer->response.size_bytes ||
           error_set_kind(err, ERROR_LIMIT, "the answer is larger than the %lld bytes that are taken at most",
                          (long long)limit);
}

/* The empty line behind the headers: how the body comes. */
static bool head_end(struct link_answer *answer, struct error *err)
{
    int status = answer->response.status;

    answer->response.headers = answer->headers;
    if (status == SWITCHING && !answer->may_upgrade)
        return error_set(err, "the answer changes to a protocol that was not asked for");
    if (status <= INFORMATION_LAST && status != SWITCHING) {
        answer->state = ANSWER_STATUS;
        return true;
    }
    if (answer->is_chunked && answer->declared >= 0)
        return error_set(err, "the answer has a length and comes in chunks");
    if (status == SWITCHING || status == 204 || status == 304 || answer->declared == 0) {
        answer->state = ANSWER_DONE;
        return true;
    }
    if (answer->is_chunked) {
        answer->state = ANSWER_CHUNK_SIZE;
        return true;
    }
    if (answer->declared < 0)
        return error_set(err, "the answer does not say how long it is");
    answer->left = answer->declared;
    answer->state = ANSWER_BODY;
    return length_check(answer, answer->left, err);
}

/* --- chunks --- */

static bool chunk_size_take(struct link_answer *answer, const char *line, struct error *err)
{
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    int64_t size = 0;

    if (digits == 0 || digits > 15 || (line[digits] != '\0' && strchr("; \t", line[digits]) == NULL))
        return error_set(err, "a chunk of the answer has no size");
    for (size_t i = 0; i < digits; i++)
        size = size * 16 + (line[i] <= '9' ? line[i] - '0' : (line[i] | 0x20) - 'a' + 10);
    answer->left = size;
    answer->state = size == 0 ? ANSWER_TRAILERS : ANSWER_CHUNK;
    return length_check(answer, size, err);
}

static bool line_use(struct link_answer *answer, const char *line, struct error *err)
{
    switch (answer->state) {
    case ANSWER_STATUS:
        return status_take(answer, line, err);
    case ANSWER_HEADERS:
        return line[0] == '\0' ? head_end(answer, err) : header_take(answer, line, err);
    case ANSWER_CHUNK_SIZE:
        return chunk_size_take(answer, line, err);
    case ANSWER_CHUNK_END:
        answer->state = ANSWER_CHUNK_SIZE;
        return line[0] == '\0' || error_set(err, "a chunk of the answer does not end where it should");
    default: /* trailers say nothing that is used */
        if (line[0] == '\0')
            answer->state = ANSWER_DONE;
        return true;
    }
}

/* --- bytes --- */

/* Sizes of chunks are not counted with the head: there may be many. */
static bool line_count(struct link_answer *answer, size_t length, struct error *err)
{
    bool is_chunk = answer->state == ANSWER_CHUNK_SIZE || answer->state == ANSWER_CHUNK_END;

    if (!is_chunk)
        answer->head_bytes += length;
    if (answer->head_bytes > LINK_HEAD_MAX || (is_chunk && answer->line.length > CHUNK_LINE_MAX))
        return error_set_kind(err, ERROR_LIMIT, "the head of the answer is larger than %zu bytes", LINK_HEAD_MAX);
    return true;
}

static bool line_take(struct link_answer *answer, const char *data, size_t length, size_t *used_out, struct error *err)
{
    const char *newline = memchr(data, '\n', length);
    size_t used = newline == NULL ? length : (size_t)(newline - data) + 1;
    struct text *line = &answer->line;

    *used_out = used;
    text_add_n(line, data, newline == NULL ? used : used - 1);
    if (!line_count(answer, used, err))
        return false;
    if (newline == NULL)
        return true;
    if (line->length > 0 && line->data[line->length - 1] == '\r')
        text_truncate(line, line->length - 1);
    if (strlen(line->data) != line->length)
        return error_set(err, "the answer's head holds a zero byte");
    if (!line_use(answer, line->data, err))
        return false;
    text_truncate(line, 0);
    return true;
}

static bool body_take(struct link_answer *answer, const char *data, size_t length, size_t *used_out, struct error *err)
{
    size_t used = (int64_t)length < answer->left ? length : (size_t)answer->left;

    *used_out = used;
    if (!is_for_sink(answer))
        text_add_n(&answer->body, data, used);
    else if (!answer->sink->write(answer->sink->data, data, used, err))
        return false;
    answer->left -= (int64_t)used;
    answer->response.size_bytes += (int64_t)used;
    if (answer->left == 0)
        answer->state = answer->is_chunked ? ANSWER_CHUNK_END : ANSWER_DONE;
    return true;
}

bool link_answer_take(struct link_answer *answer, const char *data, size_t length, size_t *used_out, struct error *err)
{
    size_t at = 0;

    while (at < length && answer->state != ANSWER_DONE) {
        bool is_body = answer->state == ANSWER_BODY || answer->state == ANSWER_CHUNK;
        size_t used = 0;

        if (!(is_body ? body_take : line_take)(answer, data + at, length - at, &used, err))
            return false;
        at += used;
    }
    *used_out = at;
    return true;
}
