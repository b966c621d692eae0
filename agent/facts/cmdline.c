/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's command line: `cmdline` (the last of equal names wins) and `proc_cmdline` (equal names become a
 * list). */
#include <string.h>

#include "agent/facts/fact_support.h"

/* Words as Python's shlex splits without its posix rules: a quote at the start of a word reaches to the next such
 * quote and stays in the word; anywhere else it is a character like any other. NULL for a quote that does not end. */
static struct value *cmdline_words(struct arena *arena, const char *line)
{
    struct value *words = value_list(arena);

    for (const char *at = line;;) {
        at += strspn(at, " \t\r\n");
        size_t length = strcspn(at, " \t\r\n");
        if (length == 0)
            return words;
        if (*at == '"' || *at == '\'') {
            const char *end = strchr(at + 1, *at);
            if (!end)
                return NULL;
            length = (size_t)(end - at) + 1;
        }
        value_list_add(arena, words, value_string_n(arena, at, length));
        at += length;
    }
}

static const struct value *cmdline_join(struct arena *arena, const struct value *old, const struct value *added)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; value_is(old, VALUE_LIST) && i < value_count(old); i++)
        value_list_add(arena, list, value_item(old, i));
    if (!value_is(old, VALUE_LIST))
        value_list_add(arena, list, old);
    value_list_add(arena, list, added);
    return list;
}

static bool cmdline_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *line = fact_file(system, arena, "/proc/cmdline");
    struct value *last = value_map(arena), *all = value_map(arena);

    (void)err;
    if (!line)
        return true;
    struct value *words = cmdline_words(arena, line);
    for (size_t i = 0; i < value_count(words); i++) {
        const char *word = value_text(value_item(words, i));
        size_t length = strcspn(word, "=");
        const char *name = arena_copy_n(arena, word, length);
        const struct value *item = word[length] ? value_string(arena, word + length + 1) : value_bool(true);
        const struct value *old = value_map_get(all, name);
        value_map_put(arena, last, name, item);
        value_map_put(arena, all, name, old && word[length] ? cmdline_join(arena, old, item) : item);
    }
    value_map_put(arena, facts, "cmdline", last);
    value_map_put(arena, facts, "proc_cmdline", all);
    return true;
}

FACT_GROUP_DEFINE(cmdline) = { .name = "cmdline", .names = FACT_NAMES("min"), .collect = cmdline_collect };
