/* SPDX-License-Identifier: Apache-2.0 */
/* password_hash. */
#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/password.h"

/* Numbers are taken as text too. */
static bool number_of(struct eval *eval, const struct value *value, int64_t *out)
{
    if (value != NULL && value->kind == VALUE_STRING && text_to_int(value->as.string.data, out))
        return true;
    return args_int(eval, value, 0, out);
}

/* The salt may be a number. */
static const char *salt_of(struct eval *eval, const struct value *value)
{
    const struct value *text = value == NULL || value->kind == VALUE_NULL ? NULL : eval_str(eval, value);

    return text == NULL ? NULL : text->as.string.data;
}

static const struct value *filter_password_hash(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct password_options options = { .type = args_text(eval, args->bound[0], "sha512", "hashtype") };

    if (options.type == NULL || !number_of(eval, args->bound[2], &options.salt_size) ||
        !number_of(eval, args->bound[3], &options.rounds))
        return NULL;
    options.salt = salt_of(eval, args->bound[1]);
    options.ident = args_text(eval, args->bound[4], "", "ident");
    if (options.ident == NULL || (args->bound[1] != NULL && args->bound[1]->kind == VALUE_UNDEFINED))
        return eval->err->text[0] != '\0' ? NULL : eval_fail_undefined(eval, args->bound[1]);
    return password_hash(eval, input, &options);
}

const struct filter filters_password[] = {
    { "password_hash", filter_password_hash, "hashtype salt salt_size rounds ident", FILTER_TEXT },
    { .name = NULL },
};
