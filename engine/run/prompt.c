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
    bool is_listing;
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

/* Nobody is there to be asked: the default, else what Ansible makes of it. */
static bool answer_unasked(const struct prompt *prompt, const char **out, struct error *err)
{
    *out = entry_text(prompt, "default");
    if (*out == NULL && entry_text(prompt, "encrypt") != NULL)
        return error_set(err, "vars_prompt: encrypt of '%s': there is no answer, and no default", prompt->name);
    if (*out == NULL)
        *out = "None";
    emit_message(prompt->run, EVENT_WARNING, "Not prompting as we are not in interactive mode");
    return true;
}

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
            if (fallback == NULL)
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

static bool map_get(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                    struct error *err)
{
    (void)arena;
    (void)err;
    *out = value_map_get_n(context, name, length);
    return true;
}

/* encrypt: the answer is hashed, as the filter password_hash does. */
static bool answer_hash(const struct prompt *prompt, const struct value **answer, struct error *err)
{
    struct arena *arena = prompt->arena;
    struct value *known = value_map(arena), *formula;
    struct template_vars vars = { .context = known, .get = map_get };
    struct template_call call = { .env = prompt->run->options->templates, .arena = arena, .vars = &vars };
    const struct value *salt = value_map_get(prompt->entry, "salt"), *size = value_map_get(prompt->entry, "salt_size");

    formula = value_string(arena, "{{ answer | password_hash(encrypt, salt=salt, salt_size=salt_size) }}");
    formula->marks = VALUE_TRUSTED;
    value_map_put(arena, known, "answer", *answer);
    value_map_put(arena, known, "encrypt", value_map_get(prompt->entry, "encrypt"));
    value_map_put(arena, known, "salt", salt == NULL ? value_null() : salt);
    value_map_put(arena, known, "salt_size", size == NULL ? value_null() : size);
    return template_value(&call, formula, answer, err) ||
           error_prefix(err, "vars_prompt: encrypt of '%s'", prompt->name);
}

static bool ask_entry(struct prompt *prompt, struct value *into, struct error *err)
{
    const char *answer = NULL;
    const struct value *made;
    struct value *value;
    bool is_asked;

    prompt->name = value_map_text(prompt->entry, "name");
    if (prompt->name == NULL)
        return error_set(err, "Invalid vars_prompt data structure, missing 'name' key");
    if (value_map_get(prompt->run->options->extra_vars, prompt->name) != NULL)
        return true;
    if (prompt->is_listing) {
        made = value_map_get(prompt->entry, "default");
        value_map_put(prompt->arena, into, prompt->name, made == NULL ? value_null() : made);
        return true;
    }
    is_asked = prompt->run->options->ask != NULL;
    if (is_asked ? !ask_answer(prompt, &answer, err) : !answer_unasked(prompt, &answer, err))
        return false;
    value = value_string(prompt->arena, answer);
    if (is_asked && entry_bool(prompt->entry, "private", true))
        value->marks |= VALUE_SECRET;
    if (!entry_bool(prompt->entry, "unsafe", false))
        value->marks |= VALUE_TRUSTED; /* what is typed may be a template */
    made = value;
    if (entry_text(prompt, "encrypt") != NULL && !answer_hash(prompt, &made, err))
        return false;
    value_map_put(prompt->arena, into, prompt->name, made);
    return true;
}

bool play_prompts(struct run *run, struct arena *arena, const struct play *play, bool is_listing,
                  const struct value **out, struct error *err)
{
    const struct value *entries = play->keywords[KEYWORD_VARS_PROMPT];
    struct prompt prompt = { .run = run, .arena = arena, .is_listing = is_listing };
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
