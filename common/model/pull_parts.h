/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of pull: what each kind of source does differently. */
#pragma once

#include "common/model/progress.h"
#include "common/model/pull.h"
#include "common/model/store_link.h"

/* Set folder, files and what is known of them. They may ask the server. */
bool pull_plan_hub(struct model_plan *plan, struct error *err);
bool pull_plan_url(struct model_plan *plan, struct error *err);
bool pull_plan_file(struct model_plan *plan, struct error *err);

/* Folder of names of a source that is no hub's: names/KIND/KEY. */
char *pull_folder_of(struct arena *arena, const struct model_source *source);
char *pull_repository_of(struct arena *arena, const struct model_settings *settings, const struct model_source *source);

/* What the link of the request's name has to be. */
struct store_link pull_link_of(const struct model_plan *plan);

/* A revision as one part of a path. */
char *pull_revision_entry(struct arena *arena, const char *revision);
/* The revision that an entry is of. */
char *pull_revision_of_entry(struct arena *arena, const char *entry);
/* The commit that the plan's branch means for its model, or NULL: the hub has to be asked. */
const char *pull_revision_known(const struct model_plan *plan);
/* The store says already that the plan's commit is its model's. */
bool pull_revision_is_set(const struct model_plan *plan);
/* From now on the commit is wanted, finished or not; and now it is the model's. Both under the store's lock. */
bool pull_revision_begin(const struct model_plan *plan, struct error *err);
bool pull_revision_finish(const struct model_plan *plan, struct error *err);
/* Every commit that a revision means for some model, each once. */
bool pull_revision_commits(const struct model_store *store, const char *repository, const char *revision, char ***out,
                           size_t *count_out, struct error *err);
/* What a source without patterns and name meant does not count any more. */
void pull_revision_forget(const struct model_store *store, const char *repository, const struct model_source *source);

/* Allocates steps and fills is_there and has_blob from the store. */
void pull_look_in_store(struct model_plan *plan);
/* Puts the checksums given into the files; they must fit in number and form. */
bool pull_apply_checksums(struct model_plan *plan, struct error *err);
/* What was noted of a file when it came, or NULL: a map of etag, modified. */
const struct value *pull_note_of(struct model_plan *plan, const char *path);
bool pull_note_write(struct model_plan *plan, struct error *err);

/* Sums up what is known of the files; fails when the disk has not enough space. */
bool pull_plan_complete(struct model_plan *plan, struct error *err);
/* Its name in partial/ while it comes. */
char *pull_key_of(struct arena *arena, const struct model_file *file);
/* One file into the store as a blob; its digest is known then. */
bool pull_fetch(struct model_plan *plan, size_t index, struct progress *progress, struct error *err);
