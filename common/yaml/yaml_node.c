/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists, mappings, aliases and merge keys: from libyaml's events to values. Recursion is limited by
 * LIMIT_YAML_DEPTH, the number of nodes (aliases followed) by LIMIT_YAML_NODES. Scalars: yaml_node_scalar.c.
 */
#include <string.h>

#include "common/base/limits.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_loader.h"
#include "common/yaml/yaml_scalar.h"

static const void *loader_fail(struct yaml_loader *in, const yaml_mark_t *mark, const char *text)
{
    struct source_position at = yaml_loader_position(in, mark);

    error_set_at(in->err, &at, "%s", text);
    return NULL;
}

static bool count_nodes(struct yaml_loader *in, const yaml_mark_t *mark, size_t count)
{
    struct source_position at;

    in->nodes += count;
    if (in->nodes <= LIMIT_YAML_NODES)
        return true;
    at = yaml_loader_position(in, mark);
    error_set_at(in->err, &at, "more than %d nodes once aliases are followed", LIMIT_YAML_NODES);
    in->err->kind = ERROR_LIMIT;
    return false;
}

/* Registers the anchor before its node is read: an alias to it from within must be recognized. */
static size_t anchor_open(struct yaml_loader *in, const yaml_char_t *name)
{
    if (in->anchor_index == NULL)
        in->anchor_index = value_map(in->arena);
    if (in->anchor_count == in->anchor_capacity) {
        size_t wider = in->anchor_capacity == 0 ? 16 : in->anchor_capacity * 2;

        in->anchors = arena_grow(in->arena, in->anchors, in->anchor_capacity * sizeof(*in->anchors),
                                 wider * sizeof(*in->anchors));
        in->anchor_capacity = wider;
    }
    value_map_put_int(in->arena, in->anchor_index, (const char *)name, (int64_t)in->anchor_count);
    return in->anchor_count++;
}

static const struct value *node_alias(struct yaml_loader *in, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct value *index = in->anchor_index == NULL ? NULL : value_map_get(in->anchor_index, name);
    const struct yaml_anchor *anchor;

    if (index == NULL)
        return loader_fail(in, &event->start_mark, arena_printf(in->arena, "alias '*%s' has no anchor", name));
    anchor = &in->anchors[index->as.integer];
    if (anchor->value == NULL)
        return loader_fail(in, &event->start_mark,
                           arena_printf(in->arena, "alias '*%s' stands inside what it refers to", name));
    if (!count_nodes(in, &event->start_mark, anchor->nodes))
        return NULL;
    if (!yaml_loader_is_trusted(in))
        return value_mark(in->arena, anchor->value, VALUE_STATIC, VALUE_TRUSTED);
    return anchor->value;
}

static struct value *collection_new(struct yaml_loader *in, const yaml_event_t *event, enum value_kind kind)
{
    struct value *value = kind == VALUE_LIST ? value_list(in->arena) : value_map(in->arena);

    yaml_loader_place(in, value, &event->start_mark);
    value->marks = yaml_loader_is_trusted(in) ? VALUE_STATIC | VALUE_TRUSTED : VALUE_STATIC;
    return value;
}

/* An item that holds template syntax takes STATIC from what holds it. */
static void collection_weigh(struct value *holder, const struct value *item)
{
    if ((item->marks & VALUE_STATIC) == 0)
        holder->marks &= (uint8_t)~VALUE_STATIC;
}

static const struct value *node_list(struct yaml_loader *in, const yaml_event_t *event, int depth)
{
    struct value *list = collection_new(in, event, VALUE_LIST);

    for (;;) {
        YAML_EVENT_SCOPED next = { 0 };
        const struct value *item;

        if (!yaml_loader_next(in, &next))
            return NULL;
        if (next.type == YAML_SEQUENCE_END_EVENT)
            return list;
        item = yaml_node(in, &next, depth + 1);
        if (item == NULL)
            return NULL;
        collection_weigh(list, item);
        value_list_add(in->arena, list, item);
    }
}

static bool is_merge(const yaml_event_t *event)
{
    const char *tag;

    if (event->type != YAML_SCALAR_EVENT)
        return false;
    tag = (const char *)event->data.scalar.tag;
    if (tag != NULL)
        return strcmp(tag, YAML_TAG "merge") == 0;
    return event->data.scalar.plain_implicit && event->data.scalar.length == 2 &&
           memcmp(event->data.scalar.value, "<<", 2) == 0;
}

/* Mappings to merge, in the order in which they are put: a later one overrides. */
static bool merge_collect(struct yaml_loader *in, struct value *merges, const struct value *value,
                          const yaml_mark_t *mark)
{
    bool is_list = value->kind == VALUE_LIST;
    const struct value *wrong = is_list || value->kind == VALUE_MAP ? NULL : value;

    for (size_t i = 0; is_list && wrong == NULL && i < value_count(value); i++) {
        if (value_item(value, i)->kind != VALUE_MAP)
            wrong = value_item(value, i);
    }
    if (wrong != NULL) {
        loader_fail(in, mark,
                    arena_printf(in->arena, "'<<' needs a mapping or a list of mappings, but found: %s",
                                 value_kind_text(wrong)));
        return false;
    }
    for (size_t i = value_count(value); is_list && i-- > 0;)
        value_list_add(in->arena, merges, value_item(value, i));
    if (!is_list)
        value_list_add(in->arena, merges, value);
    return true;
}

static void warn_duplicate(struct yaml_loader *in, const struct value *map, const struct value *key)
{
    const char *path = in->source->path == NULL ? "<string>" : in->source->path;

    if (in->source->warnings == NULL)
        return;
    value_list_add(in->arena, in->source->warnings,
                   value_string(in->arena, arena_printf(in->arena,
                                                        "While constructing a mapping from %s, line %u, column %u, "
                                                        "found a duplicate dict key (%s). Using last defined value "
                                                        "only.",
                                                        path, map->line, map->column, value_to_text(in->arena, key))));
}

static void merge_into(struct yaml_loader *in, struct value *target, const struct value *map)
{
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);

        const size_t count = value_count(target);

        value_map_put_value(in->arena, target, pair->key, pair->item);
        collection_weigh(target, pair->key);
        collection_weigh(target, pair->item);
        if (value_count(target) == count)
            warn_duplicate(in, target, pair->key);
    }
}

/* Merged pairs come first, what the mapping says itself overrides them; Ansible warns of that as of any key that is there twice. */
static struct value *merge_apply(struct yaml_loader *in, const struct value *own, const struct value *merges)
{
    struct value *map = value_map(in->arena);

    map->path = own->path;
    map->line = own->line;
    map->column = own->column;
    map->marks = own->marks;
    for (size_t i = 0; i < value_count(merges); i++)
        merge_into(in, map, value_item(merges, i));
    merge_into(in, map, own);
    return map;
}

static const struct value *mapping_key(struct yaml_loader *in, const yaml_event_t *event, int depth)
{
    const struct value *key;

    /* the usual cause of this is a value that starts with {{ and is not quoted */
    if (event->type == YAML_MAPPING_START_EVENT)
        return loader_fail(in, &event->start_mark,
                           "a mapping cannot be a key; a value that starts with a template"
                           " expression must be quoted: \"{{ ... }}\"");
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return loader_fail(in, &event->start_mark, "a list cannot be a key");
    key = yaml_node(in, event, depth + 1);
    if (key != NULL && (key->kind == VALUE_MAP || key->kind == VALUE_LIST))
        return loader_fail(in, &event->start_mark, "a list or mapping cannot be a key");
    return key;
}

/* One pair, whose key starts with `event`. */
static bool mapping_pair(struct yaml_loader *in, const yaml_event_t *event, struct value *map, struct value *merges,
                         int depth)
{
    bool merging = is_merge(event);
    YAML_EVENT_SCOPED next = { 0 };
    const struct value *key = NULL, *item;
    size_t count;

    if (!merging && (key = mapping_key(in, event, depth)) == NULL)
        return false;
    if (!yaml_loader_next(in, &next) || (item = yaml_node(in, &next, depth + 1)) == NULL)
        return false;
    if (merging)
        return merge_collect(in, merges, item, &next.start_mark);
    count = value_count(map);
    collection_weigh(map, key);
    collection_weigh(map, item);
    value_map_put_value(in->arena, map, key, item);
    if (value_count(map) == count)
        warn_duplicate(in, map, key);
    return true;
}

static const struct value *node_mapping(struct yaml_loader *in, const yaml_event_t *event, int depth)
{
    struct value *map = collection_new(in, event, VALUE_MAP);
    struct value merges = { .kind = VALUE_LIST };

    for (;;) {
        YAML_EVENT_SCOPED next = { 0 };

        if (!yaml_loader_next(in, &next))
            return NULL;
        if (next.type == YAML_MAPPING_END_EVENT)
            return value_count(&merges) == 0 ? map : merge_apply(in, map, &merges);
        if (!mapping_pair(in, &next, map, &merges, depth))
            return NULL;
    }
}

/* !!omap and !!pairs are lists of pairs, as PyYAML makes them. */
static const struct value *pairs_of(struct yaml_loader *in, const yaml_event_t *event, const struct value *list)
{
    struct value *pairs = collection_new(in, event, VALUE_LIST);

    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *entry = value_item(list, i);
        struct value *pair = collection_new(in, event, VALUE_LIST);

        if (value_map_count(entry) != 1)
            return loader_fail(in, &event->start_mark, "each entry of an ordered mapping must be a mapping of one key");
        pair->marks |= VALUE_TUPLE;
        for (int part = 0; part < 2; part++) {
            const struct value *item = part == 0 ? value_pair_at(entry, 0)->key : value_pair_at(entry, 0)->item;

            collection_weigh(pair, item);
            value_list_add(in->arena, pair, item);
        }
        collection_weigh(pairs, pair);
        value_list_add(in->arena, pairs, pair);
    }
    return pairs;
}

/* !!set is the list of its members: there are no sets here. */
static const struct value *members_of(struct yaml_loader *in, const yaml_event_t *event, const struct value *map)
{
    struct value *members = collection_new(in, event, VALUE_LIST);

    for (size_t i = 0; i < value_count(map); i++) {
        collection_weigh(members, value_pair_at(map, i)->key);
        value_list_add(in->arena, members, value_pair_at(map, i)->key);
    }
    return members;
}

/* A list or mapping with its tag: !unsafe takes the trust of everything beneath. */
static const struct value *node_collection(struct yaml_loader *in, const yaml_event_t *event, int depth)
{
    bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
    const yaml_char_t *raw = is_list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    const char *tag = (const char *)raw, *own = is_list ? YAML_TAG "seq" : YAML_TAG "map";
    bool is_unsafe = tag != NULL && strcmp(tag, "!unsafe") == 0;
    bool is_pairs = is_list && tag != NULL && (strcmp(tag, YAML_TAG "omap") == 0 || strcmp(tag, YAML_TAG "pairs") == 0);
    bool is_set = !is_list && tag != NULL && strcmp(tag, YAML_TAG "set") == 0;
    const struct value *value;

    if (depth >= LIMIT_YAML_DEPTH)
        return loader_fail(in, &event->start_mark,
                           arena_printf(in->arena, "nested deeper than %d levels", LIMIT_YAML_DEPTH));
    if (tag != NULL && !is_unsafe && !is_pairs && !is_set && strcmp(tag, own) != 0 && strcmp(tag, "!") != 0 &&
        (is_list || strcmp(tag, YAML_TAG "python/dict") != 0))
        return loader_fail(in, &event->start_mark,
                           arena_printf(in->arena, "unknown tag '%s' on a %s", tag, is_list ? "list" : "mapping"));
    in->unsafe_depth += is_unsafe;
    value = is_list ? node_list(in, event, depth) : node_mapping(in, event, depth);
    in->unsafe_depth -= is_unsafe;
    if (value == NULL || (!is_pairs && !is_set))
        return value;
    return is_pairs ? pairs_of(in, event, value) : members_of(in, event, value);
}

static const yaml_char_t *event_anchor(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return event->data.scalar.anchor;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return event->data.sequence_start.anchor;
    return event->type == YAML_MAPPING_START_EVENT ? event->data.mapping_start.anchor : NULL;
}

const struct value *yaml_node(struct yaml_loader *in, const yaml_event_t *event, int depth)
{
    const yaml_char_t *name = event_anchor(event);
    size_t before = in->nodes, anchor = 0;
    const struct value *value;

    if (event->type == YAML_ALIAS_EVENT)
        return node_alias(in, event);
    if (!count_nodes(in, &event->start_mark, 1))
        return NULL;
    if (name != NULL)
        anchor = anchor_open(in, name);
    value = event->type == YAML_SCALAR_EVENT ? yaml_node_scalar(in, event) : node_collection(in, event, depth);
    if (name != NULL)
        in->anchors[anchor] = (struct yaml_anchor){ .value = value, .nodes = in->nodes - before };
    return value;
}
