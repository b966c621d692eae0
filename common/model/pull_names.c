/* SPDX-License-Identifier: Apache-2.0 */
/* Which names in the store a source or a link means, and what is forgotten when they have gone. */
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/pull_parts.h"
#include "common/model/store_clean.h"

bool model_source_is_link(const char *source)
{
    return strstr(source, "://") == NULL;
}

/* Keeps the chosen, and projectors when no other model is left that could need them. */
static size_t keep_chosen(struct store_name *names, size_t count, const struct model_files *chosen)
{
    size_t kept = 0, models = 0;

    for (size_t i = 0; i < count; i++)
        models += !model_path_is_projector(names[i].path) && model_files_find(chosen, names[i].path) == NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_left_alone = models == 0 && chosen->count > 0 && model_path_is_projector(names[i].path);

        if (is_left_alone || model_files_find(chosen, names[i].path) != NULL)
            names[kept++] = names[i];
    }
    return kept;
}

static bool names_below(const struct model_store *store, const char *folder, const char *path, struct store_name **out,
                        size_t *count_out, struct error *err)
{
    const struct model_selector selector = { .path = path, .shown = path };
    struct model_files all = { 0 }, chosen = { 0 };
    struct error ignored = ERROR_INIT;

    if (!store_names(store, folder, out, count_out, err))
        return false;
    for (size_t i = 0; i < *count_out; i++)
        model_files_add(store->arena, &all, &(struct model_file){ .path = (*out)[i].path });
    if (path[0] == '\0')
        return true;
    if (!model_select(store->arena, &all, &selector, &chosen, &ignored)) {
        /* shards may be incomplete: then the one that is named */
        const struct model_file *file = model_files_find(&all, path);

        if (file != NULL)
            model_files_add(store->arena, &chosen, file);
    }
    *count_out = keep_chosen(*out, *count_out, &chosen);
    return true;
}

/* --- links --- */

/* Of what the link is for: the model, or the projectors that came with it, which another model may need too. */
static void link_files(const struct model_store *store, const struct store_link *link, const struct store_name *names,
                       size_t count, bool projectors, struct model_files *out)
{
    for (size_t i = 0; i < count; i++) {
        if (model_path_is_projector(names[i].path) == projectors && store_link_is_for(store, link, &names[i]))
            model_files_add(store->arena, out, &(struct model_file){ .path = names[i].path });
    }
}

static bool is_one_model(const struct model_store *store, const struct model_files *files)
{
    struct model_shard first, shard;

    for (size_t i = 1; i < files->count; i++) {
        if (!model_shard_parse(store->arena, files->items[0].path, &first) ||
            !model_shard_parse(store->arena, files->items[i].path, &shard) || first.count != shard.count ||
            strcmp(first.stem, shard.stem) != 0)
            return false;
    }
    return true;
}

static bool names_of_link(const struct model_store *store, const char *name, struct store_name **out, size_t *count_out,
                          struct error *err)
{
    struct model_files chosen = { 0 };
    struct store_link link;

    if (!store_link_read(store, name, &link) || link.folder == NULL)
        return error_set(err, "there is no model of the name '%.100s' in the store, and it is no source", name);
    if (!store_names(store, link.folder, out, count_out, err))
        return false;
    link_files(store, &link, *out, *count_out, false, &chosen);
    if (chosen.count == 0)
        link_files(store, &link, *out, *count_out, true, &chosen);
    if (link.files == NULL && !is_one_model(store, &chosen))
        return error_set(
            err,
            "the link '%s' leads to a folder with several models, and nothing says which of them it is for: name "
            "a source, or pull it again with that name",
            name);
    *count_out = keep_chosen(*out, *count_out, &chosen);
    return true;
}

static bool is_among(const char *name, const struct model_removal *removal)
{
    for (size_t i = 0; i < removal->count; i++) {
        if (strcmp(removal->sources[i], name) == 0)
            return true;
    }
    return false;
}

/* Takes out of the list what this link is for. */
static size_t spare(const struct model_store *store, const char *name, struct store_name *names, size_t count)
{
    struct store_link link;
    size_t kept = 0;

    if (!store_link_read(store, name, &link))
        return count;
    for (size_t i = 0; i < count; i++) {
        if (!store_link_is_for(store, &link, &names[i]))
            names[kept++] = names[i];
    }
    return kept;
}

bool model_names_going(struct arena *arena, const struct model_settings *settings, const struct model_removal *removal,
                       struct store_name **out, size_t *count_out, struct error *err)
{
    const char *source = removal->sources[removal->index];
    const struct model_store store = { arena, settings->store };
    char **links = NULL;
    size_t count = 0;

    if (!model_names_of(arena, settings, source, out, count_out, err))
        return false;
    if (!model_source_is_link(source))
        return true;
    /* what stays for another link is looked at too: a process may have it by the link that goes */
    if (!store_check_unused(&store, *out, *count_out, err) || !store_links(&store, &links, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_among(links[i], removal))
            *count_out = spare(&store, links[i], *out, *count_out);
    }
    return true;
}

/* --- sources --- */

/* Of every commit that the revision means for some model. */
static bool names_of_hub(const struct model_store *store, const char *repository, const struct model_source *source,
                         struct store_name **out, size_t *count_out, struct error *err)
{
    struct store_name *all = NULL, *names = NULL;
    char **commits = NULL, *only[] = { arena_copy(store->arena, source->revision) };
    size_t commit_count = 0, count = 0, total = 0;

    if (!pull_revision_commits(store, repository, source->revision, &commits, &commit_count, err))
        return false;
    if (commit_count == 0 && digest_is_git(source->revision)) {
        commits = only;
        commit_count = 1;
    }
    for (size_t i = 0; i < commit_count; i++) {
        const char *folder = arena_printf(store->arena, "%s/commits/%s", repository, commits[i]);

        if (!names_below(store, folder, source->path, &names, &count, err))
            return false;
        all = arena_grow(store->arena, all, total * sizeof(*all), (total + count + 1) * sizeof(*all));
        if (count > 0)
            memcpy(all + total, names, count * sizeof(*all));
        total += count;
    }
    *out = all;
    *count_out = total;
    return true;
}

bool model_names_of(struct arena *arena, const struct model_settings *settings, const char *text,
                    struct store_name **out, size_t *count_out, struct error *err)
{
    const struct model_store store = { arena, settings->store };
    struct model_source source;

    *count_out = 0;
    if (model_source_is_link(text))
        return names_of_link(&store, text, out, count_out, err);
    if (!model_source_parse(arena, text, &source, err))
        return false;
    if (source.kind == MODEL_SOURCE_URL)
        return names_below(&store, pull_folder_of(arena, &source), "", out, count_out, err);
    if (source.kind == MODEL_SOURCE_FILE)
        return names_below(&store, pull_folder_of(arena, &source), path_is_folder(source.url) ? "" : source.path, out,
                           count_out, err);
    return names_of_hub(&store, pull_repository_of(arena, settings, &source), &source, out, count_out, err);
}

bool model_forget(struct arena *arena, const struct model_settings *settings, const char *text, struct error *err)
{
    const struct model_store store = { arena, settings->store };
    struct model_source source;
    FD_SCOPED lock = -1;

    if (!store_lock(&store, &lock, err))
        return false;
    if (model_source_is_link(text)) {
        store_link_remove(&store, text);
        return true;
    }
    if (!model_source_parse(arena, text, &source, err))
        return false;
    if (source.kind == MODEL_SOURCE_HUB)
        pull_revision_forget(&store, pull_repository_of(arena, settings, &source), &source);
    return true;
}
