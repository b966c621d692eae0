/* SPDX-License-Identifier: Apache-2.0 */
/* include_vars: variables from a file, or from the files of a folder, while the play runs. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"

struct include_vars_args {
    const char *file, *raw, *dir, *name, *files_matching, *hash_behaviour;
    const struct value *ignore_files, *extensions;
    int64_t depth;
    bool ignore_unknown_extensions;
};

static const struct arg_spec include_vars_spec[] = {
    ARG(include_vars_args, file, ARG_STRING, .help = "file, searched in vars/ of the role and the play"),
    ARG_NAMED("_raw_params", include_vars_args, raw, ARG_STRING, .help = "the same, free form"),
    ARG(include_vars_args, dir, ARG_STRING, .help = "folder whose files are read, sorted by name"),
    ARG(include_vars_args, name, ARG_STRING, .help = "put everything into one variable of this name"),
    ARG(include_vars_args, depth, ARG_INT, .default_text = "0", .help = "levels of folders to go down; 0: all"),
    ARG(include_vars_args, files_matching, ARG_STRING, .help = "regular expression that file names must match"),
    ARG(include_vars_args, ignore_files, ARG_LIST, .help = "regular expressions of file names to leave out"),
    ARG(include_vars_args, extensions, ARG_LIST, .default_text = "yaml,yml,json",
        .help = "endings of files that are read"),
    ARG(include_vars_args, ignore_unknown_extensions, ARG_BOOL, .default_text = "false",
        .help = "skip other files instead of failing"),
    ARG(include_vars_args, hash_behaviour, ARG_STRING, .choices = ARG_NAMES("replace", "merge"),
        .help = "how maps of the same name combine"),
    ARG_END,
};

struct reader {
    struct action_call *call;
    const struct include_vars_args *args;
    struct value *vars, *files;
    const char *problem; /* why it failed, or NULL */
};

static bool is_listed(const struct value *list, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (text_equal(value_text(value_item(list, i)), text))
            return true;
    return false;
}

static void read_file(struct reader *reader, const char *path, struct error *err)
{
    struct arena *arena = reader->call->arena;
    const struct value *map = NULL;

    if (!playbook_read_vars(reader->call->loader, path, &map, err)) {
        bool is_other_kind = strstr(err->text, "must contain a dictionary of variables") != NULL;

        reader->problem = is_other_kind ? arena_printf(arena, "%s must be stored as a dictionary/hash", path)
                                        : arena_copy(arena, err->text);
        error_clear(err);
        return;
    }
    value_list_add(arena, reader->files, value_string(arena, path));
    for (size_t i = 0; i < value_count(map); i++)
        value_map_put_value(arena, reader->vars, value_pair_at(map, i)->key, value_pair_at(map, i)->item);
}

/* Does `text` match the regular expression? Through the template engine, which has Python's. */
static bool matches(struct reader *reader, const char *test, const char *text, const char *pattern, bool *out,
                    struct error *err)
{
    struct action_call *call = reader->call;
    const struct value *result = NULL;
    char *expression = arena_printf(call->arena, "include_vars_name is %s(include_vars_pattern)", test);
    bool ok;

    vars_scope_put(call->scope, "include_vars_name", value_string(call->arena, text));
    vars_scope_put(call->scope, "include_vars_pattern", value_string(call->arena, pattern));
    ok = template_expression(call->templates, expression, strlen(expression), NULL, &result, err);
    vars_scope_put(call->scope, "include_vars_name", NULL);
    vars_scope_put(call->scope, "include_vars_pattern", NULL);
    *out = ok && value_truthy(result);
    return ok;
}

static bool is_wanted(struct reader *reader, const char *folder, const char *name, bool *out, struct error *err)
{
    const struct include_vars_args *args = reader->args;
    const struct role *role = reader->call->task->role;
    struct arena *arena = reader->call->arena;

    *out = true;
    if (role != NULL && text_equal(path_join(arena, folder, name), path_join(arena, role->path, "vars/main.yml")))
        *out = false;
    if (*out && args->files_matching != NULL && !matches(reader, "search", name, args->files_matching, out, err))
        return false;
    for (size_t i = 0; *out && i < value_count(args->ignore_files); i++) {
        const char *pattern = arena_printf(arena, "%s$", value_text(value_item(args->ignore_files, i)));
        bool ignored = false;

        if (!matches(reader, "search", name, pattern, &ignored, err))
            return false;
        *out = !ignored;
    }
    return true;
}

static int is_named(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static const char *listed(struct arena *arena, const struct value *names)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(names); i++)
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", value_text(value_item(names, i)));
    return out.length == 0 ? "" : out.data;
}

static bool read_entry(struct reader *reader, const char *folder, const char *name, struct error *err)
{
    const char *path = path_join(reader->call->arena, folder, name), *extension = path_extension(name);
    bool wanted = false, known = *extension == '.' && is_listed(reader->args->extensions, extension + 1);

    if (!is_wanted(reader, folder, name, &wanted, err))
        return false;
    if (!wanted || (!known && reader->args->ignore_unknown_extensions))
        return true;
    if (known) {
        read_file(reader, path, err);
        return true;
    }
    reader->problem = arena_printf(reader->call->arena, "%s does not have a valid extension: %s", path,
                                   listed(reader->call->arena, reader->args->extensions));
    return true;
}

static bool read_folder(struct reader *reader, const char *folder, int64_t level, struct error *err)
{
    struct dirent **list = NULL;
    int count;
    bool ok = true;

    if (reader->args->depth > 0 && level > reader->args->depth)
        return true;
    count = scandir(folder, &list, is_named, alphasort);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < count; i++) {
            const char *path = path_join(reader->call->arena, folder, list[i]->d_name);
            bool is_folder = path_is_folder(path);

            if (!ok || reader->problem != NULL || is_folder != (pass == 1))
                continue;
            ok = is_folder ? read_folder(reader, path, level + 1, err)
                           : read_entry(reader, folder, list[i]->d_name, err);
        }
    }
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
    return ok;
}

static const char *folder_of(struct action_call *call, const char *dir)
{
    const struct role *role = call->task->role;
    struct arena *arena = call->arena;
    const char *path;

    if (dir[0] == '/')
        return dir;
    if (role == NULL)
        return path_join(arena, path_dirname(arena, call->task->at.path), dir);
    path = path_join(arena, role->path, dir);
    if ((strcmp(dir, "vars") == 0 || text_starts(dir, "vars/")) && path_exists(path))
        return path;
    return path_join(arena, path_join(arena, role->path, "vars"), dir);
}

static bool read_all(struct reader *reader, struct error *err)
{
    const struct include_vars_args *args = reader->args;
    const char *name = args->file != NULL ? args->file : args->raw, *path;

    if (args->dir == NULL) {
        path = name == NULL
                   ? NULL
                   : action_find_file(reader->call, "vars", text_trim(reader->call->arena, name, strlen(name)), err);
        if (path != NULL)
            read_file(reader, path, err);
        else
            reader->problem = name == NULL ? "file or dir is required" : arena_copy(reader->call->arena, err->text);
        error_clear(err);
        return true;
    }
    path = folder_of(reader->call, args->dir);
    if (!path_exists(path))
        reader->problem = arena_printf(reader->call->arena, "%s directory does not exist", path);
    else if (!path_is_folder(path))
        reader->problem = arena_printf(reader->call->arena, "%s is not a directory", path);
    return reader->problem != NULL || read_folder(reader, path, 1, err);
}

/* hash_behaviour: maps that are known already are merged into. */
static bool combine(struct reader *reader, struct value *results, struct error *err)
{
    struct arena *arena = reader->call->arena;

    for (size_t i = 0; i < value_count(results); i++) {
        const struct value_pair *pair = value_pair_at(results, i);
        const struct value *old = NULL;

        if (value_text(pair->key) == NULL || !value_is(pair->item, VALUE_MAP))
            continue;
        if (!vars_scope_get(reader->call->scope, arena, value_text(pair->key), &old, err))
            return false;
        if (value_is(old, VALUE_MAP))
            value_map_put_value(arena, results, pair->key, value_merge(arena, old, pair->item, true));
    }
    return true;
}

static bool include_vars_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct include_vars_args *args = call->bound;
    struct reader reader = {
        .call = call, .args = args, .vars = value_map(call->arena), .files = value_list(call->arena)
    };
    struct value *results;

    *next = ACTION_DONE;
    if (args->dir != NULL && (args->file != NULL || args->raw != NULL))
        return error_set(err, "You are mixing file only and dir only arguments, these are incompatible");
    if (!read_all(&reader, err))
        return false;
    results = reader.vars;
    if (args->name != NULL) {
        results = value_map(call->arena);
        value_map_put(call->arena, results, args->name, reader.vars);
    }
    if (reader.problem != NULL) {
        action_put_bool(call, "failed", true);
        action_put_text(call, "message", reader.problem);
        if (args->name == NULL)
            results = value_map(call->arena); /* what was read before is not kept */
    } else if (text_equal(args->hash_behaviour, "merge") && !combine(&reader, results, err)) {
        return false;
    }
    action_put(call, "ansible_included_var_files", reader.files);
    action_put(call, "ansible_facts", results);
    return true;
}

ACTION_DEFINE(include_vars) = { .spec = { .name = "include_vars",
                                          .summary = "Variables from files",
                                          .args = include_vars_spec,
                                          .args_size = sizeof(struct include_vars_args),
                                          .free_form = true },
                                .step = include_vars_step };
