/* SPDX-License-Identifier: Apache-2.0 */
/* A completion as a probe. */
#include "controller/engines/chat_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"

#define SHOWN 80 /* bytes of an answer in a sentence */

static struct engine_request embedding_probe(struct arena *arena, const struct engine_job *job, const char *model)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "model", model);
    value_map_put_string(arena, map, "input", job->workload->health.prompt);
    return (struct engine_request){ .method = "POST",
                                    .path = "/v1/embeddings",
                                    .body = json_text(arena, map, JSON_COMPACT) };
}

struct engine_request chat_probe(struct arena *arena, const struct engine_job *job, const char *model,
                                 int64_t max_tokens)
{
    struct value *map = value_map(arena), *messages = value_list(arena), *message = value_map(arena);

    if (job->workload->is_embedding)
        return embedding_probe(arena, job, model);
    value_map_put_string(arena, message, "role", "user");
    value_map_put_string(arena, message, "content", job->workload->health.prompt);
    value_list_add(arena, messages, message);
    value_map_put_string(arena, map, "model", model);
    value_map_put(arena, map, "messages", messages);
    value_map_put_int(arena, map, "max_tokens", max_tokens);
    value_map_put_int(arena, map, "temperature", 0);
    value_map_put_bool(arena, map, "stream", false);
    return (struct engine_request){ .method = "POST",
                                    .path = "/v1/chat/completions",
                                    .body = json_text(arena, map, JSON_COMPACT) };
}

const struct value *chat_json(struct arena *arena, const char *body)
{
    const struct value *value = NULL;
    struct error ignored = ERROR_INIT;

    return body != NULL && json_read(arena, body, strlen(body), NULL, &value, &ignored) ? value : NULL;
}

const char *chat_error(struct arena *arena, const char *body)
{
    const struct value *map = chat_json(arena, body), *error = value_map_get(map, "error");
    const char *text = value_text(error) != NULL ? value_text(error) : value_map_text(error, "message");

    if (text == NULL)
        text = value_map_text(map, "message");
    if (text == NULL)
        text = value_map_text(map, "detail");
    return text == NULL ? NULL : arena_printf(arena, "%.200s", text);
}

static const char *shown(struct arena *arena, const char *body)
{
    return body == NULL || body[0] == '\0' ? "nothing" : arena_printf(arena, "'%.*s'", SHOWN, body);
}

static const char *past_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static bool is_blank(const char *text)
{
    return text == NULL || past_blanks(text)[0] == '\0';
}

/* The answer may be cut short (one token), so each may be the beginning of the other. */
static bool is_expected(const char *text, const char *expected)
{
    const char *told = past_blanks(text), *wanted = past_blanks(expected);

    return text_starts(told, wanted) || text_starts(wanted, told);
}

/* 0: it does not say. */
static int64_t tokens_of(const struct value *map)
{
    return value_map_int(value_map_get(map, "usage"), "completion_tokens", 0);
}

/*
 * What is wrong with an answer without a word, or NULL. One token may be a blank, or the first of its thoughts; an engine that does not
 * count its tokens may have been asked for one.
 */
static const char *wordless(struct arena *arena, const struct value *map, const char *text, const char *thought,
                            bool has_words_to_say)
{
    int64_t tokens = tokens_of(map);
    bool has_bytes = text != NULL && text[0] != '\0';

    if (is_blank(thought))
        return tokens > 1 || (tokens == 0 && !has_bytes) ? "its completion has no words" : NULL;
    if (!has_words_to_say || tokens <= 1)
        return NULL;
    return arena_printf(arena,
                        "its completion has thoughts and no answer within %lld tokens: health.max_tokens may be more",
                        (long long)tokens);
}

static enum engine_answer chat_read(struct arena *arena, const struct engine_job *job, const struct value *map,
                                    const char **sentence_out)
{
    const struct value *message = value_map_get(value_item(value_map_get(map, "choices"), 0), "message");
    const char *text = value_map_text(message, "content"), *thought = value_map_text(message, "reasoning_content");
    const char *expected = job->workload->health.expect, *wrong = NULL;

    if (message == NULL || (text == NULL && thought == NULL))
        wrong = "its completion has no text";
    else if (is_blank(text))
        wrong = wordless(arena, map, text, thought, expected != NULL);
    else if (expected != NULL && !is_expected(text, expected))
        wrong = arena_printf(arena, "its completion is '%.*s', not '%.*s'", SHOWN, past_blanks(text), SHOWN, expected);
    if (wrong != NULL)
        *sentence_out = wrong;
    return wrong == NULL ? ENGINE_SERVES : ENGINE_WRONG;
}

static enum engine_answer embedding_read(const struct value *map, const char **sentence_out)
{
    const struct value *numbers = value_map_get(value_item(value_map_get(map, "data"), 0), "embedding");

    if (value_count(numbers) > 0)
        return ENGINE_SERVES;
    *sentence_out = "its embedding has no numbers";
    return ENGINE_WRONG;
}

static bool may_come(int status)
{
    return status == 0 || status == 503 || status == 404 || status == 425 || status == 429;
}

enum engine_answer chat_probe_read(struct arena *arena, const struct engine_job *job, int status, const char *body,
                                   const char **sentence_out)
{
    const struct value *map = NULL;
    const char *said = chat_error(arena, body);

    if (status != 200) {
        *sentence_out = status == 0    ? "it does not answer yet"
                        : said != NULL ? arena_printf(arena, "it answers %d: %s", status, said)
                                       : arena_printf(arena, "it answers %d: %s", status, shown(arena, body));
        return may_come(status) ? ENGINE_LOADS : ENGINE_WRONG;
    }
    map = chat_json(arena, body);
    if (!value_is(map, VALUE_MAP)) {
        *sentence_out = arena_printf(arena, "its completion is no JSON: %s", shown(arena, body));
        return ENGINE_WRONG;
    }
    return job->workload->is_embedding ? embedding_read(map, sentence_out) : chat_read(arena, job, map, sentence_out);
}

double chat_metric(const char *body, const char *name)
{
    const char *cursor = body, *end = body == NULL ? NULL : body + strlen(body), *line = NULL;
    size_t length = 0, size = strlen(name);
    double sum = (double)NAN;

    while (body != NULL && text_line(&cursor, end, &line, &length)) {
        const char *number = line + size;

        if (length <= size || strncmp(line, name, size) != 0 || (*number != '{' && *number != ' '))
            continue;
        if (*number == '{')
            number = memchr(number, '}', length - size);
        if (number == NULL)
            continue;
        sum = (isnan(sum) ? 0 : sum) + strtod(number + (*number == '}' ? 1 : 0), NULL);
    }
    return sum;
}
