/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator shows to the API: roost_<id>_<secret>. The id finds the row, the secret's hash must be the row's.
 */
#pragma once

#include "common/trust/secret.h"

struct api_token {
    char id[SECRET_ID_LENGTH + 1];
    struct secret secret;
};

bool api_token_make(struct arena *arena, struct api_token *out, struct error *err);
bool api_token_read(struct arena *arena, const char *text, struct api_token *out, struct error *err);
struct secret api_token_text(struct arena *arena, const struct api_token *token); /* whole: shown once, when made */
char *api_token_shown(struct arena *arena, const struct api_token *token);        /* roost_<id>_*** */
