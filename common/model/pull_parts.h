/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of pull: what each kind of source does differently. */
#pragma once

#include "common/model/progress.h"
#include "common/model/pull.h"

/* Set folder, files and what is known of them. They may ask the server. */
bool pull_plan_hub(struct model_plan *plan, struct error *err);
bool pull_plan_url(struct model_plan *plan, struct error *err);
bool pull_plan_file(struct model_plan *plan, struct error *err);

/* Folder of names of a source that is no hub's: names/KIND/KEY. */
char *pull_folder_of(struct arena *arena, const struct model_source *source);
char *pull_repository_of(struct arena *arena, const struct model_settings *settings, const struct model_source *source);
/* A revision as one part of a path. */
char *pull_revision_entry(struct arena *arena, const char *revision);

/* Allocates steps and fills is_there and has_blob from the store. */
void pull_look_in_store(struct model_plan *plan);
/* Puts the checksums given into the files; they must fit in number and form. */
bool pull_apply_checksums(struct model_plan *plan, struct error *err);
/* What was noted of a file when it came, or NULL: a map of etag, modified. */
const struct value *pull_note_of(struct model_plan *plan, const char *path);
bool pull_note_write(struct model_plan *plan, struct error *err);

/* One file into the store as a blob; its digest is known then. */
bool pull_fetch(struct model_plan *plan, size_t index, struct progress *progress, struct error *err);
