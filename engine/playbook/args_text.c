/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splitting and reading of one-line arguments. Owns nothing; knows no module names.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/playbook/args_text.h"

/* --- splitting --- */

struct splitter {
    struct arena *arena;
    char **words;
    size_t count, capacity;
    struct text last; /* the newest word, still growing */
    char quote;       /* 0: outside quotes */
    int depth[3];     /* open {{ {% {# */
};

static void splitter_seal(struct splitter *s)
{
    if (s->count > 0)
        s->words[s->count - 1] = s->last.data;
}

static void splitter_push(struct splitter *s, const char *data, size_t length)
{
    splitter_seal(s);
    if (s->count + 1 >= s->capacity) {
        size_t grown = s->capacity == 0 ? 8 : s->capacity * 2;

        s->words = arena_grow(s->arena, s->words, s->capacity * sizeof(char *), grown * sizeof(char *));
        s->capacity = grown;
    }
    s->count++;
    s->last = text_new(s->arena);
    text_add_n(&s->last, data, length);
}

static char quote_after(char quote, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((data[i] != '"' && data[i] != '\'') || (i > 0 && data[i - 1] == '\\'))
            continue;
        if (quote == 0)
            quote = data[i];
        else if (quote == data[i])
            quote = 0;
    }
    return quote;
}

static int count_pair(const char *data, size_t length, char a, char b)
{
    int count = 0;

    for (size_t i = 0; i + 1 < length; i++) {
        if (data[i] == a && data[i + 1] == b) {
            count++;
            i++;
        }
    }
    return count;
}

static bool splitter_in_block(const struct splitter *s)
{
    return s->depth[0] > 0 || s->depth[1] > 0 || s->depth[2] > 0;
}

/* Counts the block marks of a word; true if a depth changed. */
static bool splitter_count_blocks(struct splitter *s, int kind, const char *data, size_t length)
{
    static const char marks[3][4] = { { '{', '{', '}', '}' }, { '{', '%', '%', '}' }, { '{', '#', '#', '}' } };
    int change = count_pair(data, length, marks[kind][0], marks[kind][1]) -
                 count_pair(data, length, marks[kind][2], marks[kind][3]);
    int before = s->depth[kind];

    s->depth[kind] += change;
    if (s->depth[kind] < 0)
        s->depth[kind] = 0;
    return s->depth[kind] != before;
}

struct word {
    const char *data;
    size_t length;
    size_t index; /* in its line */
    bool is_only; /* the line has no other */
};

static void splitter_join(struct splitter *s, const struct word *word, bool was_quoted)
{
    if (!(word->index == 0 && was_quoted)) {
        if (word->is_only)
            text_add_char(&s->last, '\n');
        else if (word->index > 0)
            text_add_char(&s->last, ' ');
    }
    text_add_n(&s->last, word->data, word->length);
}

static bool splitter_word(struct splitter *s, const struct word *word)
{
    bool was_quoted = s->quote != 0;
    bool added = false;

    s->quote = quote_after(s->quote, word->data, word->length);
    if (s->quote != 0 && !was_quoted && !splitter_in_block(s)) {
        splitter_push(s, word->data, word->length);
        added = true;
    } else if (splitter_in_block(s) || s->quote != 0 || was_quoted) {
        if (s->count == 0)
            return false;
        splitter_join(s, word, was_quoted);
        added = true;
    }
    for (int kind = 0; kind < 3; kind++) {
        if (splitter_count_blocks(s, kind, word->data, word->length) && !added) {
            splitter_push(s, word->data, word->length);
            added = true;
        }
    }
    if (!added && !splitter_in_block(s) && s->quote == 0 && word->length > 0)
        splitter_push(s, word->data, word->length);
    return true;
}

/* One line of the text; *continued: it ended in a lone backslash. */
static bool splitter_line(struct splitter *s, const char *line, size_t length, bool *continued)
{
    size_t index = 0;
    bool is_only = memchr(line, ' ', length) == NULL;

    for (size_t at = 0; at <= length; index++) {
        const char *blank = memchr(line + at, ' ', length - at);
        size_t end = blank == NULL ? length : (size_t)(blank - line);
        struct word word = { line + at, end - at, index, is_only };

        at = end + 1;
        if (word.length == 0 && index != 0) {
            if (s->count == 0)
                return false;
            text_add_char(&s->last, ' ');
            continue;
        }
        if (word.length == 1 && word.data[0] == '\\' && s->quote == 0) {
            *continued = true;
            continue;
        }
        if (!splitter_word(s, &word))
            return false;
    }
    return true;
}

static bool split_failed(struct error *err)
{
    return error_set_kind(err, ERROR_PARSE, "Unable to parse argument string");
}

bool args_split(struct arena *arena, const char *text, size_t length, char ***words_out, size_t *count_out,
                struct error *err)
{
    struct splitter s = { .arena = arena };

    for (size_t at = 0; at <= length;) {
        const char *newline = memchr(text + at, '\n', length - at);
        size_t end = newline == NULL ? length : (size_t)(newline - text);
        bool continued = false;

        if (!splitter_line(&s, text + at, end - at, &continued))
            return split_failed(err);
        if (newline != NULL && !continued) {
            if (s.count == 0)
                return split_failed(err);
            text_add_char(&s.last, '\n');
        }
        at = end + 1;
    }
    if (s.quote != 0 || splitter_in_block(&s))
        return error_set_kind(err, ERROR_PARSE,
                              "failed at splitting arguments, either an unbalanced jinja2 block or quotes: %.1000s",
                              text);
    splitter_seal(&s);
    if (s.words == NULL)
        s.words = arena_new_array(arena, char *, 1);
    s.words[s.count] = NULL;
    *words_out = s.words;
    *count_out = s.count;
    return true;
}

/* --- reading --- */

/* A string made of a part of `source`: same marks and place. */
static struct value *string_like(struct arena *arena, const struct value *source, const char *data, size_t length)
{
    struct value *made = value_string_n(arena, data, length);

    made->marks = source->marks & (VALUE_TRUSTED | VALUE_SECRET);
    if (!value_text_is_template(data, length))
        made->marks |= VALUE_STATIC;
    made->path = source->path;
    made->line = source->line;
    made->column = source->column;
    return made;
}

static bool hex_value(const char *data, size_t digits, uint32_t *out)
{
    uint32_t value = 0;

    for (size_t i = 0; i < digits; i++) {
        char c = data[i];

        if (c >= '0' && c <= '9')
            value = value * 16 + (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value * 16 + (uint32_t)((c | 32) - 'a' + 10);
        else
            return false;
    }
    *out = value;
    return true;
}

/* Length of the escape at `data` ("\n", "\x41" ...), written to `out`; 0: none. */
static size_t escape_read(const char *data, struct text *out)
{
    static const char names[] = "\\'\"abfnrtv";
    static const char values[] = "\\'\"\a\b\f\n\r\t\v";
    size_t digits = data[1] == 'x' ? 2 : data[1] == 'u' ? 4 : data[1] == 'U' ? 8 : 0;
    const char *found;
    uint32_t codepoint;

    if (digits > 0) {
        if (strnlen(data + 2, digits) < digits || !hex_value(data + 2, digits, &codepoint) || codepoint > 0x10FFFF)
            return 0;
        text_add_codepoint(out, codepoint);
        return digits + 2;
    }
    found = data[1] == '\0' ? NULL : strchr(names, data[1]);
    if (found == NULL)
        return 0;
    text_add_char(out, values[found - names]);
    return 2;
}

static char *escapes_decode(struct arena *arena, char *word)
{
    struct text out;

    if (strchr(word, '\\') == NULL)
        return word;
    out = text_new(arena);
    while (*word != '\0') {
        size_t taken = *word == '\\' ? escape_read(word, &out) : 0;

        if (taken == 0)
            text_add_char(&out, *word++);
        word += taken;
    }
    return out.data;
}

/* The '=' that ends the key, or NULL; an escaped one does not count, nor one at the very start. */
static const char *equals_find(const char *word)
{
    const char *at = word[0] == '\0' ? NULL : strchr(word + 1, '=');

    while (at != NULL && at[-1] == '\\')
        at = strchr(at + 1, '=');
    return at;
}

static char *equals_unescape(struct arena *arena, const char *word)
{
    struct text out = text_new(arena);

    for (; *word != '\0'; word++) {
        if (word[0] != '\\' || word[1] != '=')
            text_add_char(&out, *word);
    }
    return out.data;
}

static bool is_command_option(const char *key, size_t length)
{
    static const char *const names[] = { "creates", "removes",           "chdir",           "executable", "warn",
                                         "stdin",   "stdin_add_newline", "strip_empty_ends" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == length && memcmp(names[i], key, length) == 0)
            return true;
    }
    return false;
}

static void option_put(struct arena *arena, struct value *map, const struct value *source, const char *word,
                       const char *equals)
{
    char *key = text_trim(arena, word, (size_t)(equals - word));
    char *text = text_trim(arena, equals + 1, strlen(equals + 1));
    size_t length = strlen(text);

    if (length > 1 && text[0] == text[length - 1] && (text[0] == '"' || text[0] == '\'') && text[length - 2] != '\\') {
        text++;
        length -= 2;
    }
    value_map_put_value(arena, map, string_like(arena, source, key, strlen(key)),
                        string_like(arena, source, text, length)); /* keys may be templates: set_fact */
}

static void raw_add(struct text *raw, const char *word)
{
    if (raw->length > 0 && raw->data[raw->length - 1] != '\n')
        text_add_char(raw, ' ');
    text_add(raw, word);
}

bool args_parse(struct arena *arena, const struct value *text, bool is_free_form, struct value **out, struct error *err)
{
    struct value *map = value_map(arena);
    struct text raw = text_new(arena);
    char **words = NULL;
    size_t count = 0, raw_count = 0;

    if (!args_split(arena, text->as.string.data, text->as.string.length, &words, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        char *word = escapes_decode(arena, words[i]);
        const char *equals = equals_find(word);

        if (equals != NULL && (!is_free_form || is_command_option(word, (size_t)(equals - word)))) {
            option_put(arena, map, text, word, equals);
            continue;
        }
        raw_count++;
        raw_add(&raw, equals == NULL && strchr(word, '=') != NULL ? equals_unescape(arena, word) : words[i]);
    }
    if (raw_count > 0)
        value_map_put(arena, map, "_raw_params", string_like(arena, text, raw.data, raw.length));
    map->path = text->path;
    map->line = text->line;
    map->column = text->column;
    *out = map;
    return true;
}

bool args_split_action(struct arena *arena, const struct value *text, const char **name_out,
                       const struct value **rest_out, struct error *err)
{
    struct text rest = text_new(arena);
    char **words = NULL;
    size_t count = 0;

    if (!args_split(arena, text->as.string.data, text->as.string.length, &words, &count, err))
        return false;
    if (count == 0)
        return error_set_kind(err, ERROR_PARSE, "no module/action detected in task.");
    for (size_t i = 1; i < count; i++) {
        if (i > 1)
            text_add_char(&rest, ' ');
        text_add(&rest, words[i]);
    }
    *name_out = text_trim(arena, words[0], strlen(words[0]));
    *rest_out = string_like(arena, text, rest.length == 0 ? "" : rest.data, rest.length);
    return true;
}
