/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template syntax settings: from the options of a template task, or from the "#jinja2:" line at the top
 * of a template. Owns no memory: strings are borrowed or live in the caller's arena.
 */
#include "engine/template/syntax.h"

#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

#define HEADER "#jinja2:"

static const char *text_or(const char *text, const char *fallback)
{
    return text == NULL ? fallback : text;
}

struct syntax syntax_from_options(const struct template_file_options *options)
{
    struct syntax syntax = SYNTAX_DEFAULT;

    syntax.variable_start = text_or(options->variable_start, syntax.variable_start);
    syntax.variable_end = text_or(options->variable_end, syntax.variable_end);
    syntax.block_start = text_or(options->block_start, syntax.block_start);
    syntax.block_end = text_or(options->block_end, syntax.block_end);
    syntax.comment_start = text_or(options->comment_start, syntax.comment_start);
    syntax.comment_end = text_or(options->comment_end, syntax.comment_end);
    syntax.newline = text_or(options->newline_sequence, syntax.newline);
    syntax.trim_blocks = options->trim_blocks;
    syntax.lstrip_blocks = options->lstrip_blocks;
    syntax.keep_trailing_newline = options->keep_trailing_newline;
    return syntax;
}

struct setting {
    const char *name;
    size_t offset;
    bool is_text;
};

#define TEXT_SETTING(name, field)                                                                                      \
    {                                                                                                                  \
        name, offsetof(struct syntax, field), true                                                                     \
    }
#define BOOL_SETTING(field)                                                                                            \
    {                                                                                                                  \
#field, offsetof(struct syntax, field), false                                                                  \
    }
static const struct setting settings[] = {
    TEXT_SETTING("variable_start_string", variable_start),
    TEXT_SETTING("variable_end_string", variable_end),
    TEXT_SETTING("block_start_string", block_start),
    TEXT_SETTING("block_end_string", block_end),
    TEXT_SETTING("comment_start_string", comment_start),
    TEXT_SETTING("comment_end_string", comment_end),
    TEXT_SETTING("line_statement_prefix", line_statement),
    TEXT_SETTING("line_comment_prefix", line_comment),
    TEXT_SETTING("newline_sequence", newline),
    BOOL_SETTING(trim_blocks),
    BOOL_SETTING(lstrip_blocks),
    BOOL_SETTING(keep_trailing_newline),
    BOOL_SETTING(autoescape),
};

static bool setting_apply(struct syntax *syntax, const char *name, const struct value *value, struct error *err)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        char *field = (char *)syntax + settings[i].offset;
        const char *text = value_text(value);
        bool truth = value_truthy(value);

        if (strcmp(settings[i].name, name) != 0)
            continue;
        if (settings[i].is_text && text == NULL && !value_is(value, VALUE_NULL))
            return error_set(err, "failed to parse jinja2 override '%s': a string is expected", name);
        if (settings[i].is_text)
            memcpy(field, &text, sizeof(text));
        else
            memcpy(field, &truth, sizeof(truth));
        return true;
    }
    return error_set(err, "jinja2 override '%s' is not known", name);
}

static bool header_pair(struct syntax *syntax, struct arena *arena, const char *pair, struct error *err)
{
    const char *colon = strchr(pair, ':');
    const struct value *value = NULL;
    char *text;

    if (colon == NULL)
        return error_set(err,
                         "failed to parse jinja2 override '%s'. Did you use something different from colon as "
                         "key-value separator?",
                         text_trim(arena, pair, strlen(pair)));
    text = text_trim(arena, colon + 1, strlen(colon + 1));
    if (!value_from_python(arena, text, strlen(text), &value, err))
        return error_prefix(err, "failed to parse jinja2 override '%s'", pair);
    return setting_apply(syntax, text_trim(arena, pair, (size_t)(colon - pair)), value, err);
}

bool syntax_read_header(struct syntax *syntax, struct arena *arena, const char *text, size_t length, size_t *skip_out,
                        struct error *err)
{
    const size_t start = sizeof(HEADER) - 1;
    const char *newline;
    size_t end, count = 0;
    char **pairs;

    if (length < start || memcmp(text, HEADER, start) != 0) {
        *skip_out = 0;
        return true;
    }
    newline = memchr(text, '\n', length);
    end = newline == NULL ? length : (size_t)(newline - text);
    pairs = text_split(arena, arena_copy_n(arena, text + start, end - start), ',', &count);
    for (size_t i = 0; i < count; i++)
        if (!header_pair(syntax, arena, pairs[i], err))
            return false;
    *skip_out = newline == NULL ? length : end + 1;
    return true;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return (hash ^ (text == NULL ? 1 : hash_quick(text, strlen(text)))) * 1099511628211u;
}

uint64_t syntax_hash(const struct syntax *syntax)
{
    uint64_t hash = (uint64_t)syntax->trim_blocks | (uint64_t)syntax->lstrip_blocks << 1 |
                    (uint64_t)syntax->keep_trailing_newline << 2 | (uint64_t)syntax->plain_strings << 3 |
                    (uint64_t)syntax->autoescape << 4;

    hash = hash_text(hash, syntax->variable_start);
    hash = hash_text(hash, syntax->variable_end);
    hash = hash_text(hash, syntax->block_start);
    hash = hash_text(hash, syntax->block_end);
    hash = hash_text(hash, syntax->comment_start);
    hash = hash_text(hash, syntax->comment_end);
    hash = hash_text(hash, syntax->line_statement);
    hash = hash_text(hash, syntax->line_comment);
    return hash_text(hash, syntax->newline);
}

/* All three starts begin with the same character, as by default: one scan instead of three. */
static bool in_text_at_once(const struct syntax *syntax, const char *text, const char *end)
{
    char first = syntax->variable_start[0];

    while ((text = memchr(text, first, (size_t)(end - text))) != NULL) {
        size_t left = (size_t)(end - text);

        if (left >= 2 && (text[1] == syntax->variable_start[1] || text[1] == syntax->block_start[1] ||
                          text[1] == syntax->comment_start[1]))
            return memmem(text, left, syntax->variable_start, strlen(syntax->variable_start)) != NULL ||
                   memmem(text, left, syntax->block_start, strlen(syntax->block_start)) != NULL ||
                   memmem(text, left, syntax->comment_start, strlen(syntax->comment_start)) != NULL;
        text++;
    }
    return false;
}

bool syntax_in_text(const struct syntax *syntax, const char *text, size_t length)
{
    if (length == 0)
        return false;
    if (syntax->variable_start[0] == syntax->block_start[0] && syntax->block_start[0] == syntax->comment_start[0])
        return in_text_at_once(syntax, text, text + length);
    return memmem(text, length, syntax->variable_start, strlen(syntax->variable_start)) != NULL ||
           memmem(text, length, syntax->block_start, strlen(syntax->block_start)) != NULL ||
           memmem(text, length, syntax->comment_start, strlen(syntax->comment_start)) != NULL;
}
