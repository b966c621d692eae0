/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment: two hash tables in one arena. Parsed templates are found by content, so that the same
 * text in a loop is parsed once wherever it is stored.
 */
#include "engine/template/environment.h"

#include <string.h>

#include "common/base/hash.h"
#include "engine/template/object.h"
#include "engine/template/parser.h"
#include "engine/template/pattern.h"

#define TEMPLATE_CACHE_MAX 200000 /* beyond this, trees are still parsed but no longer remembered */

struct template_slot {
    uint64_t hash;
    struct template *tree;
};

#define RECENT 256

struct recent_slot {
    const char *text;
    uint64_t syntax;
    struct template *tree;
};

struct name_slot {
    uint64_t hash;
    size_t length;
    const char *name;
};

static size_t name_find(const struct template_env *env, uint64_t hash, const char *data, size_t length)
{
    size_t mask = env->name_capacity - 1, at = (size_t)hash & mask;

    while (env->names[at].name != NULL) {
        const struct name_slot *slot = &env->names[at];

        if (slot->hash == hash && slot->length == length && memcmp(slot->name, data, length) == 0)
            break;
        at = (at + 1) & mask;
    }
    return at;
}

static void names_grow(struct template_env *env)
{
    struct name_slot *old = env->names;
    size_t old_capacity = env->name_capacity;

    env->name_capacity *= 2;
    env->names = arena_new_array(env->arena, struct name_slot, env->name_capacity);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].name != NULL)
            env->names[name_find(env, old[i].hash, old[i].name, old[i].length)] = old[i];
}

const char *environment_name(struct template_env *env, const char *data, size_t length)
{
    uint64_t hash = hash_quick(data, length);
    size_t at = name_find(env, hash, data, length);

    if (env->names[at].name != NULL)
        return env->names[at].name;
    if (env->name_count * 2 >= env->name_capacity) {
        names_grow(env);
        at = name_find(env, hash, data, length);
    }
    env->names[at] = (struct name_slot){ hash, length, arena_copy_n(env->arena, data, length) };
    env->name_count++;
    return env->names[at].name;
}

static bool same_source(const struct template *tree, const struct source *source)
{
    return tree->length == source->length && tree->is_expression == source->is_expression &&
           memcmp(tree->text, source->text, source->length) == 0;
}

static size_t template_find(const struct template_env *env, uint64_t hash, const struct source *source)
{
    size_t mask = env->template_capacity - 1, at = (size_t)hash & mask;

    while (env->templates[at].tree != NULL &&
           (env->templates[at].hash != hash || !same_source(env->templates[at].tree, source)))
        at = (at + 1) & mask;
    return at;
}

static void templates_grow(struct template_env *env)
{
    struct template_slot *old = env->templates;
    size_t old_capacity = env->template_capacity;

    env->template_capacity *= 2;
    env->templates = arena_new_array(env->arena, struct template_slot, env->template_capacity);
    for (size_t i = 0; i < old_capacity; i++) {
        size_t mask = env->template_capacity - 1, at = (size_t)old[i].hash & mask;

        if (old[i].tree == NULL)
            continue;
        while (env->templates[at].tree != NULL)
            at = (at + 1) & mask;
        env->templates[at] = old[i];
    }
}

static bool parse_or_find(struct template_env *env, const struct syntax *syntax, uint64_t hash,
                          const struct source *source, struct template **out, struct error *err)
{
    size_t at = template_find(env, hash, source);

    if (env->templates[at].tree != NULL) {
        *out = env->templates[at].tree;
        return true;
    }
    if (!parser_run(env, syntax, source, out, err))
        return false;
    if (env->template_count >= TEMPLATE_CACHE_MAX)
        return true;
    if (env->template_count * 2 >= env->template_capacity)
        templates_grow(env);
    at = template_find(env, hash, source);
    env->templates[at] = (struct template_slot){ hash, *out };
    env->template_count++;
    return true;
}

bool environment_parse(struct template_env *env, const struct syntax *syntax, const struct source *source,
                       struct template **out, struct error *err)
{
    uint64_t key = (syntax->key != 0 ? syntax->key : syntax_hash(syntax)) ^ source->is_expression;
    struct recent_slot *recent = &env->recent[((uintptr_t)source->text >> 3) % RECENT];

    /* the address alone proves nothing, arenas are used again */
    if (recent->text == source->text && recent->syntax == key && same_source(recent->tree, source)) {
        *out = recent->tree;
        return true;
    }
    if (!parse_or_find(env, syntax, hash_quick(source->text, source->length) ^ (key * 31), source, out, err))
        return false;
    *recent = (struct recent_slot){ source->text, key, *out };
    return true;
}

const struct value *environment_global(struct template_env *env, const char *name)
{
    const struct builtin *builtin = builtin_find(name);

    return builtin == NULL ? NULL : builtin_value(env->arena, builtin);
}

static void environment_ints(struct template_env *env)
{
    env->ints = arena_new_array(env->arena, struct value, SMALL_INTS);
    for (int i = 0; i < SMALL_INTS; i++) {
        env->ints[i].kind = VALUE_INT;
        env->ints[i].as.integer = i;
    }
}

struct template_env *template_env_new(struct arena *arena, const struct template_config *config)
{
    struct template_env *env = arena_new_of(arena, struct template_env);

    env->arena = arena;
    env->config = *config;
    env->native = config->level_2_19 ? NATIVE_VALUES : config->native ? NATIVE_LITERALS : NATIVE_OFF;
    env->name_capacity = 512;
    env->names = arena_new_array(arena, struct name_slot, env->name_capacity);
    env->template_capacity = 256;
    env->templates = arena_new_array(arena, struct template_slot, env->template_capacity);
    env->recent = arena_new_array(arena, struct recent_slot, RECENT);
    env->patterns = pattern_cache_new(arena);
    env->plain = SYNTAX_DEFAULT;
    env->plain.plain_strings = true;
    env->plain.key = syntax_hash(&env->plain);
    env->bare = SYNTAX_DEFAULT;
    env->bare.key = syntax_hash(&env->bare);
    environment_ints(env);
    env->known.caller = environment_name(env, "caller", 6);
    env->known.varargs = environment_name(env, "varargs", 7);
    env->known.kwargs = environment_name(env, "kwargs", 6);
    env->known.loop = environment_name(env, "loop", 4);
    env->known.self = environment_name(env, "self", 4);
    env->known.super = environment_name(env, "super", 5);
    return env;
}

bool template_env_is_native(const struct template_env *env)
{
    return env->config.native || env->config.level_2_19;
}

bool template_env_is_2_19(const struct template_env *env)
{
    return env->config.level_2_19;
}
