/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: one table per family, found by name while parsing. */
#pragma once

#include "engine/template/eval.h"

enum filter_flag {
    FILTER_TAKES_UNDEFINED = 1 << 0, /* the input may be undefined */
    FILTER_KEEPS = 1 << 1,           /* gives parts of its input: what is secret in it is marked already */
    FILTER_TAKES_VAULT = 1 << 3,     /* the input may be a !vault value that no password opens */
    FILTER_TEXT = 1 << 2,            /* the result is text on purpose, never read as a literal */
};

struct filter {
    const char *name;
    /* NULL: a plugin in Python (plugin.h) */
    const struct value *(*run)(struct eval *eval, const struct value *input, struct call_args *args);
    const char *params; /* see args.h */
    unsigned flags;
};

/* Families; each table ends with a NULL name. */
extern const struct filter filters_default[], filters_text[], filters_escape[], filters_number[], filters_size[],
    filters_list[], filters_sort[], filters_select[], filters_set[], filters_combinatoric[], filters_dict[],
    filters_data[], filters_path[], filters_hash[], filters_regex[], filters_random[], filters_time[], filters_url[],
    filters_layout[], filters_password[], filters_vault[], filters_ipaddr[], filters_network[], filters_hwaddr[],
    filters_general[], filters_units[], filters_utils[], filters_base64[];

/* "ansible.builtin.x" and "ansible.legacy.x" mean x; redirects of Ansible count ("ipaddr"). NULL: there is none. */
const struct filter *filter_find(const char *name);
/* Text for a message about an unknown filter: "no filter named 'x' (did you mean 'y'?)". */
const char *filter_unknown(struct arena *arena, const char *name);
/* The nearest of `names`; a name without a collection is compared with their last parts. NULL: none is near. */
const char *plugin_nearest(const char *name, const char *const *names, size_t count);
/* The same for filters and tests, in Ansible's words; `nearest` may be NULL. */
const char *plugin_unknown(struct arena *arena, const char *name, const char *nearest);
const struct value *filter_run(struct eval *eval, const struct filter *filter, const struct value *input,
                               struct call_args *args);
/* Strips "ansible.builtin." and "ansible.legacy.". */
const char *builtin_short_name(const char *name);
