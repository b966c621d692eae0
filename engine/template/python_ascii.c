/* SPDX-License-Identifier: Apache-2.0 */
/* ascii(): repr() with everything outside of ASCII escaped. */
#include "engine/template/python_ascii.h"

#include "common/value/value_python.h"
#include "engine/template/object.h"
#include "engine/template/object_date.h"

#define HOLDS_DEPTH 20 /* deeper down, objects are shown by their type only */

static bool holds_object(const struct value *value, int depth)
{
    if (value->kind == VALUE_OBJECT || depth > HOLDS_DEPTH)
        return value->kind == VALUE_OBJECT;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        if (holds_object(value->as.list.items[i], depth + 1))
            return true;
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        if (holds_object(value->as.map.pairs[i].item, depth + 1))
            return true;
    return false;
}

static void repr_list(struct text *out, const struct value *list)
{
    bool tuple = (list->marks & VALUE_TUPLE) != 0;

    text_add_char(out, tuple ? '(' : '[');
    for (size_t i = 0; i < list->as.list.count; i++) {
        text_add(out, i > 0 ? ", " : "");
        object_repr(out, list->as.list.items[i]);
    }
    text_add(out, !tuple ? "]" : list->as.list.count == 1 ? ",)" : ")");
}

static void repr_map(struct text *out, const struct value *map)
{
    text_add_char(out, '{');
    for (size_t i = 0; i < map->as.map.count; i++) {
        text_add(out, i > 0 ? ", " : "");
        object_repr(out, map->as.map.pairs[i].key);
        text_add(out, ": ");
        object_repr(out, map->as.map.pairs[i].item);
    }
    text_add_char(out, '}');
}

/* Objects within lists and maps are shown by this folder; all else is common/value's. */
void object_repr(struct text *out, const struct value *value)
{
    if (date_is(value) || delta_is(value))
        date_repr(out, value);
    else if (value->kind == VALUE_OBJECT && object_kind(value) != NULL)
        object_str(out, value);
    else if (value->kind == VALUE_LIST && holds_object(value, 0))
        repr_list(out, value);
    else if (value->kind == VALUE_MAP && holds_object(value, 0))
        repr_map(out, value);
    else
        value_repr(out, value);
}

void python_ascii(struct text *out, const struct value *value)
{
    struct text text = text_new(out->arena);

    object_repr(&text, value);
    for (size_t at = 0; at < text.length;) {
        uint32_t code = text_utf8_next(text.data, text.length, &at);

        if (code < 0x80)
            text_add_char(out, (char)code);
        else if (code < 0x100)
            text_printf(out, "\\x%02x", code);
        else if (code < 0x10000)
            text_printf(out, "\\u%04x", code);
        else
            text_printf(out, "\\U%08x", code);
    }
}
