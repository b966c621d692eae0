/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parse (or find) the tree, run it, convert the result, and word the failure as Ansible does.
 */
#include "engine/template/render.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/template/convert.h"
#include "engine/template/exec.h"
#include "engine/template/object.h"

#define SHOWN_MAX 1500 /* how much of a template an error text repeats */

/* The template as messages repeat it. */
static const char *shown(struct template_call *call, const struct render *render)
{
    size_t length = render->length > SHOWN_MAX ? SHOWN_MAX : render->length;

    return arena_printf(call->arena, "%s%.*s%s", render->before == NULL ? "" : render->before, (int)length,
                        render->text, render->after == NULL ? "" : render->after);
}

/* Template positions are relative to the text: put them where the text is in the user's file. */
static void place_parse_error(const struct render *render, struct error *err)
{
    struct source_position at = render->at;

    if (err->path[0] != '\0')
        return; /* of an included file */
    if (at.path != NULL || at.line > 0) {
        at.column = err->line > 1 ? err->column : at.column + err->column - 1;
        at.line += err->line - 1;
        err->line = 0;
        error_locate(err, &at);
    }
}

static bool syntax_error(struct template_call *call, const struct render *render, struct error *err)
{
    struct error inner = *err;

    error_set_kind(err, ERROR_PARSE, "template error while templating string: %s. String: %s", inner.text,
                   shown(call, render));
    err->line = inner.line;
    err->column = inner.column;
    memcpy(err->path, inner.path, sizeof(err->path));
    return false;
}

bool render_wrap_error(struct template_call *call, const struct render *render, bool type_error, struct error *err)
{
    struct error inner;

    if (err->kind == ERROR_PARSE)
        return syntax_error(call, render, err);
    if (err->kind == ERROR_UNDEFINED && call->depth > 0)
        return error_prefix(err, "%s", shown(call, render));
    if (!type_error)
        return false;
    inner = *err;
    error_set_kind(err, inner.kind, "Unexpected templating type error occurred on (%s): %s", shown(call, render),
                   inner.text);
    err->line = inner.line;
    err->column = inner.column;
    memcpy(err->path, inner.path, sizeof(err->path));
    return false;
}

static size_t newlines_at_end(const char *data, size_t length)
{
    size_t count = 0;

    while (count < length && data[length - 1 - count] == '\n')
        count++;
    return count;
}

/* Jinja2 drops newlines at the end of a template; Ansible puts them back. */
static const struct value *keep_newlines(struct eval *eval, const struct render *render, const struct value *made)
{
    size_t wanted = newlines_at_end(render->text, render->length), got;
    struct text out;

    if (!render->keep_newlines || made->kind != VALUE_STRING || eval->is_data)
        return made;
    got = newlines_at_end(made->as.string.data, made->as.string.length);
    if (wanted <= got)
        return made;
    out = text_new(eval->arena);
    text_add_n(&out, made->as.string.data, made->as.string.length);
    for (; got < wanted; got++)
        text_add(&out, render->syntax->newline);
    return eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), made);
}

static const struct value *run_tree(struct eval *eval, const struct render *render, const struct template *tree)
{
    struct output out = { .pieces = 0 };

    eval->tree = tree;
    eval->base = render->at;
    eval->convert = render->convert;
    if (tree->only != NULL) { /* the common case needs no scope */
        const struct value *value = eval_expression(eval, tree->only->as.operand);

        eval->is_data = value != NULL && value->kind != VALUE_STRING && eval->env->config.level_2_19;
        if (value != NULL && output_value(eval, &out, value))
            return output_result(eval, &out);
        eval_locate(eval, tree->only->as.operand);
        return NULL;
    }
    scope_push(eval);
    return exec_template(eval, tree, &out) ? output_result(eval, &out) : NULL;
}

/* Text with template syntax stays untrusted wherever it is: nothing is templated twice. */
static const struct value *trust_text(struct arena *arena, const struct syntax *syntax, const struct value *made)
{
    struct value *copy;

    if ((made->marks & (VALUE_TRUSTED | VALUE_VAULT)) != 0 ||
        syntax_in_text(syntax, made->as.string.data, made->as.string.length))
        return made;
    copy = arena_new_of(arena, struct value);
    *copy = *made;
    copy->marks |= VALUE_TRUSTED | VALUE_STATIC;
    return copy;
}

/* Parts may be shared, so that a small value has very many members: a walk ends after so many, and what is larger stays data. */
#define TRUST_MEMBERS_MAX ((size_t)1000 * 1000)

static bool needs_trust(const struct value *made, int depth, size_t *left)
{
    if (*left == 0)
        return false;
    --*left;
    if (made->kind == VALUE_STRING)
        return (made->marks & (VALUE_TRUSTED | VALUE_VAULT)) == 0;
    if (depth > LIMIT_VALUE_DEPTH || (made->marks & (VALUE_TRUSTED | VALUE_STATIC)) == (VALUE_TRUSTED | VALUE_STATIC))
        return false;
    for (size_t i = 0; made->kind == VALUE_LIST && i < made->as.list.count && *left != 0; i++)
        if (needs_trust(made->as.list.items[i], depth + 1, left))
            return true;
    for (size_t i = 0; made->kind == VALUE_MAP && i < made->as.map.count && *left != 0; i++)
        if (needs_trust(made->as.map.pairs[i].item, depth + 1, left) ||
            needs_trust(made->as.map.pairs[i].key, depth + 1, left))
            return true;
    return false;
}

/* With nothing `left` in the end, the copy lacks what is behind the last member that was visited. */
static const struct value *trust_deep(struct arena *arena, const struct syntax *syntax, const struct value *made,
                                      int depth, size_t *left)
{
    struct value *copy;

    if (*left == 0)
        return made;
    --*left;
    if (made->kind == VALUE_STRING)
        return trust_text(arena, syntax, made);
    if (depth > LIMIT_VALUE_DEPTH || (made->kind != VALUE_LIST && made->kind != VALUE_MAP))
        return made;
    copy = made->kind == VALUE_LIST ? value_list(arena) : value_map(arena);
    copy->marks = made->marks;
    for (size_t i = 0; made->kind == VALUE_LIST && i < made->as.list.count && *left != 0; i++)
        value_list_add(arena, copy, trust_deep(arena, syntax, made->as.list.items[i], depth + 1, left));
    for (size_t i = 0; made->kind == VALUE_MAP && i < made->as.map.count && *left != 0; i++)
        value_map_put_value(arena, copy, trust_deep(arena, syntax, made->as.map.pairs[i].key, depth + 1, left),
                            trust_deep(arena, syntax, made->as.map.pairs[i].item, depth + 1, left));
    return copy;
}

/* What was made from trusted text only may be used as a condition, but never be templated again; at level 2.19 neither. */
static const struct value *trust(struct eval *eval, const struct render *render, const struct value *made)
{
    size_t left = TRUST_MEMBERS_MAX;
    const struct value *copy;

    if (eval->unsafe || eval->env->config.level_2_19 || !(render->convert || render->is_expression))
        return made;
    if (!needs_trust(made, 0, &left))
        return made;
    left = TRUST_MEMBERS_MAX;
    copy = trust_deep(eval->arena, render->syntax, made, 0, &left);
    return left > 0 ? copy : made;
}

static const struct value *run_expression(struct eval *eval, const struct render *render, const struct template *tree)
{
    const struct value *made;

    eval->tree = tree;
    eval->base = render->at;
    made = eval_expression(eval, tree->body);
    if (made == NULL)
        return NULL;
    if (made->kind == VALUE_UNDEFINED) {
        eval_fail_undefined(eval, made);
        eval_locate(eval, tree->body);
        return NULL;
    }
    if (eval->env->has_undefined && !output_check_defined(eval, made))
        return NULL;
    return value_mark(eval->arena, convert_to_leave(eval, made), 0, VALUE_PRIVATE);
}

const struct value *render_run(struct template_call *call, const struct render *render, struct error *err)
{
    struct eval eval = eval_new(call, err);
    struct syntax syntax;
    struct render body = *render;
    struct template *tree = NULL;
    const struct value *made;
    size_t skip = 0;

    if (render->length > 8 && memcmp(render->text, "#jinja2:", 8) == 0) {
        syntax = *render->syntax;
        syntax.key = 0;
        if (!syntax_read_header(&syntax, call->arena, render->text, render->length, &skip, err))
            return NULL;
        body.syntax = &syntax;
        body.text += skip;
        body.length -= skip;
        body.at.line += skip > 0;
    }
    if (!environment_parse(call->env, body.syntax, &(struct source){ body.text, body.length, body.is_expression },
                           &tree, err)) {
        place_parse_error(&body, err);
        syntax_error(call, &body, err);
        return NULL;
    }
    made = body.is_expression ? run_expression(&eval, &body, tree) : run_tree(&eval, &body, tree);
    if (made == NULL) {
        render_wrap_error(call, &body, eval.type_error, err);
        return NULL;
    }
    if (render->unsafe_out != NULL)
        *render->unsafe_out = eval.unsafe;
    return trust(&eval, &body, keep_newlines(&eval, &body, made));
}
