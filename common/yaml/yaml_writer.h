/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as PyYAML's dumper writes it (filters to_yaml and to_nice_yaml, result_format=yaml), through
 * libyaml's emitter, which PyYAML's C dumper uses too. */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

struct yaml_style {
    int indent;      /* 0: PyYAML's default of 2 */
    int width;       /* 0: PyYAML's default of 80 */
    bool block;      /* default_flow_style=False; otherwise leaf collections are in flow style */
    bool keep_order; /* sort_keys=False */
    bool explicit_start;
    bool mark_unsafe;       /* strings with template syntax that are not to be templated get the tag !unsafe */
    bool literal_multiline; /* multi-line strings as | blocks (Ansible's yaml callback) */
};

bool yaml_write(struct text *out, const struct value *value, const struct yaml_style *style, struct error *err);
