/* SPDX-License-Identifier: Apache-2.0 */
/* One text of all files of a folder, in the order of their names (assemble), as ansible-core 2.14 puts them together. */
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

struct fragments_request {
    const char *folder;
    const char *delimiter; /* between files, with \n, \t, \x41 and their like meant; or NULL */
    bool ignore_hidden;
    /* NULL: every name; an error ends it */
    bool (*wants)(void *context, const char *name, bool *out, struct error *err);
    /* NULL: the file as it is */
    bool (*read)(void *context, const char *path, const char **data_out, size_t *length_out, struct error *err);
    void *context;
};

/* At most LIMIT_SOURCE_FILE bytes, in out->arena. */
bool fragments_assemble(const struct fragments_request *request, struct text *out, struct error *err);
