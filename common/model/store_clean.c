/* SPDX-License-Identifier: Apache-2.0 */
/* Removing, collecting and verifying, all under the store's lock where names or blobs go. */
#include "common/model/store_clean.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/chunk_map.h"
#include "common/model/store_link.h"

#define READ_SIZE (1024 * 1024)

struct clean {
    const struct model_store *store;
    struct store_users users;
    struct store_name *names; /* all there are */
    size_t name_count;
    bool only_look;
    struct store_cleaned done;
};

/* Who only looks leaves no trace: a store without a lock file is one where nothing has been pulled yet. */
static bool clean_lock(const struct clean *clean, int *lock_out, struct error *err)
{
    return (clean->only_look && !path_exists(store_path(clean->store, "lock"))) ||
           store_lock(clean->store, lock_out, err);
}

static bool clean_start(struct clean *clean, int *lock_out, struct error *err)
{
    return clean_lock(clean, lock_out, err) &&
           store_names(clean->store, "names", &clean->names, &clean->name_count, err) &&
           store_users_find(clean->store, &clean->users, err);
}

static bool is_among(const struct store_name *name, const struct store_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name->folder, names[i].folder) == 0 && strcmp(name->path, names[i].path) == 0)
            return true;
    }
    return false;
}

/* A name other than those that go has this blob too. */
static bool is_named(const struct clean *clean, const char *sha256, const struct store_name *going, size_t count)
{
    for (size_t i = 0; i < clean->name_count; i++) {
        if (strcmp(clean->names[i].sha256, sha256) == 0 && !is_among(&clean->names[i], going, count))
            return true;
    }
    return false;
}

static bool blob_remove(struct clean *clean, const char *sha256, struct error *err)
{
    int64_t size = 0;

    if (!store_has(clean->store, sha256, -1, &size))
        return true;
    clean->done.blobs++;
    clean->done.bytes += size;
    if (!clean->only_look && unlink(store_blob(clean->store, sha256)) != 0)
        return error_set_errno(err, "cannot remove '%s'", store_blob(clean->store, sha256));
    return true;
}

/* --- names --- */

/* A model's folder is gone: so are the links that led to it, and what was noted of it. */
static bool forget_folder(const struct model_store *store, const char *folder, struct error *err)
{
    const char *commit = path_basename(folder);
    char *above = path_dirname(store->arena, path_dirname(store->arena, folder)), **entries = NULL;
    size_t count = 0;

    if (path_exists(store_path(store, folder)))
        return true;
    if (!text_starts(folder, "names/hf/")) {
        (void)unlink(store_path(store, arena_printf(store->arena, "%s.json", folder)));
        return true;
    }
    const char *revisions = arena_printf(store->arena, "%s/revisions", above);
    if (!store_entries(store, revisions, &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *leads_to = store_revision_get(store, above, entries[i]);

        if (leads_to != NULL && strcmp(leads_to, commit) == 0 && !store_name_remove(store, revisions, entries[i], err))
            return false;
    }
    return store_name_remove(store, arena_printf(store->arena, "%s/trees", above),
                             arena_printf(store->arena, "%s.json", commit), err);
}

static bool names_remove(struct clean *clean, const struct store_name *names, size_t count, struct error *err)
{
    clean->done.names += (int)count;
    for (size_t i = 0; !clean->only_look && i < count; i++) {
        if (!store_name_remove(clean->store, names[i].folder, names[i].path, err) ||
            !forget_folder(clean->store, names[i].folder, err))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool is_repeated = false;

        for (size_t k = 0; k < i; k++)
            is_repeated = is_repeated || strcmp(names[k].sha256, names[i].sha256) == 0;
        if (!is_repeated && !is_named(clean, names[i].sha256, names, count) &&
            !blob_remove(clean, names[i].sha256, err))
            return false;
    }
    return clean->only_look || store_links_sweep(clean->store, err);
}

static bool refuse_used(const struct clean *clean, const struct store_name *name, struct error *err)
{
    const struct store_user *user = store_user_of(&clean->users, name->sha256);

    if (user != NULL && user->pid == 0)
        return error_set(err, "%s is in use by unit %s, which will start again: not removed", name->path,
                         user->command);
    if (user != NULL)
        return error_set(err, "%s is in use by process %d (%s): not removed", name->path, user->pid, user->command);
    if (store_blob_is_locked(clean->store, name->sha256))
        return error_set(err, "%s is locked by a process that uses it: not removed", name->path);
    return true;
}

bool store_check_unused(const struct model_store *store, const struct store_name *names, size_t count,
                        struct error *err)
{
    struct clean clean = { .store = store };

    if (!store_users_find(store, &clean.users, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!refuse_used(&clean, &names[i], err))
            return false;
    }
    return true;
}

bool store_remove(const struct model_store *store, const struct store_name *names, size_t count, bool only_look,
                  struct store_cleaned *out, struct error *err)
{
    struct clean clean = { .store = store, .only_look = only_look };
    FD_SCOPED lock = -1;

    if (!clean_start(&clean, &lock, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!refuse_used(&clean, &names[i], err))
            return false;
    }
    if (!names_remove(&clean, names, count, err))
        return false;
    *out = clean.done;
    return true;
}

/* --- collecting --- */

/* An entry of a link counts as long as the link leads there: it may have been removed, or mean another revision now. */
static bool entry_counts(const struct model_store *store, const char *folder, const char *entry)
{
    const char *name = strstr(entry, STORE_REVISION_NAMED);
    struct store_link link;

    return name == NULL ||
           (store_link_read(store, name + strlen(STORE_REVISION_NAMED), &link) && text_equal(link.folder, folder));
}

/* Some revision that was asked for leads to this folder. */
static bool is_wanted(const struct model_store *store, const char *folder)
{
    struct error ignored = ERROR_INIT;
    char *above = path_dirname(store->arena, path_dirname(store->arena, folder)), **entries;
    size_t count = 0;

    if (!text_starts(folder, "names/hf/"))
        return true;
    if (!store_entries(store, arena_printf(store->arena, "%s/revisions", above), &entries, &count, &ignored))
        return true;
    for (size_t i = 0; i < count; i++) {
        const char *leads_to = store_revision_get(store, above, entries[i]);

        if (leads_to != NULL && strcmp(leads_to, path_basename(folder)) == 0 && entry_counts(store, folder, entries[i]))
            return true;
    }
    return false;
}

static bool is_used(const struct clean *clean, const char *sha256)
{
    return store_user_of(&clean->users, sha256) != NULL || store_blob_is_locked(clean->store, sha256);
}

/* Folders of commits that no revision leads to any more. One that is in use stays whole. */
static bool collect_names(struct clean *clean, struct error *err)
{
    struct arena *arena = clean->store->arena;
    struct store_name *going = arena_new_array(arena, struct store_name, clean->name_count + 1);
    size_t count = 0;

    for (size_t start = 0, end; start < clean->name_count; start = end) {
        const char *folder = clean->names[start].folder;
        bool stays = is_wanted(clean->store, folder);

        for (end = start; end < clean->name_count && strcmp(clean->names[end].folder, folder) == 0; end++)
            stays = stays || is_used(clean, clean->names[end].sha256);
        for (size_t i = start; !stays && i < end; i++)
            going[count++] = clean->names[i];
    }
    return names_remove(clean, going, count, err);
}

static bool collect_blobs(struct clean *clean, struct error *err)
{
    char **entries = NULL;
    size_t count = 0;

    if (!store_entries(clean->store, "blobs/sha256", &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!digest_is_sha256(entries[i]) || is_named(clean, entries[i], NULL, 0))
            continue;
        if (is_used(clean, entries[i]))
            clean->done.in_use++;
        else if (!blob_remove(clean, entries[i], err))
            return false;
    }
    return true;
}

static bool partial_remove(struct clean *clean, const char *entry, struct error *err)
{
    const char *path = store_path(clean->store, path_join(clean->store->arena, "partial", entry));
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return true; /* somebody is at it */
    clean->done.partials++;
    clean->done.bytes += (int64_t)info.st_blocks * 512;
    if (clean->only_look)
        return true;
    (void)unlink(arena_printf(clean->store->arena, "%s.journal", path));
    return unlink(path) == 0 || error_set_errno(err, "cannot remove '%s'", path);
}

static bool collect_folder(struct clean *clean, const char *folder, struct error *err)
{
    char **entries = NULL;
    size_t count = 0;

    if (!store_entries(clean->store, folder, &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!text_ends(entries[i], ".journal") && !partial_remove(clean, entries[i], err))
            return false;
    }
    return true;
}

bool store_collect(const struct model_store *store, bool partials, bool only_look, struct store_cleaned *out,
                   struct error *err)
{
    struct clean clean = { .store = store, .only_look = only_look };
    FD_SCOPED lock = -1;

    if (!clean_start(&clean, &lock, err) || !collect_names(&clean, err))
        return false;
    /* what has just lost its name is counted once */
    if (!only_look && (!store_names(store, "names", &clean.names, &clean.name_count, err)))
        return false;
    if (!collect_blobs(&clean, err) || (partials && !collect_folder(&clean, "partial", err)))
        return false;
    if (!only_look)
        chunk_map_sweep(store);
    *out = clean.done;
    return true;
}

/* --- verifying --- */

static bool hash_blob(const char *path, const struct model_settings *settings, char out[DIGEST_HEX],
                      struct stat *info_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *buffer = arena_alloc(arena, READ_SIZE);
    struct digest digest;
    size_t got = READ_SIZE;

    if (fd < 0 || fstat(fd, info_out) != 0)
        return error_set_errno(err, "cannot read '%s'", path);
    digest_start(&digest);
    while (got == READ_SIZE) {
        if (model_is_cancelled(settings))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (!fd_read_all(fd, buffer, READ_SIZE, &got, err))
            return error_prefix(err, "'%s'", path);
        digest_add(&digest, buffer, got);
    }
    digest_hex(&digest, out);
    return true;
}

/* The name still leads to the file that was read, and not to a good one that has replaced it meanwhile. */
static bool is_same_blob(const char *path, const struct stat *read)
{
    struct stat info;

    return lstat(path, &info) == 0 && info.st_dev == read->st_dev && info.st_ino == read->st_ino;
}

bool store_verify(const struct model_store *store, const char *sha256, const struct model_settings *settings,
                  bool only_look, bool *good_out, struct error *err)
{
    const char *path = store_blob(store, sha256);
    const char *damaged = store_path(store, path_join(store->arena, "damaged", sha256));
    char found[DIGEST_HEX];
    struct stat read;
    FD_SCOPED lock = -1;

    if (!hash_blob(path, settings, found, &read, err))
        return false;
    *good_out = strcmp(found, sha256) == 0;
    if (*good_out || only_look)
        return true;
    /* renamed, not removed: a process that uses it goes on */
    if (!store_lock(store, &lock, err) || !store_folder_make(store, "damaged", err))
        return false;
    if (is_same_blob(path, &read) && rename(path, damaged) != 0 && errno != ENOENT)
        return error_set_errno(err, "cannot move '%s' away", path);
    return true;
}
