/* SPDX-License-Identifier: Apache-2.0 */
/* Join strings and API tokens of arbitrary bytes: what is taken must come back the same, and an error must not hold the secret. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/trust/api_token.h"
#include "common/trust/join_string.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_token(struct arena *arena, const char *text, struct error *err)
{
    struct api_token token;

    if (api_token_read(arena, text, &token, err) && !text_equal(secret_reveal(api_token_text(arena, &token)), text))
        abort();
}

/* Any run of the input that is as long as a secret, in the error. */
static void check_error(const char *text, const struct error *err)
{
    size_t length = strlen(text);

    for (size_t i = 0; i + SECRET_LENGTH <= length; i++) {
        if (memmem(err->text, strlen(err->text), text + i, SECRET_LENGTH) != NULL &&
            memmem("expected roost1:<fingerprint>:<token id>:<secret>[@host:port]", 60, text + i, SECRET_LENGTH) ==
                NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct join_string join, again;
    const char *text = arena_copy_n(arena, (const char *)data, size), *whole;

    check_token(arena, text, &err);
    error_clear(&err);
    if (!join_string_read(arena, text, &join, &err)) {
        check_error(text, &err);
        return 0;
    }
    whole = secret_reveal(join_string_text(arena, &join));
    if (!join_string_read(arena, whole, &again, &err) || !text_equal(join.host, again.host) || join.port != again.port)
        abort();
    if (!text_equal(whole, text_trim(arena, text, strlen(text))))
        abort();
    if (strstr(join_string_shown(arena, &join), secret_reveal(join.secret)) != NULL)
        abort();
    return 0;
}
