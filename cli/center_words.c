/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as words. */
#include "cli/center_words.h"

#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"

#define DIGEST_LENGTH 64
#define DIGEST_SHOWN 16

static void word_add(struct text *out, const char *word)
{
    bool is_digest = strlen(word) == DIGEST_LENGTH && strspn(word, "0123456789abcdef") == DIGEST_LENGTH;

    text_add_n(out, word, is_digest ? DIGEST_SHOWN : strlen(word));
    if (is_digest)
        text_add(out, "…");
}

/* "last_verdict" reads "last verdict". */
static void key_add(struct text *out, const char *key)
{
    for (; *key != '\0'; key++)
        text_add_char(out, *key == '_' ? ' ' : *key);
}

const char *center_words(struct arena *arena, const struct value *detail)
{
    struct text out = text_new(arena);

    for (size_t i = 0; value_is(detail, VALUE_MAP) && i < value_count(detail); i++) {
        const struct value_pair *pair = value_pair_at(detail, i);

        if (value_text(pair->key) == NULL || value_is(pair->item, VALUE_NULL))
            continue;
        if (out.length > 0)
            text_add(&out, ", ");
        key_add(&out, value_text(pair->key));
        text_add_char(&out, ' ');
        word_add(&out, value_to_text(arena, pair->item));
    }
    return out.data;
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
