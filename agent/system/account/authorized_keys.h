/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of authorized_keys files: lines as keys with options, type and comment. Follows
 * ansible.posix.authorized_key where a rewritten file can be told from the old one: key options are compared as
 * a set, lines that are no keys are kept, equal lines that are no keys are kept once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct authorized_key {
    const char *id;              /* the key's base64 text; of other lines the line itself */
    const char *type;            /* NULL: not a key */
    const struct value *options; /* map: option name -> list of values (null: an option without value) */
    const struct value *order;   /* list of option names in the order of the text */
    const char *comment;
    size_t rank;
    bool is_removed;
};

struct authorized_keys {
    struct arena *arena;
    struct authorized_key *items;
    size_t count;
};

/* False when the line holds no key. `line` is without its end. */
bool authorized_key_parse(struct arena *arena, const char *line, struct authorized_key *out);
void authorized_key_set_options(struct arena *arena, struct authorized_key *key, const char *options);
bool authorized_key_equal(const struct authorized_key *a, const struct authorized_key *b);

void authorized_keys_parse(struct arena *arena, const char *text, size_t length, struct authorized_keys *out);
struct authorized_key *authorized_keys_find(struct authorized_keys *keys, const char *id);
/* Takes the place of an entry with the same id, or is added. */
void authorized_keys_put(struct authorized_keys *keys, const struct authorized_key *key);
size_t authorized_keys_count(const struct authorized_keys *keys); /* of what is not removed */
char *authorized_keys_text(const struct authorized_keys *keys);
