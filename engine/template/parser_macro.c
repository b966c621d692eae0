/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros and call blocks: signatures and bodies.
 */
#include <string.h>

#include "engine/template/parser_state.h"

static bool parse_param(struct parser *parser, struct node_macro *macro)
{
    const char **params = arena_new_array(parser->arena, const char *, macro->param_count + 1);
    struct node *target = parser_target_name(parser), *value;

    if (target == NULL)
        return false;
    if (macro->param_count > 0)
        memcpy(params, macro->params, macro->param_count * sizeof(*params));
    params[macro->param_count++] = target->as.name.name;
    macro->params = params;
    if (!parser_skip(parser, TOKEN_ASSIGN))
        return macro->defaults.count == 0 ||
               parser_fail(parser, parser->token, "non-default argument follows default argument");
    value = parser_expression(parser);
    if (value != NULL)
        parser_list_add(parser, &macro->defaults, value);
    return value != NULL;
}

static bool parse_signature(struct parser *parser, struct node_macro *macro)
{
    if (!parser_expect(parser, TOKEN_LPAREN))
        return false;
    while (!parser_is(parser, TOKEN_RPAREN)) {
        if (macro->param_count > 0 && !parser_expect(parser, TOKEN_COMMA))
            return false;
        if (!parse_param(parser, macro))
            return false;
    }
    parser->token++;
    return true;
}

/* A parameter named caller needs a default, or a call without a call block could not work. */
static bool check_caller_param(struct parser *parser, const struct node_macro *macro)
{
    for (uint32_t i = 0; i < macro->param_count; i++)
        if (macro->params[i] == parser->env->known.caller && i + macro->defaults.count < macro->param_count)
            return parser_fail(parser, parser->token,
                               "When defining macros or call blocks the special \"caller\" argument must be omitted "
                               "or be given a default.");
    return true;
}

static bool parse_macro_body(struct parser *parser, struct node_macro *macro, const char *end)
{
    struct node_macro *outer = parser->macro;
    bool outer_loop = parser->in_loop;

    parser->macro = macro;
    parser->in_loop = false;
    macro->body = parser_body_to(parser, end);
    parser->macro = outer;
    parser->in_loop = outer_loop;
    return macro->body != NULL;
}

struct node *parser_macro(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_MACRO, parser->token);
    struct node_macro *macro = arena_new_of(parser->arena, struct node_macro);

    parser->token++;
    node->as.macro.macro = macro;
    macro->name = parser_take_name(parser);
    if (macro->name == NULL || !parse_signature(parser, macro) || !check_caller_param(parser, macro))
        return NULL;
    return parse_macro_body(parser, macro, "endmacro") ? node : NULL;
}

struct node *parser_call_block(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_CALL_BLOCK, parser->token);
    struct node_macro *macro = arena_new_of(parser->arena, struct node_macro);

    parser->token++;
    node->as.macro.macro = macro;
    macro->name = parser->env->known.caller;
    if (parser_is(parser, TOKEN_LPAREN) && !parse_signature(parser, macro))
        return NULL;
    node->as.macro.call = parser_expression(parser);
    if (node->as.macro.call == NULL)
        return NULL;
    if (node->as.macro.call->kind != NODE_CALL) {
        parser_fail(parser, parser->token, "expected call");
        return NULL;
    }
    return parse_macro_body(parser, macro, "endcall") ? node : NULL;
}
