/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a chat. */
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/gateway/ask_rules.h"

#define NAME_BYTES 64
#define ID_BYTES 128
#define PARTS_MAX 256

static bool check_picture_url(struct ask_reading *reading, const struct value *value, const char *where)
{
    reading->out->text_bytes -= value->as.string.length; /* of its base64 no tokens are made */
    return text_starts(value_text(value), "data:image/") ||
           ask_refuse(reading, where, "invalid_value",
                      "%s: expected a picture as data:image/...;base64,...; nothing is fetched from other addresses",
                      where);
}

static bool check_picture(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const char *const details[] = { "auto", "low", "high", NULL };
    static const struct ask_rule rules[] = {
        { .name = "url",
          .type = ASK_WORDS,
          .least = 1,
          .most = LIMIT_GATEWAY_BODY,
          .check = check_picture_url,
          .required = true },
        { .name = "detail", .type = ASK_WORDS, .choices = details },
        { .name = NULL },
    };

    return ask_members(reading, value, rules, where);
}

static const char *const text_part[] = { "text", NULL };
static const char *const picture_part[] = { "image_url", NULL };

static const struct ask_rule text_part_rules[] = {
    { .name = "type", .type = ASK_WORDS, .choices = text_part, .required = true },
    { .name = "text", .type = ASK_WORDS, .most = LIMIT_GATEWAY_BODY, .required = true },
    { .name = NULL },
};
static const struct ask_rule picture_part_rules[] = {
    { .name = "type", .type = ASK_WORDS, .choices = picture_part, .required = true },
    { .name = "image_url", .type = ASK_OWN, .check = check_picture, .required = true },
    { .name = NULL },
};

static bool check_part(struct ask_reading *reading, const struct value *part, const char *where)
{
    const char *type = value_map_text(part, "type");

    if (text_equal(type, "text"))
        return ask_members(reading, part, text_part_rules, where);
    if (text_equal(type, "image_url"))
        return ask_members(reading, part, picture_part_rules, where);
    return ask_refuse(reading, where, "invalid_value", "%s: expected a part of type text or image_url, found %.32s",
                      where, type == NULL ? "none" : type);
}

static bool check_content(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (value_text(value) != NULL)
        return true;
    if (!value_is(value, VALUE_LIST))
        return ask_refuse(reading, where, "invalid_type", "%s: expected a string or a list of parts, found a %s", where,
                          value_kind_text(value));
    if (!ask_list(reading, value, where, 1, PARTS_MAX))
        return false;
    for (size_t i = 0; i < value_count(value); i++) {
        if (!check_part(reading, value_item(value, i), ask_item(reading, where, i)))
            return false;
    }
    return true;
}

static const char *const roles[] = { "system", "developer", "user", "assistant", "tool", NULL };

static const struct ask_rule message_rules[] = {
    { .name = "role", .type = ASK_WORDS, .choices = roles, .required = true },
    { .name = "content", .type = ASK_OWN, .check = check_content },
    { .name = "name", .type = ASK_WORDS, .least = 1, .most = NAME_BYTES },
    { .name = "tool_calls", .type = ASK_OWN, .check = ask_tool_calls },
    { .name = "tool_call_id", .type = ASK_WORDS, .least = 1, .most = ID_BYTES },
    { .name = "reasoning_content", .type = ASK_WORDS, .most = LIMIT_GATEWAY_BODY },
    { .name = "refusal", .type = ASK_WORDS, .most = LIMIT_GATEWAY_BODY },
    { .name = "function_call", .type = ASK_NEVER, .hint = "use 'tool_calls'" },
    { .name = "audio", .type = ASK_NEVER, .hint = "only texts and pictures are" },
    /* of answers that clients send back as they got them, here or elsewhere */
    { .name = "annotations", .type = ASK_OWN, .is_kept = true },
    { .name = "parsed", .type = ASK_OWN, .is_kept = true },
    { .name = "provider_specific_fields", .type = ASK_OWN, .is_kept = true },
    { .name = "reasoning", .type = ASK_OWN, .is_kept = true },
    { .name = "reasoning_details", .type = ASK_OWN, .is_kept = true },
    { .name = "thinking_blocks", .type = ASK_OWN, .is_kept = true },
    { .name = NULL },
};

static bool is_sent(const struct value_pair *pair)
{
    for (const struct ask_rule *rule = message_rules; rule->name != NULL; rule++) {
        if (text_equal(rule->name, value_text(pair->key)))
            return !rule->is_kept;
    }
    return false;
}

const struct value *ask_messages_sent(struct ask_reading *reading, const struct value *messages)
{
    struct value *out = value_list(reading->scratch);

    for (size_t i = 0; i < value_count(messages); i++) {
        const struct value *message = value_item(messages, i);
        struct value *copy = value_map(reading->scratch);

        for (size_t k = 0; k < value_count(message); k++) {
            const struct value_pair *pair = value_pair_at(message, k);

            if (is_sent(pair))
                value_map_put_value(reading->scratch, copy, pair->key, pair->item);
        }
        value_list_add(reading->scratch, out, copy);
    }
    return out;
}

static bool check_message(struct ask_reading *reading, const struct value *message, const char *where)
{
    const struct value *content = value_map_get(message, "content"), *calls = value_map_get(message, "tool_calls");

    if (!ask_members(reading, message, message_rules, where))
        return false;
    if ((content == NULL || value_is(content, VALUE_NULL)) && value_count(calls) == 0)
        return ask_refuse(reading, where, "missing_required_parameter", "%s: 'content' is missing", where);
    return value_count(calls) == 0 || text_equal(value_map_text(message, "role"), "assistant") ||
           ask_refuse(reading, where, "invalid_value", "%s: tool_calls are an assistant's", where);
}

bool ask_messages(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (!ask_list(reading, value, where, 1, LIMIT_GATEWAY_MESSAGES))
        return false;
    for (size_t i = 0; i < value_count(value); i++) {
        if (!check_message(reading, value_item(value, i), ask_item(reading, where, i)))
            return false;
    }
    return true;
}
