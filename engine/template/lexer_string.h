/* SPDX-License-Identifier: Apache-2.0 */
/* String literals of templates: escapes as in Python. */
#pragma once

#include "engine/template/lexer_text.h"

/* Sets data and length of `token` to the text between the quotes; `plain`: escapes mean nothing. */
bool lexer_unescape(struct lexer *lexer, const char *from, const char *to, bool plain, struct token *token);
