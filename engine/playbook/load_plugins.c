/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which filters, tests and lookups are plugins in Python. What a name means is told by ansible-core, which is asked only for names
 * that Roost does not have, or that a file in a folder of plugins mentions: it may put its own in the place of Roost's.
 */
#include "engine/playbook/load_plugins.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/search.h"
#include "engine/playbook/task_action.h"

#define PLUGIN_FILE_MAX (4 * 1024 * 1024)

static const char *const kinds[LOAD_PLUGIN_KINDS] = { "filter", "test", "lookup" };

struct plugin_file {
    const char *path, *text;
    size_t length;
    struct plugin_file *next;
};

struct load_plugins {
    struct template_plugins ops;
    struct playbook_loader *loader;
    size_t playbooks, roles; /* folders that were known when the rest was filled */
    bool is_placed;          /* Python has been told of the folders */
    struct plugin_file *files[LOAD_PLUGIN_KINDS];
    struct value *found[LOAD_PLUGIN_KINDS][2]; /* of names; [1]: that Roost has */
};

/* --- files --- */

static void files_add(struct load_plugins *plugins, enum template_plugin kind, const char *folder)
{
    struct arena *arena = plugins->loader->arena;
    DIR *stream = opendir(folder);
    struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        struct plugin_file *file = arena_new_of(arena, struct plugin_file);
        struct error ignored = ERROR_INIT;
        char *data = NULL;

        file->path = path_join(arena, folder, entry->d_name);
        if (!text_ends(entry->d_name, ".py") ||
            !file_read(arena, file->path, PLUGIN_FILE_MAX, &data, &file->length, &ignored))
            continue;
        file->text = data;
        file->next = plugins->files[kind];
        plugins->files[kind] = file;
    }
    if (stream != NULL)
        closedir(stream);
}

/* Of folders that were not known yet, and at first of those of the settings. */
static void files_read(struct load_plugins *plugins, enum template_plugin kind, bool is_first)
{
    struct playbook_loader *loader = plugins->loader;
    const struct value *folders[] = { loader->playbook_folders, loader->role_folders };
    size_t known[] = { plugins->playbooks, plugins->roles };
    const char *const *configured = is_first ? loader->config.plugin_folders[kind] : NULL;
    const char *subfolder = arena_printf(loader->arena, "%s_plugins", kinds[kind]);

    for (size_t n = 0; n < 2; n++)
        for (size_t i = known[n]; i < value_count(folders[n]); i++)
            files_add(plugins, kind, path_join(loader->arena, value_text(value_item(folders[n], i)), subfolder));
    for (size_t i = 0; configured != NULL && configured[i] != NULL; i++)
        files_add(plugins, kind, path_expand_user(loader->arena, configured[i]));
}

/* Playbooks and roles bring folders while they are read. */
static void refresh(struct load_plugins *plugins)
{
    struct playbook_loader *loader = plugins->loader;
    size_t playbooks = value_count(loader->playbook_folders), roles = value_count(loader->role_folders);
    bool is_first = plugins->found[0][0] == NULL, is_new = is_first || plugins->playbooks != playbooks;

    if (!is_new && plugins->roles == roles)
        return;
    for (int kind = 0; kind < LOAD_PLUGIN_KINDS; kind++) {
        const struct plugin_file *newest = plugins->files[kind];

        files_read(plugins, (enum template_plugin)kind, is_first);
        is_new = is_new || plugins->files[kind] != newest;
    }
    plugins->playbooks = playbooks;
    plugins->roles = roles;
    if (!is_new)
        return;
    plugins->is_placed = false;
    for (int kind = 0; kind < LOAD_PLUGIN_KINDS; kind++) {
        plugins->found[kind][0] = value_map(loader->arena);
        plugins->found[kind][1] = value_map(loader->arena);
    }
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool mentions(const struct plugin_file *file, const char *name)
{
    size_t length = strlen(name);
    const char *end = file->text + file->length, *at = file->text;

    while ((at = memmem(at, (size_t)(end - at), name, length)) != NULL) {
        if ((at == file->text || !is_word(at[-1])) && (at + length == end || !is_word(at[length])))
            return true;
        at += length;
    }
    return false;
}

static bool is_called(const struct plugin_file *file, const char *name)
{
    const char *base = path_basename(file->path);

    return text_starts(base, name) && strcmp(base + strlen(name), ".py") == 0;
}

/* A lookup is a file of its name; a file of filters or tests says the names of all that are in it. */
static const char *mentioned(const struct plugin_file *file, enum template_plugin kind, const char *name)
{
    for (; file != NULL; file = file->next)
        if (kind == TEMPLATE_LOOKUP ? is_called(file, name) : mentions(file, name))
            return file->path;
    return NULL;
}

static const char *in_collection(struct load_plugins *plugins, enum template_plugin kind, const char *name)
{
    struct playbook_loader *loader = plugins->loader;
    const char *last = strrchr(name, '.');
    const char *collection = arena_copy_n(loader->arena, name, (size_t)(last - name));
    const struct collection *found = NULL;
    struct error ignored = ERROR_INIT;
    struct load_plugins theirs = { .loader = loader };

    if (!collection_find(loader, collection, &found, &ignored) || found == NULL || found->folder == NULL)
        return NULL;
    files_add(&theirs, kind,
              path_join(loader->arena, found->folder, arena_printf(loader->arena, "plugins/%s", kinds[kind])));
    return mentioned(theirs.files[kind], kind, last + 1);
}

/* --- Python --- */

static void add_folders(struct arena *arena, struct value *list, const struct value *folders)
{
    for (size_t i = 0; i < value_count(folders); i++)
        value_list_add(arena, list, value_string(arena, path_absolute(arena, value_text(value_item(folders, i)))));
}

static bool place(struct load_plugins *plugins, struct arena *arena, struct error *err)
{
    struct playbook_loader *loader = plugins->loader;
    struct foreign_question question = { .what = "template.places", .map = value_map(arena) };
    struct value *folders = value_list(arena), *playbooks = value_list(arena);
    const struct value *answer = NULL;

    add_folders(arena, folders, loader->playbook_folders);
    add_folders(arena, folders, loader->role_folders);
    add_folders(arena, playbooks, loader->playbook_folders);
    value_map_put(arena, question.map, "folders", folders);
    value_map_put(arena, question.map, "playbooks", playbooks);
    value_map_put_string(arena, question.map, "base", value_text(value_item(playbooks, 0)));
    plugins->is_placed = loader->config.python->ask(loader->config.python, arena, &question, &answer, err);
    return plugins->is_placed;
}

/* A process that was started anew knows no folders. */
static bool plugins_ask(void *context, struct arena *arena, const struct foreign_question *question,
                        const struct value **out, struct error *err)
{
    struct load_plugins *plugins = context;
    struct foreign_python *python = plugins->loader->config.python;

    refresh(plugins);
    if ((!plugins->is_placed && !place(plugins, arena, err)) || !python->ask(python, arena, question, out, err))
        return false;
    if (!value_map_true(*out, "again"))
        return true;
    return place(plugins, arena, err) && python->ask(python, arena, question, out, err);
}

static const struct value *answer_for(struct load_plugins *plugins, enum template_plugin kind, const char *name,
                                      bool is_ours)
{
    struct arena *arena = plugins->loader->arena;
    struct foreign_question question = { .what = "template.find", .map = value_map(arena) };
    const char *path =
        strchr(name, '.') == NULL ? mentioned(plugins->files[kind], kind, name) : in_collection(plugins, kind, name);
    const struct value *answer = NULL;
    struct error err = ERROR_INIT;
    struct value *absent;

    if (is_ours && path == NULL)
        return value_null();
    value_map_put_string(arena, question.map, "kind", kinds[kind]);
    value_map_put_string(arena, question.map, "name", name);
    value_map_put_bool(arena, question.map, "ours", is_ours);
    if (plugins_ask(plugins, arena, &question, &answer, &err)) {
        const char *why = value_map_text(answer, "why");

        if (why == NULL)
            return answer;
        if (path == NULL) /* some other file does not load */
            return value_null();
        absent = value_map(arena);
        value_map_put_string(arena, absent, "why",
                             arena_printf(arena, "is a plugin in Python that does not load: %s", why));
        return absent;
    }
    if (path == NULL)
        return value_null();
    absent = value_map(arena);
    value_map_put_string(arena, absent, "why",
                         arena_printf(arena,
                                      "is a plugin in Python (%s), which needs ansible-core where roost runs: %s", path,
                                      err.text));
    return absent;
}

static const char *plugins_find(void *context, enum template_plugin kind, const char *name, bool is_ours,
                                const char **why_out)
{
    struct load_plugins *plugins = context;
    const struct value *known;
    const char *written = name;

    refresh(plugins);
    if (text_starts(name, "ansible.legacy."))
        name = task_action_short(name);
    if (is_ours && (plugins->files[kind] == NULL || strchr(name, '.') != NULL))
        return NULL;
    known = value_map_get(plugins->found[kind][is_ours], written);
    if (known == NULL) {
        known = answer_for(plugins, kind, name, is_ours);
        value_map_put(plugins->loader->arena, plugins->found[kind][is_ours],
                      arena_copy(plugins->loader->arena, written), known);
    }
    *why_out = value_map_text(known, "why");
    return value_map_text(known, "path");
}

void load_plugins_offer(struct playbook_loader *loader)
{
    struct load_plugins *plugins;

    if (loader->config.templates == NULL)
        return;
    template_env_plugins(loader->config.templates, NULL);
    if (loader->config.python == NULL || loader->config.python->ask == NULL)
        return;
    plugins = arena_new_of(loader->arena, struct load_plugins);
    plugins->loader = loader;
    plugins->ops = (struct template_plugins){ .context = plugins, .find = plugins_find, .ask = plugins_ask };
    template_env_plugins(loader->config.templates, &plugins->ops);
}
