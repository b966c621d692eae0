/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of models: content by its SHA-256, names as links to it.
 *   blobs/sha256/HEX            what has been verified, read-only; nothing else ever gets such a name
 *   names/hf/HOST/ORG/REPO/commits/COMMIT/PATH   link to a blob; trees/COMMIT.json
 *   names/hf/HOST/ORG/REPO/revisions/REV:MODEL   link to the commit that a branch means for one model; REV: for new ones
 *   names/url/KEY/FILE, names/file/KEY/FILE      the same for URLs and files; KEY.json says which
 *   links/NAME                  a name of the user's own: link to the folder that holds a model's files; .NAME.json says which
 *   partial/KEY, KEY.journal    what is being fetched; damaged/HEX what did not stand a verification
 * Several processes may use one store: names change under a lock, partial files are locked by who fetches them.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/model/digest.h"

#define STORE_REVISION_NAMED ":=" /* revisions/REV:=NAME is of the model that links/NAME leads to */

struct model_store {
    struct arena *arena;
    const char *root;
};

/* A file of a model by its name in the store. */
struct store_name {
    const char *folder; /* below the root: names/hf/.../commits/COMMIT */
    const char *path;   /* below the folder */
    const char *sha256; /* what it links to */
    int64_t size;       /* of the blob; -1: it is not there */
};

/* Makes the folders that are missing. Not needed to look at a store that may not be there. */
bool store_prepare(const struct model_store *store, struct error *err);
char *store_path(const struct model_store *store, const char *path); /* behind the root */
char *store_blob(const struct model_store *store, const char *sha256);
/* The blob is there, with that size (-1: any). *size_out may be NULL. */
bool store_has(const struct model_store *store, const char *sha256, int64_t size, int64_t *size_out);
/* Bytes that may still be written; of the nearest folder above when the root is not there yet. */
bool store_free_bytes(const struct model_store *store, int64_t *out, struct error *err);

/* The lock under which names change and blobs come and go: held for moments only. Closing the descriptor ends it. */
bool store_lock(const struct model_store *store, int *fd_out, struct error *err);

/* Digest that FOLDER/PATH links to, or NULL. */
const char *store_name_get(const struct model_store *store, const char *folder, const char *path);
/* Links FOLDER/PATH to a blob, in one step for whoever reads. */
bool store_name_set(const struct model_store *store, const char *folder, const char *path, const char *sha256,
                    struct error *err);
/* Takes the name away, and the folders above that are empty then, up to the store's own. */
bool store_name_remove(const struct model_store *store, const char *folder, const char *path, struct error *err);
/* The commit that an entry of REPOSITORY/revisions leads to, or NULL. */
const char *store_revision_get(const struct model_store *store, const char *repository, const char *entry);
/* Link at `path` with that target, replaced in one step. Folders above are made. */
bool store_link_set(const struct model_store *store, const char *path, const char *target, struct error *err);
bool store_folder_make(const struct model_store *store, const char *path, struct error *err);
/* A small file of ours, replaced in one step. */
bool store_note_write(const struct model_store *store, const char *path, const char *text, struct error *err);

/* What struct store_name calls the folder of `path`, which is that or lies below; NULL: it is not among the names. */
char *store_folder_of(const struct model_store *store, const char *path);
/* Every name below `folder` ("names": all of them), sorted. */
bool store_names(const struct model_store *store, const char *folder, struct store_name **out, size_t *count_out,
                 struct error *err);
/* Entries of a folder of the store, sorted; none when it is not there. */
bool store_entries(const struct model_store *store, const char *folder, char ***out, size_t *count_out,
                   struct error *err);
