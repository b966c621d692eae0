/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What brings a node in: roost1:<SHA-256 of the CA's key, 64 hexadecimal digits>:<token id>:<secret>[@host:port], an IPv6
 * address in brackets. The CA is held against the digest before the secret is sent.
 */
#pragma once

#include <stdint.h>

#include "common/trust/secret.h"

struct join_string {
    char ca_fingerprint[SECRET_HASH_LENGTH + 1];
    char token_id[SECRET_ID_LENGTH + 1];
    struct secret secret;
    const char *host; /* NULL: not said. An IPv6 address is without its brackets */
    uint16_t port;    /* 0: not said */
};

/* White space around the text is passed over. An error says which part, what was found and what was expected, and never
 * shows the text: a secret in the wrong place is still one. */
bool join_string_read(struct arena *arena, const char *text, struct join_string *out, struct error *err);
struct secret join_string_text(struct arena *arena, const struct join_string *join);
char *join_string_shown(struct arena *arena, const struct join_string *join); /* without the secret */
