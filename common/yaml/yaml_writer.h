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
    bool anchors;    /* a list or map that comes up again is written as an alias, as PyYAML does */
    bool explicit_start;
    bool mark_unsafe; /* strings with template syntax that are not to be templated get the tag !unsafe */
    bool
        literal_multiline; /* multi-line strings as | blocks, changed so that a block can hold them (result_format=yaml) */
    bool literal_exact;    /* the same, but unchanged: quoted where a block cannot hold them */
    bool literal_wide;     /* the same by the rules of the callback community.general.yaml */
    bool flow;             /* default_flow_style=True: everything in flow style */
    bool canonical, explicit_end;
    char scalar;    /* default_style: one of " ' | > for every scalar */
    int version[2]; /* a %YAML directive; 0 0: none */
    int line_break; /* 0: \n; '\r': that; -1: both */
};

bool yaml_write(struct text *out, const struct value *value, const struct yaml_style *style, struct error *err);
