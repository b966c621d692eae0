/* SPDX-License-Identifier: Apache-2.0 */
/* vars_prompt: questions asked before a play. Variables given with -e are not asked for. */
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/play_run.h"

struct prompt {
    struct run *run;
    struct arena *arena;
    const struct value *entry; /* templated */
    const char *name;
};

static bool entry_bool(const struct value *entry, const char *key, bool fallback)
{
    const struct value *value = value_map_get(entry, key);
    bool out = fallback;

    if (value_is(value, VALUE_BOOL))
        return value->as.boolean;
    return value_text(value) != NULL && text_to_bool(value_text(value), &out) ? out : fallback;
}

static const char *entry_text(const struct prompt *prompt, const char *key)
{
    const struct value *value = value_map_get(prompt->entry, key);

    return value == NULL || value_is(value, VALUE_NULL) ? NULL : value_to_text(prompt->arena, value);
}

static bool ask_once(const struct prompt *prompt, const char *text, bool secret, const char **out)
{
    const struct run_options *options = prompt->run->options;

    return options->ask != NULL && options->ask(options->ask_context, text, secret, prompt->arena, out);
}

/* No terminal: the default is taken, as Ansible does. */
static bool ask_answer(const struct prompt *prompt, const char **out, struct error *err)
{
    const char *text = entry_text(prompt, "prompt"), *fallback = entry_text(prompt, "default"), *again = NULL;
    bool secret = entry_bool(prompt->entry, "private", true);

    if (text == NULL)
        text = prompt->name;
    text = fallback != NULL ? arena_printf(prompt->arena, "%s [%s]: ", text, fallback)
                            : arena_printf(prompt->arena, "%s: ", text);
    for (;;) {
        *out = NULL;
        if (!ask_once(prompt, text, secret, out)) {
            if (fallback == NULL && prompt->run->options->ask != NULL)
                return error_set(err, "no answer was given for '%s'", prompt->name);
            break;
        }
        if (!entry_bool(prompt->entry, "confirm", false))
            break;
        if (ask_once(prompt, arena_printf(prompt->arena, "confirm %s", text), secret, &again) &&
            text_equal(*out, again))
            break;
        emit_message(prompt->run, EVENT_MESSAGE, "***** VALUES ENTERED DO NOT MATCH ****");
    }
    if (*out == NULL || **out == '\0')
        *out = fallback != NULL ? fallback : "";
    return true;
}

static bool ask_entry(struct prompt *prompt, struct value *into, struct error *err)
{
    const char *answer = NULL;
    struct value *value;

    prompt->name = value_map_text(prompt->entry, "name");
    if (prompt->name == NULL)
        return error_set(err, "Invalid vars_prompt data structure, missing 'name' key");
    if (value_map_get(prompt->run->options->extra_vars, prompt->name) != NULL)
        return true;
    if (entry_text(prompt, "encrypt") != NULL)
        return error_set(err, "vars_prompt: 'encrypt' is not supported (variable '%s')", prompt->name);
    if (prompt->run->options->ask == NULL)
        emit_message(prompt->run, EVENT_WARNING, "Not prompting as we are not in interactive mode");
    if (!ask_answer(prompt, &answer, err))
        return false;
    value = value_string(prompt->arena, answer);
    if (entry_bool(prompt->entry, "private", true))
        value->marks |= VALUE_SECRET;
    value_map_put(prompt->arena, into, prompt->name, value);
    return true;
}

bool play_prompts(struct run *run, struct arena *arena, const struct play *play, const struct value **out,
                  struct error *err)
{
    const struct value *entries = play->keywords[KEYWORD_VARS_PROMPT];
    struct prompt prompt = { .run = run, .arena = arena };
    struct vars_place place = { 0 };
    struct template_call call;
    struct vars_scope scope;
    struct value *answers;

    *out = NULL;
    if (value_count(entries) == 0)
        return true;
    if (!vars_scope_open(&scope, run->vars, arena, &place, err))
        return false;
    call = vars_scope_call(&scope, arena);
    if (!template_value(&call, entries, &entries, err))
        return error_locate(err, &play->at);
    answers = value_map(arena);
    if (value_is(entries, VALUE_MAP)) {
        prompt.entry = entries;
        if (!ask_entry(&prompt, answers, err))
            return error_locate(err, &play->at);
    }
    for (size_t i = 0; value_is(entries, VALUE_LIST) && i < value_count(entries); i++) {
        prompt.entry = value_item(entries, i);
        if (!ask_entry(&prompt, answers, err))
            return error_locate(err, &play->at);
    }
    *out = answers;
    return true;
}
