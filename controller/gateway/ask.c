/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request: its members, and what an engine is sent of them. */
#include "controller/gateway/ask.h"

#include <math.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/gateway/ask_rules.h"

#define COUNT_MAX 16 /* answers, prompts */
#define STOP_BYTES 256
#define LABEL_BYTES 512 /* of what is taken and not sent */
#define MODEL_BYTES 256
#define BIAS_MAX 1024
#define SETTINGS_MAX 16 /* of a chat template */
#define ASK_ANY_TEXT ((unsigned)ASK_CHAT | (unsigned)ASK_TEXT)

/* --- members of their own kind --- */

static bool check_texts(struct ask_reading *reading, const struct value *value, const char *where, size_t most)
{
    if (value_text(value) != NULL)
        return true;
    if (!ask_list(reading, value, where, 1, most))
        return false;
    for (size_t i = 0; i < value_count(value); i++) {
        if (value_text(value_item(value, i)) == NULL)
            return ask_refuse(reading, ask_item(reading, where, i), "invalid_type",
                              "%s: expected a string, found a %s; lists of tokens are not taken",
                              ask_item(reading, where, i), value_kind_text(value_item(value, i)));
    }
    return true;
}

static bool check_prompt(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (!check_texts(reading, value, where, COUNT_MAX))
        return false;
    if (value_is(value, VALUE_LIST))
        reading->out->weight *= (unsigned)value_count(value);
    return true;
}

static bool check_input(struct ask_reading *reading, const struct value *value, const char *where)
{
    return check_texts(reading, value, where, LIMIT_GATEWAY_INPUTS);
}

static bool check_stop(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (value_is(value, VALUE_LIST) && value_count(value) == 0)
        return true;
    if (!check_texts(reading, value, where, COUNT_MAX))
        return false;
    for (size_t i = 0; i < (value_is(value, VALUE_LIST) ? value_count(value) : 1); i++) {
        const struct value *one = value_is(value, VALUE_LIST) ? value_item(value, i) : value;

        size_t length = one == NULL ? 0 : one->as.string.length;

        if (length < 1 || length > STOP_BYTES)
            return ask_refuse(reading, where, "invalid_value", "%s: expected texts of 1 to %d bytes", where,
                              STOP_BYTES);
    }
    return true;
}

static bool check_count(struct ask_reading *reading, const struct value *value, const char *where)
{
    (void)where;
    reading->out->weight *= (unsigned)value->as.integer;
    return true;
}

static bool check_length(struct ask_reading *reading, const struct value *value, const char *where)
{
    int64_t before = reading->out->max_tokens;

    if (before != 0 && before != value->as.integer)
        return ask_refuse(reading, where, "invalid_value",
                          "max_tokens and max_completion_tokens say the same: give one of them");
    reading->out->max_tokens = value->as.integer;
    return true;
}

/* Names go into Prometheus' labels and messages. */
static bool check_model(struct ask_reading *reading, const struct value *value, const char *where)
{
    for (const char *at = value_text(value); *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == '"' || *at == '\\' || *at == 127)
            return ask_refuse(reading, where, "invalid_value",
                              "%s: expected a name without quotes, backslashes and control characters", where);
    }
    return true;
}

static bool check_stream(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (!value_is(value, VALUE_BOOL))
        return ask_refuse(reading, where, "invalid_type", "%s: expected true or false", where);
    reading->out->is_stream = value->as.boolean;
    return true;
}

static bool check_stream_options(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const struct ask_rule rules[] = {
        { .name = "include_usage", .type = ASK_BOOL },
        { .name = "include_obfuscation", .type = ASK_BOOL },
        { .name = NULL },
    };

    if (!ask_members(reading, value, rules, where))
        return false;
    reading->out->wants_usage = value_map_true(value, "include_usage");
    return true;
}

static bool check_bias(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (!value_is(value, VALUE_MAP) || value_count(value) > BIAS_MAX)
        return ask_refuse(reading, where, "invalid_value", "%s: expected an object of at most %d tokens", where,
                          BIAS_MAX);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        const struct value *bias = pair->item;
        double number = value_is(bias, VALUE_INT)    ? (double)bias->as.integer
                        : value_is(bias, VALUE_REAL) ? bias->as.real
                                                     : (double)NAN;
        int64_t token = -1;

        if (!text_to_int(value_text(pair->key), &token) || token < 0 || token > INT32_MAX ||
            !(number >= -100 && number <= 100))
            return ask_refuse(reading, where, "invalid_value", "%s: expected numbers of tokens with -100 to 100 each",
                              where);
    }
    return true;
}

static bool check_settings(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (!value_is(value, VALUE_MAP) || value_count(value) > SETTINGS_MAX)
        return ask_refuse(reading, where, "invalid_value", "%s: expected an object of at most %d members", where,
                          SETTINGS_MAX);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value *item = value_pair_at(value, i)->item;

        if (!value_is(item, VALUE_BOOL) && !value_is(item, VALUE_INT) && !value_is(item, VALUE_REAL) &&
            (value_text(item) == NULL || item->as.string.length > STOP_BYTES))
            return ask_refuse(reading, where, "invalid_value",
                              "%s: expected true, false, numbers and short texts as its members", where);
    }
    return true;
}

static bool check_not_kept(struct ask_reading *reading, const struct value *value, const char *where)
{
    return (value_is(value, VALUE_BOOL) && !value->as.boolean) ||
           ask_refuse(reading, where, "unsupported_value", "%s: answers are not kept here; leave it out", where);
}

static bool check_modalities(struct ask_reading *reading, const struct value *value, const char *where)
{
    return (value_count(value) == 1 && value_is(value, VALUE_LIST) &&
            text_equal(value_text(value_item(value, 0)), "text")) ||
           ask_refuse(reading, where, "unsupported_value", "%s: only [\"text\"] is given here", where);
}

/* --- the table --- */

#define NOT_FOR_CLIENTS "engines are not told it by clients"

static const char *const efforts[] = { "none", "minimal", "low", "medium", "high", "xhigh", NULL };
static const char *const encodings[] = { "float", "base64", NULL };

static const struct ask_rule body_rules[] = {
    { .name = "model",
      .type = ASK_WORDS,
      .least = 1,
      .most = MODEL_BYTES,
      .check = check_model,
      .required = true,
      .is_kept = true },
    { .name = "messages", .type = ASK_OWN, .kinds = ASK_CHAT, .check = ask_messages, .required = true },
    { .name = "prompt", .type = ASK_OWN, .kinds = ASK_TEXT, .check = check_prompt, .required = true },
    { .name = "input", .type = ASK_OWN, .kinds = ASK_EMBEDDINGS, .check = check_input, .required = true },
    { .name = "encoding_format", .type = ASK_WORDS, .kinds = ASK_EMBEDDINGS, .choices = encodings },
    { .name = "stream", .type = ASK_OWN, .kinds = ASK_ANY_TEXT, .check = check_stream, .is_kept = true },
    { .name = "stream_options",
      .type = ASK_OWN,
      .kinds = ASK_ANY_TEXT,
      .check = check_stream_options,
      .is_kept = true },
    { .name = "max_tokens",
      .type = ASK_INT,
      .kinds = ASK_ANY_TEXT,
      .least = 1,
      .most = LIMIT_GATEWAY_TOKENS,
      .check = check_length,
      .is_kept = true },
    { .name = "max_completion_tokens",
      .type = ASK_INT,
      .kinds = ASK_CHAT,
      .least = 1,
      .most = LIMIT_GATEWAY_TOKENS,
      .check = check_length,
      .is_kept = true },
    { .name = "temperature", .type = ASK_REAL, .kinds = ASK_ANY_TEXT, .least = 0, .most = 2 },
    { .name = "top_p", .type = ASK_REAL, .kinds = ASK_ANY_TEXT, .least = 0, .most = 1 },
    { .name = "top_k", .type = ASK_INT, .kinds = ASK_ANY_TEXT, .least = -1, .most = 100000 },
    { .name = "min_p", .type = ASK_REAL, .kinds = ASK_ANY_TEXT, .least = 0, .most = 1 },
    { .name = "typical_p", .type = ASK_REAL, .kinds = ASK_ANY_TEXT, .least = 0, .most = 1 },
    { .name = "repeat_penalty", .type = ASK_REAL, .kinds = ASK_ANY_TEXT, .least = 0.01, .most = 10 },
    { .name = "presence_penalty", .type = ASK_REAL, .kinds = ASK_ANY_TEXT, .least = -2, .most = 2 },
    { .name = "frequency_penalty", .type = ASK_REAL, .kinds = ASK_ANY_TEXT, .least = -2, .most = 2 },
    { .name = "n", .type = ASK_INT, .kinds = ASK_ANY_TEXT, .least = 1, .most = COUNT_MAX, .check = check_count },
    { .name = "best_of", .type = ASK_INT, .kinds = ASK_TEXT, .least = 1, .most = 1, .is_kept = true },
    { .name = "stop", .type = ASK_OWN, .kinds = ASK_ANY_TEXT, .check = check_stop },
    { .name = "seed", .type = ASK_INT, .kinds = ASK_ANY_TEXT, .least = -1, .most = 4294967295.0 },
    { .name = "logit_bias", .type = ASK_OWN, .kinds = ASK_ANY_TEXT, .check = check_bias },
    { .name = "logprobs", .type = ASK_BOOL, .kinds = ASK_CHAT },
    { .name = "logprobs", .type = ASK_INT, .kinds = ASK_TEXT, .least = 0, .most = 20 },
    { .name = "top_logprobs", .type = ASK_INT, .kinds = ASK_CHAT, .least = 0, .most = 20 },
    { .name = "suffix", .type = ASK_WORDS, .kinds = ASK_TEXT, .most = LIMIT_GATEWAY_BODY },
    { .name = "echo", .type = ASK_BOOL, .kinds = ASK_TEXT },
    { .name = "response_format", .type = ASK_OWN, .kinds = ASK_CHAT, .check = ask_response_format },
    { .name = "tools", .type = ASK_OWN, .kinds = ASK_CHAT, .check = ask_tools },
    { .name = "tool_choice", .type = ASK_OWN, .kinds = ASK_CHAT, .check = ask_tool_choice },
    { .name = "parallel_tool_calls", .type = ASK_BOOL, .kinds = ASK_CHAT },
    { .name = "reasoning_effort", .type = ASK_WORDS, .kinds = ASK_CHAT, .choices = efforts },
    { .name = "chat_template_kwargs", .type = ASK_OWN, .kinds = ASK_CHAT, .check = check_settings },
    /* what other services do with these changes no answer */
    { .name = "user", .type = ASK_WORDS, .most = LABEL_BYTES, .is_kept = true },
    { .name = "store", .type = ASK_OWN, .kinds = ASK_CHAT, .check = check_not_kept, .is_kept = true },
    { .name = "service_tier", .type = ASK_WORDS, .most = LABEL_BYTES, .is_kept = true },
    { .name = "safety_identifier", .type = ASK_WORDS, .most = LABEL_BYTES, .is_kept = true },
    { .name = "prompt_cache_key", .type = ASK_WORDS, .most = LABEL_BYTES, .is_kept = true },
    { .name = "prompt_cache_retention", .type = ASK_WORDS, .most = LABEL_BYTES, .is_kept = true },
    { .name = "metadata", .type = ASK_OWN, .is_kept = true },
    { .name = "prediction", .type = ASK_OWN, .kinds = ASK_CHAT, .is_kept = true },
    { .name = "verbosity", .type = ASK_WORDS, .kinds = ASK_CHAT, .most = LABEL_BYTES, .is_kept = true },
    { .name = "modalities", .type = ASK_OWN, .kinds = ASK_CHAT, .check = check_modalities, .is_kept = true },
    { .name = "dimensions", .type = ASK_NEVER, .hint = "engines give vectors of the model's own size" },
    { .name = "functions", .type = ASK_NEVER, .hint = "use 'tools'" },
    { .name = "function_call", .type = ASK_NEVER, .hint = "use 'tool_choice'" },
    { .name = "n_predict", .type = ASK_NEVER, .hint = "use 'max_tokens'" },
    { .name = "json_schema", .type = ASK_NEVER, .hint = "use 'response_format'" },
    { .name = "grammar", .type = ASK_NEVER, .hint = "use 'response_format'" },
    { .name = "audio", .type = ASK_NEVER, .hint = "answers are texts" },
    { .name = "web_search_options", .type = ASK_NEVER, .hint = "nothing is searched for models" },
    { .name = "n_discard", .type = ASK_NEVER, .hint = NOT_FOR_CLIENTS },
    { .name = "n_keep", .type = ASK_NEVER, .hint = NOT_FOR_CLIENTS },
    { .name = "slot_id", .type = ASK_NEVER, .hint = NOT_FOR_CLIENTS },
    { .name = "id_slot", .type = ASK_NEVER, .hint = NOT_FOR_CLIENTS },
    { .name = "cache_prompt", .type = ASK_NEVER, .hint = NOT_FOR_CLIENTS },
    { .name = NULL },
};

/* --- the body as a whole --- */

struct ask_walk {
    struct ask_reading *reading;
    size_t nodes;
};

static bool walk(struct ask_walk *at, const struct value *value, int depth);

static bool walk_text(struct ask_walk *at, const struct value *value)
{
    at->reading->out->text_bytes += value->as.string.length;
    return (text_utf8_valid(value->as.string.data, value->as.string.length) &&
            memchr(value->as.string.data, '\0', value->as.string.length) == NULL) ||
           ask_refuse(at->reading, NULL, "invalid_value", "a string holds what is no UTF-8, or a NUL");
}

static bool walk_items(struct ask_walk *at, const struct value *value, int depth)
{
    for (size_t i = 0; i < value_count(value); i++) {
        if (value_is(value, VALUE_LIST)) {
            if (!walk(at, value_item(value, i), depth + 1))
                return false;
        } else if (!walk_text(at, value_pair_at(value, i)->key) ||
                   !walk(at, value_pair_at(value, i)->item, depth + 1)) {
            return false;
        }
    }
    return true;
}

/* What no part of a body may have. */
static bool walk(struct ask_walk *at, const struct value *value, int depth)
{
    if (++at->nodes > LIMIT_GATEWAY_NODES)
        return ask_refuse(at->reading, NULL, "too_large", "the body has more than %d values", LIMIT_GATEWAY_NODES);
    if (depth > LIMIT_GATEWAY_DEPTH)
        return ask_refuse(at->reading, NULL, "too_deep", "the body is nested more than %d levels deep",
                          LIMIT_GATEWAY_DEPTH);
    if (value_is(value, VALUE_STRING))
        return walk_text(at, value);
    if (value_is(value, VALUE_REAL) && !isfinite(value->as.real))
        return ask_refuse(at->reading, NULL, "invalid_value", "a number is not finite, or beyond all bounds");
    return (!value_is(value, VALUE_LIST) && !value_is(value, VALUE_MAP)) || walk_items(at, value, depth);
}

static bool is_kept(const struct ask_reading *reading, const char *name)
{
    for (const struct ask_rule *rule = body_rules; rule->name != NULL; rule++) {
        if (strcmp(rule->name, name) == 0 && (rule->kinds == 0 || (rule->kinds & (unsigned)reading->out->kind) != 0))
            return rule->is_kept;
    }
    return true;
}

/* Usage is always wanted: it is what keys are counted by. */
static void rest_write(struct ask_reading *reading, const struct value *body)
{
    struct text rest = text_new(reading->arena);

    for (size_t i = 0; i < value_count(body); i++) {
        const struct value_pair *pair = value_pair_at(body, i);
        const char *name = value_text(pair->key);

        if (value_is(pair->item, VALUE_NULL) || is_kept(reading, name))
            continue;
        text_printf(&rest, ",\"%s\":", name);
        json_write(&rest, strcmp(name, "messages") == 0 ? ask_messages_sent(reading, pair->item) : pair->item,
                   &JSON_COMPACT);
    }
    if (reading->out->max_tokens > 0) /* all engines know it by this name */
        text_printf(&rest, ",\"max_tokens\":%lld", (long long)reading->out->max_tokens);
    if (reading->out->is_stream)
        text_add(&rest, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    text_add_char(&rest, '}');
    reading->out->rest = rest.data;
    reading->out->rest_length = rest.length;
}

bool ask_read(struct arena *arena, enum ask_kind kind, const char *body, size_t length, struct ask *out,
              struct ask_refusal *why)
{
    ARENA_SCOPED scratch = arena_new();
    struct ask_reading reading = { arena, scratch, out, why };
    struct ask_walk at = { .reading = &reading };
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    *out = (struct ask){ .kind = kind, .weight = 1 };
    if (!json_read(scratch, body, length, NULL, &value, &err))
        return ask_refuse(&reading, NULL, "invalid_json", "the body is no JSON: %d:%d: %s", err.line, err.column,
                          err.text);
    if (!walk(&at, value, 0) || !ask_members(&reading, value, body_rules, ""))
        return false;
    out->model = arena_copy(arena, value_map_text(value, "model"));
    rest_write(&reading, value);
    return true;
}

const char *ask_path(enum ask_kind kind)
{
    return kind == ASK_CHAT ? "/v1/chat/completions" : kind == ASK_TEXT ? "/v1/completions" : "/v1/embeddings";
}

const char *ask_body(struct arena *arena, const struct ask *ask, const char *model, size_t *length_out)
{
    struct text body = text_new(arena);
    struct value *name = value_string(arena, model);

    text_add(&body, "{\"model\":");
    json_write(&body, name, &JSON_COMPACT);
    text_add_n(&body, ask->rest, ask->rest_length);
    *length_out = body.length;
    return body.data;
}
