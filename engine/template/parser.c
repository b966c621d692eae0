/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the parser: the token stream, bodies (text, prints and statements up to an end tag), and
 * the error messages about tags that do not match. Recursion is bounded by LIMIT_TEMPLATE_DEPTH.
 */
#include "engine/template/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/parser_state.h"

bool parser_fail(struct parser *parser, const struct token *at, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    struct source_position position = { .line = (int)at->line, .column = (int)at->column };
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set_at(parser->err, &position, "%s", text);
}

bool parser_enter(struct parser *parser)
{
    if (++parser->depth <= LIMIT_TEMPLATE_DEPTH)
        return true;
    parser_fail(parser, parser->token, "more than %d nested levels in a template", LIMIT_TEMPLATE_DEPTH);
    if (parser->err != NULL)
        parser->err->kind = ERROR_LIMIT;
    return false;
}

struct node *parser_node(struct parser *parser, enum node_kind kind, const struct token *at)
{
    struct node *node = arena_new_of(parser->arena, struct node);

    node->kind = (uint8_t)kind;
    node->line = at->line;
    node->column = at->column;
    return node;
}

void parser_list_add(struct parser *parser, struct node_list *list, struct node *node)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        struct node **grown = arena_new_array(parser->arena, struct node *, capacity);

        if (list->count > 0)
            memcpy(grown, list->items, list->count * sizeof(*grown));
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count++] = node;
}

static bool expected(struct parser *parser, const char *what)
{
    if (parser_is(parser, TOKEN_END))
        return parser_fail(parser, parser->token, "unexpected end of template, expected '%s'.", what);
    return parser_fail(parser, parser->token, "expected token '%s', got '%s'", what,
                       token_describe(parser->arena, parser->token));
}

bool parser_expect(struct parser *parser, enum token_kind kind)
{
    return parser_skip(parser, kind) || expected(parser, token_kind_text(kind));
}

bool parser_expect_name(struct parser *parser, const char *name)
{
    return parser_skip_name(parser, name) || expected(parser, name);
}

const char *parser_take_name(struct parser *parser)
{
    const struct token *token = parser->token;

    if (!parser_expect(parser, TOKEN_NAME))
        return NULL;
    return environment_name(parser->env, token->data, token->length);
}

/* --- bodies --- */

static void add_looking_for(struct text *out, const char *const *ends)
{
    for (size_t i = 0; ends[i] != NULL; i++)
        text_printf(out, "%s'%s'", i > 0 ? " or " : "", ends[i]);
}

static bool is_expected_somewhere(const struct parser *parser, const char *name)
{
    for (int i = 0; i < parser->end_count; i++)
        if (text_in(name, parser->ends[i]))
            return true;
    return false;
}

/* `name` is NULL at the end of the template. */
static bool unknown_tag(struct parser *parser, const char *name)
{
    struct text out = text_new(parser->arena);

    if (name == NULL)
        text_add(&out, "Unexpected end of template.");
    else
        text_printf(&out, "Encountered unknown tag '%s'.", name);
    if (parser->end_count > 0) {
        bool misplaced = name != NULL && is_expected_somewhere(parser, name);

        text_add(&out, misplaced ? " You probably made a nesting mistake. Jinja is expecting this tag, but currently "
                                   "looking for "
                                 : " Jinja was looking for the following tags: ");
        add_looking_for(&out, parser->ends[parser->end_count - 1]);
        text_add(&out, ".");
    }
    if (parser->tag_count > 0)
        text_printf(&out, " The innermost block that needs to be closed is '%s'.", parser->tags[parser->tag_count - 1]);
    return parser_fail(parser, parser->token, "%s", out.data);
}

static struct node *parse_print(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_PRINT, parser->token);

    parser->token++;
    node->as.operand = parser_tuple(parser, true, NULL);
    if (node->as.operand == NULL || !parser_expect(parser, TOKEN_VARIABLE_END))
        return NULL;
    return node;
}

static struct node *parse_data(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_DATA, parser->token);

    node->as.constant = value_string_n(parser->arena, parser->token->data, parser->token->length);
    parser->token++;
    return node;
}

static bool at_one_of(const struct parser *parser, const char *const *ends)
{
    for (size_t i = 0; ends != NULL && ends[i] != NULL; i++)
        if (parser_is_name(parser, ends[i]))
            return true;
    return false;
}

static struct node *parse_tag(struct parser *parser)
{
    struct node *node;

    if (!parser_is(parser, TOKEN_NAME)) {
        parser_fail(parser, parser->token, "tag name expected");
        return NULL;
    }
    if (parser->tag_count == PARSER_TAGS || parser->end_count == PARSER_TAGS) {
        parser_fail(parser, parser->token, "more than %d nested statements", PARSER_TAGS);
        return NULL;
    }
    parser->tags[parser->tag_count++] = token_describe(parser->arena, parser->token);
    node = parser_statement(parser);
    parser->tag_count--;
    return node == NULL || !parser_expect(parser, TOKEN_BLOCK_END) ? NULL : node;
}

/* One piece of a body; *done_out is true at an end tag, which is then the current token. */
static struct node *parse_piece(struct parser *parser, const char *const *ends, bool *done_out)
{
    if (parser_is(parser, TOKEN_DATA))
        return parse_data(parser);
    if (parser_is(parser, TOKEN_VARIABLE_BEGIN))
        return parse_print(parser);
    parser->token++;
    *done_out = at_one_of(parser, ends);
    return *done_out ? NULL : parse_tag(parser);
}

struct node *parser_subparse(struct parser *parser, const char *const *ends)
{
    struct node *body = parser_node(parser, NODE_BODY, parser->token);
    bool done = false;

    if (!parser_enter(parser))
        return NULL;
    if (ends != NULL)
        parser->ends[parser->end_count++] = ends;
    while (!parser_is(parser, TOKEN_END)) {
        struct node *piece = parse_piece(parser, ends, &done);

        if (done)
            break;
        if (piece == NULL)
            return NULL;
        parser_list_add(parser, &body->as.list, piece);
    }
    if (ends != NULL && !done) {
        unknown_tag(parser, NULL);
        return NULL;
    }
    parser->end_count -= ends != NULL;
    parser->depth--;
    return body;
}

struct node *parser_body(struct parser *parser, const char *const *ends)
{
    parser_skip(parser, TOKEN_COLON);
    return parser_expect(parser, TOKEN_BLOCK_END) ? parser_subparse(parser, ends) : NULL;
}

struct node *parser_body_to(struct parser *parser, const char *end)
{
    const char **ends = arena_new_array(parser->arena, const char *, 2); /* outlives this call, for messages */
    struct node *body;

    ends[0] = end;
    body = parser_body(parser, ends);
    if (body != NULL)
        parser->token++;
    return body;
}

struct node *parser_unknown(struct parser *parser)
{
    const char *name = token_describe(parser->arena, parser->token);

    parser->tag_count--;
    unknown_tag(parser, name);
    parser->tag_count++;
    return NULL;
}

/* --- the whole --- */

static void find_only(struct template *tree)
{
    struct node *body = tree->body;

    if (body->kind != NODE_BODY || body->as.list.count != 1 || body->as.list.items[0]->kind != NODE_PRINT)
        return;
    tree->only = body->as.list.items[0];
    if (tree->only->as.operand->kind == NODE_NAME)
        tree->only_name = tree->only->as.operand->as.name.name;
}

static struct node *parse_bare(struct parser *parser)
{
    struct node *node = parser_expression(parser);

    return node == NULL || !parser_expect(parser, TOKEN_BLOCK_END) ? NULL : node;
}

bool parser_run(struct template_env *env, const struct syntax *syntax, const struct source *source,
                struct template **out, struct error *err)
{
    struct template *tree = arena_new_of(env->arena, struct template);
    struct parser parser = { .env = env, .arena = env->arena, .tree = tree, .err = err };
    bool bare = source->is_expression;

    tree->text = arena_copy_n(env->arena, source->text, source->length);
    tree->length = source->length;
    tree->syntax = *syntax;
    tree->is_expression = bare;
    if (bare ? !lexer_run_expression(env->arena, syntax, tree->text, tree->length, &env->tokens, err)
             : !lexer_run(env->arena, syntax, tree->text, tree->length, &env->tokens, err))
        return false;
    parser.token = env->tokens.items;
    tree->body = bare ? parse_bare(&parser) : parser_subparse(&parser, NULL);
    if (tree->body == NULL)
        return false;
    find_only(tree);
    *out = tree;
    return true;
}
