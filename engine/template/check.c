/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plan time: parses every template beneath a value and looks for filters, tests and lookups that do not exist, so that a typing
 * error is found before any host is touched. Nothing is evaluated.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/template/environment.h"
#include "engine/template/plugin.h"

struct check {
    struct template_env *env;
    const struct value *text; /* the string that is checked: where positions start */
    struct error *err;
};

static bool check_node(struct check *check, const struct node *node);

/* One line of a text; false: there are not so many. */
static bool line_at(const char *data, size_t size, int number, const char **line, size_t *length)
{
    const char *cursor = data;

    for (int i = 0; i < number; i++)
        if (!text_line(&cursor, data + size, line, length))
            return false;
    return number > 0;
}

/*
 * Where a place of a template is in the user's file: YAML keeps only where a scalar begins, so the template's line is looked
 * for there, in the same line (plain, quoted) or the next (block). Not found (folded, escaped): where the scalar begins.
 */
static struct source_position place(const struct value *text, int line, int column)
{
    ARENA_SCOPED scratch = arena_new();
    struct source_position at = value_position(text);
    struct error ignored = ERROR_INIT;
    const char *wanted = NULL, *there = NULL, *found;
    size_t wanted_length = 0, there_length = 0, size = 0;
    char *data = NULL;

    line = line < 1 ? 1 : line;
    if (at.path == NULL || at.line < 1 || column < 1 || !path_is_file(at.path) ||
        !line_at(text->as.string.data, text->as.string.length, line, &wanted, &wanted_length) || wanted_length == 0 ||
        !file_read(scratch, at.path, LIMIT_SOURCE_FILE, &data, &size, &ignored)) {
        at.line += at.line > 0 ? line - 1 : 0;
        return at;
    }
    for (int i = 0; i < 2; i++) {
        size_t from = line == 1 && i == 0 ? (size_t)at.column - 1 : 0;

        if (!line_at(data, size, at.line + line - 1 + i, &there, &there_length) || from > there_length)
            continue;
        found = memmem(there + from, there_length - from, wanted, wanted_length);
        if (found != NULL)
            return (struct source_position){ at.path, at.line + line - 1 + i, (int)(found - there) + column };
    }
    at.line += line - 1;
    return at;
}

static bool complain(struct check *check, const struct node *node, const char *what)
{
    struct source_position at = place(check->text, (int)node->line, (int)node->column);

    return error_set_at(check->err, &at, "template error while templating string: %s. String: %.*s", what, 400,
                        check->text->as.string.data);
}

static bool complain_missing(struct check *check, const struct node *node, enum template_plugin kind, const char *name)
{
    return complain(check, node, plugin_missing(check->env, check->env->arena, kind, name));
}

static bool check_list(struct check *check, const struct node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (!check_node(check, list->items[i]))
            return false;
    return true;
}

static bool check_args(struct check *check, const struct node_args *args)
{
    return check_list(check, &args->items) && check_list(check, &args->named) && check_node(check, args->star) &&
           check_node(check, args->star_star);
}

/* A name that an argument gives as a constant, or NULL. */
static const char *constant_name(const struct node_args *args, uint32_t index)
{
    if (index >= args->items.count || args->items.items[index]->kind != NODE_CONST)
        return NULL;
    return value_text(args->items.items[index]->as.constant);
}

/* map('filter'), select('test'), selectattr('attribute', 'test') */
static bool check_named(struct check *check, const struct node *node)
{
    const struct node_args *args = &node->as.filter.args;
    const char *name = node->as.filter.entry->name, *first = constant_name(args, 0), *second = constant_name(args, 1);

    if (strcmp(name, "map") == 0 && first != NULL && plugin_filter(check->env, first) == NULL)
        return complain_missing(check, node, TEMPLATE_FILTER, first);
    if ((strcmp(name, "select") == 0 || strcmp(name, "reject") == 0) && first != NULL &&
        plugin_test(check->env, first) == NULL)
        return complain_missing(check, node, TEMPLATE_TEST, first);
    if ((strcmp(name, "selectattr") == 0 || strcmp(name, "rejectattr") == 0) && second != NULL &&
        plugin_test(check->env, second) == NULL)
        return complain_missing(check, node, TEMPLATE_TEST, second);
    return true;
}

static bool check_filter(struct check *check, const struct node *node)
{
    const char *name = node->as.filter.name;

    if (name != NULL && plugin_filter_or(check->env, node->as.filter.entry, name) == NULL)
        return complain_missing(check, node, TEMPLATE_FILTER, name);
    if (node->as.filter.entry != NULL && !check_named(check, node))
        return false;
    return check_node(check, node->as.filter.target) && check_args(check, &node->as.filter.args);
}

static bool check_test(struct check *check, const struct node *node)
{
    if (plugin_test_or(check->env, node->as.test.entry, node->as.test.name) == NULL)
        return complain_missing(check, node, TEMPLATE_TEST, node->as.test.name);
    return check_node(check, node->as.test.target) && check_args(check, &node->as.test.args);
}

/* lookup('name', ...) with a constant name. */
static bool check_call(struct check *check, const struct node *node)
{
    const struct node *target = node->as.call.target;
    const struct node_list *items = &node->as.call.args.items;
    bool is_lookup = target->kind == NODE_NAME &&
                     (strcmp(target->as.name.name, "lookup") == 0 || strcmp(target->as.name.name, "query") == 0 ||
                      strcmp(target->as.name.name, "q") == 0);

    if (is_lookup && items->count > 0 && items->items[0]->kind == NODE_CONST) {
        const char *name = value_text(items->items[0]->as.constant);

        if (name != NULL && plugin_lookup(check->env, name) == NULL)
            return complain_missing(check, node, TEMPLATE_LOOKUP, name);
    }
    return check_node(check, target) && check_args(check, &node->as.call.args);
}

static bool check_macro(struct check *check, const struct node_macro *macro)
{
    return check_list(check, &macro->defaults) && check_node(check, macro->body);
}

static bool check_expression(struct check *check, const struct node *node)
{
    switch (node->kind) {
    case NODE_LIST:
    case NODE_TUPLE:
    case NODE_DICT:
    case NODE_CONCAT:
        return check_list(check, &node->as.list);
    case NODE_ATTRIBUTE:
        return check_node(check, node->as.attribute.target);
    case NODE_ITEM:
        return check_node(check, node->as.item.target) && check_node(check, node->as.item.index);
    case NODE_SLICE:
        return check_node(check, node->as.slice.start) && check_node(check, node->as.slice.stop) &&
               check_node(check, node->as.slice.step);
    case NODE_CALL:
        return check_call(check, node);
    case NODE_FILTER:
        return check_filter(check, node);
    case NODE_TEST:
        return check_test(check, node);
    case NODE_NOT:
    case NODE_NEGATE:
    case NODE_POSITIVE:
        return check_node(check, node->as.operand);
    case NODE_BINARY:
    case NODE_AND:
    case NODE_OR:
        return check_node(check, node->as.binary.left) && check_node(check, node->as.binary.right);
    case NODE_COMPARE:
        return check_node(check, node->as.compare.first) && check_list(check, &node->as.compare.operands);
    default:
        return true;
    }
}

static bool check_statement(struct check *check, const struct node *node)
{
    switch (node->kind) {
    case NODE_BODY:
        return check_list(check, &node->as.list);
    case NODE_CONDITION:
    case NODE_IF:
        return check_node(check, node->as.condition.test) && check_node(check, node->as.condition.yes) &&
               check_node(check, node->as.condition.no);
    case NODE_FOR:
        return check_node(check, node->as.loop.items) && check_node(check, node->as.loop.test) &&
               check_node(check, node->as.loop.body) && check_node(check, node->as.loop.otherwise);
    case NODE_SET:
    case NODE_SET_BLOCK:
    case NODE_FILTER_BLOCK:
        return check_node(check, node->as.set.value) && check_node(check, node->as.set.filter) &&
               check_node(check, node->as.set.body);
    case NODE_MACRO:
    case NODE_CALL_BLOCK:
        return check_macro(check, node->as.macro.macro) && check_node(check, node->as.macro.call);
    case NODE_WITH:
        return check_list(check, &node->as.with.values) && check_node(check, node->as.with.body);
    case NODE_PRINT:
    case NODE_DO:
    case NODE_SCOPE:
        return check_node(check, node->as.operand);
    case NODE_BLOCK:
        return check_node(check, node->as.block.body);
    default:
        return check_expression(check, node);
    }
}

static bool check_node(struct check *check, const struct node *node)
{
    return node == NULL || check_statement(check, node);
}

static bool check_string(struct template_env *env, const struct value *value, bool is_condition, struct error *err)
{
    struct check check = { env, value, err };
    bool has_braces = syntax_in_text(&env->plain, value->as.string.data, value->as.string.length);
    struct source_position at;
    struct template *tree = NULL;

    if ((value->marks & VALUE_TRUSTED) == 0 || (!has_braces && !is_condition) || value->as.string.length == 0)
        return true;
    bool bare = is_condition && !has_braces;
    if (!environment_parse(env, bare ? &env->bare : &env->plain,
                           &(struct source){ value->as.string.data, value->as.string.length, bare }, &tree, err)) {
        at = place(value, err->line, err->column);
        err->line = err->column = 0;
        err->path[0] = '\0';
        error_locate(err, &at);
        err->kind = ERROR_PARSE;
        return error_prefix(err, "template error while templating string");
    }
    return check_node(&check, tree->body);
}

bool template_check(struct template_env *env, const struct value *value, bool is_condition, struct error *err)
{
    if (value == NULL || ((value->marks & VALUE_STATIC) != 0 && !is_condition))
        return true;
    if (value->kind == VALUE_STRING)
        return check_string(env, value, is_condition, err);
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        if (!template_check(env, value->as.list.items[i], is_condition, err))
            return false;
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        if (!template_check(env, value->as.map.pairs[i].item, is_condition, err))
            return false;
    return true;
}
