/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one-line form of arguments ("src=a dest='b c' creates=/x"): split on blanks outside quotes and Jinja2 blocks, then
 * read as key=value. Same results as ansible-core's splitter, odd corners included.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/* NULL-terminated array of the words; blanks and newlines that belong to a word stay in it. */
bool args_split(struct arena *arena, const char *text, size_t length, char ***words_out, size_t *count_out,
                struct error *err);
/* A map of the options; words that are none are joined under "_raw_params". With `is_free_form` only the command
 * family's own options (creates, chdir ...) are taken out of the text. Marks and position come from `text`. */
bool args_parse(struct arena *arena, const struct value *text, bool is_free_form, struct value **out,
                struct error *err);
/* The first word and the rest, as `action: copy src=a` is read. */
bool args_split_action(struct arena *arena, const struct value *text, const char **name_out,
                       const struct value **rest_out, struct error *err);
