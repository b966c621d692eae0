/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and its small additions, both ways. */
#include "engine/template/wire.h"

#include "engine/template/object.h"
#include "engine/template/object_date.h"
#include "engine/template/undefined.h"

#define KIND "__roost"
#define DATE_PLAIN "%Y-%m-%dT%H:%M:%S.%f"
#define DATE_AWARE DATE_PLAIN "%z"

struct wire wire_new(struct eval *eval)
{
    return (struct wire){ .eval = eval, .objects = value_list(eval->arena) };
}

/* --- out --- */

static struct value *kind_new(struct wire *wire, const char *kind)
{
    struct value *map = value_map(wire->eval->arena);

    value_map_put_string(wire->eval->arena, map, KIND, kind);
    wire->has_kinds = true;
    return map;
}

static const struct value *text_kind(struct wire *wire, const char *kind, const struct value *text)
{
    struct value *map = kind_new(wire, kind);

    value_map_put(wire->eval->arena, map, "text", value_mark(wire->eval->arena, text, 0, 0xFF));
    return map;
}

static const struct value *undefined_out(struct wire *wire, const struct value *value)
{
    struct text message = text_new(wire->eval->arena);

    undefined_message(&message, value);
    return text_kind(wire, "undefined", value_string_n(wire->eval->arena, message.data, message.length));
}

/* No plugin is to template what a node has said. What a template itself says is plain text, as in Ansible. */
static bool is_outside(const struct wire *wire, const struct value *text)
{
    return (wire->is_outside || wire->eval->unsafe) && (text->marks & VALUE_TRUSTED) == 0 &&
           value_text_is_template(text->as.string.data, text->as.string.length);
}

static const struct value *string_out(struct wire *wire, const struct value *value)
{
    if (value_is_envelope(value)) {
        value = eval_open(wire->eval, value);
        if (value == NULL)
            return NULL;
    }
    wire->is_secret = wire->is_secret || (value->marks & VALUE_SECRET) != 0;
    if ((value->marks & VALUE_BYTES) != 0)
        return text_kind(wire, "bytes", value);
    if ((value->marks & VALUE_MARKUP) != 0)
        return text_kind(wire, "markup", value);
    return is_outside(wire, value) ? text_kind(wire, "unsafe", value) : value;
}

static const struct value *list_out(struct wire *wire, const struct value *value)
{
    struct value *list = value_list(wire->eval->arena), *tuple;

    for (size_t i = 0; i < value->as.list.count; i++) {
        const struct value *item = wire_out(wire, value->as.list.items[i]);

        if (item == NULL)
            return NULL;
        value_list_add(wire->eval->arena, list, item);
    }
    if ((value->marks & VALUE_TUPLE) == 0)
        return list;
    tuple = kind_new(wire, "tuple");
    value_map_put(wire->eval->arena, tuple, "items", list);
    return tuple;
}

static const struct value *map_out(struct wire *wire, const struct value *value)
{
    struct arena *arena = wire->eval->arena;
    struct value *map = value_map(arena), *pairs = value_list(arena), *dict;
    bool is_plain = value_map_get(value, KIND) == NULL;

    for (size_t i = 0; i < value->as.map.count; i++) {
        const struct value_pair *pair = &value->as.map.pairs[i];
        const struct value *key = wire_out(wire, pair->key), *item = key == NULL ? NULL : wire_out(wire, pair->item);
        struct value *both = value_list(arena);

        if (item == NULL)
            return NULL;
        is_plain = is_plain && key->kind == VALUE_STRING;
        if (is_plain)
            value_map_put_value(arena, map, key, item);
        value_list_add(arena, both, key);
        value_list_add(arena, both, item);
        value_list_add(arena, pairs, both);
    }
    if (is_plain)
        return map;
    dict = kind_new(wire, "dict");
    value_map_put(arena, dict, "pairs", pairs);
    return dict;
}

static const struct value *date_out(struct wire *wire, const struct value *value)
{
    struct text aware = text_new(wire->eval->arena);

    if (!date_strftime(wire->eval, &aware, value, DATE_AWARE, strlen(DATE_AWARE)))
        return NULL;
    return text_kind(wire, "datetime", value_string_n(wire->eval->arena, aware.data, aware.length));
}

static const struct value *object_out(struct wire *wire, const struct value *value)
{
    struct value *map;

    if (date_is(value))
        return date_out(wire, value);
    if (object_kind(value) != NULL || value->as.object.ops->keys == NULL)
        return eval_fail_type(wire->eval, "%s object cannot be handed to a plugin in Python", eval_type(value));
    map = kind_new(wire, "object");
    value_map_put_int(wire->eval->arena, map, "id", (int64_t)wire->objects->as.list.count);
    value_list_add(wire->eval->arena, wire->objects, value);
    return map;
}

const struct value *wire_out(struct wire *wire, const struct value *value)
{
    if (!eval_step(wire->eval))
        return NULL;
    wire->is_secret = wire->is_secret || (value->marks & VALUE_SECRET) != 0;
    switch (value->kind) {
    case VALUE_UNDEFINED:
        return undefined_out(wire, value);
    case VALUE_STRING:
        return string_out(wire, value);
    case VALUE_LIST:
        return list_out(wire, value);
    case VALUE_MAP:
        return map_out(wire, value);
    case VALUE_OBJECT:
        return object_out(wire, value);
    default:
        return value;
    }
}

bool wire_answers(struct wire *wire, const struct value *asked, const struct value **out)
{
    const char *what = value_map_text(asked, "ask"), *key = value_map_text(asked, "key");
    int64_t number = value_map_int(asked, "id", -1);
    const struct value *object, *found;

    if (what == NULL || (strcmp(what, "item") != 0 && strcmp(what, "keys") != 0))
        return false;
    *out = value_null();
    if (number < 0 || (uint64_t)number >= wire->objects->as.list.count)
        return true;
    object = wire->objects->as.list.items[number];
    found = strcmp(what, "keys") == 0 ? object->as.object.ops->keys(object->as.object.data, wire->eval->arena)
            : key == NULL             ? NULL
                          : object->as.object.ops->get(object->as.object.data, wire->eval->arena, key, strlen(key));
    if (found != NULL)
        *out = wire_out(wire, found);
    return true;
}

/* --- in --- */

static const struct value *dict_in(struct wire *wire, const struct value *pairs)
{
    struct value *map = value_map(wire->eval->arena);

    for (size_t i = 0; i < value_count(pairs); i++) {
        const struct value *key = wire_in(wire, value_item(value_item(pairs, i), 0));
        const struct value *item = wire_in(wire, value_item(value_item(pairs, i), 1));

        if (key == NULL || item == NULL)
            return NULL;
        value_map_put_value(wire->eval->arena, map, key, item);
    }
    return map;
}

static const struct value *date_in(struct wire *wire, const struct value *map)
{
    return date_parse(wire->eval, value_map_text(map, "text"), value_map_true(map, "aware") ? DATE_AWARE : DATE_PLAIN);
}

static const struct value *object_in(struct wire *wire, const struct value *map)
{
    const struct value *object = value_item(wire->objects, (size_t)value_map_int(map, "id", INT64_MAX));

    return object != NULL ? object : eval_fail(wire->eval, "a plugin in Python gave an object of an earlier call");
}

static const struct value *kind_in(struct wire *wire, const char *kind, const struct value *map)
{
    static const struct {
        const char *kind;
        unsigned marks;
    } texts[] = {
        { "bytes", VALUE_BYTES }, { "markup", VALUE_MARKUP }, { "secret", VALUE_SECRET }, { "text", VALUE_PRIVATE }
    };
    const struct value *text = value_map_get(map, "text"), *items;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(kind, texts[i].kind) == 0 && value_is(text, VALUE_STRING))
            return value_mark(wire->eval->arena, text, texts[i].marks, 0);
    if (strcmp(kind, "undefined") == 0 && value_is(text, VALUE_STRING))
        return eval_undefined(wire->eval, "%s", text->as.string.data);
    if (strcmp(kind, "datetime") == 0 && value_is(text, VALUE_STRING))
        return date_in(wire, map);
    if (strcmp(kind, "timedelta") == 0)
        return delta_new(wire->eval, value_map_int(map, "us", 0));
    if (strcmp(kind, "object") == 0)
        return object_in(wire, map);
    if (strcmp(kind, "dict") == 0)
        return dict_in(wire, value_map_get(map, "pairs"));
    items = wire_in(wire, value_map_get(map, "items"));
    if (items == NULL)
        return NULL;
    struct value *tuple = eval_tuple(wire->eval);
    for (size_t i = 0; i < value_count(items); i++)
        value_list_add(wire->eval->arena, tuple, value_item(items, i));
    return tuple;
}

const struct value *wire_in(struct wire *wire, const struct value *value)
{
    struct value *made;

    if (value == NULL)
        return eval_fail(wire->eval, "a plugin in Python gave what is no value");
    if (value->kind == VALUE_MAP) {
        const char *kind = value_map_text(value, KIND);

        if (kind != NULL)
            return kind_in(wire, kind, value);
        made = value_map(wire->eval->arena);
        for (size_t i = 0; i < value->as.map.count; i++) {
            const struct value *item = wire_in(wire, value->as.map.pairs[i].item);

            if (item == NULL)
                return NULL;
            value_map_put_value(wire->eval->arena, made, value->as.map.pairs[i].key, item);
        }
        return made;
    }
    if (value->kind != VALUE_LIST)
        return value;
    made = value_list(wire->eval->arena);
    for (size_t i = 0; i < value->as.list.count; i++) {
        const struct value *item = wire_in(wire, value->as.list.items[i]);

        if (item == NULL)
            return NULL;
        value_list_add(wire->eval->arena, made, item);
    }
    return made;
}
