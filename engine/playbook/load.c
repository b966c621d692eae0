/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader's doors: playbook files with their import_playbook entries, plays made in memory, and what dynamic includes
 * bring while a run goes on.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/args_text.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/load_plugins.h"
#include "engine/playbook/load_role.h"
#include "engine/playbook/task_action.h"

struct playbook_loader *playbook_loader_new(struct arena *arena, const struct playbook_config *config)
{
    struct playbook_loader *loader = arena_new_of(arena, struct playbook_loader);

    loader->arena = arena;
    loader->config = *config;
    load_plugins_offer(loader);
    return loader;
}

/* --- playbooks --- */

struct book_read {
    struct playbook_loader *loader;
    struct playbook *book;
    size_t capacity;
    int depth;
};

static bool book_file(struct book_read *read, const char *path, const struct load_import *import, struct error *err);

static void book_add(struct book_read *read, struct play *play)
{
    struct playbook *book = read->book;

    if (book->play_count == read->capacity) {
        size_t grown = read->capacity == 0 ? 4 : read->capacity * 2;

        book->plays = arena_grow(read->loader->arena, book->plays, read->capacity * sizeof(*book->plays),
                                 grown * sizeof(*book->plays));
        read->capacity = grown;
    }
    book->plays[book->play_count++] = play;
}

/* The key import_playbook in one of its spellings, or NULL. */
static const struct value_pair *import_pair(const struct value *entry)
{
    for (size_t i = 0; i < value_count(entry); i++) {
        const char *key = value_text(value_pair_at(entry, i)->key);

        if (key != NULL && strcmp(task_action_short(key), "import_playbook") == 0)
            return value_pair_at(entry, i);
    }
    return NULL;
}

/* `first` then `second`, each a list, a single value or NULL. */
static const struct value *lists_join(struct arena *arena, const struct value *first, const struct value *second)
{
    const struct value *both[] = { first, second };
    struct value *list = value_list(arena);

    for (size_t n = 0; n < 2; n++) {
        if (both[n] == NULL || value_is(both[n], VALUE_NULL))
            continue;
        if (!value_is(both[n], VALUE_LIST))
            value_list_add(arena, list, both[n]);
        for (size_t i = 0; value_is(both[n], VALUE_LIST) && i < value_count(both[n]); i++)
            value_list_add(arena, list, value_item(both[n], i));
    }
    return value_count(list) == 0 ? NULL : list;
}

static bool import_key_check(const struct value_pair *pair, const struct value_pair *import, struct error *err)
{
    enum keyword keyword;

    if (pair == import)
        return true;
    if (value_text(pair->key) != NULL && keyword_find(value_text(pair->key), IN_ROLE, &keyword) &&
        keyword != KEYWORD_ROLE && keyword != KEYWORD_DELEGATE_TO && keyword != KEYWORD_DELEGATE_FACTS)
        return true;
    return load_keyword_unknown(pair->key, IN_ROLE, "PlaybookInclude", err);
}

static bool import_path(struct book_read *read, const struct value *text, const struct load_import *import,
                        const char *folder, const char **out, struct error *err)
{
    struct play none = { .folder = folder, .vars = import->vars };
    struct load_scope scope = { .loader = read->loader, .play = &none, .folder = folder, .base_folder = folder };
    struct arena *arena = read->loader->arena;
    struct source_position at = value_position(text);
    const char *name = NULL;
    const struct value *rest = NULL, *first;
    struct value *word;

    if (!value_is(text, VALUE_STRING))
        return error_set_at(err, &at,
                            "playbook import parameter must be a string indicating a file path, got a %s instead",
                            value_kind_text(text));
    if (!args_split_action(arena, text, &name, &rest, err))
        return error_locate(err, &at);
    first = word = value_string(arena, name);
    word->marks = text->marks & (VALUE_TRUSTED | VALUE_SECRET);
    if (!load_static_text(&scope, NULL, first, &name, err))
        return error_locate(err, &at);
    *out = collection_playbook(read->loader, name);
    if (*out != NULL)
        return true;
    *out = path_normalize(arena, path_join(arena, folder, name));
    return true;
}

static bool book_import(struct book_read *read, const struct value *entry, const char *path,
                        const struct load_import *outer, struct error *err)
{
    struct arena *arena = read->loader->arena;
    const struct value_pair *pair = import_pair(entry);
    struct source_position at = value_position(entry);
    struct load_import import = { 0 };
    const char *target = NULL;

    for (size_t i = 0; i < value_count(entry); i++) {
        if (!import_key_check(value_pair_at(entry, i), pair, err))
            return false;
    }
    if (!load_vars_read(arena, value_map_get(entry, "vars"), "PlaybookInclude", &import.vars, err))
        return false;
    if (outer->vars != NULL)
        import.vars = import.vars == NULL ? outer->vars : value_merge(arena, import.vars, outer->vars, false);
    import.when = lists_join(arena, outer->when, value_map_get(entry, "when"));
    import.tags = lists_join(arena, outer->tags, node_tag_list(arena, value_map_get(entry, "tags")));
    if (read->depth >= LIMIT_INCLUDE_DEPTH)
        return error_set_at(err, &at, "playbooks import each other more than %d deep", LIMIT_INCLUDE_DEPTH);
    if (!import_path(read, pair->item, &import, path_dirname(arena, path), &target, err))
        return false;
    if (!path_exists(target))
        return load_file_missing(&at, target, err);
    read->depth++;
    if (!book_file(read, target, &import, err))
        return error_locate(err, &at);
    read->depth--;
    return true;
}

static bool book_entries(struct book_read *read, const struct value *entries, const char *path,
                         const struct load_import *import, struct error *err)
{
    for (size_t i = 0; i < value_count(entries); i++) {
        const struct value *entry = value_item(entries, i);
        struct source_position at = value_position(entry);
        struct play *play = NULL;

        if (!value_is(entry, VALUE_MAP))
            return error_set_at(err, &at,
                                "playbook entries must be either valid plays or 'import_playbook' statements");
        if (import_pair(entry) != NULL) {
            if (!book_import(read, entry, path, import, err))
                return false;
            continue;
        }
        if (!load_play(read->loader, entry, path, import, &play, err))
            return false;
        book_add(read, play);
    }
    return true;
}

static bool book_file(struct book_read *read, const char *path, const struct load_import *import, struct error *err)
{
    const struct value *entries = NULL;
    struct source_position at = { path, 1, 1 };

    if (!path_exists(path))
        return error_set_kind(err, ERROR_PARSE, "the playbook: %s could not be found", path);
    if (!load_file_read(read->loader, path, &entries, err))
        return false;
    if (entries == NULL || value_is(entries, VALUE_NULL))
        return error_set_kind(err, ERROR_PARSE, "Empty playbook, nothing to do: %s", path);
    if (!value_is(entries, VALUE_LIST))
        return error_set_at(err, &at, "A playbook must be a list of plays, got a %s instead: %s",
                            value_kind_text(entries), path);
    if (value_count(entries) == 0)
        return error_set_kind(err, ERROR_PARSE, "A playbook must contain at least one play: %s", path);
    if (collection_of_path(read->loader->arena, path) == NULL)
        collection_add_playbook(read->loader, path_dirname(read->loader->arena, path));
    return book_entries(read, entries, path, import, err);
}

/* By its full name or by its path. */
static void warn_inside(struct playbook_loader *loader, const char *path)
{
    const char *name = collection_of_path(loader->arena, path);
    const struct collection *collection = NULL;
    struct error ignored = ERROR_INIT;

    if (name != NULL && collection_find(loader, name, &collection, &ignored) && collection != NULL &&
        path_is_inside(path, collection->folder))
        load_warn(loader, arena_printf(loader->arena, "running playbook inside collection %s", name));
}

bool playbook_load(struct playbook_loader *loader, const char *path, struct playbook **out, struct error *err)
{
    struct book_read read = { .loader = loader, .book = arena_new_of(loader->arena, struct playbook) };
    struct load_import none = { 0 };

    read.book->path = collection_playbook(loader, path);
    if (read.book->path == NULL)
        read.book->path = path_normalize(loader->arena, path_absolute(loader->arena, path));
    warn_inside(loader, read.book->path);
    if (!load_missing_tell(loader, book_file(&read, read.book->path, &none, err), err))
        return false;
    *out = read.book;
    return true;
}

bool playbook_is_qualified(struct playbook_loader *loader, const char *name)
{
    return collection_playbook(loader, name) != NULL;
}

void playbook_add_folder(struct playbook_loader *loader, const char *folder)
{
    collection_add_playbook(loader, path_normalize(loader->arena, path_absolute(loader->arena, folder)));
}

bool playbook_from_value(struct playbook_loader *loader, const struct value *plays, const char *folder,
                         struct playbook **out, struct error *err)
{
    struct book_read read = { .loader = loader, .book = arena_new_of(loader->arena, struct playbook) };
    struct load_import none = { 0 };

    read.book->path = path_join(loader->arena, path_absolute(loader->arena, folder), "(memory)");
    if (!load_missing_tell(loader, book_entries(&read, plays, read.book->path, &none, err), err))
        return false;
    *out = read.book;
    return true;
}

/* --- dynamic includes --- */

static struct play *play_of(const struct playbook_loader *loader, const struct node *node)
{
    for (struct load_play *entry = loader->plays; entry != NULL; entry = entry->next) {
        if (entry->play == node->play)
            return entry->play;
    }
    return NULL;
}

static int include_depth(const struct node *node)
{
    int depth = 0;

    for (; node != NULL; node = node->parent)
        depth += node->kind == NODE_TASK;
    return depth;
}

static bool include_scope(struct playbook_loader *loader, const struct node *include, struct load_scope *out,
                          struct error *err)
{
    struct load_scope scope = { .loader = loader,
                                .play = play_of(loader, include),
                                .role = include->role,
                                .parent = include,
                                .folder = include->include_path_folder };

    if (scope.play == NULL)
        return error_set_at(err, &include->at, "%s belongs to no play of this run", include->action_text);
    if (include_depth(include) > LIMIT_INCLUDED_DEPTH)
        return error_set_at(err, &include->at, "includes are nested more than %d deep: does this file include itself?",
                            LIMIT_INCLUDED_DEPTH);
    scope.base_folder = scope.play->folder;
    *out = scope;
    return true;
}

bool playbook_load_tasks(struct playbook_loader *loader, const struct node *include, const char *path, bool handlers,
                         struct node_list *out, struct error *err)
{
    struct load_scope scope;
    const struct value *content = NULL;
    struct node_list nodes = { 0 };
    struct node *block = NULL;
    struct source_position at = { path, 1, 1 };

    if (!include_scope(loader, include, &scope, err) || !load_file_read(loader, path, &content, err) ||
        !load_apply(&scope, value_map_get(include->args, "apply"), &include->at, &scope.parent, &block, err))
        return error_locate(err, &include->at);
    if (content != NULL && !value_is(content, VALUE_NULL) && !value_is(content, VALUE_LIST))
        return error_set_at(err, &at, "included task files must contain a list of tasks");
    scope.handlers = handlers;
    scope.folder = path_dirname(loader->arena, arena_copy(loader->arena, path));
    if (!load_missing_tell(loader, load_nodes(&scope, content, "included tasks", &nodes, err), err))
        return false;
    if (block != NULL && !handlers) {
        block->tasks = nodes;
        nodes = (struct node_list){ 0 };
        load_list_add(loader->arena, &nodes, block);
    }
    *out = nodes;
    return true;
}

bool playbook_action(struct playbook_loader *loader, const struct node *task, const char *name, const struct node **out,
                     struct error *err)
{
    static const char *const structural[] = { "meta",        "include", "include_tasks", "import_tasks", "include_role",
                                              "import_role", NULL };
    struct node *node = arena_new_of(loader->arena, struct node);
    struct load_scope scope;

    *node = *task;
    node->is_unresolved = false;
    node->unresolved_text = NULL;
    node->action_text = arena_copy(loader->arena, name);
    node->action = task_action_short(node->action_text);
    if (text_in(node->action, structural))
        return error_set_at(err, &task->action_at, "'%s' must be written out: it cannot come from a template", name);
    if (!include_scope(loader, task, &scope, err) ||
        !load_missing_tell(loader, load_resolve(&scope, node, node->action, err), err))
        return false;
    if (node->is_unresolved)
        return error_set_at(err, &task->action_at, "%s", node->unresolved_text);
    *out = node;
    return true;
}

bool playbook_load_role(struct playbook_loader *loader, const struct node *include, const struct role_request *request,
                        struct role **out, struct error *err)
{
    struct load_scope scope;
    struct node *block = NULL;
    struct load_role_request role = {
        .name = arena_copy(loader->arena, request->name),
        .vars = include->keywords[KEYWORD_VARS],
        .tasks_from = arena_copy(loader->arena, request->tasks_from),
        .vars_from = arena_copy(loader->arena, request->vars_from),
        .defaults_from = arena_copy(loader->arena, request->defaults_from),
        .handlers_from = arena_copy(loader->arena, request->handlers_from),
        .parent = include->role,
        .collections = include->collections,
        .at = include->at,
        .from_include = true,
        .allow_duplicates = request->allow_duplicates,
        .is_public = request->is_public,
        .skips_validation = request->skips_validation,
    };

    if (!include_scope(loader, include, &scope, err) ||
        !load_apply(&scope, request->apply, &include->at, &scope.parent, &block, err))
        return error_locate(err, &include->at);
    return load_missing_tell(loader, load_role(&scope, &role, out, err), err);
}
