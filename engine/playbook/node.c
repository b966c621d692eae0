/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node inherits. A dynamic include passes on its variables only: its other keywords were about the include
 * itself; what stands around it still counts.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_big.h"
#include "common/value/value_python.h"
#include "engine/playbook/playbook.h"

/* The next ancestor whose keywords count. */
static const struct node *ancestor_of(const struct node *node)
{
    do
        node = node->parent;
    while (node != NULL && node->kind == NODE_TASK);
    return node;
}

const struct value *node_keyword(const struct node *node, enum keyword keyword)
{
    const struct play *play = node->play;
    enum keyword ignored;

    for (; node != NULL; node = ancestor_of(node)) {
        if (node->keywords[keyword] != NULL)
            return node->keywords[keyword];
    }
    /* what only a task may have is not looked for in the play */
    if (!keyword_find(keyword_name(keyword), IN_PLAY, &ignored))
        return NULL;
    return play->keywords[keyword];
}

/* Adds `value`, spread if it is a list, in front of what is there. */
static void list_prepend(struct arena *arena, struct value *list, const struct value *value)
{
    if (value == NULL)
        return;
    if (!value_is(value, VALUE_LIST)) {
        value_list_insert(arena, list, 0, value);
        return;
    }
    for (size_t i = 0; i < value_count(value); i++)
        value_list_insert(arena, list, i, value_item(value, i));
}

const struct value *node_keyword_list(struct arena *arena, const struct node *node, enum keyword keyword)
{
    const struct play *play = node->play;
    struct value *list = value_list(arena);

    for (; node != NULL; node = ancestor_of(node))
        list_prepend(arena, list, node->keywords[keyword]);
    list_prepend(arena, list, play->keywords[keyword]);
    return value_count(list) == 0 ? NULL : list;
}

const struct value *node_conditions(struct arena *arena, const struct node *node)
{
    const struct play *play = node->play;
    struct value *list = NULL;

    for (; node != NULL; node = ancestor_of(node)) {
        if (node->keywords[KEYWORD_WHEN] == NULL)
            continue;
        if (list == NULL)
            list = value_list(arena);
        list_prepend(arena, list, node->keywords[KEYWORD_WHEN]);
    }
    if (play->import_when != NULL) {
        if (list == NULL)
            return play->import_when;
        list_prepend(arena, list, play->import_when);
    }
    return list;
}

static void tag_add(struct arena *arena, struct value *list, const struct value *source, const char *text)
{
    struct value *tag;

    for (size_t i = 0; i < value_count(list); i++) {
        if (text_equal(value_text(value_item(list, i)), text))
            return;
    }
    tag = value_string(arena, text);
    tag->marks = source->marks;
    value_list_add(arena, list, tag);
}

static void tags_add_member(struct arena *arena, struct value *list, const struct value *tag)
{
    if (value_is_integer(tag))
        tag_add(arena, list, tag, value_to_text(arena, tag));
    else if (value_is(tag, VALUE_STRING))
        tag_add(arena, list, tag, value_text(tag));
    for (size_t i = 0; value_is(tag, VALUE_LIST) && i < value_count(tag); i++)
        tags_add_member(arena, list, value_item(tag, i));
}

/* "a, b" is two tags, but one as the member of a list; a template is kept whole. */
static void tags_add(struct arena *arena, struct value *list, const struct value *tags)
{
    if (!value_is(tags, VALUE_STRING) || value_text_is_template(tags->as.string.data, tags->as.string.length)) {
        tags_add_member(arena, list, tags);
        return;
    }
    for (char **part = text_split(arena, value_text(tags), ',', NULL); *part != NULL; part++)
        tag_add(arena, list, tags, text_trim(arena, *part, strlen(*part)));
}

const struct value *node_tag_list(struct arena *arena, const struct value *written)
{
    struct value *list = value_list(arena);

    if (written == NULL)
        return NULL;
    tags_add(arena, list, written);
    return list;
}

const struct value *node_tags(struct arena *arena, const struct node *node)
{
    const struct play *play = node->play;
    struct value *list = value_list(arena);

    for (; node != NULL; node = ancestor_of(node)) {
        if (node->keywords[KEYWORD_TAGS] != NULL)
            tags_add(arena, list, node->keywords[KEYWORD_TAGS]);
    }
    if (play->keywords[KEYWORD_TAGS] != NULL)
        tags_add(arena, list, play->keywords[KEYWORD_TAGS]);
    if (play->import_tags != NULL)
        tags_add(arena, list, play->import_tags);
    return list;
}

const char *node_title(struct arena *arena, const struct node *node)
{
    return node_title_named(arena, node, node->name);
}

const char *node_title_named(struct arena *arena, const struct node *node, const char *name)
{
    if (name == NULL || name[0] == '\0') {
        name = node->action_text;
        if (node->kind == NODE_TASK && node->task_kind == TASK_INCLUDE_ROLE) {
            const char *role = value_map_text(node->args, "name");

            /* without a role in front: as IncludeRole names itself */
            return arena_printf(arena, "%s : %s", name, role != NULL ? role : value_map_text(node->args, "role"));
        }
    }
    if (node->kind == NODE_TASK && node->task_kind == TASK_INCLUDE_ROLE)
        return name;
    if (name == NULL)
        name = "block";
    return node->role == NULL ? name : arena_printf(arena, "%s : %s", node->role->name, name);
}
