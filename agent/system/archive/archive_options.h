/* SPDX-License-Identifier: Apache-2.0 */
/* The options of tar and unzip that users give to unarchive (extra_opts), as far as they are carried out
 * here. Pure. */
#pragma once

#include "common/base/error.h"
#include "common/value/value.h"

struct archive_options {
    unsigned strip; /* --strip-components */
    bool no_same_owner, no_same_permissions, numeric_owner;
    bool touch; /* -m: files get the time of unpacking */
    bool keep_newer, skip_old;
    struct value *exclude; /* list of patterns */
};

/* Any other option is refused by name. */
bool archive_options_parse(struct arena *arena, const struct value *words, struct archive_options *out,
                           struct error *err);
