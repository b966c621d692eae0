/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lives as long as a run: interned names, parsed templates, compiled patterns, the values of
 * globals and of small integers.
 */
#pragma once

#include "engine/template/lexer.h"
#include "engine/template/tree.h"
#include "engine/template/template.h"

#define SMALL_INTS 256

/* What a template's result is. */
enum template_native {
    NATIVE_OFF,      /* text, unless it looks like a list, a dict or a boolean */
    NATIVE_LITERALS, /* jinja2_native: the one value, or what its text is as a literal */
    NATIVE_VALUES    /* level 2.19: the one value; several are text */
};

struct pattern_cache;
struct plugin;
struct template_plugins;
struct template_slot;
struct recent_slot;
struct name_slot;

struct template_env {
    struct arena *arena;
    struct template_config config;
    enum template_native native;     /* now: the module template switches it off */
    struct template_slot *templates; /* open addressing, power of two */
    size_t template_count, template_capacity;
    struct recent_slot *recent; /* the same by address of the text: saves hashing it */
    struct name_slot *names;
    size_t name_count, name_capacity;
    bool has_unopened;          /* some variable holds a !vault value that no password opens */
    bool has_undefined;         /* level 2.19: some list or map of a variable has an undefined member */
    struct token_buffer tokens; /* of the text that is being parsed */
    struct pattern_cache *patterns;
    const struct template_plugins *plugins; /* in Python, or NULL */
    struct plugin *plugins_used;            /* that names have meant so far */
    struct value *plugin_paths;
    struct syntax plain; /* of strings in playbooks and variables */
    struct syntax bare;  /* of conditions and expressions */
    struct value *ints;  /* 0 .. SMALL_INTS - 1 */
    struct {
        const char *caller, *varargs, *kwargs, *loop, *self, *super;
    } known; /* interned */
};

/* The one copy of this name: equal names are equal pointers. */
const char *environment_name(struct template_env *env, const char *data, size_t length);
/* The tree of this text, parsed now or earlier. */
bool environment_parse(struct template_env *env, const struct syntax *syntax, const struct source *source,
                       struct template **out, struct error *err);
/* A name that Jinja2 or Ansible puts into every template (range, lookup ...), or NULL. */
const struct value *environment_global(struct template_env *env, const char *name);
