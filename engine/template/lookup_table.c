/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups in files of keys and values: ini (and Java properties) and csvfile. Options may stand in the term
 * itself, as in "key section=a file=b.ini". Interpolation of configparser ("%(name)s") is not done.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "engine/template/lookup.h"
#include "engine/template/pattern.h"
#include "engine/template/strings.h"
#include "engine/template/text_case.h"

/* The words of the term: the first is the key, name=value words override options. */
static const char *split_term(struct eval *eval, const struct value *term, const struct value *options,
                              struct value **options_out)
{
    const struct value *words = strings_split(eval, term, NULL, -1);
    const char *key = "";

    *options_out = value_map(eval->arena);
    for (size_t i = 0; i < value_count(options); i++)
        value_map_put_value(eval->arena, *options_out, options->as.map.pairs[i].key, options->as.map.pairs[i].item);
    for (size_t i = 0; i < words->as.list.count; i++) {
        const char *word = words->as.list.items[i]->as.string.data, *equals = strchr(word, '=');

        if (equals == NULL)
            key = *key == '\0' ? word : arena_printf(eval->arena, "%s %s", key, word);
        else
            value_map_put_string(eval->arena, *options_out, arena_copy_n(eval->arena, word, (size_t)(equals - word)),
                                 equals + 1);
    }
    return key;
}

/* The option as text, whatever it is; numbers too. */
static const char *option_text(struct eval *eval, const struct value *options, const char *name, const char *fallback)
{
    const struct value *found = value_map_get(options, name);

    return found == NULL || found->kind == VALUE_NULL ? fallback : lookup_term(eval, found);
}

static bool read_table(struct eval *eval, const struct value *options, const char *fallback, const char **data_out)
{
    const char *name = option_text(eval, options, "file", fallback);
    const char *path = name == NULL ? NULL : lookup_find_file(eval, "files", name);
    size_t length = 0;
    char *data = NULL;

    if (path == NULL)
        return eval_fail(eval, "could not locate file in lookup: %s", name == NULL ? "" : name) != NULL;
    if (!file_read(eval->arena, path, LIMIT_SOURCE_FILE, &data, &length, eval->err))
        return false;
    *data_out = data;
    return true;
}

/* --- ini --- */

struct ini {
    struct value *section; /* what is being read, or NULL while it is another section */
    const char *name;      /* of the wanted section */
    bool found, case_sensitive;
    const struct value *last_key; /* indented lines continue its value */
};

static void ini_section(struct ini *ini, const char *line, size_t length, struct value *into)
{
    const char *end = memchr(line, ']', length);
    size_t size = end == NULL ? length - 1 : (size_t)(end - line - 1);
    bool wanted = strlen(ini->name) == size && memcmp(line + 1, ini->name, size) == 0;

    ini->found |= wanted;
    ini->section = wanted || (size == 7 && memcmp(line + 1, "DEFAULT", 7) == 0) ? into : NULL;
    ini->last_key = NULL;
}

static void ini_continue(struct eval *eval, struct ini *ini, const char *line)
{
    const struct value *old = value_map_get_value(ini->section, ini->last_key);

    value_map_put_value(eval->arena, ini->section, ini->last_key,
                        eval_text(eval, arena_printf(eval->arena, "%s\n%s", old->as.string.data, line)));
}

static void ini_line(struct eval *eval, struct ini *ini, const char *line, size_t length)
{
    size_t key = 0;
    const struct value *name;

    if (ini->section == NULL)
        return;
    while (key < length && line[key] != '=' && line[key] != ':')
        key++;
    name = eval_text(eval, text_trim(eval->arena, line, key));
    if (!ini->case_sensitive)
        name = strings_case(eval, name, CASE_LOWER);
    ini->last_key = name;
    value_map_put_value(eval->arena, ini->section, name,
                        key < length ? eval_text(eval, text_trim(eval->arena, line + key + 1, length - key - 1))
                                     : eval_text(eval, ""));
}

static void ini_read(struct eval *eval, struct ini *ini, const char *data, struct value *into)
{
    const char *cursor = data, *end = data + strlen(data), *line = NULL;
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        const char *text = text_trim(eval->arena, line, length);

        if (*text == '\0' || *text == '#' || *text == ';')
            continue;
        if (isspace((unsigned char)*line) && ini->last_key != NULL && ini->section != NULL)
            ini_continue(eval, ini, text);
        else if (*text == '[')
            ini_section(ini, text, strlen(text), into);
        else
            ini_line(eval, ini, text, strlen(text));
    }
}

static bool ini_matching(struct eval *eval, const struct value *values, const char *key, struct value *list)
{
    struct regex *regex = pattern_compile(eval->env, key, strlen(key), 0, eval->err);
    struct pattern_match match;

    for (size_t i = 0; regex != NULL && i < values->as.map.count; i++) {
        const struct value *name = values->as.map.pairs[i].key;
        enum pattern_status status =
            pattern_match_at(regex, name->as.string.data, name->as.string.length, 0, &match, eval->err);

        if (status == PATTERN_FAILED)
            return false;
        if (status == PATTERN_FOUND)
            value_list_add(eval->arena, list, values->as.map.pairs[i].item);
    }
    return regex != NULL;
}

static bool ini_term(struct eval *eval, const struct value *term, const struct value *given, struct value *list)
{
    struct value *options = NULL, *values = value_map(eval->arena);
    const char *key = split_term(eval, term, given, &options), *data = NULL;
    const char *type = option_text(eval, options, "type", "ini");
    struct ini ini = { .name = option_text(eval, options, "section", "global"),
                       .case_sensitive = lookup_flag(options, "case_sensitive", false) };
    const struct value *found;

    if (ini.name == NULL || type == NULL || !read_table(eval, options, "ansible.ini", &data))
        return false;
    if (strcmp(type, "properties") == 0) {
        ini.section = values;
        ini.found = true;
    }
    ini_read(eval, &ini, data, values);
    if (!ini.found)
        return eval_fail(eval, "No section '%s' in %s", ini.name, option_text(eval, options, "file", "ansible.ini")) !=
               NULL;
    if (lookup_flag(options, "re", false))
        return ini_matching(eval, values, key, list);
    found = value_map_get_value(values, ini.case_sensitive ? eval_text(eval, key)
                                                           : strings_case(eval, eval_text(eval, key), CASE_LOWER));
    if (found == NULL)
        found = value_map_get(options, "default");
    value_list_add(eval->arena, list, found == NULL ? eval_text(eval, "") : found);
    return true;
}

static const struct value *lookup_ini(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = eval_str(eval, terms->as.list.items[i]);

        if (term == NULL || !ini_term(eval, term, options, list))
            return NULL;
    }
    return list;
}

/* --- csvfile --- */

/* One field; *cursor moves behind it and its separator. A quote doubled inside quotes is a quote. */
static const char *csv_field(struct eval *eval, const char **cursor, char separator, bool *row_ends_out)
{
    struct text out = text_new(eval->arena);
    const char *at = *cursor;
    bool quoted = *at == '"';

    at += quoted;
    while (*at != '\0' && (quoted || (*at != separator && *at != '\n' && *at != '\r'))) {
        if (quoted && *at == '"' && at[1] != '"')
            quoted = false;
        else
            text_add_char(&out, *at);
        at += 1 + (quoted && *at == '"');
    }
    *row_ends_out = *at != separator;
    at += *at == '\r' && at[1] == '\n';
    *cursor = at + (*at != '\0');
    return out.data;
}

static const char *csv_find(struct eval *eval, const char *data, const char *key, char separator, int64_t column)
{
    while (*data != '\0') {
        bool ends = false, matches = strcmp(csv_field(eval, &data, separator, &ends), key) == 0;

        for (int64_t i = 1; !ends; i++) {
            const char *field = csv_field(eval, &data, separator, &ends);

            if (matches && i == column)
                return field;
        }
        if (matches && column == 0)
            return key;
    }
    return NULL;
}

static bool csv_term(struct eval *eval, const struct value *term, const struct value *given, struct value *list)
{
    struct value *options = NULL;
    const char *key = split_term(eval, term, given, &options), *data = NULL, *found;
    const char *delimiter = option_text(eval, options, "delimiter", "TAB");
    const char *col = option_text(eval, options, "col", "1");
    const struct value *fallback = value_map_get(options, "default");
    int64_t column = 1;

    if (delimiter == NULL || col == NULL)
        return false;
    if (*key == '\0')
        return eval_fail(eval, "Search key is required but was not found") != NULL;
    if (!text_to_int(col, &column) || column < 0)
        return eval_fail(eval, "csvfile: invalid column '%s'", col) != NULL;
    if (!read_table(eval, options, "ansible.csv", &data))
        return false;
    found = csv_find(eval, data, key, strcmp(delimiter, "TAB") == 0 ? '\t' : *delimiter, column);
    if (found != NULL)
        value_list_add(eval->arena, list, eval_text(eval, found));
    else if (fallback != NULL && fallback->kind != VALUE_NULL)
        value_list_add(eval->arena, list, fallback);
    return true;
}

static const struct value *lookup_csvfile(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = eval_str(eval, terms->as.list.items[i]);

        if (term == NULL || !csv_term(eval, term, options, list))
            return NULL;
    }
    return list;
}

const struct lookup lookups_table[] = {
    { "ini", lookup_ini },
    { "csvfile", lookup_csvfile },
    { NULL, NULL },
};
