/* SPDX-License-Identifier: Apache-2.0 */
/* Words with values that are not kept. */
#include "cli/rebuild_words.h"

#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"

#define LONG "--extra-vars"
#define FLAGS "bvCDKk" /* short options without a value, which may stand before -e in one word */

const char *rebuild_words_extra(int argc, const char *const *argv, int *at)
{
    const char *word = argv[*at], *rest = NULL;

    if (text_starts(word, LONG "="))
        return word + strlen(LONG "=");
    if (strcmp(word, LONG) == 0) {
        rest = "";
    } else if (word[0] == '-' && word[1] != '-') {
        word += 1 + strspn(word + 1, FLAGS);
        rest = *word == 'e' ? word + 1 : NULL;
    }
    if (rest != NULL && *rest == '\0' && *at + 1 < argc)
        rest = argv[++*at];
    return rest;
}

const char *rebuild_words_masked(struct arena *arena, const char *extra)
{
    size_t name = strspn(extra, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    if (extra[0] == '@')
        return extra;
    return name > 0 && extra[name] == '=' ? arena_printf(arena, "%.*s=***", (int)name, extra) : "***";
}

static const char *digest_of(struct arena *arena, const char *extra)
{
    char hex[HASH_HEX_MAX];

    return arena_copy(arena, hash_hex_of(HASH_SHA256, extra, strlen(extra), hex));
}

static bool is_how(const char *word)
{
    return strcmp(word, "--resume") == 0 || strcmp(word, "--yes") == 0;
}

/* What may be another when it goes on; *at is then at its last word. */
static bool is_margin(int argc, const char *const *argv, int *at)
{
    if (strcmp(argv[*at], "--margin") == 0 && *at + 1 < argc)
        return ++*at > 0;
    return text_starts(argv[*at], "--margin=");
}

struct value *rebuild_words_keep(struct arena *arena, int argc, const char *const *argv)
{
    struct value *kept = value_list(arena);

    for (int i = 0; i < argc; i++) {
        int first = i;
        const char *extra = rebuild_words_extra(argc, argv, &i);

        if (extra != NULL && extra[0] != '@') {
            struct value *hidden = value_map(arena);

            value_map_put_string(arena, hidden, "extra", rebuild_words_masked(arena, extra));
            value_map_put_string(arena, hidden, "digest", digest_of(arena, extra));
            value_list_add(arena, kept, value_string(arena, "-e"));
            value_list_add(arena, kept, hidden);
            continue;
        }
        for (int k = first; k <= i; k++) {
            if (!is_how(argv[k]))
                value_list_add(arena, kept, value_string(arena, argv[k]));
        }
    }
    return kept;
}

/* The -e of the command line with this digest, or NULL. */
static const char *given(struct arena *arena, int argc, const char *const *argv, const char *digest)
{
    for (int i = 1; i < argc; i++) {
        const char *extra = rebuild_words_extra(argc, argv, &i);

        if (extra != NULL && text_equal(digest_of(arena, extra), digest))
            return extra;
    }
    return NULL;
}

/* Nothing is given that was not there at the beginning. */
static bool wanted_check(struct arena *arena, const struct value *kept, int argc, const char *const *argv,
                         struct error *err)
{
    for (int i = 1; i < argc; i++) {
        const char *extra = rebuild_words_extra(argc, argv, &i);
        bool is_known = extra == NULL && (is_how(argv[i]) || is_margin(argc, argv, &i));

        for (size_t k = 0; extra != NULL && k < value_count(kept) && !is_known; k++)
            is_known = text_equal(value_map_text(value_item(kept, k), "digest"), digest_of(arena, extra));
        if (!is_known)
            return error_set_kind(err, ERROR_OPTIONS, "--resume goes on as it was begun: '%s%s' is not wanted",
                                  extra == NULL ? "" : "-e ",
                                  extra == NULL ? argv[i] : rebuild_words_masked(arena, extra));
    }
    return true;
}

bool rebuild_words_fill(struct arena *arena, const struct value *kept, int argc, const char *const *argv, char ***out,
                        struct error *err)
{
    size_t count = value_count(kept);
    char **words = arena_new_array(arena, char *, count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct value *word = value_item(kept, i);
        const char *text = value_text(word);

        if (value_is(word, VALUE_MAP)) {
            text = given(arena, argc, argv, value_map_text(word, "digest"));
            if (text == NULL)
                return error_set_kind(err, ERROR_OPTIONS,
                                      "it was begun with -e %s, whose value is not kept: give it again as it was, "
                                      "roost rebuild --resume -e ...",
                                      value_map_text(word, "extra"));
        }
        words[i] = arena_copy(arena, text);
    }
    *out = words;
    return wanted_check(arena, kept, argc, argv, err);
}
