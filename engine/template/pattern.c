/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps compiled patterns in the environment's arena, and gives matches as arrays that outlive the next search. */
#include "engine/template/pattern.h"

#include <string.h>

#include "common/base/hash.h"

#define PATTERN_CACHE 512 /* slots; a pattern that falls on a taken one replaces it */

struct pattern_slot {
    const char *pattern;
    size_t length;
    unsigned flags;
    struct regex *regex;
};

struct pattern_cache {
    struct arena *arena;
    struct pattern_slot slots[PATTERN_CACHE];
};

struct pattern_cache *pattern_cache_new(struct arena *arena)
{
    struct pattern_cache *cache = arena_new_of(arena, struct pattern_cache);

    cache->arena = arena;
    return cache;
}

static unsigned options_of(unsigned flags)
{
    return REGEX_TEXT | ((flags & PATTERN_IGNORECASE) != 0 ? REGEX_IGNORECASE : 0u) |
           ((flags & PATTERN_MULTILINE) != 0 ? REGEX_MULTILINE : 0u);
}

struct regex *pattern_compile(struct template_env *env, const char *pattern, size_t length, unsigned flags,
                              struct error *err)
{
    struct pattern_cache *cache = env->patterns;
    uint64_t hash = hash_quick(pattern, length) ^ flags;
    struct pattern_slot *slot = &cache->slots[hash % PATTERN_CACHE];
    struct regex *regex = NULL;

    if (slot->regex != NULL && slot->length == length && slot->flags == flags &&
        memcmp(slot->pattern, pattern, length) == 0)
        return slot->regex;
    if (!regex_compile(cache->arena, pattern, length, options_of(flags), &regex, err))
        return NULL;
    if (regex_group_count(regex) >= PATTERN_GROUPS) {
        error_set(err, "a regular expression has more than %d groups", PATTERN_GROUPS - 1);
        return NULL;
    }
    *slot = (struct pattern_slot){ arena_copy_n(cache->arena, pattern, length), length, flags, regex };
    return regex;
}

static enum pattern_status search(struct regex *regex, const struct regex_range *range, struct pattern_match *out,
                                  struct error *err)
{
    struct regex_match match = { 0 };
    bool found = false;

    if (!regex_search_range(regex, range, &match, &found, err))
        return PATTERN_FAILED;
    if (!found)
        return PATTERN_NONE;
    out->groups = match.group_count;
    for (size_t i = 0; i <= match.group_count; i++) {
        out->start[i] = match.offsets[2 * i];
        out->end[i] = match.offsets[2 * i + 1];
    }
    return PATTERN_FOUND;
}

enum pattern_status pattern_search(struct regex *regex, const char *text, size_t length, size_t from,
                                   struct pattern_match *match, struct error *err)
{
    return search(regex, &(struct regex_range){ text, length, from, false }, match, err);
}

enum pattern_status pattern_match_at(struct regex *regex, const char *text, size_t length, size_t from,
                                     struct pattern_match *match, struct error *err)
{
    return search(regex, &(struct regex_range){ text, length, from, true }, match, err);
}
