/* SPDX-License-Identifier: Apache-2.0 */
/* b64encode and b64decode, in any encoding that the C library knows. */
#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "engine/template/encoding.h"
#include "engine/template/filter.h"

static bool encoding_of(struct eval *eval, const struct value *given, const char **out)
{
    const char *name = args_text(eval, given, "utf-8", "encoding");

    return name != NULL && encoding_find(eval->arena, name, out, eval->err);
}

static const struct value *filter_b64encode(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    const char *encoding = NULL;

    bool is_bytes = (input->marks & VALUE_BYTES) != 0 && input->kind == VALUE_STRING;

    input = is_bytes ? input : eval_str(eval, input);
    if (input == NULL || !encoding_of(eval, args->bound[0], &encoding))
        return NULL;
    if (encoding == NULL || is_bytes)
        return eval_text(eval, base64_encode(eval->arena, input->as.string.data, input->as.string.length));
    if (!encoding_convert(encoding, "UTF-8", input->as.string.data, input->as.string.length, &out, eval->err))
        return NULL;
    return eval_text(eval, base64_encode(eval->arena, out.data, out.length));
}

static const struct value *filter_b64decode(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    const char *encoding = NULL;
    char *data = NULL;
    size_t length = 0;

    input = eval_str(eval, input);
    if (input == NULL || !encoding_of(eval, args->bound[0], &encoding) ||
        !base64_decode(eval->arena, input->as.string.data, input->as.string.length, &data, &length, eval->err))
        return NULL;
    if (encoding == NULL)
        return eval_string(eval, data, length);
    return encoding_convert("UTF-8", encoding, data, length, &out, eval->err) ? eval_string(eval, out.data, out.length)
                                                                              : NULL;
}

const struct filter filters_base64[] = {
    { "b64encode", filter_b64encode, "encoding", 0 },
    { "b64decode", filter_b64decode, "encoding", 0 },
    { .name = NULL },
};
