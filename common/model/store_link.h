/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the user's own. links/NAME leads to a folder, in which there may be other models too, so links/.NAME.json says which
 * files it is for. Who made a link by hand, or before there were such records, has none.
 */
#pragma once

#include "common/model/store.h"
#include "common/value/value.h"

struct store_link {
    const char *target;        /* below the root: the folder that it leads to */
    const char *folder;        /* the model's: `target` or above it, as in struct store_name */
    const struct value *files; /* their paths below `folder`; NULL: nobody knows */
};

/* One part of a path, not hidden, and short enough for its record. */
bool store_link_is_name(const char *name);
/* False: there is no such link. */
bool store_link_read(const struct model_store *store, const char *name, struct store_link *out);
bool store_link_write(const struct model_store *store, const char *name, const struct store_link *link,
                      struct error *err);
bool store_link_equal(const struct store_link *a, const struct store_link *b);
/* True also of a link without a record, when the file lies in the folder it leads to. */
bool store_link_is_for(const struct model_store *store, const struct store_link *link, const struct store_name *name);
/* With its record, and with what a branch meant for it. */
void store_link_remove(const struct model_store *store, const char *name);
/* Names of all links, sorted. */
bool store_links(const struct model_store *store, char ***out, size_t *count_out, struct error *err);
/* Removes links that lead nowhere or whose files have all gone, and records that have no link. */
bool store_links_sweep(const struct model_store *store, struct error *err);
