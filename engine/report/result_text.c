/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as text. Which keys are shown follows Ansible's callbacks.
 */
#include "engine/report/result_text.h"

#include <string.h>

#include "common/json/json.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_writer.h"

#define CENSORED "the output has been hidden due to the fact that 'no_log: true' was specified for this result"

static const char *short_action(const char *action)
{
    if (action == NULL)
        return "";
    if (text_starts(action, "ansible.builtin."))
        return action + strlen("ansible.builtin.");
    return text_starts(action, "ansible.legacy.") ? action + strlen("ansible.legacy.") : action;
}

bool result_is_debug(const char *action)
{
    return strcmp(short_action(action), "debug") == 0;
}

bool result_is_plain(const char *action)
{
    static const char *const names[] = { "command", "shell", "raw", "script", NULL };

    return text_in(short_action(action), names);
}

const struct value *result_without(struct arena *arena, const struct value *result, const char *const *keys)
{
    struct value *kept = value_map(arena);

    for (size_t i = 0; i < value_count(result); i++) {
        const struct value_pair *pair = value_pair_at(result, i);
        const char *key = value_text(pair->key);

        if (key == NULL || !text_in(key, keys))
            value_map_put_value(arena, kept, pair->key, pair->item);
    }
    return kept;
}

/* debug shows its message alone, or its variable alone. */
static const struct value *debug_clean(struct arena *arena, const struct value *result)
{
    static const char *const shown[] = { "msg", "exception", "warnings", "deprecations", NULL };
    static const char *const hidden[] = { "changed", "failed", "skipped", "invocation", "skip_reason", NULL };
    struct value *kept;

    if (value_map_get(result, "msg") == NULL)
        return result_without(arena, result, hidden);
    kept = value_map(arena);
    for (size_t i = 0; i < value_count(result); i++) {
        const struct value_pair *pair = value_pair_at(result, i);
        const char *key = value_text(pair->key);

        if (key != NULL && (key[0] == '_' || text_in(key, shown)))
            value_map_put_value(arena, kept, pair->key, pair->item);
    }
    return kept;
}

/* The engine censors; should it ever not have, nothing gets out here. */
static const struct value *censor(struct arena *arena, const struct value *result)
{
    static const char *const kept_keys[] = { "attempts", "changed", "retries",
                                             "failed",   "skipped", "_ansible_delegated_vars" };
    struct value *kept = value_map(arena);

    value_map_put_string(arena, kept, "censored", CENSORED);
    for (size_t i = 0; i < sizeof(kept_keys) / sizeof(kept_keys[0]); i++) {
        const struct value *item = value_map_get(result, kept_keys[i]);

        if (item != NULL)
            value_map_put(arena, kept, kept_keys[i], item);
    }
    return kept;
}

const struct value *result_shown(struct arena *arena, const struct event *event)
{
    const struct value *result = event->result;

    if (!value_is(result, VALUE_MAP))
        return value_map(arena);
    if (value_has_mark(result, VALUE_SECRET))
        result = value_masked(arena, result);
    if (event->no_log && value_map_get(result, "censored") == NULL)
        result = censor(arena, result);
    return result;
}

const struct value *result_clean(struct arena *arena, const struct event *event)
{
    const struct value *result = result_shown(arena, event);

    return result_is_debug(event->action) ? debug_clean(arena, result) : result;
}

bool result_is_verbose(const struct value *result, int verbosity, int level)
{
    return (verbosity > level || value_map_true(result, "_ansible_verbose_always")) &&
           !value_map_true(result, "_ansible_verbose_override");
}

/* A copy without keys that begin with _ansible_, at every depth. */
static const struct value *strip_internal(struct arena *arena, const struct value *value)
{
    struct value *kept;

    if (value_is(value, VALUE_LIST)) {
        kept = value_list(arena);
        kept->marks = value->marks;
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, kept, strip_internal(arena, value_item(value, i)));
        return kept;
    }
    if (!value_is(value, VALUE_MAP))
        return value;
    kept = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        const char *key = value_text(pair->key);

        if (key == NULL || !text_starts(key, "_ansible_"))
            value_map_put_value(arena, kept, pair->key, strip_internal(arena, pair->item));
    }
    return kept;
}

static void omit_lines(struct arena *arena, struct value *map, const char *text_key, const char *lines_key)
{
    if (value_map_get(map, text_key) != NULL && value_map_get(map, lines_key) != NULL)
        value_map_put_string(arena, map, lines_key, "<omitted>");
}

static void indent_lines(struct text *out, const char *text, size_t length, int indent)
{
    const char *cursor = text, *line = NULL;
    size_t line_length = 0;

    while (text_line(&cursor, text + length, &line, &line_length)) {
        if (line_length > 0)
            text_printf(out, "%*s", indent, "");
        text_add_n(out, line, line_length);
        text_add_char(out, '\n');
    }
}

static void dump_yaml(struct text *out, const struct value *result, int indent)
{
    struct yaml_style style = { .indent = indent, .block = true, .literal_multiline = true };
    struct value *map = value_map(out->arena);
    struct text yaml = text_new(out->arena);
    struct error ignored = ERROR_INIT;

    for (size_t i = 0; i < value_count(result); i++)
        value_map_put_value(out->arena, map, value_pair_at(result, i)->key, value_pair_at(result, i)->item);
    omit_lines(out->arena, map, "stdout", "stdout_lines");
    omit_lines(out->arena, map, "stderr", "stderr_lines");
    yaml_write(&yaml, map, &style, &ignored);
    text_add_char(out, '\n');
    indent_lines(out, yaml.data == NULL ? "" : yaml.data, yaml.length, indent > 0 ? indent : 4);
}

void result_dump(struct text *out, const struct value *result, const struct result_style *style)
{
    static const char *const quiet[] = { "invocation", "diff", "exception", NULL };
    static const char *const loud[] = { "exception", NULL };
    const struct value *shown = strip_internal(out->arena, result);
    int indent = style->indent;

    if (indent == 0 && (value_map_true(result, "_ansible_verbose_always") || style->yaml || style->verbosity > 2))
        indent = 4;
    shown = result_without(out->arena, shown, style->verbosity < 3 ? quiet : loud);
    if (style->yaml)
        dump_yaml(out, shown, indent);
    else
        json_write(out, shown, &(struct json_style){ .indent = indent, .sort_keys = true });
}

/* The list of hidden details of a deprecation, as one sentence. */
char *result_deprecation(struct arena *arena, const char *message, const struct value *details)
{
    struct text out = text_new(arena);
    char *text = text_trim(arena, message, strlen(message));
    size_t length = strlen(text);
    const char *date = value_map_text(details, "date"), *from = value_map_text(details, "collection_name");
    const struct value *version = value_map_get(details, "version");

    text_printf(&out, "[DEPRECATION WARNING]: %s%s This feature will be removed", text,
                length > 0 && strchr("!?.", text[length - 1]) == NULL ? "." : "");
    if (from != NULL && from[0] != '\0')
        text_printf(&out, " from %s", strcmp(from, "ansible.builtin") == 0 ? "ansible-core" : from);
    if (date != NULL)
        text_printf(&out, " in a release after %s.", date);
    else if (version != NULL && value_truthy(version))
        text_printf(&out, " in version %s.", value_to_text(arena, version));
    else
        text_add(&out, " in a future release.");
    text_add(&out, " Deprecation warnings can be disabled by setting deprecation_warnings=False in ansible.cfg.");
    return out.data;
}
