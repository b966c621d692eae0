/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering one text: shared by template_value, conditions, template files and the template lookup. */
#pragma once

#include "engine/template/eval.h"

struct render {
    const char *text;
    size_t length;
    const char *before, *after; /* what messages show around the text, or NULL */
    struct source_position at;
    const struct syntax *syntax;
    bool convert;       /* Ansible's literal conversion of the result */
    bool keep_newlines; /* newlines at the end of the text are kept */
    bool is_expression;
    bool *unsafe_out; /* NULL, or receives whether text from outside went in */
};

/* NULL with the error set. The text may begin with a "#jinja2:" line. */
const struct value *render_run(struct template_call *call, const struct render *render, struct error *err);
/* Gives the wording that Ansible gives to failures of templates. Always false. */
bool render_wrap_error(struct template_call *call, const struct render *render, bool type_error, struct error *err);
