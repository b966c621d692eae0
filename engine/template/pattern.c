/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling and matching. All memory of PCRE2 comes from the environment's arena, so nothing has to be
 * freed; work per match is bounded by LIMIT_REGEX_MATCH.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/template/pattern.h"

#include <pcre2.h>
#include <string.h>

#include "common/base/hash.h"
#include "engine/template/pattern_translate.h"

#define PATTERN_CACHE 512 /* patterns; a fuller cache starts afresh */

struct pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    uint32_t groups;
};

struct pattern_slot {
    const char *pattern;
    size_t length;
    unsigned flags;
    struct pattern *regex;
};

struct pattern_cache {
    struct arena *arena;
    pcre2_general_context *memory;
    pcre2_compile_context *compile;
    pcre2_match_context *match;
    struct pattern_slot slots[PATTERN_CACHE];
};

static void *pattern_alloc(size_t size, void *data)
{
    return arena_alloc(data, size);
}

static void pattern_free(void *block, void *data)
{
    (void)block;
    (void)data;
}

struct pattern_cache *pattern_cache_new(struct arena *arena)
{
    struct pattern_cache *cache = arena_new_of(arena, struct pattern_cache);

    cache->arena = arena;
    cache->memory = pcre2_general_context_create(pattern_alloc, pattern_free, arena);
    cache->compile = pcre2_compile_context_create(cache->memory);
    cache->match = pcre2_match_context_create(cache->memory);
    pcre2_set_match_limit(cache->match, LIMIT_REGEX_MATCH);
    return cache;
}

static uint32_t compile_options(unsigned flags)
{
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;

    options |= (flags & PATTERN_IGNORECASE) != 0 ? PCRE2_CASELESS : 0;
    options |= (flags & PATTERN_MULTILINE) != 0 ? PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX : 0;
    return options;
}

static struct pattern *compile(struct pattern_cache *cache, const char *pattern, size_t length, unsigned flags,
                             struct error *err)
{
    struct text translated = pattern_translate(cache->arena, pattern, length);
    struct pattern *regex = arena_new_of(cache->arena, struct pattern);
    unsigned char message[256] = "";
    size_t offset = 0;
    int code = 0;

    regex->code = pcre2_compile((const unsigned char *)translated.data, translated.length, compile_options(flags),
                                &code, &offset, cache->compile);
    if (regex->code == NULL) {
        pcre2_get_error_message(code, message, sizeof(message));
        error_set(err, "invalid regular expression '%.*s': %s at position %zu", (int)length, pattern,
                  (const char *)message, offset);
        return NULL;
    }
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    if (regex->groups >= PATTERN_GROUPS) {
        error_set(err, "a regular expression has more than %d groups", PATTERN_GROUPS - 1);
        return NULL;
    }
    regex->data = pcre2_match_data_create_from_pattern(regex->code, cache->memory);
    regex->context = cache->match;
    return regex;
}

struct pattern *pattern_compile(struct template_env *env, const char *pattern, size_t length, unsigned flags,
                            struct error *err)
{
    struct pattern_cache *cache = env->patterns;
    uint64_t hash = hash_quick(pattern, length) ^ flags;
    struct pattern_slot *slot = &cache->slots[hash % PATTERN_CACHE];
    struct pattern *regex;

    if (slot->regex != NULL && slot->length == length && slot->flags == flags &&
        memcmp(slot->pattern, pattern, length) == 0)
        return slot->regex;
    regex = compile(cache, pattern, length, flags, err);
    if (regex != NULL)
        *slot = (struct pattern_slot){ arena_copy_n(cache->arena, pattern, length), length, flags, regex };
    return regex;
}

size_t pattern_groups(const struct pattern *regex)
{
    return regex->groups;
}

size_t pattern_group_number(const struct pattern *regex, const char *name)
{
    int number = pcre2_substring_number_from_name(regex->code, (const unsigned char *)name);

    return number < 0 ? 0 : (size_t)number;
}

struct subject { const char *text; size_t length, from; };

static enum pattern_status run(struct pattern *regex, struct subject subject, uint32_t options,
                             struct pattern_match *match, struct error *err)
{
    int count = pcre2_match(regex->code, (const unsigned char *)subject.text, subject.length, subject.from, options, regex->data,
                            regex->context);
    unsigned char message[256] = "";
    const size_t *ends;

    if (count == PCRE2_ERROR_NOMATCH)
        return PATTERN_NONE;
    if (count < 0) {
        pcre2_get_error_message(count, message, sizeof(message));
        error_set(err, "matching a regular expression failed: %s", (const char *)message);
        return PATTERN_FAILED;
    }
    ends = pcre2_get_ovector_pointer(regex->data);
    match->groups = regex->groups;
    for (size_t i = 0; i <= regex->groups; i++) {
        bool set = (int)i < count;

        match->start[i] = set ? ends[2 * i] : SIZE_MAX;
        match->end[i] = set ? ends[2 * i + 1] : SIZE_MAX;
    }
    return PATTERN_FOUND;
}

enum pattern_status pattern_search(struct pattern *regex, const char *text, size_t length, size_t from,
                               struct pattern_match *match, struct error *err)
{
    return run(regex, (struct subject){ text, length, from }, 0, match, err);
}

enum pattern_status pattern_match_at(struct pattern *regex, const char *text, size_t length, size_t from,
                                 struct pattern_match *match, struct error *err)
{
    return run(regex, (struct subject){ text, length, from }, PCRE2_ANCHORED, match, err);
}
