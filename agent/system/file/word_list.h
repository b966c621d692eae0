/* SPDX-License-Identifier: Apache-2.0 */
/* Words: the arguments of a command that is being put together, or the parts of a line between its blanks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/value/value.h"

struct word_list {
    struct arena *arena;
    const char **items; /* NULL-terminated: fit to be an argv */
    size_t count, capacity;
};

struct word_list word_list_new(struct arena *arena);
void word_list_add(struct word_list *list, const char *word);                          /* NULL adds nothing */
void word_list_add_pair(struct word_list *list, const char *option, const char *word); /* NULL word: neither */
void word_list_add_values(struct word_list *list, const struct value *strings);        /* NULL adds nothing */
/* The parts between blanks and tabs, as Python's split(). */
struct word_list word_list_split(struct arena *arena, const char *text, size_t length);
char *word_list_join(const struct word_list *list, const char *separator);
/* A list of strings as one text. */
char *word_list_join_values(struct arena *arena, const struct value *strings, const char *separator);
bool word_list_has(const struct word_list *list, const char *word);
struct value *word_list_values(const struct word_list *list); /* as a list of strings */
