/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens -> tree, by Jinja2 3.1's grammar. */
#pragma once

#include "engine/template/lexer.h"
#include "engine/template/tree.h"

struct template_env;

/* Parses a template, or a bare expression. Errors carry line and column of the text, and no path. */
bool parser_run(struct template_env *env, const struct syntax *syntax, const struct source *source,
                struct template **out, struct error *err);
