/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines, keys and tables of TOML 1.0. Which table may be defined where is the subtle part of the format: what is known of each
 * one stands beside its value in a table by address.
 */
#include "common/toml/toml_reader.h"

#include <string.h>

#include "common/toml/toml_loader.h"

/* --- places --- */

bool toml_error(struct toml_loader *in, const char *at, const char *text)
{
    struct source_position position = { in->source->path, in->line, (int)(at - in->line_start) + 1 };

    return error_set_at(in->err, &position, "%s", text);
}

const char *toml_found(struct toml_loader *in, const char *at)
{
    size_t offset = 0;

    if (at >= in->end)
        return "the end of the file";
    if (*at == '\n' || *at == '\r')
        return "the end of the line";
    text_utf8_next(at, (size_t)(in->end - at), &offset);
    return arena_printf(in->arena, "'%.*s'", (int)offset, at);
}

void toml_place(struct toml_loader *in, struct value *value, const char *at)
{
    value->path = in->source->path;
    value->line = (uint32_t)in->line;
    value->column = (uint16_t)(at - in->line_start + 1);
}

void toml_blanks(struct toml_loader *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
        in->at++;
}

static bool is_line_end(const struct toml_loader *in)
{
    return in->at < in->end && (*in->at == '\n' || (*in->at == '\r' && in->at + 1 < in->end && in->at[1] == '\n'));
}

static void line_end(struct toml_loader *in)
{
    in->at += *in->at == '\r' ? 2 : 1;
    in->line++;
    in->line_start = in->at;
}

static bool comment(struct toml_loader *in)
{
    while (in->at < in->end && !is_line_end(in)) {
        unsigned char c = (unsigned char)*in->at;

        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return toml_error(in, in->at, "a control character in a comment");
        in->at++;
    }
    return true;
}

bool toml_lines(struct toml_loader *in)
{
    for (;;) {
        toml_blanks(in);
        if (in->at < in->end && *in->at == '#') {
            if (!comment(in))
                return false;
        } else if (is_line_end(in)) {
            line_end(in);
        } else {
            return true;
        }
    }
}

/* Nothing but a comment follows in this line. */
static bool line_finish(struct toml_loader *in)
{
    toml_blanks(in);
    if (in->at < in->end && *in->at == '#' && !comment(in))
        return false;
    if (in->at == in->end)
        return true;
    if (!is_line_end(in))
        return toml_error(in, in->at,
                          arena_printf(in->arena, "expected the end of the line, found %s", toml_found(in, in->at)));
    line_end(in);
    return true;
}

/* --- what is known of tables --- */

static size_t table_slot(const struct toml_loader *in, const struct value *value)
{
    size_t at = (size_t)(((uintptr_t)value >> 4) * 0x9E3779B97F4A7C15u) & (in->table_size - 1);

    while (in->tables[at].value != NULL && in->tables[at].value != value)
        at = (at + 1) & (in->table_size - 1);
    return at;
}

struct toml_table *toml_table_of(struct toml_loader *in, const struct value *value)
{
    struct toml_table *found = &in->tables[table_slot(in, value)];

    return found->value == NULL ? NULL : found;
}

static void tables_grow(struct toml_loader *in)
{
    struct toml_table *old = in->tables;
    size_t old_size = in->table_size;

    in->table_size = old_size == 0 ? 64 : old_size * 2;
    in->tables = arena_new_array(in->arena, struct toml_table, in->table_size);
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].value != NULL)
            in->tables[table_slot(in, old[i].value)] = old[i];
    }
}

struct value *toml_table_new(struct toml_loader *in, enum toml_table_state state, bool is_list)
{
    struct value *value = is_list ? value_list(in->arena) : value_map(in->arena);

    if ((in->table_count + 1) * 4 >= in->table_size * 3)
        tables_grow(in);
    in->tables[table_slot(in, value)] = (struct toml_table){ value, state };
    in->table_count++;
    toml_place(in, value, in->at);
    return value;
}

/* --- keys --- */

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool key_part(struct toml_loader *in, struct value **out)
{
    const char *start = in->at;

    if (in->at < in->end && (*in->at == '"' || *in->at == '\''))
        return toml_string(in, out, false);
    while (in->at < in->end && is_bare(*in->at))
        in->at++;
    if (in->at == start)
        return toml_error(in, start, arena_printf(in->arena, "expected a key, found %s", toml_found(in, start)));
    *out = value_string_n(in->arena, start, (size_t)(in->at - start));
    toml_place(in, *out, start);
    return true;
}

bool toml_key(struct toml_loader *in, struct value **out)
{
    struct value *parts = value_list(in->arena), *part = NULL;

    for (;;) {
        if (!key_part(in, &part))
            return false;
        value_list_add(in->arena, parts, part);
        if (value_count(parts) > TOML_DEPTH)
            return toml_error(in, in->at, "a key of too many parts");
        toml_blanks(in);
        if (in->at >= in->end || *in->at != '.')
            break;
        in->at++;
        toml_blanks(in);
    }
    *out = parts;
    return true;
}

static bool key_error(struct toml_loader *in, const struct value *key, const char *text)
{
    struct source_position at = value_position(key);

    return error_set_at(in->err, &at, "the %s '%s' is defined twice", text, value_text(key));
}

/* --- key = value --- */

/* The table that a dotted key goes through. */
static struct value *dotted_step(struct toml_loader *in, struct value *table, const struct value *key)
{
    const struct value *found = value_map_get_value(table, key);
    struct toml_table *known = found == NULL ? NULL : toml_table_of(in, found);
    struct value *made;

    if (found != NULL) {
        if (known != NULL && known->state == TOML_DOTTED)
            return known->value;
        key_error(in, key, known == NULL || known->state == TOML_CLOSED ? "key" : "table");
        return NULL;
    }
    made = toml_table_new(in, TOML_DOTTED, false);
    value_map_put_value(in->arena, table, key, made);
    return made;
}

bool toml_pair(struct toml_loader *in, struct value *table, int depth)
{
    struct value *parts = NULL, *item = NULL;
    const struct value *last;
    size_t count;

    if (!toml_key(in, &parts))
        return false;
    count = value_count(parts);
    for (size_t i = 0; i + 1 < count; i++) {
        table = dotted_step(in, table, value_item(parts, i));
        if (table == NULL)
            return false;
    }
    last = value_item(parts, count - 1);
    if (value_map_get_value(table, last) != NULL)
        return key_error(in, last, "key");
    if (in->at >= in->end || *in->at != '=')
        return toml_error(in, in->at,
                          arena_printf(in->arena, "expected '=' after the key '%s', found %s", value_text(last),
                                       toml_found(in, in->at)));
    in->at++;
    toml_blanks(in);
    if (!toml_value(in, &item, depth + 1))
        return false;
    value_map_put_value(in->arena, table, last, item);
    return true;
}

/* --- [table] and [[array of tables]] --- */

/* A part of a header before its last one. */
static struct value *header_step(struct toml_loader *in, struct value *table, const struct value *key)
{
    const struct value *found = value_map_get_value(table, key);
    struct toml_table *known = found == NULL ? NULL : toml_table_of(in, found);
    struct value *made;

    if (found == NULL) {
        made = toml_table_new(in, TOML_IMPLIED, false);
        value_map_put_value(in->arena, table, key, made);
        return made;
    }
    if (known != NULL && known->state == TOML_TABLES)
        return toml_table_of(in, value_item(found, value_count(found) - 1))->value;
    if (known != NULL && known->state != TOML_CLOSED)
        return known->value;
    key_error(in, key, "key");
    return NULL;
}

static struct value *table_begin(struct toml_loader *in, struct value *above, const struct value *key)
{
    const struct value *found = value_map_get_value(above, key);
    struct toml_table *known = found == NULL ? NULL : toml_table_of(in, found);
    struct value *made;

    if (known != NULL && known->state == TOML_IMPLIED) {
        known->state = TOML_DEFINED;
        return known->value;
    }
    if (found != NULL) {
        key_error(in, key, known == NULL ? "key" : "table");
        return NULL;
    }
    made = toml_table_new(in, TOML_DEFINED, false);
    value_map_put_value(in->arena, above, key, made);
    return made;
}

static struct value *element_begin(struct toml_loader *in, struct value *above, const struct value *key)
{
    const struct value *found = value_map_get_value(above, key);
    struct toml_table *known = found == NULL ? NULL : toml_table_of(in, found);
    struct value *list, *made;

    if (found != NULL && (known == NULL || known->state != TOML_TABLES)) {
        key_error(in, key, known == NULL ? "key" : "table");
        return NULL;
    }
    list = found != NULL ? known->value : toml_table_new(in, TOML_TABLES, true);
    made = toml_table_new(in, TOML_DEFINED, false);
    value_list_add(in->arena, list, made);
    if (found == NULL)
        value_map_put_value(in->arena, above, key, list);
    return made;
}

static bool header(struct toml_loader *in, struct value *root, struct value **current)
{
    bool is_element = in->at + 1 < in->end && in->at[1] == '[';
    const char *close = is_element ? "]]" : "]";
    struct value *parts = NULL, *table = root;
    size_t count;

    in->at += is_element ? 2 : 1;
    toml_blanks(in);
    if (!toml_key(in, &parts))
        return false;
    if ((size_t)(in->end - in->at) < strlen(close) || memcmp(in->at, close, strlen(close)) != 0)
        return toml_error(in, in->at,
                          arena_printf(in->arena, "expected '%s' after the name of a table, found %s", close,
                                       toml_found(in, in->at)));
    count = value_count(parts);
    for (size_t i = 0; table != NULL && i + 1 < count; i++)
        table = header_step(in, table, value_item(parts, i));
    if (table != NULL)
        table = is_element ? element_begin(in, table, value_item(parts, count - 1))
                           : table_begin(in, table, value_item(parts, count - 1));
    if (table == NULL)
        return false;
    in->at += strlen(close);
    *current = table;
    return line_finish(in);
}

static bool document(struct toml_loader *in, struct value *root)
{
    struct value *table = root;

    while (toml_lines(in)) {
        if (in->at == in->end)
            return true;
        if (*in->at == '[') {
            if (!header(in, root, &table))
                return false;
        } else if (!toml_pair(in, table, 0) || !line_finish(in)) {
            return false;
        }
    }
    return false;
}

/* The place of the first byte that is no UTF-8. */
static bool encoding_check(struct toml_loader *in)
{
    if (text_utf8_valid(in->at, in->source->length))
        return true;
    for (const char *at = in->at; at < in->end;) {
        size_t offset = 0, left = (size_t)(in->end - at);

        text_utf8_next(at, left, &offset);
        if (!text_utf8_valid(at, offset))
            return toml_error(in, at, "bytes that are no UTF-8");
        if (*at == '\n') {
            in->line++;
            in->line_start = at + 1;
        }
        at += offset;
    }
    return toml_error(in, in->end, "bytes that are no UTF-8");
}

bool toml_read(struct arena *arena, const struct toml_source *source, const struct value **out, struct error *err)
{
    struct toml_loader in = { .arena = arena,
                              .source = source,
                              .at = source->data,
                              .end = source->data + source->length,
                              .line_start = source->data,
                              .line = 1,
                              .err = err };
    struct value *root;

    error_clear(err);
    if (!encoding_check(&in))
        return false;
    if (source->length >= 3 && memcmp(source->data, "\xEF\xBB\xBF", 3) == 0)
        in.at += 3;
    root = toml_table_new(&in, TOML_DEFINED, false);
    if (!document(&in, root))
        return false;
    *out = root;
    return true;
}
