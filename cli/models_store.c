/* SPDX-License-Identifier: Apache-2.0 */
/* roost models list, verify, gc and rm: what is in the store, and what goes out of it. */
#include <stdio.h>
#include <string.h>

#include "cli/models_options.h"
#include "cli/models_verbs.h"
#include "common/json/json.h"
#include "common/model/pull_value.h"
#include "common/model/store_clean.h"

static struct model_store store_of(const struct models_command *command)
{
    return (struct model_store){ command->arena, command->settings.store };
}

/* Names of all sources given; without any, all names there are. */
static bool gather(struct models_command *command, struct store_name **out, size_t *count_out, struct error *err)
{
    const struct model_store store = store_of(command);
    struct store_name *all = NULL;
    size_t total = 0;

    if (command->source_count == 0)
        return store_names(&store, "names", out, count_out, err);
    for (size_t i = 0; i < command->source_count; i++) {
        struct store_name *some = NULL;
        size_t count = 0;

        if (!model_names_of(command->arena, &command->settings, command->sources[i], &some, &count, err))
            return false;
        if (count == 0)
            return error_set(err, "%s is not in the store", command->sources[i]);
        all = arena_grow(command->arena, all, total * sizeof(*all), (total + count) * sizeof(*all));
        memcpy(all + total, some, count * sizeof(*all));
        total += count;
    }
    *out = all;
    *count_out = total;
    return true;
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
    if (!gather(&command, &names, &count, &err))
        return models_fail(&command, &err);
    model_entries(&store, names, count, &entries, &count);
    if (command.json) {
        puts(json_text(arena, model_entries_value(arena, entries, count), (struct json_style){ .indent = 4 }));
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
};

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
            printf("missing   %s (%s)\n", names[i].path, names[i].sha256);
            continue;
        }
        if (!store_verify(&store, names[i].sha256, &command->settings, false, &is_good, err))
            return false;
        out->good += is_good;
        out->damaged += !is_good;
        if (!is_good)
            printf("DAMAGED   %s (%s): moved to damaged/, pull it again\n", names[i].path, names[i].sha256);
        else if (!command->quiet)
            printf("ok        %s\n", names[i].path);
    }
    return true;
}

int models_verify(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct models_command command = { .arena = arena };
    struct verified verified = { 0 };
    struct error err = ERROR_INIT;
    struct store_name *names = NULL;
    size_t count = 0;
    int code = 0;

    if (!models_start(&command, MODELS_VERIFY, argc, argv, &code))
        return code;
    if (!gather(&command, &names, &count, &err) || !verify_names(&command, names, count, &verified, &err))
        return models_fail(&command, &err);
    printf("%d ok, %d damaged, %d missing\n", verified.good, verified.damaged, verified.missing);
    return verified.damaged > 0 || verified.missing > 0 ? 1 : 0;
}

/* --- gc and rm --- */

static void print_cleaned(const struct models_command *command, const struct store_cleaned *cleaned)
{
    printf("%s %d names, %d blobs, %d unfinished downloads: %s\n", command->check ? "would remove" : "removed",
           cleaned->names, cleaned->blobs, cleaned->partials, model_size_text(command->arena, cleaned->bytes));
    if (cleaned->in_use > 0)
        printf("%d blobs without a name are in use: kept\n", cleaned->in_use);
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
    if (!gather(&command, &names, &count, &err) || !store_remove(&store, names, count, command.check, &cleaned, &err))
        return models_fail(&command, &err);
    for (size_t i = 0; !command.check && i < command.source_count; i++)
        model_forget(arena, &command.settings, command.sources[i]);
    print_cleaned(&command, &cleaned);
    return 0;
}
