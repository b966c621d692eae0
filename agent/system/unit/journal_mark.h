/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the lines of one unit have been taken, when the journal is read again from an earlier place: by the journal's cursor, as
 * several lines may have the same time and the clock may be set back. Reads nothing itself.
 */
#pragma once

#include "agent/system/unit/journal.h"

struct journal_mark {
    char cursor[JOURNAL_CURSOR_MAX]; /* of the line that was taken last; "": none was */
    int64_t at_us;                   /* its time; while there is none: what is older is not wanted */
    bool is_resuming;                /* what comes may have come before */
};

void journal_mark_begin(struct journal_mark *mark, int64_t since_us);
/* The journal is read again, from here or from before. */
void journal_mark_resume(struct journal_mark *mark);
/* True: the line is a new one, and the mark is at it. */
bool journal_mark_pass(struct journal_mark *mark, const struct journal_line *line);
