/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jinja2 as Ansible uses it: text -> tree (parsed once, cached in the environment) -> value or text. Values come in
 * through struct template_vars, so this folder knows nothing about hosts, plays or precedence.
 * Reference: Jinja2 3.1.2 and ansible-core 2.14 (Templar, non-native, convert_data), see docs/design/template.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/* The registries, the cache of parsed templates, the configuration. One per run; lives in `arena`. */
struct template_env;

struct template_config {
    const char *const *lookup_blocked; /* names that are refused (none today), NULL-terminated or NULL */
    bool strict_undefined;             /* always true for Ansible; false in tests of plain Jinja */
    const char *omit_text;             /* what the variable `omit` renders as */
    const char *managed_text;          /* what ansible_managed is made of; NULL: "Ansible managed" */
    const struct value *constants;     /* what lookup('config', NAME) gives: map or NULL */
    bool extension_do;                 /* jinja2_extensions: {% do %} */
    bool extension_loopcontrols;       /* jinja2_extensions: {% break %}, {% continue %} */
    bool native;                       /* jinja2_native: results keep their types, text that is a literal becomes one */
    bool level_2_19;                   /* language_level = 2.19: see docs/templates.md */
    bool allow_broken_conditionals;    /* at level 2.19: conditions need not be boolean */
};

struct template_env *template_env_new(struct arena *arena, const struct template_config *config);
bool template_env_is_native(const struct template_env *env); /* as configured: results keep their types */
bool template_env_is_2_19(const struct template_env *env);

/* Where names come from. `get` gives a value with nothing left to template (it calls back into template_value for lazy
 * variables) or *out = NULL when there is none. `all` is for vars, debug and lookup('vars'), varnames. */
struct template_vars {
    void *context;
    bool (*get)(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                struct error *err);
    const struct value *(*names)(void *context, struct arena *arena); /* list of strings */
};

/* What is said where nobody has passwords: `position`, then the sentence. Nothing is ever used encrypted. */
#define TEMPLATE_NO_VAULT "Attempting to decrypt but no vault secrets found"

/* Everything one evaluation needs. On the caller's stack. */
struct template_call {
    struct template_env *env;
    struct arena *arena; /* results live here */
    const struct template_vars *vars;
    const char *const *search_folders; /* lookups and {% include %}: role's, play's ...; NULL-terminated or NULL */
    struct value *warnings;            /* list that receives strings, or NULL */
    const char *loop_folder; /* of with_first_found: "templates" ... by the task's action; NULL (lookup()): "files" */
    int depth;               /* template_value inside template_vars.get: pass it on; limit LIMIT_TEMPLATE_CALLS */
    bool lookups_off;        /* lookup() and query() are errors: expressions of inventories */
    bool is_hushed;          /* of a task with no_log: warnings of plugins are not repeated */
    /* Called by lookup plugins that read vaulted files; NULL: vaulted content is an error. */
    bool (*decrypt)(void *context, const char *data, size_t length, const char **out, size_t *length_out,
                    struct error *err);
    void *decrypt_context;
    /* Names of the hosts that patterns mean, as lists; none where a pattern is wrong. NULL: there is no inventory. */
    const struct value *(*hosts)(void *context, struct arena *arena, const struct value *patterns, struct value *told);
    void *hosts_context;
};

/* Adds to call->warnings, if there is such a list and it does not say this already. */
void template_warn(const struct template_call *call, const char *text);

/*
 * Ansible's rules: strings marked TRUSTED that hold template syntax are rendered; a string that is one expression gives
 * the expression's value where Ansible does (lists, maps, booleans; numbers become text); lists and maps are templated
 * member by member; names in maps stay what they are. What is VALUE_STATIC or not TRUSTED comes back as it is. An undefined variable is
 * error kind ERROR_UNDEFINED: "'name' is undefined".
 */
bool template_value(struct template_call *call, const struct value *input, const struct value **out, struct error *err);
/* As template_value, but members that fail as undefined are left out, and `omit` members are removed from maps. */
bool template_arguments(struct template_call *call, const struct value *input, const struct value **out,
                        struct error *err);
/* A `when`, `changed_when`, `failed_when`, `until` or `that` entry: bool, string (bare expression, or with braces). A list
 * is the conjunction of its entries; *failed_out (may be NULL) names the first entry that was false. */
bool template_condition(struct template_call *call, const struct value *condition, bool *out,
                        const struct value **failed_out, struct error *err);
/* A bare expression ("a.b | default(1)"): its value, native types kept. */
bool template_expression(struct template_call *call, const char *text, size_t length, const struct source_position *at,
                         const struct value **out, struct error *err);

struct template_file_options {
    const char *path; /* for messages */
    bool trim_blocks; /* Ansible's default: true */
    bool lstrip_blocks;
    bool keep_trailing_newline;   /* Ansible: true */
    const char *newline_sequence; /* "\n" */
    const char *variable_start, *variable_end, *block_start, *block_end, *comment_start,
        *comment_end; /* NULL: default */
    bool not_native;  /* types of results as if jinja2_native were off */
    bool plain_text;  /* result is always text (module template); false: Ansible's literal conversion */
};
#define TEMPLATE_FILE_OPTIONS                                                                                          \
    ((struct template_file_options){                                                                                   \
        .trim_blocks = true, .keep_trailing_newline = true, .newline_sequence = "\n", .plain_text = true })
/* Renders a whole template text; a first line "#jinja2: key:value, ..." overrides options. */
bool template_text(struct template_call *call, const char *text, size_t length,
                   const struct template_file_options *options, const struct value **out, struct error *err);

/* hostvars and its like as data, wherever they are in there; what holds none comes back as it is. */
bool template_plain(struct template_call *call, const struct value *value, const struct value **out, struct error *err);

/* Runs one lookup by name, as with_<name> does: *out is a list. `terms` are templated: what is no list becomes one. */
bool template_lookup(struct template_call *call, const char *name, const struct value *terms,
                     const struct value *options, const struct value **out, struct error *err);

/* Plan time: parses (caches) every template beneath `value` and checks that filters, tests and lookups named with a
 * constant exist, without evaluating. `is_condition`: strings are bare expressions. */
bool template_check(struct template_env *env, const struct value *value, bool is_condition, struct error *err);
/* False: a !vault value that no password opens is in there; the error points to it. */
bool template_is_opened(struct template_call *call, const struct value *value, struct error *err);
/* Of a variable, at level 2.19. False: a member of it is undefined; the error says which. */
bool template_is_defined(const struct template_call *call, const struct value *value, struct error *err);
