/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard's pages: templates and assets that lie in the program, and their rendering. Knows nothing of HTTP or of the
 * store: a page is a name and data. Every text of the data, keys too, is escaped for HTML before a template sees it, so that
 * no template can forget it; what templates themselves hold is trusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/*
 * Renders templates/<name>.html between layout_top.html and layout_bottom.html. `data` is a map: its keys are the template's
 * names. Undefined names are errors: a template and its data belong together.
 */
bool pages_render(struct arena *arena, const char *name, const struct value *data, const char **out, size_t *length_out,
                  struct error *err);
/* The data as templates see it. */
const struct value *pages_escaped(struct arena *arena, const struct value *value);

struct pages_asset {
    const char *content_type, *hash; /* SHA-256, hex */
    const char *bytes;
    size_t length;
};
/* "roost.css"; false: there is none of that name. */
bool pages_asset_find(const char *name, struct pages_asset *out);
