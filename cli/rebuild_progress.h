/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far each node is, from any thread: kept in the journal, shown as one live table on a terminal (node, step, since, sentence) and as a line
 * for each step elsewhere.
 */
#pragma once

#include "cli/rebuild.h"

/* The node's next step begins; it is in the journal when this returns. */
bool rebuild_progress_begin(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *step,
                            struct error *err);
bool rebuild_progress_end(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *step,
                          const char *sentence, struct error *err);
void rebuild_progress_fail(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *step,
                           const char *sentence);
/* What goes on now: for the table; as a line only where `is_news`. */
void rebuild_progress_say(struct rebuild_call *call, bool is_news, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What was found, for the record and for later steps; in the journal with the end of the step. */
void rebuild_note(struct rebuild_call *call, const char *key, const char *text);
const char *rebuild_noted(struct rebuild_call *call, const char *key); /* in call->arena; NULL: nothing */

struct rebuild_table {
    size_t lines; /* that are on the terminal and will be painted over */
};
/* The table anew if something has changed or a second has passed; nothing where there is no terminal. */
void rebuild_table_show(struct rebuild *rebuild, struct rebuild_table *table);
/* The rows as maps (NODE, STEP, SINCE, SENTENCE): what has failed and what runs first when there is no room for all. */
struct value *rebuild_table_rows(struct arena *arena, struct rebuild *rebuild, size_t room);
