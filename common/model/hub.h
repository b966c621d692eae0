/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Hugging Face hub, as far as downloads need it: which commit a revision is, what files it has with size and
 * digest, and where a file's content is just now. Everything the hub says is checked before it is used.
 */
#pragma once

#include "common/model/ask.h"
#include "common/model/model_source.h"
#include "common/model/selection.h"

struct hub {
    struct arena *arena;
    const struct model_settings *settings;
    const struct model_source *source;
};

/* "huggingface.co", "hub.local_8080": a folder's name for what this endpoint says. */
char *hub_host_name(struct arena *arena, const char *endpoint);
bool hub_commit(const struct hub *hub, const char **commit_out, struct error *err);
/* All files of a commit. */
bool hub_tree(const struct hub *hub, const char *commit, struct model_files *out, struct error *err);
/* Asks for a file: follows what stays with the hub and stops where the content is, *out. Checks size and digest if the hub
 * says them here. */
bool hub_resolve(const struct hub *hub, const char *commit, const struct model_file *file, struct remote *out,
                 struct error *err);

/* The list of files as text for the store, and back: what was read once of a commit holds for ever. */
char *hub_tree_text(struct arena *arena, const struct model_files *files);
bool hub_tree_read(struct arena *arena, const char *text, size_t length, struct model_files *out, struct error *err);
