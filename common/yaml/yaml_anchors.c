/* SPDX-License-Identifier: Apache-2.0 */
/* Values by their addresses. */
#include "common/yaml/yaml_anchors.h"

#include <stdint.h>

static struct yaml_shared *slot_of(const struct yaml_anchors *anchors, const struct value *value)
{
    size_t at = (size_t)(((uintptr_t)value >> 4) * 0x9E3779B97F4A7C15u) & (anchors->size - 1);

    while (anchors->slots[at].value != NULL && anchors->slots[at].value != value)
        at = (at + 1) & (anchors->size - 1);
    return &anchors->slots[at];
}

static void grow(struct yaml_anchors *anchors, struct arena *arena)
{
    struct yaml_anchors grown = *anchors;

    grown.size = anchors->size == 0 ? 64 : anchors->size * 2;
    grown.slots = arena_new_array(arena, struct yaml_shared, grown.size);
    for (size_t i = 0; i < anchors->size; i++) {
        if (anchors->slots[i].value != NULL)
            *slot_of(&grown, anchors->slots[i].value) = anchors->slots[i];
    }
    *anchors = grown;
}

bool yaml_anchors_meet(struct yaml_anchors *anchors, struct arena *arena, const struct value *value)
{
    struct yaml_shared *slot;

    if ((anchors->count + 1) * 2 >= anchors->size)
        grow(anchors, arena);
    slot = slot_of(anchors, value);
    if (slot->value == NULL) {
        slot->value = value;
        anchors->count++;
        return true;
    }
    if (slot->number == 0)
        slot->number = ++anchors->last_number;
    return false;
}

struct yaml_shared *yaml_anchors_of(const struct yaml_anchors *anchors, const struct value *value)
{
    struct yaml_shared *slot = anchors->size == 0 ? NULL : slot_of(anchors, value);

    return slot == NULL || slot->value == NULL || slot->number == 0 ? NULL : slot;
}
