/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators' tokens as text.
 */
#include "common/trust/api_token.h"

#include <string.h>

#include "common/base/text.h"

#define PREFIX "roost_"
#define SHAPE "a token is " PREFIX "<id>_<secret>"

bool api_token_make(struct arena *arena, struct api_token *out, struct error *err)
{
    struct api_token token;

    if (!secret_id_make(token.id, err) || !secret_make(arena, &token.secret, err))
        return false;
    *out = token;
    return true;
}

bool api_token_read(struct arena *arena, const char *text, struct api_token *out, struct error *err)
{
    const char *id = text + strlen(PREFIX), *end;
    struct api_token token = { 0 };
    size_t length = strnlen(text, LIMIT_JOIN_STRING + 1);

    if (length > LIMIT_JOIN_STRING)
        return error_set_kind(err, ERROR_LIMIT, "API token: it is longer than %d characters", LIMIT_JOIN_STRING);
    if (!text_starts(text, PREFIX))
        return error_set(err, "API token: it does not begin with '" PREFIX "'; " SHAPE);
    end = strchr(id, '_');
    if (end == NULL)
        return error_set(err, "API token: there is no '_' between id and secret; " SHAPE);
    if (!secret_id_check(id, (size_t)(end - id), err) ||
        !secret_read(arena, end + 1, strlen(end + 1), &token.secret, err))
        return error_prefix(err, "API token");
    memcpy(token.id, id, SECRET_ID_LENGTH);
    *out = token;
    return true;
}

struct secret api_token_text(struct arena *arena, const struct api_token *token)
{
    return (struct secret){ arena_printf(arena, PREFIX "%s_%s", token->id, secret_reveal(token->secret)) };
}

char *api_token_shown(struct arena *arena, const struct api_token *token)
{
    return arena_printf(arena, PREFIX "%s_" SECRET_HIDDEN, token->id);
}
