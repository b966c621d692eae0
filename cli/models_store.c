/* SPDX-License-Identifier: Apache-2.0 */
/* roost models list, verify, gc and rm: what is in the store, and what goes out of it. */
#include <stdio.h>
#include <string.h>

#include "cli/models_options.h"
#include "cli/models_verbs.h"
#include "common/json/json.h"
#include "common/model/pull_value.h"

static struct model_store store_of(const struct models_command *command)
{
    return (struct model_store){ command->arena, command->settings.store };
}

/* What one source or link means; of what is to be removed, what really goes. */
static bool names_of(struct models_command *command, size_t index, bool is_removal, struct store_name **out,
                     size_t *count_out, struct error *err)
{
    const struct model_removal removal = { command->sources, command->source_count, index };

    if (!is_removal)
        return model_names_of(command->arena, &command->settings, command->sources[index], out, count_out, err);
    return model_names_going(command->arena, &command->settings, &removal, out, count_out, err);
}

/* Two sources may mean one file. */
static bool is_among(const struct store_name *names, size_t count, const struct store_name *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].folder, name->folder) == 0 && strcmp(names[i].path, name->path) == 0)
            return true;
    }
    return false;
}

/* Names of all sources given; without any, all names there are. */
static bool gather(struct models_command *command, bool is_removal, struct store_name **out, size_t *count_out,
                   struct error *err)
{
    const struct model_store store = store_of(command);
    struct store_name *all = NULL;
    size_t total = 0;

    if (command->source_count == 0)
        return store_names(&store, "names", out, count_out, err);
    for (size_t i = 0; i < command->source_count; i++) {
        struct store_name *some = NULL;
        size_t count = 0;

        if (!names_of(command, i, is_removal, &some, &count, err))
            return false;
        if (count == 0 && !(is_removal && model_source_is_link(command->sources[i])))
            return error_set(err, "%s is not in the store", command->sources[i]);
        all = arena_grow(command->arena, all, total * sizeof(*all), (total + count + 1) * sizeof(*all));
        for (size_t k = 0; k < count; k++) {
            if (!is_among(all, total, &some[k]))
                all[total++] = some[k];
        }
    }
    *out = all;
    *count_out = total;
    return true;
}

static void print_json(struct arena *arena, const struct value *value)
{
    puts(json_text(arena, value, (struct json_style){ .indent = 4 }));
}

int models_list(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct models_command command = { .arena = arena };
    struct error err = ERROR_INIT;
    struct model_entry *entries = NULL;
    struct store_name *names = NULL;
    size_t count = 0;
    int code = 0;

    if (!models_start(&command, MODELS_LIST, argc, argv, &code))
        return code;
    const struct model_store store = store_of(&command);
    if (!gather(&command, false, &names, &count, &err))
        return models_fail(&command, &err);
    model_entries(&store, names, count, &entries, &count);
    if (command.json) {
        print_json(arena, model_entries_value(arena, entries, count));
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const struct model_entry *entry = &entries[i];
        const char *state =
            entry->missing == 0 ? "complete" : arena_printf(arena, "%d of %d missing", entry->missing, entry->files);

        printf("%10s  %-14s  %s%s%s%s\n", model_size_text(arena, entry->size), state, entry->source,
               entry->links[0] == '\0' ? "" : "  (", entry->links, entry->links[0] == '\0' ? "" : ")");
    }
    return 0;
}

/* --- verify --- */

struct verified {
    int good, damaged, missing;
    struct value *files; /* for JSON */
};

static void verified_add(const struct models_command *command, struct verified *verified, const struct store_name *name,
                         const char *state)
{
    struct arena *arena = command->arena;
    struct value *file = value_map(arena);

    value_map_put_string(arena, file, "path", name->path);
    value_map_put_string(arena, file, "sha256", name->sha256);
    value_map_put_string(arena, file, "state", state);
    value_list_add(arena, verified->files, file);
    if (command->json)
        return;
    if (strcmp(state, "missing") == 0)
        printf("missing   %s (%s)\n", name->path, name->sha256);
    else if (strcmp(state, "damaged") == 0)
        printf("DAMAGED   %s (%s): moved to damaged/, pull it again\n", name->path, name->sha256);
    else if (!command->quiet)
        printf("ok        %s\n", name->path);
}

static bool is_first(const struct store_name *names, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(names[i].sha256, names[index].sha256) == 0)
            return false;
    }
    return true;
}

static bool verify_names(struct models_command *command, const struct store_name *names, size_t count,
                         struct verified *out, struct error *err)
{
    const struct model_store store = store_of(command);

    for (size_t i = 0; i < count; i++) {
        bool is_good = false;

        if (!is_first(names, i))
            continue;
        if (names[i].size < 0) {
            out->missing++;
            verified_add(command, out, &names[i], "missing");
            continue;
        }
        if (!store_verify(&store, names[i].sha256, &command->settings, false, &is_good, err))
            return false;
        out->good += is_good;
        out->damaged += !is_good;
        verified_add(command, out, &names[i], is_good ? "ok" : "damaged");
    }
    return true;
}

static void print_verified(const struct models_command *command, const struct verified *verified)
{
    struct value *map = value_map(command->arena);

    if (!command->json) {
        printf("%d ok, %d damaged, %d missing\n", verified->good, verified->damaged, verified->missing);
        return;
    }
    value_map_put_int(command->arena, map, "ok", verified->good);
    value_map_put_int(command->arena, map, "damaged", verified->damaged);
    value_map_put_int(command->arena, map, "missing", verified->missing);
    value_map_put(command->arena, map, "files", verified->files);
    print_json(command->arena, map);
}

int models_verify(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct models_command command = { .arena = arena };
    struct verified verified = { .files = value_list(arena) };
    struct error err = ERROR_INIT;
    struct store_name *names = NULL;
    size_t count = 0;
    int code = 0;

    if (!models_start(&command, MODELS_VERIFY, argc, argv, &code))
        return code;
    if (!gather(&command, false, &names, &count, &err) || !verify_names(&command, names, count, &verified, &err))
        return models_fail(&command, &err);
    print_verified(&command, &verified);
    return verified.damaged > 0 || verified.missing > 0 ? 1 : 0;
}

/* --- gc and rm --- */

/* Links that are named go with what they are for. */
static void print_cleaned(const struct models_command *command, const struct store_cleaned *cleaned)
{
    const char *done = command->check ? "would remove" : "removed";

    if (command->json) {
        print_json(command->arena, store_cleaned_value(command->arena, cleaned));
        return;
    }
    printf("%s %d names, %d blobs, %d unfinished downloads: %s\n", done, cleaned->names, cleaned->blobs,
           cleaned->partials, model_size_text(command->arena, cleaned->bytes));
    if (cleaned->in_use > 0)
        printf("%d blobs without a name are in use: kept\n", cleaned->in_use);
    for (size_t i = 0; i < command->source_count; i++) {
        if (model_source_is_link(command->sources[i]))
            printf("%s the link '%s'\n", done, command->sources[i]);
    }
}

int models_gc(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct models_command command = { .arena = arena };
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    int code = 0;

    if (!models_start(&command, MODELS_GC, argc, argv, &code))
        return code;
    const struct model_store store = store_of(&command);
    if ((!command.check && !store_prepare(&store, &err)) ||
        !store_collect(&store, command.partials, command.check, &cleaned, &err))
        return models_fail(&command, &err);
    print_cleaned(&command, &cleaned);
    return 0;
}

int models_rm(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct models_command command = { .arena = arena };
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    struct store_name *names = NULL;
    size_t count = 0;
    int code = 0;

    if (!models_start(&command, MODELS_RM, argc, argv, &code))
        return code;
    if (command.source_count == 0) {
        error_set_kind(&err, ERROR_OPTIONS, "which one? Name a source, or a link's name");
        return models_fail(&command, &err);
    }
    const struct model_store store = store_of(&command);
    if (!gather(&command, true, &names, &count, &err) ||
        !store_remove(&store, names, count, command.check, &cleaned, &err))
        return models_fail(&command, &err);
    for (size_t i = 0; !command.check && i < command.source_count; i++) {
        if (!model_forget(arena, &command.settings, command.sources[i], &err))
            return models_fail(&command, &err);
    }
    print_cleaned(&command, &cleaned);
    return 0;
}
