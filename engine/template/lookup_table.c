/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in files of keys and values: what they share, and csvfile. */
#include <ctype.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "engine/template/encoding.h"
#include "engine/template/lookup.h"
#include "engine/template/lookup_table.h"
#include "engine/template/strings.h"

/* Which option this word of a term begins, or NULL. */
static const char *word_option(const char *word, const char *const *names)
{
    const char *found = NULL;

    if (strchr(word, '=') == NULL)
        return NULL;
    for (; *names != NULL; names++) {
        const char *at = strstr(word, *names);

        if (at != NULL && at[strlen(*names)] == '=')
            found = *names;
    }
    return found;
}

/* Words that belong together: the key, and each option with the words behind it. */
static const struct value *term_parts(struct eval *eval, const char *term, const char *const *names)
{
    const struct value *words = strings_split(eval, eval_text(eval, term), NULL, -1);
    struct value *parts = value_map(eval->arena);
    const char *current = "key";

    for (size_t i = 0; i < words->as.list.count; i++) {
        const char *word = words->as.list.items[i]->as.string.data, *option = word_option(word, names), *old;

        current = option != NULL ? option : current;
        old = value_map_text(parts, current);
        value_map_put_string(eval->arena, parts, current,
                             i == 0 || old == NULL ? word : arena_printf(eval->arena, "%s %s", old, word));
    }
    return parts;
}

bool table_term_read(struct eval *eval, const char *term, const char *const *names, struct table_term *term_io)
{
    const struct value *parts;
    struct value *options = value_map(eval->arena);

    term_io->key = term;
    term_io->is_inline = strchr(term, '=') != NULL || strchr(text_trim(eval->arena, term, strlen(term)), ' ') != NULL;
    if (!term_io->is_inline)
        return true;
    term_io->key = NULL;
    for (size_t i = 0; i < value_count(term_io->options); i++)
        value_map_put_value(eval->arena, options, value_pair_at(term_io->options, i)->key,
                            value_pair_at(term_io->options, i)->item);
    parts = term_parts(eval, term, names);
    for (size_t i = 0; i < value_count(parts); i++) {
        const char *part = value_text(value_pair_at(parts, i)->item), *equals = strchr(part, '=');
        const char *name = equals == NULL ? NULL : arena_copy_n(eval->arena, part, (size_t)(equals - part));

        if (name == NULL)
            term_io->key = term_io->key == NULL ? part : term_io->key;
        else if (strchr(equals + 1, '=') != NULL)
            return eval_fail(eval, "Could not use '%s' from '%s': too many values to unpack (expected 2)", part,
                             term) != NULL;
        else if (!text_in(name, names))
            return eval_fail(eval, "%s is not a valid option.", name) != NULL;
        else
            value_map_put_string(eval->arena, options, name, equals + 1);
    }
    term_io->options = options;
    return term_io->key != NULL ||
           eval_fail(eval, "No key to lookup was provided as first term with in string inline options: %s", term) !=
               NULL;
}

const char *table_option(struct eval *eval, const struct value *options, const char *name, const char *fallback)
{
    const struct value *found = value_map_get(options, name);

    return found == NULL || found->kind == VALUE_NULL ? fallback : lookup_term(eval, found);
}

bool table_read(struct eval *eval, const char *name, const char *encoding, const char **data_out)
{
    const char *path = lookup_find_file(eval, "files", name);
    size_t length = 0;
    char *data = NULL;

    if (path == NULL)
        return eval_fail(eval, "could not locate file in lookup: %s", name) != NULL;
    if (!file_read(eval->arena, path, LIMIT_SOURCE_FILE, &data, &length, eval->err) ||
        !encoding_read(eval->arena, encoding, &data, &length, eval->err))
        return false;
    *data_out = data;
    return true;
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

/* The field of the first row that begins with the key; a column below 0 counts from the end. NULL: no row, or error set. */
static const char *csv_find(struct eval *eval, const char *data, const char *key, char separator, int64_t column)
{
    while (*data != '\0') {
        struct value *row = value_list(eval->arena);
        bool ends = false;

        while (!ends)
            value_list_add(eval->arena, row, eval_text(eval, csv_field(eval, &data, separator, &ends)));
        if (!eval_step(eval))
            return NULL;
        if (strcmp(value_text(row->as.list.items[0]), key) != 0)
            continue;
        column += column < 0 ? (int64_t)row->as.list.count : 0;
        if (column >= 0 && column < (int64_t)row->as.list.count)
            return value_text(row->as.list.items[column]);
        eval_fail(eval, "csvfile: list index out of range");
        return NULL;
    }
    return NULL;
}

/* The word that begins at *cursor; quotes hold blanks together. */
static char *kv_word(struct eval *eval, const char **cursor)
{
    const char *start = *cursor, *at = start;
    char quote = '\0';

    for (; *at != '\0' && (quote != '\0' || !isspace((unsigned char)*at)); at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (quote != '\0' ? *at == quote : *at == '"' || *at == '\'')
            quote = quote == '\0' ? *at : '\0';
    }
    *cursor = at;
    return arena_copy_n(eval->arena, start, (size_t)(at - start));
}

static const char *unquoted(struct eval *eval, const char *text)
{
    size_t length = strlen(text);

    if (length < 2 || (*text != '"' && *text != '\'') || text[length - 1] != *text || text[length - 2] == '\\')
        return text;
    return arena_copy_n(eval->arena, text + 1, length - 2);
}

const char *table_pairs(struct eval *eval, const char *term, struct value *options)
{
    struct text rest = text_new(eval->arena);

    for (term += strspn(term, " \t\n"); *term != '\0'; term += strspn(term, " \t\n")) {
        char *word = kv_word(eval, &term), *equals = strchr(word, '=');

        if (equals == NULL || equals == word) {
            text_printf(&rest, "%s%s", rest.length > 0 ? " " : "", word);
            continue;
        }
        *equals = '\0';
        value_map_put_string(eval->arena, options, word, unquoted(eval, equals + 1));
    }
    return rest.data;
}

static bool csv_options(struct eval *eval, const char *term, const struct value *given, const char **key_out,
                        struct value *options)
{
    static const char *const names[] = { "col", "default", "delimiter", "file", "encoding", NULL };
    struct value *inner = value_map(eval->arena);

    *key_out = table_pairs(eval, term, inner);
    if (**key_out == '\0')
        return eval_fail(eval, "Search key is required but was not found") != NULL;
    for (size_t i = 0; i < value_count(given); i++)
        value_map_put_value(eval->arena, options, value_pair_at(given, i)->key, value_pair_at(given, i)->item);
    for (size_t i = 0; i < value_count(inner); i++) {
        if (!text_in(value_text(value_pair_at(inner, i)->key), names))
            return eval_fail(eval, "%s is not a valid option", value_text(value_pair_at(inner, i)->key)) != NULL;
        value_map_put_value(eval->arena, options, value_pair_at(inner, i)->key, value_pair_at(inner, i)->item);
    }
    return true;
}

static bool csv_term(struct eval *eval, const char *term, const struct value *given, struct value *list)
{
    struct value *options = value_map(eval->arena);
    const char *key = NULL, *data = NULL, *found, *delimiter, *col;
    const struct value *fallback;
    int64_t column = 1;

    if (!csv_options(eval, term, given, &key, options))
        return false;
    delimiter = table_option(eval, options, "delimiter", "TAB");
    col = delimiter == NULL ? NULL : table_option(eval, options, "col", "1");
    if (col == NULL || !table_read(eval, table_option(eval, options, "file", "ansible.csv"),
                                   lookup_option(options, "encoding", "utf-8"), &data))
        return false;
    if (strcmp(delimiter, "TAB") != 0 && strlen(delimiter) != 1)
        return eval_fail(eval, "csvfile: \"delimiter\" must be a 1-character string") != NULL;
    if (!text_to_int(col, &column))
        return eval_fail(eval, "csvfile: invalid literal for int() with base 10: '%s'", col) != NULL;
    found = csv_find(eval, data, key, strcmp(delimiter, "TAB") == 0 ? '\t' : *delimiter, column);
    fallback = value_map_get(options, "default");
    if (found == NULL && eval->err->text[0] != '\0')
        return false;
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
        const char *term = lookup_term(eval, terms->as.list.items[i]);

        if (term == NULL || !csv_term(eval, term, options, list))
            return NULL;
    }
    return list;
}

const struct lookup lookups_table[] = {
    { "csvfile", lookup_csvfile },
    { NULL, NULL },
};
