/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One play: keywords, roles, task lists, handlers, in the order in which they run.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/load_role.h"

static bool hosts_entry_check(const struct value *entry, struct error *err)
{
    struct source_position at = value_position(entry);

    if (value_is(entry, VALUE_NULL))
        return error_set_at(err, &at, "Hosts list cannot contain values of 'None'. Please check your playbook");
    if (!value_is(entry, VALUE_STRING))
        return error_set_at(err, &at, "Hosts list contains an invalid host value: a %s", value_kind_text(entry));
    return true;
}

static bool hosts_check(const struct play *play, const struct value *hosts, struct error *err)
{
    struct source_position at = value_position(hosts == NULL ? value_null() : hosts);

    if (hosts == NULL)
        return error_set_at(err, &play->at, "the field 'hosts' is required but was not set");
    if (!value_truthy(hosts))
        return error_set_at(err, at.path == NULL ? &play->at : &at,
                            "Hosts list cannot be empty. Please check your playbook");
    if (value_is(hosts, VALUE_STRING))
        return true;
    if (!value_is(hosts, VALUE_LIST))
        return error_set_at(err, &at, "Hosts list must be a sequence or string. Please check your playbook.");
    for (size_t i = 0; i < value_count(hosts); i++) {
        if (!hosts_entry_check(value_item(hosts, i), err))
            return false;
    }
    return true;
}

static bool prompt_check(const struct value *prompt, struct error *err)
{
    static const char *const names[] = { "name",    "prompt",    "default", "private", "confirm",
                                         "encrypt", "salt_size", "salt",    "unsafe",  NULL };
    struct source_position at = value_position(prompt);

    if (value_map_get(prompt, "name") == NULL)
        return error_set_at(err, &at, "Invalid vars_prompt data structure, missing 'name' key");
    for (size_t i = 0; i < value_count(prompt); i++) {
        const struct value *key = value_pair_at(prompt, i)->key;

        at = value_position(key);
        if (!text_in(value_text(key) == NULL ? "" : value_text(key), names))
            return error_set_at(err, &at, "Invalid vars_prompt data structure, found unsupported key '%s'",
                                value_text(key) == NULL ? "" : value_text(key));
    }
    return true;
}

static bool prompts_check(const struct value *prompts, struct error *err)
{
    if (value_is(prompts, VALUE_MAP))
        return prompt_check(prompts, err);
    for (size_t i = 0; i < value_count(prompts); i++) {
        if (!prompt_check(value_item(prompts, i), err))
            return false;
    }
    return true;
}

static bool files_check(const struct value *files, struct error *err)
{
    struct source_position at = value_position(files);

    if (files == NULL || value_is(files, VALUE_LIST) || value_is(files, VALUE_STRING))
        return true;
    return error_set_at(err, &at, "Invalid vars_files entry found: a %s; it must be a path or a list of paths",
                        value_kind_text(files));
}

static bool play_keyword(const struct load_scope *scope, const struct value *value, size_t i, struct error *err)
{
    const struct value_pair *pair = value_pair_at(value, i);
    struct play *play = scope->play;
    struct source_position at = value_position(pair->key);
    enum keyword keyword;

    if (value_text(pair->key) == NULL || !keyword_find(value_text(pair->key), IN_PLAY, &keyword))
        return load_keywords_unknown(value, i, IN_PLAY, "Play", err);
    if (keyword == KEYWORD_USER || keyword == KEYWORD_REMOTE_USER) {
        if (play->keywords[KEYWORD_REMOTE_USER] != NULL)
            return error_set_at(err, &at,
                                "both 'user' and 'remote_user' are set for this play. The use of 'user' is "
                                "deprecated, and should be removed");
        keyword = KEYWORD_REMOTE_USER;
    }
    if (keyword == KEYWORD_HOSTS) {
        play->keywords[keyword] = pair->item;
        return true;
    }
    return load_keyword_put(scope, play->keywords, keyword, pair->item, "Play", err);
}

static bool play_keywords(const struct load_scope *scope, const struct value *value, struct error *err)
{
    struct play *play = scope->play;

    for (size_t i = 0; i < value_count(value); i++) {
        if (!play_keyword(scope, value, i, err))
            return false;
    }
    play->name = value_text(play->keywords[KEYWORD_NAME]);
    play->vars = play->keywords[KEYWORD_VARS];
    if (play->import_vars != NULL)
        play->vars = play->vars == NULL ? play->import_vars
                                        : value_merge(scope->loader->arena, play->vars, play->import_vars, false);
    return hosts_check(play, play->keywords[KEYWORD_HOSTS], err) &&
           files_check(play->keywords[KEYWORD_VARS_FILES], err) &&
           prompts_check(play->keywords[KEYWORD_VARS_PROMPT], err);
}

static void flush_add(const struct load_scope *scope)
{
    load_list_add(scope->loader->arena, &scope->play->tasks, load_meta_new(scope, "flush_handlers"));
}

static bool roles_load(const struct load_scope *scope, struct node_list *handlers, struct error *err)
{
    const struct value *list = scope->play->keywords[KEYWORD_ROLES];
    struct source_position at = value_position(list == NULL ? value_null() : list);
    struct arena *arena = scope->loader->arena;

    if (list != NULL && !value_is(list, VALUE_LIST))
        return error_set_at(err, &at,
                            "A malformed role declaration was encountered: roles should be a list but is a %s",
                            value_kind_text(list));
    for (size_t i = 0; i < value_count(list); i++) {
        struct role *role = NULL;
        struct node_list nodes;

        if (!load_role_entry(scope, value_item(list, i), NULL, &role, err))
            return false;
        nodes = role_task_nodes(arena, role);
        load_list_extend(arena, &scope->play->tasks, &nodes);
        nodes = role_handler_nodes(arena, role);
        load_list_extend(arena, handlers, &nodes);
    }
    return true;
}

static bool list_load(const struct load_scope *scope, enum keyword keyword, struct node_list *out, struct error *err)
{
    struct load_scope inner = *scope;

    inner.handlers = keyword == KEYWORD_HANDLERS;
    return load_nodes(&inner, scope->play->keywords[keyword], keyword_name(keyword), out, err);
}

static bool tasks_load(const struct load_scope *scope, struct error *err)
{
    struct play *play = scope->play;
    struct arena *arena = scope->loader->arena;
    struct node_list handlers = { 0 }; /* import_role adds its own to play->handlers while tasks are read */

    if (!list_load(scope, KEYWORD_PRE_TASKS, &play->tasks, err))
        return false;
    flush_add(scope);
    if (!roles_load(scope, &handlers, err) || !list_load(scope, KEYWORD_TASKS, &play->tasks, err))
        return false;
    flush_add(scope);
    if (!list_load(scope, KEYWORD_POST_TASKS, &play->tasks, err))
        return false;
    flush_add(scope);
    if (!list_load(scope, KEYWORD_HANDLERS, &handlers, err))
        return false;
    load_list_extend(arena, &handlers, &play->handlers);
    play->handlers = handlers;
    return true;
}

static struct play *play_new(struct playbook_loader *loader, const struct value *value, const char *path,
                             const struct load_import *import)
{
    struct play *play = arena_new_of(loader->arena, struct play);
    struct load_play *entry = arena_new_of(loader->arena, struct load_play);

    play->at = value_position(value);
    play->path = path;
    play->folder = path_dirname(loader->arena, path);
    play->collection = collection_of_path(loader->arena, path);
    play->import_vars = import->vars;
    play->import_when = import->when;
    play->import_tags = import->tags;
    entry->play = play;
    entry->next = loader->plays;
    loader->plays = entry;
    return play;
}

bool load_play(struct playbook_loader *loader, const struct value *value, const char *path,
               const struct load_import *import, struct play **out, struct error *err)
{
    struct play *play = play_new(loader, value, path, import);
    struct load_scope scope = { .loader = loader, .play = play, .folder = play->folder, .base_folder = play->folder };

    if (!play_keywords(&scope, value, err) || !tasks_load(&scope, err))
        return error_locate(err, &play->at);
    load_reserved_check(&scope);
    *out = play;
    return true;
}
