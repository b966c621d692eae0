/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files make a project: what lies where Ansible looks for it, and what playbooks name, from one file to the next. Strict, as
 * the tree goes to nodes: what only might be needed stays at the desk and is told.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/project_internal.h"
#include "cli/project_names.h"
#include "cli/project_private.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"

static const char *const content_folders[] = { "roles",          "files",
                                               "templates",      "tasks",
                                               "handlers",       "vars",
                                               "defaults",       "meta",
                                               "library",        "module_utils",
                                               "collections",    "filter_plugins",
                                               "test_plugins",   "lookup_plugins",
                                               "action_plugins", "inventory_plugins",
                                               "doc_fragments",  NULL };
static const char *const variable_folders[] = { "group_vars", "host_vars", NULL };

/* A file that names others; NULL behind the last. */
struct naming {
    const char *folder;
    struct project_names names;
    struct naming *next;
};

/* A file that stays at the desk unless it is named. */
struct withheld {
    const char *path;
    struct project_found found;
    enum project_private kind;
    struct withheld *next;
};

struct collecting {
    struct project *project;
    const struct project_options *options;
    struct project_walk walk;
    struct value *bases; /* map of the folders that playbooks lie in */
    struct naming *first, **last;
    struct withheld *withheld;
    struct project_names all; /* what any file names */
    bool as_given;            /* the inventory, with what belongs to it */
};

/* --- where the project is --- */

static const char *folder_of(struct arena *arena, const struct project_options *options, const char *playbook)
{
    const char *folder = path_dirname(arena, playbook);
    const char *config =
        options->config_file == NULL ? NULL : path_dirname(arena, path_absolute(arena, options->config_file));

    if (config != NULL && path_is_inside(playbook, config))
        return config;
    return strcmp(path_basename(folder), "playbooks") == 0 ? path_dirname(arena, folder) : folder;
}

/* --- a file that was met --- */

static bool is_document(const char *path)
{
    return text_in(path_extension(path), (const char *const[]){ ".yml", ".yaml", ".json", NULL });
}

/* Whether a folder of this name is on the way to the file. */
static bool is_below(const char *place, const char *const *names)
{
    for (const char *at = place, *end = strchr(at, '/'); end != NULL; at = end + 1, end = strchr(at, '/')) {
        for (const char *const *name = names; *name != NULL; name++) {
            if (strlen(*name) == (size_t)(end - at) && strncmp(at, *name, (size_t)(end - at)) == 0)
                return true;
        }
    }
    return text_starts(place, "roles."); /* a folder of roles from elsewhere */
}

/* Files that are sent to hosts as they are. */
static bool is_content(const char *place)
{
    return is_below(place, (const char *const[]){ "files", "templates", NULL }) &&
           (!text_starts(place, "roles.") || strstr(place, "/files/") != NULL || strstr(place, "/templates/") != NULL);
}

static const struct value *document_of(struct arena *arena, const char *path)
{
    const struct value *document = NULL;
    struct error ignored = ERROR_INIT; /* what is broken is told when it is used */

    return is_document(path) && yaml_read_file(arena, path, false, &document, &ignored) ? document : NULL;
}

/* Plays, so that its folder is one of playbooks. */
static bool is_playbook(const struct value *document)
{
    const struct value *first = value_is(document, VALUE_LIST) ? value_item(document, 0) : NULL;

    return value_is(first, VALUE_MAP) &&
           (value_map_get(first, "hosts") != NULL || value_map_get(first, "import_playbook") != NULL ||
            value_map_get(first, "ansible.builtin.import_playbook") != NULL);
}

static void names_read(struct collecting *collecting, const char *path, const struct value *document)
{
    struct arena *arena = collecting->walk.arena;
    struct naming *naming = arena_new_of(arena, struct naming);

    naming->folder = path_dirname(arena, path);
    naming->names = (struct project_names){ arena, value_map(arena) };
    project_names_read(&naming->names, document);
    project_names_read(&collecting->all, document);
    *collecting->last = naming;
    collecting->last = &naming->next;
}

static bool file_met(void *data, const char *path, const struct project_found *found, struct error *err)
{
    struct collecting *collecting = data;
    struct arena *arena = collecting->walk.arena;
    const char *place = project_path(arena, collecting->project, path);
    const struct value *document = collecting->as_given ? NULL : document_of(arena, path);
    enum project_private kind = PROJECT_OPEN;

    if (place == NULL)
        return error_set(err, "'%s' is in no folder of the project", path);
    if (!collecting->as_given)
        kind = project_private_of(&(struct project_looked){
            path, place, document, !value_is(document, VALUE_LIST) && !is_below(place, content_folders) });
    if (kind != PROJECT_OPEN) {
        struct withheld *withheld = arena_new_of(arena, struct withheld);

        *withheld = (struct withheld){ arena_copy(arena, path), *found, kind, collecting->withheld };
        collecting->withheld = withheld;
        return true;
    }
    if (document != NULL && !is_content(place))
        names_read(collecting, path, document);
    return project_file_add(collecting->project, path, found, err);
}

/* --- folders --- */

static bool folders_take(struct project_walk *walk, const char *folder, const char *const *names, struct error *err)
{
    for (; *names != NULL; names++) {
        if (!project_walk_folder(walk, path_join(walk->arena, folder, *names), err))
            return false;
    }
    return true;
}

/* One folder in which a playbook may have its things: once. */
static bool base_take(struct collecting *collecting, const char *folder, struct error *err)
{
    struct project_walk *walk = &collecting->walk;
    bool ok = true;

    if (value_map_get(collecting->bases, folder) != NULL)
        return true;
    value_map_put_bool(walk->arena, collecting->bases, folder, true);
    if (!folders_take(walk, folder, content_folders, err))
        return false;
    if (collecting->options->with_inventory) {
        collecting->as_given = true;
        ok = folders_take(walk, folder, variable_folders, err);
        collecting->as_given = false;
    }
    return ok;
}

static bool playbooks_take(struct collecting *collecting, struct error *err)
{
    struct project *project = collecting->project;
    struct project_walk *walk = &collecting->walk;

    for (const char *const *playbook = collecting->options->playbooks; *playbook != NULL; playbook++) {
        const char *path = path_absolute(walk->arena, *playbook);

        if (!path_is_file(path))
            return error_set(err, "there is no playbook '%s'", *playbook);
        if (!path_is_inside(path, project->folder))
            return error_set(err, "the playbook '%s' is not below '%s', the folder of the first one's project",
                             *playbook, project->folder);
        if (project_walk_ignores(walk, path))
            return error_set(err, "git ignores the playbook '%s', and what git ignores is not sent", *playbook);
        if (!base_take(collecting, path_dirname(walk->arena, path), err) || !project_walk_file(walk, path, err))
            return false;
    }
    return true;
}

static bool roles_take(struct project_walk *walk, struct project *project, const struct project_options *options,
                       struct error *err)
{
    int number = 0;

    for (const char *const *folder = options->role_folders; folder != NULL && *folder != NULL; folder++) {
        const char *path = path_normalize(walk->arena, *folder);

        if (!path_is_folder(path) ||
            (project_path(walk->arena, project, path) != NULL && strcmp(path, project->folder) == 0))
            continue;
        if (project_path(walk->arena, project, path) == NULL &&
            !project_place_add(project, path, arena_printf(walk->arena, "roles.%d", ++number), err))
            return false;
        if (!project_walk_folder(walk, path, err))
            return false;
    }
    return true;
}

/* A source that is a file brings the variables beside it. */
static bool inventory_take(struct collecting *collecting, const char *path, int number, struct error *err)
{
    struct project_walk *walk = &collecting->walk;
    struct project *project = collecting->project;
    const char *folder = path_is_folder(path) ? path : path_dirname(walk->arena, path);

    if (project_path(walk->arena, project, folder) == NULL &&
        !project_place_add(project, folder, arena_printf(walk->arena, "inventory.%d", number), err))
        return false;
    if (folder == path)
        return project_walk_folder(walk, path, err);
    return project_walk_file(walk, path, err) && folders_take(walk, folder, variable_folders, err);
}

static bool inventories_take(struct collecting *collecting, const struct project_options *options, struct error *err)
{
    struct project_walk *walk = &collecting->walk;
    bool ok = true;

    collecting->as_given = true;
    for (size_t i = 0; ok && i < value_count(options->inventories); i++) {
        const char *source = value_text(value_item(options->inventories, i));
        const char *path = strchr(source, ',') != NULL ? NULL : path_normalize(walk->arena, source);

        if (path == NULL || !path_exists(path)) /* "a,b," */
            continue;
        if (!options->with_inventory)
            project_walk_leave_out(walk, path);
        else
            ok = inventory_take(collecting, path, (int)i + 1, err);
    }
    collecting->as_given = false;
    return ok;
}

/* --- what is named --- */

/* A folder that is named goes as a whole, but none that playbooks lie in. */
static bool folder_is_taken(const struct collecting *collecting, const char *path)
{
    for (size_t i = 0; i < value_count(collecting->bases); i++) {
        if (path_is_inside(value_text(value_pair_at(collecting->bases, i)->key), path))
            return false;
    }
    return !text_in(path_basename(path), variable_folders);
}

static bool named_take(struct collecting *collecting, const char *path, bool may_be_folder, struct error *err)
{
    struct project_walk *walk = &collecting->walk;
    size_t before = collecting->project->count;

    if (!path_is_inside(path, collecting->project->folder))
        return true;
    if (may_be_folder && path_is_folder(path))
        return !folder_is_taken(collecting, path) || project_walk_folder(walk, path, err);
    if (!path_is_file(path))
        return true;
    if (!project_walk_file(walk, path, err))
        return false;
    return collecting->project->count == before || !is_playbook(document_of(walk->arena, path)) ||
           base_take(collecting, path_dirname(walk->arena, path), err);
}

/* Looked for beside the file that names it, and beside the playbooks. */
static bool name_follow(struct collecting *collecting, const struct naming *naming, const struct value_pair *word,
                        struct error *err)
{
    struct arena *arena = collecting->walk.arena;
    const char *name = value_text(word->key);
    bool may_be_folder = value_map_true(naming->names.words, name);

    if (!named_take(collecting, path_normalize(arena, path_join(arena, naming->folder, name)), may_be_folder, err))
        return false;
    for (size_t i = 0; i < value_count(collecting->bases); i++) {
        const char *base = value_text(value_pair_at(collecting->bases, i)->key);

        if (!named_take(collecting, path_normalize(arena, path_join(arena, base, name)), may_be_folder, err))
            return false;
    }
    return true;
}

/* The list grows meanwhile: what is taken names more. */
static bool names_follow(struct collecting *collecting, struct error *err)
{
    for (const struct naming *naming = collecting->first; naming != NULL; naming = naming->next) {
        for (size_t i = 0; i < value_count(naming->names.words); i++) {
            if (!name_follow(collecting, naming, value_pair_at(naming->names.words, i), err))
                return false;
        }
    }
    return true;
}

/* --- what stays --- */

/* A key or a file that looks like an inventory may be what a playbook is there to install. */
static bool withheld_settle(struct collecting *collecting, struct error *err)
{
    struct project *project = collecting->project;

    for (const struct withheld *at = collecting->withheld; at != NULL; at = at->next) {
        const char *place = project_path(project->arena, project, at->path);

        if (is_content(place) && at->kind != PROJECT_VAULT_PASSWORD && project_names_end(&collecting->all, place)) {
            if (!project_file_add(project, at->path, &at->found, err))
                return false;
        } else {
            value_map_put_string(project->arena, project->left_out, place, project_private_word(at->kind));
        }
    }
    return true;
}

static bool unnamed_note(void *data, const char *path, const struct project_found *found, struct error *err)
{
    struct collecting *collecting = data;
    struct project *project = collecting->project;
    const char *place = project_path(project->arena, project, path);

    (void)found;
    (void)err;
    if (place != NULL && value_map_get(project->left_out, place) == NULL)
        value_map_put_string(project->arena, project->left_out, place, project_private_word(PROJECT_OPEN));
    return true;
}

static bool is_top_file(const char *name)
{
    static const char *const extensions[] = { ".yml", ".yaml", ".json", ".j2", NULL };

    return name[0] != '.' && text_in(path_extension(name), extensions);
}

/* Last of all: what lies beside playbooks and was not met is named by nobody. */
static bool unnamed_find(struct collecting *collecting, struct error *err)
{
    struct project_walk *walk = &collecting->walk;

    walk->take = unnamed_note;
    for (size_t i = 0; i < value_count(collecting->bases); i++) {
        if (!project_walk_top(walk, value_text(value_pair_at(collecting->bases, i)->key), is_top_file, err))
            return false;
    }
    return true;
}

void project_tell_left_out(const struct project *project, bool all, FILE *to)
{
    for (enum project_private kind = PROJECT_OPEN; kind <= PROJECT_SETTINGS; kind++) {
        const char *why = project_private_word(kind);
        struct text line = text_new(project->arena);

        for (size_t i = 0; i < value_count(project->left_out); i++) {
            const struct value_pair *pair = value_pair_at(project->left_out, i);

            if (strcmp(value_text(pair->item), why) == 0)
                text_printf(&line, "%s%s", line.length == 0 ? "" : ", ", value_text(pair->key));
        }
        if (line.length > 0 && (all || kind != PROJECT_OPEN))
            fprintf(to, "Left out (%s): %s\n", why, line.data);
    }
}

static int file_order(const void *a, const void *b)
{
    return strcmp(((const struct project_file *)a)->path, ((const struct project_file *)b)->path);
}

bool project_collect(struct arena *arena, const struct project_options *options, struct project **out,
                     struct error *err)
{
    struct project *project = project_empty(arena);
    struct collecting collecting = { .project = project, .options = options, .bases = value_map(arena) };
    struct project_walk *walk = &collecting.walk;

    *walk = (struct project_walk){ .arena = arena, .take = file_met, .data = &collecting };
    walk->skips_variables = !options->with_inventory;
    collecting.last = &collecting.first;
    collecting.all = (struct project_names){ arena, value_map(arena) };
    project->left_out = value_map(arena);
    project->folder = folder_of(arena, options, path_absolute(arena, options->playbooks[0]));
    if (!project_place_add(project, project->folder, "", err) || !project_walk_begin(walk, project->folder, err))
        return false;
    if (!inventories_take(&collecting, options, err) || !base_take(&collecting, project->folder, err) ||
        !playbooks_take(&collecting, err) || !roles_take(walk, project, options, err) ||
        !names_follow(&collecting, err) || !withheld_settle(&collecting, err) || !unnamed_find(&collecting, err))
        return error_prefix(err, "project");
    qsort(project->files, project->count, sizeof(*project->files), file_order);
    project->ignored = walk->ignored_count;
    *out = project;
    return true;
}
