/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking things out of the store: names, blobs without a name, revisions that a newer one has replaced, and content that is not
 * what its name says. What a running process uses stays, always.
 */
#pragma once

#include "common/model/model_settings.h"
#include "common/model/store_use.h"

struct store_cleaned {
    int names, blobs, partials;
    int64_t bytes;
    int in_use; /* blobs without a name that a process uses: kept */
};

/* False: a process uses one of them, and the error names it. */
bool store_check_unused(const struct model_store *store, const struct store_name *names, size_t count,
                        struct error *err);
/* Removes these names, and the blobs that have none then. All or nothing: refused, by name of the process, if one of them is
 * in use. With `only_look`, nothing is removed and *out says what would be. */
bool store_remove(const struct model_store *store, const struct store_name *names, size_t count, bool only_look,
                  struct store_cleaned *out, struct error *err);
/* Removes what nothing refers to. `partials`: also unfinished downloads that nobody is working on. */
bool store_collect(const struct model_store *store, bool partials, bool only_look, struct store_cleaned *out,
                   struct error *err);
/* Reads a blob again. *good_out false: it was not what its name says, and lies in damaged/ now (not with `only_look`). */
bool store_verify(const struct model_store *store, const char *sha256, const struct model_settings *settings,
                  bool only_look, bool *good_out, struct error *err);
