/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of ssh's known_hosts files (sshd(8)): taking them apart, and which hosts they are for, hashed names included. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct known_host {
    const char *marker; /* @cert-authority, @revoked; NULL: none */
    const char *names;  /* patterns with commas, or one hashed name */
    const char *type, *key;
    const char *comment; /* what follows; "" */
};

/* False: an empty line, a comment, or no such line. */
bool known_host_parse(struct arena *arena, const char *line, size_t length, struct known_host *out);
/* `host` in lower case. */
bool known_host_matches(struct arena *arena, const struct known_host *line, const char *host);
/* The host's name as ssh hashes it, with a salt of its own each time. */
bool known_host_hash(struct arena *arena, const char *host, const char **out, struct error *err);
char *known_host_line(struct arena *arena, const struct known_host *line); /* without line end */
