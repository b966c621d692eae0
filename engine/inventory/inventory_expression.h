/* SPDX-License-Identifier: Apache-2.0 */
/* Jinja over a map of variables, for inventory plugins. */
#pragma once

#include "engine/inventory/inventory_internal.h"
#include "engine/template/template.h"

struct inventory_expression {
    struct template_vars vars;
    struct template_call call;
    const struct value *map, *over; /* `over` wins; may be NULL */
};

/* Files that templates name are looked for beside the source. */
bool inventory_expression_open(struct inventory_expression *out, struct inventory_source *source, struct error *err);
