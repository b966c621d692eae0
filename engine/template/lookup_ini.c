/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lookup ini: INI files as Python's configparser reads them (strict, with "%(name)s" interpolation), and Java properties.
 * Options may stand in the term itself, as in "key section=a file=b.ini".
 */
#include <ctype.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/lookup.h"
#include "engine/template/lookup_table.h"
#include "engine/template/pattern.h"
#include "engine/template/strings.h"
#include "engine/template/text_case.h"

#define DEFAULT_SECTION "DEFAULT"
#define INTERPOLATION_DEPTH 10
#define INTERPOLATION_MAX (1024 * 1024)

struct ini_section {
    const char *name;
    struct value *options; /* name -> text, or null without a value */
    struct ini_section *next;
};

struct ini {
    struct eval *eval;
    const char *file; /* for messages */
    struct ini_section *sections;
    struct value *added;   /* "section\noption" that this reading has seen */
    struct value *section; /* being read */
    const char *section_name;
    const struct value *option; /* indented lines continue its value; NULL: none */
    size_t indent, line;
    bool case_sensitive, no_values;
};

static const struct value *option_name(const struct ini *ini, const char *name)
{
    const struct value *text = eval_text(ini->eval, name);

    return ini->case_sensitive ? text : strings_case(ini->eval, text, CASE_LOWER);
}

static struct value *section_of(const struct ini *ini, const char *name)
{
    for (struct ini_section *section = ini->sections; section != NULL; section = section->next)
        if (strcmp(section->name, name) == 0)
            return section->options;
    return NULL;
}

/* Always false. */
static bool ini_fail(const struct ini *ini, const char *what, const char *line)
{
    struct text shown = text_new(ini->eval->arena);

    value_repr(&shown, eval_text(ini->eval, arena_printf(ini->eval->arena, "%s\n", line)));
    return eval_fail(ini->eval, "%s in '%s', line %zu: %s", what, ini->file, ini->line, shown.data) != NULL;
}

static bool begin_section(struct ini *ini, const char *text)
{
    const char *end = strrchr(text, ']');
    const char *name = arena_copy_n(ini->eval->arena, text + 1, (size_t)(end - text - 1));

    if (value_map_get(ini->added, name) != NULL)
        return eval_fail(ini->eval, "While reading from '%s' [line %2zu]: section '%s' already exists", ini->file,
                         ini->line, name) != NULL;
    ini->section = section_of(ini, name);
    if (ini->section == NULL) {
        struct ini_section *made = arena_new_of(ini->eval->arena, struct ini_section);

        *made = (struct ini_section){ name, eval_map(ini->eval), ini->sections };
        ini->sections = made;
        ini->section = made->options;
    }
    if (strcmp(name, DEFAULT_SECTION) != 0)
        value_map_put_bool(ini->eval->arena, ini->added, name, true);
    ini->section_name = name;
    ini->option = NULL;
    return true;
}

static bool begin_option(struct ini *ini, const char *text)
{
    struct arena *arena = ini->eval->arena;
    size_t length = strcspn(text, "=:");
    const char *seen;

    if (length == 0)
        return ini_fail(ini, "Source contains parsing errors", text);
    if (text[length] == '\0' && !ini->no_values)
        return ini_fail(ini, "Source contains parsing errors", text);
    ini->option = option_name(ini, text_trim(arena, text, length));
    seen = arena_printf(arena, "%s\n%s", ini->section_name, ini->option->as.string.data);
    if (value_map_get(ini->added, seen) != NULL)
        return eval_fail(ini->eval,
                         "Duplicate option in '%s': While reading from '<?"
                         "?"
                         "?>' [line %2zu]: option '%s' in section '%s' "
                         "already exists",
                         ini->file, ini->line, ini->option->as.string.data, ini->section_name) != NULL;
    value_map_put_bool(arena, ini->added, seen, true);
    value_map_put_value(arena, ini->section, ini->option,
                        text[length] == '\0'
                            ? value_null()
                            : eval_text(ini->eval, text_trim(arena, text + length + 1, strlen(text + length + 1))));
    return true;
}

static void continue_value(struct ini *ini, const char *text)
{
    const struct value *old = value_map_get_value(ini->section, ini->option);

    if (value_is(old, VALUE_STRING))
        value_map_put_value(ini->eval->arena, ini->section, ini->option,
                            eval_text(ini->eval, arena_printf(ini->eval->arena, "%s\n%s", old->as.string.data, text)));
}

static bool ini_line(struct ini *ini, const char *line, size_t length)
{
    const char *text = text_trim(ini->eval->arena, line, length);
    size_t indent = 0;

    if (*text == '\0' || *text == '#' || *text == ';') {
        if (*text == '\0' && ini->option != NULL)
            continue_value(ini, "");
        return true;
    }
    while (indent < length && isspace((unsigned char)line[indent]))
        indent++;
    if (ini->option != NULL && indent > ini->indent) {
        continue_value(ini, text);
        return true;
    }
    ini->indent = indent;
    if (*text == '[' && strrchr(text, ']') > text + 1)
        return begin_section(ini, text);
    if (ini->section == NULL) {
        struct text shown = text_new(ini->eval->arena);

        value_repr(&shown, eval_string(ini->eval, line, length + 1));
        return eval_fail(ini->eval,
                         "File contains no section headers.\nfile: '<?"
                         "?"
                         "?>', line: %zu\n%s",
                         ini->line, shown.data) != NULL;
    }
    return begin_option(ini, text);
}

/* Lines that only continued a value with nothing are not part of it. */
static void trim_values(struct ini *ini)
{
    for (struct ini_section *section = ini->sections; section != NULL; section = section->next)
        for (size_t k = 0; k < section->options->as.map.count; k++) {
            struct value_pair *pair = &section->options->as.map.pairs[k];

            if (pair->item->kind == VALUE_STRING)
                pair->item = strings_strip(ini->eval, pair->item, NULL, false, true);
        }
}

static bool ini_read(struct ini *ini, const char *data, bool is_properties)
{
    const char *cursor = data, *end = data + strlen(data), *line = NULL;
    size_t length = 0;

    ini->added = value_map(ini->eval->arena);
    ini->section = NULL;
    ini->option = NULL;
    ini->indent = ini->line = 0;
    if (is_properties && !begin_section(ini, "[java_properties]"))
        return false;
    while (text_line(&cursor, end, &line, &length)) {
        ini->line++;
        if (!ini_line(ini, line, length))
            return false;
    }
    trim_values(ini);
    return true;
}

/* --- values --- */

/* The option in its section, or in DEFAULT. */
static const struct value *raw_value(const struct ini *ini, const char *section, const struct value *option)
{
    const struct value *found = value_map_get_value(section_of(ini, section), option);

    return found != NULL ? found : value_map_get_value(section_of(ini, DEFAULT_SECTION), option);
}

static bool interpolate(const struct ini *ini, const char *section, const char *text, int depth, struct text *out);

static bool interpolate_name(const struct ini *ini, const char *section, const char **at, int depth, struct text *out)
{
    const char *close = strchr(*at, ')'), *name;
    const struct value *found;

    if (close == NULL || close[1] != 's')
        return eval_fail(ini->eval, "bad interpolation variable reference '%s'", *at - 1) != NULL;
    name = arena_copy_n(ini->eval->arena, *at + 1, (size_t)(close - *at - 1));
    found = raw_value(ini, section, option_name(ini, name));
    if (found == NULL)
        return eval_fail(ini->eval, "Bad value substitution: in section '%s' of '%s': there is no '%s'", section,
                         ini->file, name) != NULL;
    *at = close + 2;
    return found->kind != VALUE_STRING || interpolate(ini, section, found->as.string.data, depth + 1, out);
}

/* "%%" is a percent sign, "%(name)s" another option of the section. */
static bool interpolate(const struct ini *ini, const char *section, const char *text, int depth, struct text *out)
{
    if (depth > INTERPOLATION_DEPTH || out->length > INTERPOLATION_MAX)
        return eval_fail(ini->eval, "Recursion limit exceeded in value substitution: section '%s' of '%s'", section,
                         ini->file) != NULL;
    while (*text != '\0') {
        size_t length = strcspn(text, "%");

        text_add_n(out, text, length);
        text += length;
        if (*text == '\0')
            break;
        text++;
        if (*text == '%') {
            text_add_char(out, *text++);
        } else if (*text != '(') {
            return eval_fail(ini->eval, "'%%' must be followed by '%%' or '(', found: '%s'", text - 1) != NULL;
        } else if (!interpolate_name(ini, section, &text, depth, out)) {
            return false;
        }
    }
    return true;
}

/* NULL: error set. */
static const struct value *final_value(const struct ini *ini, const char *section, const struct value *value)
{
    struct text out = text_new(ini->eval->arena);

    if (value->kind != VALUE_STRING)
        return value;
    return interpolate(ini, section, value->as.string.data, 1, &out) ? eval_string(ini->eval, out.data, out.length)
                                                                     : NULL;
}

/* The values of all options of a section whose name matches from its start; DEFAULT's come first. */
static bool add_matching(const struct ini *ini, const char *section, const char *pattern, struct value *list)
{
    struct eval *eval = ini->eval;
    struct regex *regex = pattern_compile(eval->env, pattern, strlen(pattern), 0, eval->err);
    const struct value *defaults = section_of(ini, DEFAULT_SECTION), *own = section_of(ini, section);
    const struct value *names = defaults == NULL || own == NULL ? (own == NULL ? defaults : own)
                                                                : value_merge(eval->arena, defaults, own, false);
    struct pattern_match match;

    for (size_t i = 0; regex != NULL && i < value_count(names); i++) {
        const struct value_pair *pair = value_pair_at(names, i);
        const struct value *made = final_value(ini, section, pair->item);
        enum pattern_status status =
            pattern_match_at(regex, pair->key->as.string.data, pair->key->as.string.length, 0, &match, eval->err);

        if (made == NULL || status == PATTERN_FAILED)
            return false;
        if (status == PATTERN_FOUND)
            value_list_add(eval->arena, list, made);
    }
    return regex != NULL;
}

static bool add_value(const struct ini *ini, const char *section, const char *key, const struct value *fallback,
                      struct value *list)
{
    const struct value *found = raw_value(ini, section, option_name(ini, key));

    if (found == NULL)
        found = fallback == NULL ? eval_text(ini->eval, "") : fallback;
    else
        found = final_value(ini, section, found);
    if (found != NULL && found->kind == VALUE_LIST)
        for (size_t i = 0; i < found->as.list.count; i++)
            value_list_add(ini->eval->arena, list, found->as.list.items[i]);
    else if (found != NULL && found->kind != VALUE_NULL)
        value_list_add(ini->eval->arena, list, found);
    return found != NULL;
}

static bool ini_term(struct ini *ini, const char *term, const struct value *given, struct value *list)
{
    static const char *const names[] = { "type",    "file",           "section",        "re",         "encoding",
                                         "default", "case_sensitive", "allow_no_value", "allow_none", NULL };
    struct eval *eval = ini->eval;
    struct table_term words = { .options = given };
    const char *type, *section, *data = NULL;
    bool is_properties;

    if (!table_term_read(eval, term, names, &words))
        return false;
    type = table_option(eval, words.options, "type", "ini");
    section = table_option(eval, words.options, "section", "global");
    ini->file = table_option(eval, words.options, "file", "ansible.ini");
    if (type == NULL || section == NULL || ini->file == NULL ||
        !table_read(eval, ini->file, lookup_option(words.options, "encoding", "utf-8"), &data))
        return false;
    is_properties = strcmp(type, "properties") == 0;
    if (is_properties)
        section = "java_properties";
    if (!ini_read(ini, data, is_properties))
        return false;
    if (section_of(ini, section) == NULL && strcmp(section, DEFAULT_SECTION) != 0)
        return eval_fail(eval, "No section '%s' in %s", section, ini->file) != NULL;
    if (words.is_inline && value_text(value_map_get(words.options, "re")) != NULL
            ? *value_text(value_map_get(words.options, "re")) != '\0'
            : lookup_flag(words.options, "re", false))
        return add_matching(ini, section, words.key, list);
    return add_value(ini, section, words.key, value_map_get(words.options, "default"), list);
}

static const struct value *lookup_ini(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);
    struct ini ini = { .eval = eval,
                       .case_sensitive = lookup_flag(options, "case_sensitive", false),
                       .no_values =
                           lookup_flag(options, "allow_none", false) || lookup_flag(options, "allow_no_value", false) };

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *term = lookup_term(eval, terms->as.list.items[i]);

        if (term == NULL || !ini_term(&ini, term, options, list))
            return NULL;
    }
    return list;
}

const struct lookup lookups_ini[] = {
    { "ini", lookup_ini },
    { NULL, NULL },
};
