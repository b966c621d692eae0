/* SPDX-License-Identifier: Apache-2.0 */
/* The outcome in place of the state, where it says more. */
#include "cli/runs_rows.h"

#include "common/base/text.h"

const struct value *runs_rows(struct arena *arena, const struct value *runs)
{
    static const char *const telling[] = { "drift", "refused", NULL };
    struct value *out = value_list(arena);

    for (size_t i = 0; i < value_count(runs); i++) {
        const char *outcome = value_map_text(value_item(runs, i), "outcome");
        struct value *over = value_map(arena);

        if (text_in(outcome, telling))
            value_map_put_string(arena, over, "state", outcome);
        value_list_add(arena, out, value_merge(arena, value_item(runs, i), over, false));
    }
    return out;
}
