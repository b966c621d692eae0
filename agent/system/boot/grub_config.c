/* SPDX-License-Identifier: Apache-2.0 */
/* Plain assignments in /etc/default/grub and its like: finding them, and changing the words in them. Pure text. */
#include "agent/system/boot/grub_config.h"

#include <string.h>

#include "common/base/text.h"

/* --- finding --- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Behind the name of a variable of ours and its = or +=, or NULL. */
static const char *assignment_head(const char *line, struct grub_assignment *out, bool *appends_out)
{
    const char *at = skip_blanks(line);

    if (strncmp(at, "export", 6) == 0 && (at[6] == ' ' || at[6] == '\t'))
        at = skip_blanks(at + 6);
    if (strncmp(at, GRUB_VARIABLE, strlen(GRUB_VARIABLE)) != 0)
        return NULL;
    at += strlen(GRUB_VARIABLE);
    out->variable = strncmp(at, "_DEFAULT", 8) == 0 ? GRUB_LINUX_DEFAULT : GRUB_LINUX;
    at += out->variable == GRUB_LINUX_DEFAULT ? 8 : 0;
    *appends_out = *at == '+';
    at += *appends_out;
    return *at == '=' ? at + 1 : NULL;
}

/* How long the value at `at` is: to its closing quote, or to the first blank of a bare one. False: not plain. */
static bool value_extent(const char *at, char quote, size_t *length_out)
{
    size_t length = 0;

    if (quote == '\0') {
        *length_out = strcspn(at, " \t\n;#\"'\\`");
        return at[*length_out] == '\0' || strchr(" \t\n;#", at[*length_out]) != NULL;
    }
    while (at[length] != '\0' && at[length] != quote)
        length += at[length] == '\\' && quote == '"' && at[length + 1] != '\0' ? 2 : 1;
    *length_out = length;
    return at[length] == quote;
}

static bool mentions_itself(const char *value, size_t length, enum grub_variable variable)
{
    for (size_t i = 0; i + 1 < length; i++) {
        const char *at = value + i + 1 + (value[i + 1] == '{');

        if (value[i] != '$' || strncmp(at, GRUB_VARIABLE, strlen(GRUB_VARIABLE)) != 0)
            continue;
        at += strlen(GRUB_VARIABLE);
        if ((strncmp(at, "_DEFAULT", 8) == 0) == (variable == GRUB_LINUX_DEFAULT))
            return true;
    }
    return false;
}

static bool assignment_read(const char *text, const char *line, struct grub_assignment *out)
{
    bool appends = false;
    const char *at = assignment_head(line, out, &appends);

    if (at == NULL)
        return false;
    char quote = *at == '"' || *at == '\'' ? *at : '\0';
    at += quote != '\0';
    if (!value_extent(at, quote, &out->length))
        return false;
    out->start = (size_t)(at - text);
    out->resets = !appends && !mentions_itself(at, out->length, out->variable);
    return true;
}

bool grub_assignment_next(const char *text, size_t *cursor, struct grub_assignment *out)
{
    while (text[*cursor] != '\0') {
        const char *line = text + *cursor;
        bool found = assignment_read(text, line, out);
        size_t from = found ? out->start + out->length : *cursor;

        from += strcspn(text + from, "\n");
        *cursor = from + (text[from] == '\n');
        if (found)
            return true;
    }
    return false;
}

static bool is_reference(const char *word)
{
    return word[0] == '$' && strstr(word, GRUB_VARIABLE) != NULL;
}

struct kernel_words grub_assignment_words(struct arena *arena, const char *text,
                                          const struct grub_assignment *assignment)
{
    struct kernel_words words =
        kernel_words_read(arena, arena_copy_n(arena, text + assignment->start, assignment->length));

    for (size_t i = words.count; i-- > 0;)
        if (is_reference(words.items[i].text))
            kernel_words_remove(&words, i);
    return words;
}

/* --- changing --- */

static char *splice(struct arena *arena, const char *text, size_t start, size_t length, const char *with)
{
    return arena_printf(arena, "%.*s%s%s", (int)start, text, with, text + start + length);
}

/* A word of the value that shall go: named by the goal, or another value than it wants. */
static bool word_goes(const struct kernel_goal *goal, const struct kernel_word *word)
{
    if (!goal->is_present)
        return kernel_goal_names(goal, word);
    return kernel_name_equal(goal->name, word->name) && !kernel_goal_is_several(goal) && !kernel_goal_names(goal, word);
}

/* The value without such words: blanks between those that stay are kept as they are. */
static char *value_without(struct arena *arena, const char *value, const struct kernel_goal *goal)
{
    struct text out = text_new(arena);

    for (const char *at = value; *at != '\0';) {
        const char *word = at + strspn(at, " \t");
        size_t length = strcspn(word, " \t");
        struct kernel_words one = kernel_words_read(arena, arena_copy_n(arena, word, length));

        if (one.count != 1 || !word_goes(goal, &one.items[0]))
            text_add_n(&out, at, (size_t)(word + length - at));
        else if (out.length == 0)
            length += strspn(word + length, " \t");
        at = word + length;
    }
    return out.data != NULL ? out.data : arena_copy(arena, "");
}

const char *grub_config_without(struct arena *arena, const char *text, const struct kernel_goal *goal)
{
    struct grub_assignment found;

    for (size_t cursor = 0; grub_assignment_next(text, &cursor, &found);) {
        const char *value = arena_copy_n(arena, text + found.start, found.length);
        const char *edited = value_without(arena, value, goal);

        if (strcmp(edited, value) == 0)
            continue;
        text = splice(arena, text, found.start, found.length, edited);
        cursor -= found.length - strlen(edited);
    }
    return text;
}

const char *grub_config_with(struct arena *arena, const char *text, enum grub_variable variable,
                             const struct kernel_goal *goal)
{
    struct grub_assignment found, last = { 0 };
    bool has_one = false;

    for (size_t cursor = 0; grub_assignment_next(text, &cursor, &found);) {
        if (found.variable != variable)
            continue;
        last = found;
        has_one = true;
    }
    /* A bare value has no quotes that would keep two words together. */
    if (!has_one || last.start == 0 || strchr("\"'", text[last.start - 1]) == NULL)
        return text;
    struct kernel_words words = kernel_words_read(arena, arena_copy_n(arena, text + last.start, last.length));
    if (!kernel_goal_apply(goal, &words))
        return text;
    return splice(arena, text, last.start, last.length, kernel_words_text(&words));
}
