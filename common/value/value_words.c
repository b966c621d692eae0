/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as words. */
#include "common/value/value_words.h"

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

const char *value_words(struct arena *arena, const struct value *map)
{
    struct text out = text_new(arena);

    for (size_t i = 0; value_is(map, VALUE_MAP) && i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);

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
