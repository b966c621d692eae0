/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content that goes to a node: hashed here, offered with the call, fetched by the module only when the destination differs
 * (the arguments _content_id, _content_size, _content_sha256, _content_sha1, _content_name). Vaulted files are decrypted first.
 */
#pragma once

#include "engine/run/action.h"

struct action_content {
    const char *path; /* a file at the centre, or NULL: */
    const char *data;
    size_t length;
    const char *name; /* what the module calls it; used when the destination is a folder */
};

/* Reads `content->path` into data if it is a vaulted file that is to be decrypted. */
bool action_content_open(struct action_call *call, struct action_content *content, bool decrypt, struct error *err);
/* Adds the content's arguments to `args` and sends `module`. */
bool action_content_send(struct action_call *call, enum action_next *next, const char *module, struct value *args,
                         const struct action_content *content, struct error *err);
/* "0644": the mode of a file at the centre, for mode: preserve. NULL: it cannot be read. */
const char *action_file_mode(struct arena *arena, const char *path);
/* A copy of the task's arguments without the named ones (NULL-terminated). */
struct value *action_args_without(struct action_call *call, const char *const *names);
