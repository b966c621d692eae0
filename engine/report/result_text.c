/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as text. Which keys are shown follows Ansible's callbacks.
 */
#include "engine/report/result_text.h"

#include <stdlib.h>
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

    return result_is_debug(event->action_text != NULL ? event->action_text : event->action) ? debug_clean(arena, result)
                                                                                            : result;
}

bool result_is_verbose(const struct value *result, int verbosity, int level)
{
    return (verbosity > level || value_map_true(result, "_ansible_verbose_always")) &&
           !value_map_true(result, "_ansible_verbose_override");
}

const struct value *result_public(struct arena *arena, const struct value *value, const char *const *kept)
{
    struct value *copy;

    if (value_is(value, VALUE_LIST)) {
        copy = value_list(arena);
        copy->marks = value->marks;
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, copy, result_public(arena, value_item(value, i), kept));
        return copy;
    }
    if (!value_is(value, VALUE_MAP))
        return value;
    copy = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        const char *key = value_text(pair->key);

        if (key == NULL || !text_starts(key, "_ansible_") || (kept != NULL && text_in(key, kept)))
            value_map_put_value(arena, copy, pair->key, result_public(arena, pair->item, kept));
    }
    return copy;
}

/* --- YAML --- */

static void omit_lines(struct arena *arena, struct value *map, const char *text_key, const char *lines_key)
{
    if (value_map_get(map, text_key) != NULL && value_map_get(map, lines_key) != NULL)
        value_map_put_string(arena, map, lines_key, "<omitted>");
}

static bool is_blank_line(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (line[i] != ' ' && (line[i] < '\t' || line[i] > '\r'))
            return false;
    }
    return true;
}

static void indent_lines(struct text *out, const char *text, size_t length, int indent)
{
    const char *cursor = text, *line = NULL;
    size_t line_length = 0;

    while (text_line(&cursor, text + length, &line, &line_length)) {
        if (!is_blank_line(line, line_length))
            text_printf(out, "%*s", indent, "");
        text_add_n(out, line, line_length);
        text_add_char(out, '\n');
    }
}

static struct text yaml_of(struct arena *arena, const struct value *value, const struct yaml_style *style)
{
    struct text yaml = text_new(arena);
    struct error ignored = ERROR_INIT;

    yaml_write(&yaml, value, style, &ignored);
    if (yaml.data == NULL)
        yaml.data = arena_copy(arena, "");
    return yaml;
}

static struct value *copy_of(struct arena *arena, const struct value *map)
{
    struct value *copy = value_map(arena);

    for (size_t i = 0; i < value_count(map); i++)
        value_map_put_value(arena, copy, value_pair_at(map, i)->key, value_pair_at(map, i)->item);
    return copy;
}

static void dump_yaml(struct text *out, const struct value *result, int indent, bool is_pretty)
{
    struct yaml_style style = {
        .indent = indent, .block = true, .literal_multiline = is_pretty, .literal_exact = !is_pretty
    };
    struct value *map = copy_of(out->arena, result);
    struct text yaml;

    if (is_pretty) {
        omit_lines(out->arena, map, "stdout", "stdout_lines");
        omit_lines(out->arena, map, "stderr", "stderr_lines");
    }
    yaml = yaml_of(out->arena, map, &style);
    text_add_char(out, '\n');
    indent_lines(out, yaml.data, yaml.length, indent > 0 ? indent : 4);
}

/* "changed=true " and its like go into the first line of community.general.yaml. */
static void head_word(struct text *out, struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    if (value == NULL)
        return;
    text_printf(out, "%s=%s ", key, text_lower(value_to_text(out->arena, value)));
    value_map_remove(out->arena, map, value_string(out->arena, key));
}

static void dump_general(struct text *out, const struct value *result)
{
    struct yaml_style style = { .width = 1000, .block = true, .literal_wide = true };
    struct value *map = copy_of(out->arena, result);
    struct text dumped = text_new(out->arena);
    size_t length;

    head_word(&dumped, map, "changed");
    head_word(&dumped, map, "skipped");
    omit_lines(out->arena, map, "stdout", "stdout_lines");
    omit_lines(out->arena, map, "stderr", "stderr_lines");
    if (value_count(map) > 0) {
        struct text yaml = yaml_of(out->arena, map, &style);

        text_add_char(&dumped, '\n');
        text_add_n(&dumped, yaml.data, yaml.length);
    }
    for (length = dumped.length; length > 0 && strchr(" \n", dumped.data[length - 1]) != NULL;)
        length--;
    for (size_t i = 0; i < length; i++) {
        text_add_char(out, dumped.data[i]);
        if (dumped.data[i] == '\n')
            text_add(out, "  ");
    }
}

/* --- JSON --- */

/* Keys that Python cannot put in order: numbers beside texts. */
static bool has_mixed_keys(const struct value *value)
{
    struct error ignored = ERROR_INIT;
    int order = 0;

    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);

        if (has_mixed_keys(pair == NULL ? value_item(value, i) : pair->item))
            return true;
        if (pair != NULL && i > 0 && !value_compare(value_pair_at(value, 0)->key, pair->key, &order, &ignored))
            return true;
    }
    return false;
}

static int by_repr(const void *a, const void *b)
{
    ARENA_SCOPED arena = arena_new();
    struct text left = text_new(arena), right = text_new(arena);

    value_repr(&left, ((const struct value_pair *)a)->key);
    value_repr(&right, ((const struct value_pair *)b)->key);
    return strcmp(left.data, right.data);
}

/* Then only the outermost keys are sorted, by how they are written. */
static void dump_json(struct text *out, const struct value *result, int indent)
{
    bool is_mixed = has_mixed_keys(result);

    if (is_mixed) {
        size_t count = value_count(result);
        struct value_pair *pairs = arena_new_array(out->arena, struct value_pair, count);
        struct value *sorted = value_map(out->arena);

        for (size_t i = 0; i < count; i++)
            pairs[i] = *value_pair_at(result, i);
        qsort(pairs, count, sizeof(*pairs), by_repr);
        for (size_t i = 0; i < count; i++)
            value_map_put_value(out->arena, sorted, pairs[i].key, pairs[i].item);
        result = sorted;
    }
    json_write(out, result, &(struct json_style){ .indent = indent, .sort_keys = !is_mixed });
}

/* Items on lines of their own without blanks before them: every line end in JSON text is one between items. */
static void dump_flat(struct text *out, const struct value *result)
{
    struct text json = text_new(out->arena);

    json_write(&json, result, &(struct json_style){ .indent = 1, .sort_keys = true });
    for (size_t i = 0; i < json.length; i++) {
        bool is_end = json.data[i] == '\n';

        text_add_char(out, json.data[i]);
        while (is_end && i + 1 < json.length && json.data[i + 1] == ' ')
            i++;
    }
}

/* ansible.posix.debug: output as it is, behind the rest. */
static void dump_debug(struct text *out, const struct value *result)
{
    static const char *const apart[] = { "stdout", "stdout_lines",  "stderr",        "stderr_lines",
                                         "msg",    "module_stdout", "module_stderr", NULL };
    static const char *const shown[] = { "stdout", "stderr", "msg", "module_stdout", "module_stderr" };

    dump_json(out, result_without(out->arena, result, apart), 4);
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        const struct value *value = value_map_get(result, shown[i]);

        if (value != NULL && value_truthy(value))
            text_printf(out, "\n\n%s:\n\n%s\n", text_upper(arena_copy(out->arena, shown[i])),
                        value_to_text(out->arena, value));
    }
}

static int indent_of(const struct value *result, const struct result_style *style)
{
    bool is_wanted = value_map_true(result, "_ansible_verbose_always") || style->pretty > 0 || style->verbosity > 2 ||
                     (style->pretty == 0 && style->format == RESULT_YAML);

    if (style->pretty < 0)
        return 0;
    return style->indent <= 0 && is_wanted ? 4 : style->indent;
}

void result_dump(struct text *out, const struct value *result, const struct result_style *style)
{
    static const char *const quiet[] = { "invocation", "diff", "exception", NULL };
    static const char *const loud[] = { "exception", NULL };
    const struct value *shown = result_public(out->arena, result, NULL);
    int indent = indent_of(result, style);

    shown = result_without(out->arena, shown, style->verbosity < 3 ? quiet : loud);
    if (style->format == RESULT_YAML)
        dump_yaml(out, shown, indent, style->pretty >= 0);
    else if (style->format == RESULT_GENERAL_YAML)
        dump_general(out, shown);
    else if (style->format == RESULT_POSIX_DEBUG)
        dump_debug(out, shown);
    else if (indent < 0)
        dump_flat(out, shown);
    else
        dump_json(out, shown, indent);
}

void result_dump_diff(struct text *out, const struct value *side, const struct result_style *style)
{
    bool is_pretty = style->pretty >= 0;
    struct text yaml;

    if (style->format == RESULT_YAML) {
        yaml = yaml_of(out->arena, side,
                       &(struct yaml_style){
                           .indent = 4, .block = true, .literal_multiline = is_pretty, .literal_exact = !is_pretty });
        indent_lines(out, yaml.data, yaml.length, 4);
        text_add_char(out, '\n');
    } else if (style->format == RESULT_GENERAL_YAML) {
        yaml = yaml_of(out->arena, side, &(struct yaml_style){ .width = 1000, .block = true });
        text_add_n(out, yaml.data, yaml.length);
    } else {
        json_write(out, side, &(struct json_style){ .indent = 4, .sort_keys = true, .ascii = true });
        text_add_char(out, '\n');
    }
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
