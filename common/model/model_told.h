/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one node's plan says, told to others: which files, how long, with which digests, at which commit. So only one node asks the hub, and
 * all fetch the same. It lies in each node's store as fetches/KEY.json while a model comes and afterwards, for who shares it.
 */
#pragma once

#include "common/model/pull.h"
#include "common/value/value.h"

#define MODEL_TOLD_MAX ((size_t)8 * 1024 * 1024) /* as JSON */

/* A map: source, fetch, revision, tree, is_folder, files [path size sha256 git etag modified no_ranges key]. Digests of files that
 * are known, after the plan was executed all of them. `fetch` is the controller's number of the whole undertaking. */
struct value *model_told_value(const struct model_plan *plan, int64_t fetch);
/* The plan that was told, for this node's store. Believes nothing: folders are reckoned here, names, digests and sizes are checked.
 * What comes of a URL or a file is trusted at its first use: its digest is not taken into the plan but *digests_out, a list in the order of the
 * files (null: not known yet), for who fetches it to compare at the end. */
struct model_told {
    const struct model_settings *settings;
    const struct model_request *request;
    const struct value *value; /* what was told */
};
bool model_told_plan(struct arena *arena, const struct model_told *told, struct model_plan *out,
                     const struct value **digests_out, struct error *err);

/* fetches/KEY.json of a source. */
char *model_told_path(const struct model_store *store, const char *source);
bool model_told_write(const struct model_store *store, const char *source, const struct value *told, struct error *err);
/* NULL: there is none, or none that makes sense. */
const struct value *model_told_read(const struct model_store *store, struct arena *arena, const char *source);
/* The open content of a file that was told: of the blob, else of the partial file; -1: there is nothing of it. *key_out: of its chunk map. */
int model_told_open(const struct model_store *store, struct arena *arena, const struct value *file,
                    const char **key_out, bool *is_blob_out);
