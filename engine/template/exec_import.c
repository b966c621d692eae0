/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {% include %}, {% import %} and {% from ... import %}.
 */
#include <string.h>

#include "engine/template/exec.h"
#include "engine/template/object.h"

/* Runs another template in a scope that sees the current one, or nothing at all. */
static bool run_other(struct eval *eval, const struct template *tree, const char *path, bool with_context,
                      struct output *out, struct scope **scope_out)
{
    struct frame frame = frame_save(eval);
    struct block_entry *blocks = eval->blocks;
    bool done;

    if (!eval_enter(eval))
        return false;
    if (!with_context) {
        eval->scope = NULL;
        eval->without_vars = true;
    }
    eval->blocks = NULL;
    eval->base = (struct source_position){ path, 1, 1 };
    *scope_out = scope_push(eval);
    done = exec_template(eval, tree, out);
    eval->blocks = blocks;
    frame_restore(eval, &frame);
    eval->calls--;
    return done;
}

/* --- include --- */

static bool load_first(struct eval *eval, const struct value *names, const struct template **out, const char **path_out)
{
    for (size_t i = 0; i < names->as.list.count && *out == NULL; i++) {
        const struct value *name = names->as.list.items[i];

        if (name->kind == VALUE_UNDEFINED)
            return eval_fail_undefined(eval, name) != NULL;
        if (name->kind != VALUE_STRING)
            return eval_fail_type(eval, "the name of a template must be a string, not %s", eval_type(name)) != NULL;
        if (!template_source_load(eval, name->as.string.data, out, path_out))
            return false;
    }
    return true;
}

static bool not_found(struct eval *eval, const struct value *names)
{
    struct text out = text_new(eval->arena);

    if (names->as.list.count == 1)
        return eval_fail(eval, "%s", names->as.list.items[0]->as.string.data) != NULL;
    text_add(&out, "none of the templates given were found: ");
    for (size_t i = 0; i < names->as.list.count; i++)
        text_printf(&out, "%s%s", i > 0 ? ", " : "", names->as.list.items[i]->as.string.data);
    return eval_fail(eval, "%s", out.data) != NULL;
}

/* The expression's value as a list of names. */
static const struct value *source_names(struct eval *eval, const struct node *node)
{
    const struct value *value = eval_expression(eval, node->as.import.source);
    struct value *list;

    if (value == NULL || value->kind == VALUE_LIST)
        return value;
    list = value_list(eval->arena);
    value_list_add(eval->arena, list, value);
    return list;
}

/* *out stays NULL only where that may be ignored. */
static bool load(struct eval *eval, const struct node *node, bool ignore, const struct template **out,
                 const char **path_out)
{
    const struct value *names = source_names(eval, node);

    if (names == NULL || !load_first(eval, names, out, path_out))
        return false;
    if (*out != NULL || ignore)
        return true;
    not_found(eval, names);
    eval_locate(eval, node);
    return false;
}

bool exec_include(struct eval *eval, const struct node *node, struct output *out)
{
    const struct template *tree = NULL;
    const char *path = NULL;
    struct scope *scope = NULL;

    if (!load(eval, node, node->flag, &tree, &path))
        return false;
    return tree == NULL || run_other(eval, tree, path, node->context, out, &scope);
}

/* --- import --- */

struct module {
    const struct scope *scope;
    const struct value *body;
    const char *path;
};

static const struct value *module_attribute(struct eval *eval, void *data, const char *name)
{
    const struct scope *scope = ((const struct module *)data)->scope;

    (void)eval;
    for (uint32_t i = 0; i < scope->count; i++)
        if (strcmp(scope->bindings[i].name, name) == 0 && name[0] != '_')
            return scope->bindings[i].value;
    return NULL;
}

static void module_str(struct text *out, void *data)
{
    const struct module *module = data;

    object_str(out, module->body);
}

static const struct object_kind module_kind = { .ops = OBJECT_OPS("TemplateModule"),
                                                .attribute = module_attribute,
                                                .str = module_str };

static struct module *import_module(struct eval *eval, const struct node *node)
{
    const struct template *tree = NULL;
    const char *path = NULL;
    struct scope *scope = NULL;
    struct output out = { .pieces = 0 };
    struct module *module;

    if (!load(eval, node, false, &tree, &path) || !run_other(eval, tree, path, node->context, &out, &scope))
        return NULL;
    module = arena_new_of(eval->arena, struct module);
    module->scope = scope;
    module->path = path;
    module->body = output_string(eval, &out);
    return module->body == NULL ? NULL : module;
}

bool exec_import(struct eval *eval, const struct node *node, struct output *out)
{
    struct module *module = import_module(eval, node);

    (void)out;
    if (module == NULL)
        return false;
    scope_set(eval, eval->scope, node->as.import.name, object_new(eval, module, &module_kind));
    return true;
}

bool exec_from(struct eval *eval, const struct node *node, struct output *out)
{
    struct module *module = import_module(eval, node);

    (void)out;
    if (module == NULL)
        return false;
    for (uint32_t i = 0; i < node->as.import.count; i++) {
        const struct name_pair *pair = &node->as.import.names[i];
        const struct value *found = module_attribute(eval, module, pair->name);

        if (found == NULL)
            found =
                eval_undefined(eval, "the template '%s' (imported on line %u) does not export the requested name '%s'",
                               module->path, node->line, pair->name);
        scope_set(eval, eval->scope, pair->alias, found);
    }
    return true;
}
