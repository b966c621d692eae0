/* SPDX-License-Identifier: Apache-2.0 */
/* Which lists and maps come up more than once in what is written: PyYAML gives them the names id001, id002 ... */
#pragma once

#include "common/base/arena.h"
#include "common/value/value.h"

struct yaml_shared {
    const struct value *value;
    int number; /* 0: it comes up once */
    bool is_written;
};

struct yaml_anchors {
    struct yaml_shared *slots; /* open addressing by address */
    size_t size, count;
    int last_number;
};

/* True at the first meeting; later ones give it a number. */
bool yaml_anchors_meet(struct yaml_anchors *anchors, struct arena *arena, const struct value *value);
/* NULL: it has no name. */
struct yaml_shared *yaml_anchors_of(const struct yaml_anchors *anchors, const struct value *value);
