/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as words. */
#include "cli/center_words.h"

#include "common/value/value_words.h"

const char *center_words(struct arena *arena, const struct value *detail)
{
    return value_words(arena, detail);
}

const struct value *center_words_rows(struct arena *arena, const struct value *rows)
{
    struct value *out = value_list(arena);

    for (size_t i = 0; i < value_count(rows); i++) {
        struct value *row = value_map(arena);

        for (size_t j = 0; j < value_count(value_item(rows, i)); j++) {
            const struct value_pair *pair = value_pair_at(value_item(rows, i), j);

            value_map_put(arena, row, value_text(pair->key), pair->item);
        }
        value_map_put_string(arena, row, "words", center_words(arena, value_map_get(row, "detail")));
        value_list_add(arena, out, row);
    }
    return out;
}
