/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "agent/system/unit/journal_mark.h"

#include <stdio.h>
#include <string.h>

void journal_mark_begin(struct journal_mark *mark, int64_t since_us)
{
    *mark = (struct journal_mark){ .at_us = since_us, .is_resuming = true };
}

void journal_mark_resume(struct journal_mark *mark)
{
    mark->is_resuming = true;
}

/* The line at the mark may be gone by now (journals are kept to a size): then time has to do. */
static bool is_new(struct journal_mark *mark, const struct journal_line *line)
{
    if (!mark->is_resuming)
        return true;
    if (mark->cursor[0] == '\0')
        return line->at_us >= mark->at_us;
    if (strcmp(line->cursor, mark->cursor) == 0) {
        mark->is_resuming = false;
        return false;
    }
    return line->at_us > mark->at_us;
}

bool journal_mark_pass(struct journal_mark *mark, const struct journal_line *line)
{
    if (!is_new(mark, line))
        return false;
    mark->is_resuming = false;
    mark->at_us = line->at_us;
    (void)snprintf(mark->cursor, sizeof(mark->cursor), "%s", line->cursor);
    return true;
}
