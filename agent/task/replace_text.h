/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions over a whole text: Python's re.subn, limited to a part of the text. Pure. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

struct replace_request {
    const char *regexp, *replace; /* Python's dialect; replace may hold \1 and \g<name> */
    const char *after, *before;   /* expressions around the part that is worked on; NULL: whole text */
};

struct replace_outcome {
    const char *data; /* the new text */
    size_t length, count;
    const char *missing; /* the expression of after and before when it is not there: nothing was done. Else NULL. */
};

/* `text` is UTF-8 (other bytes are taken one by one). */
bool replace_text(struct arena *arena, const char *text, size_t length, const struct replace_request *request,
                  struct replace_outcome *out, struct error *err);
