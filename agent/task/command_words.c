/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splitting, expanding and joining command lines with the rules of Python's shlex and os.path, which playbooks
 * were written against. Pure text: runs nothing.
 */
#include "agent/task/command_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

/* --- splitting --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A double or single quoted part; *at is behind the opening quote, ends behind the closing one. */
static bool split_quoted(const char **at, char quote, struct text *word, struct error *err)
{
    for (; **at != quote; (*at)++) {
        if (**at == '\0')
            return error_set(err, "No closing quotation");
        if (quote == '"' && **at == '\\') {
            (*at)++;
            if (**at == '\0')
                return error_set(err, "No escaped character");
            if (**at != '"' && **at != '\\')
                text_add_char(word, '\\');
        }
        text_add_char(word, **at);
    }
    (*at)++;
    return true;
}

static bool split_word(const char **at, struct text *word, struct error *err)
{
    while (**at && !is_blank(**at)) {
        char c = *(*at)++;
        if (c == '\'' || c == '"') {
            if (!split_quoted(at, c, word, err))
                return false;
        } else if (c == '\\') {
            if (**at == '\0')
                return error_set(err, "No escaped character");
            text_add_char(word, *(*at)++);
        } else {
            text_add_char(word, c);
        }
    }
    return true;
}

bool command_split(struct arena *arena, const char *line, struct value **words_out, struct error *err)
{
    struct value *words = value_list(arena);

    for (const char *at = line;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0')
            break;
        struct text word = text_new(arena);
        if (!split_word(&at, &word, err))
            return false;
        value_list_add(arena, words, value_string_n(arena, word.data, word.length));
    }
    *words_out = words;
    return true;
}

/* --- expanding --- */

static const char *variable(const struct system *system, struct arena *arena, const char *name, size_t length)
{
    const struct value *value = value_map_get_n(system->environment, name, length);

    return value ? value_to_text(arena, value) : getenv(arena_copy_n(arena, name, length));
}

static size_t name_length(const char *at)
{
    size_t length = 0;

    while (isalnum((unsigned char)at[length]) || at[length] == '_')
        length++;
    return length;
}

/* At a '$': adds what it stands for; returns how many bytes were read. */
static size_t expand_variable(const struct system *system, const char *at, struct text *out)
{
    bool has_braces = at[1] == '{';
    const char *name = at + 1 + has_braces;
    size_t length = has_braces ? strcspn(name, "}") : name_length(name);
    bool is_name = length > 0 && (!has_braces || name[length] == '}');
    size_t used = is_name ? (size_t)(name - at) + length + has_braces : 1;
    const char *value = is_name ? variable(system, out->arena, name, length) : NULL;

    if (value)
        text_add(out, value);
    else
        text_add_n(out, at, used);
    return used;
}

static const char *expand_home(const struct system *system, struct arena *arena, const char *word)
{
    const char *home =
        word[0] == '~' && (word[1] == '\0' || word[1] == '/') ? variable(system, arena, "HOME", 4) : NULL;

    if (!home)
        return word[0] == '~' ? path_expand_user(arena, word) : word;
    size_t length = strlen(home);
    while (length > 0 && home[length - 1] == '/')
        length--;
    char *joined = arena_printf(arena, "%.*s%s", (int)length, home, word + 1);
    return joined[0] == '\0' ? "/" : joined;
}

const char *command_expand(const struct system *system, struct arena *arena, const char *word)
{
    struct text out = text_new(arena);

    if (!strchr(word, '$'))
        return expand_home(system, arena, word);
    for (const char *at = word; *at;) {
        if (*at == '$') {
            at += expand_variable(system, at, &out);
        } else {
            text_add_char(&out, *at++);
        }
    }
    return expand_home(system, arena, out.data);
}

/* --- joining --- */

static void join_word(struct text *line, const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

    if (word[0] != '\0' && strspn(word, safe) == strlen(word)) {
        text_add(line, word);
        return;
    }
    text_add_char(line, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            text_add(line, "'\"'\"'");
        else
            text_add_char(line, *word);
    }
    text_add_char(line, '\'');
}

char *command_join(struct arena *arena, const struct value *words)
{
    struct text line = text_new(arena);

    for (size_t i = 0; i < value_count(words); i++) {
        if (i > 0)
            text_add_char(&line, ' ');
        join_word(&line, value_to_text(arena, value_item(words, i)));
    }
    return line.data;
}

char *command_quote(struct arena *arena, const char *word)
{
    struct text line = text_new(arena);

    join_word(&line, word);
    return line.data;
}
