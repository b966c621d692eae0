/* SPDX-License-Identifier: Apache-2.0 */
/* One call of a plugin in Python: the question, what it asks on its way, and what its answer means. */
#include <string.h>

#include "common/base/text.h"
#include "engine/template/plugin.h"
#include "engine/template/wire.h"

struct call {
    struct wire wire;
    struct eval *eval;
};

/* A variable as the template sees it there; text that failed and undefined ones are told as such. */
static bool variable(struct call *call, const char *name, struct value *reply)
{
    struct eval *eval = call->eval;
    const char *interned = environment_name(eval->env, name, strlen(name));
    const struct value *found = scope_get(eval->scope, interned), *sent;

    if (found == NULL)
        found = scope_get(&eval->resolved, interned);
    if (found == NULL && !eval_variable(eval, name, strlen(name), &found)) {
        value_map_put_string(eval->arena, reply, "failed", eval->err->text);
        error_clear(eval->err);
        eval->type_error = eval->located = false;
        return true;
    }
    if (found == NULL)
        return true;
    sent = wire_out(&call->wire, found);
    if (sent != NULL)
        value_map_put(eval->arena, reply, "value", sent);
    return sent != NULL;
}

static const struct value *names(struct call *call)
{
    struct eval *eval = call->eval;
    const struct template_vars *vars = eval->call->vars;
    const struct value *known =
        vars != NULL && vars->names != NULL && !eval->without_vars ? vars->names(vars->context, eval->arena) : NULL;

    return known != NULL ? known : value_list(eval->arena);
}

static bool reply_to(void *context, struct arena *arena, const struct value *asked, const struct value **out,
                     struct error *err)
{
    struct call *call = context;
    struct value *reply = value_map(arena);
    const char *what = value_map_text(asked, "ask"), *name = value_map_text(asked, "name");
    const struct value *sent = NULL;
    bool ok = true;

    if (wire_answers(&call->wire, asked, &sent)) {
        ok = sent != NULL;
        if (ok)
            value_map_put(arena, reply, "value", sent);
    } else if (name != NULL && strcmp(what, "variable") == 0) {
        ok = variable(call, name, reply);
    } else {
        value_map_put(arena, reply, "value", names(call));
    }
    if (!ok) {
        error_set(err, "%s", call->eval->err->text);
        error_clear(call->eval->err);
        call->eval->type_error = call->eval->located = false;
    }
    *out = reply;
    return ok;
}

static const struct value *list_out(struct call *call, const struct value *const *items, uint32_t count)
{
    struct value *list = value_list(call->eval->arena);

    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = wire_out(&call->wire, items[i]);

        if (item == NULL)
            return NULL;
        value_list_add(call->eval->arena, list, item);
    }
    return list;
}

static const struct value *named_out(struct call *call, const struct call_args *args)
{
    struct value *map = value_map(call->eval->arena);

    for (uint32_t i = 0; i < args->named_count; i++) {
        const struct value *item = wire_out(&call->wire, args->named[i]);

        if (item == NULL)
            return NULL;
        value_map_put(call->eval->arena, map, args->names[i], item);
    }
    return map;
}

static void warn(const struct call *call, const struct value *warnings)
{
    const char *instead = call->eval->call->is_hushed ? "a plugin's warning is hidden, as the task has no_log"
                          : call->wire.is_secret ? "a plugin's warning is hidden, as the plugin was given a secret text"
                                                 : NULL;

    for (size_t i = 0; i < value_count(warnings); i++)
        template_warn(call->eval->call, instead != NULL ? instead : value_text(value_item(warnings, i)));
}

/* NULL: the plugin failed, error set as the kind of its exception asks for. */
static const struct value *answer_in(struct call *call, const struct value *answer)
{
    const char *failed = value_map_text(answer, "failed"), *kind = value_map_text(answer, "kind");
    struct eval *eval = call->eval;
    const struct value *made;

    warn(call, value_map_get(answer, "warnings"));
    if (failed != NULL && strcmp(kind, "type") == 0)
        return eval_fail_type(eval, "%s", failed);
    if (failed != NULL) {
        eval_fail(eval, "%s", failed);
        eval->err->kind = strcmp(kind, "undefined") == 0 ? ERROR_UNDEFINED : ERROR_GENERIC;
        if (value_map_text(answer, "class") != NULL)
            error_raise(eval->err, value_map_text(answer, "class"));
        return NULL;
    }
    made = wire_in(&call->wire, value_map_get(answer, "value"));
    if (made != NULL && call->wire.is_secret)
        made = value_mark(eval->arena, made, VALUE_SECRET, 0);
    return made != NULL && eval->tree != NULL && eval->tree->mutates ? eval_own(eval, made) : made;
}

static const struct value *ask(struct call *call, const char *what, struct value *map)
{
    struct foreign_back back = { .context = call, .reply = reply_to };
    struct foreign_question question = { .what = what, .map = map, .back = &back };
    const struct template_plugins *plugins = call->eval->env->plugins;
    const struct value *answer = NULL;
    struct error err = ERROR_INIT;

    value_map_put_bool(call->eval->arena, map, "kinds", call->wire.has_kinds);
    if (plugins->ask(plugins->context, call->eval->arena, &question, &answer, &err))
        return answer;
    eval_fail(call->eval, "the plugin '%s' in Python: %s", value_map_text(map, "name"), err.text);
    call->eval->err->kind = err.kind == ERROR_CANCELLED ? err.kind : ERROR_GENERIC;
    return NULL;
}

const struct value *plugin_run(struct eval *eval, enum template_plugin kind, const char *name,
                               const struct value *input, const struct call_args *args)
{
    struct call call = { .wire = wire_new(eval), .eval = eval };
    struct value *question = value_map(eval->arena);
    const struct value *sent = wire_out(&call.wire, input), *items, *named, *answer;

    items = sent == NULL ? NULL : list_out(&call, args->items, args->count);
    named = items == NULL ? NULL : named_out(&call, args);
    if (named == NULL || !eval_enter(eval))
        return NULL;
    value_map_put_string(eval->arena, question, "name", name);
    value_map_put(eval->arena, question, "input", sent);
    value_map_put(eval->arena, question, "args", items);
    value_map_put(eval->arena, question, "kwargs", named);
    answer = ask(&call, kind == TEMPLATE_TEST ? "template.test" : "template.filter", question);
    eval->calls--;
    return answer == NULL ? NULL : answer_in(&call, answer);
}

static const struct value *search_folders(struct eval *eval)
{
    const char *const *folders = eval->call->search_folders;
    struct value *list = value_list(eval->arena);

    for (size_t i = 0; folders != NULL && folders[i] != NULL; i++)
        value_list_add(eval->arena, list, value_string(eval->arena, folders[i]));
    return list;
}

const struct value *plugin_lookup_run(struct eval *eval, struct plugin_lookup *lookup)
{
    struct call call = { .wire = wire_new(eval), .eval = eval };
    struct value *question = value_map(eval->arena);
    const struct call_args none = { .count = 0 };
    const struct value *sent, *named, *answer;

    call.wire.is_outside = lookup->args == NULL;
    sent = wire_out(&call.wire, lookup->terms);
    named = sent == NULL ? NULL : named_out(&call, lookup->args == NULL ? &none : lookup->args);
    if (named == NULL || !eval_enter(eval))
        return NULL;
    value_map_put_string(eval->arena, question, "name", lookup->name);
    value_map_put(eval->arena, question, "terms", sent);
    value_map_put(eval->arena, question, "kwargs", named);
    value_map_put(eval->arena, question, "folders", search_folders(eval));
    value_map_put_bool(eval->arena, question, "loop", lookup->args == NULL);
    value_map_put_bool(eval->arena, question, "wantlist", lookup->wants_list);
    answer = ask(&call, "template.lookup", question);
    eval->calls--;
    if (answer == NULL)
        return NULL;
    lookup->is_forgiven = value_map_true(answer, "forgiven");
    return answer_in(&call, answer);
}
