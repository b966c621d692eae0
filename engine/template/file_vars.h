/* SPDX-License-Identifier: Apache-2.0 */
/* What a template file sees of itself, in the module template and in lookup('template'). */
#pragma once

#include "engine/template/template.h"

struct template_file {
    const char *name; /* as it was asked for */
    const char *path; /* where it is */
    const char *dest; /* NULL: nowhere, a lookup */
};

/* A map: template_path, template_host, ... ansible_managed. */
bool template_file_vars(struct template_call *call, const struct template_file *file, const struct value **out,
                        struct error *err);
