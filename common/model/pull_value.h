/* SPDX-License-Identifier: Apache-2.0 */
/* Plans and the store's content as values: what the module returns and --json prints. */
#pragma once

#include "common/model/pull.h"
#include "common/model/store_clean.h"

/* Map: source path mmproj link revision size sha256 store files[path size sha256]. What is not known yet is null. */
const struct value *model_plan_value(const struct model_plan *plan);

/* One model in the store: a file, or all shards of one. */
struct model_entry {
    const char *source; /* as a user would write it; hub: of every revision that leads there, "@COMMIT" if none does */
    const char *path;   /* absolute, of the first file */
    const char *sha256; /* of the first file */
    const char *links;  /* the user's own names, with commas; "" */
    int64_t size;       /* of what is there */
    int files, missing; /* shards that there should be; those that are not there */
};
void model_entries(const struct model_store *store, const struct store_name *names, size_t count,
                   struct model_entry **out, size_t *count_out);
/* What is in a store under `name` (as in model_entry.source: "hf://ORG/REPO/PATH@main,dev") is what `source` means: the same file, at one
 * of these revisions, or another shard of it. Whole repositories, folders and patterns are never said to be. */
bool model_entry_is(struct arena *arena, const char *name, const char *source);
const struct value *model_entries_value(struct arena *arena, const struct model_entry *entries, size_t count);
struct value *store_cleaned_value(struct arena *arena, const struct store_cleaned *cleaned);
