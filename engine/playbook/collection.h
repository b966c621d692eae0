/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collections: folders ns/name below ansible_collections, found beside the playbook and on the configured path, with what
 * their meta/runtime.yml says of redirected, removed and grouped names. Internal to engine/playbook.
 */
#pragma once

#include "engine/playbook/load.h"

struct collection {
    const char *name;            /* "ns.name" */
    const char *folder;          /* NULL: there is none of that name */
    const struct value *routing; /* plugin_routing of meta/runtime.yml, or NULL */
    const struct value *groups;  /* action_groups, or NULL */
    struct collection *next;
};

/* "ns.name.what" or "ns.name.folder.what". */
bool collection_is_qualified(const char *name);
/* Finds "ns.name"; *out NULL: there is none. False: its meta/runtime.yml cannot be read. */
bool collection_find(struct playbook_loader *loader, const char *name, const struct collection **out,
                     struct error *err);
/* Follows redirections of `name` (qualified) as long as there are any; each deprecation is a warning. `kind` is a key of
 * plugin_routing: "modules", "action". False: removed, or the redirections go round in circles. */
bool collection_route(struct playbook_loader *loader, const char *kind, const char *name, const char **out,
                      struct error *err);
/* The action plugin that a collection's meta/runtime.yml names for a module (plugin_routing.modules.X.action_plugin), of the
 * full name or one of the node's collections; NULL: it names none. */
const char *collection_action(struct playbook_loader *loader, const struct node *node, const char *name);
/* The collections in which a short name is looked for, nearest keyword first: a list of strings, or NULL. */
const struct value *collection_keyword(const struct load_scope *scope, const struct value *own);
/* <collection>/<subfolder>/what of "ns.name.what", NULL when it is not there; `extensions` NULL: any. */
const char *collection_file(struct playbook_loader *loader, const char *subfolder, const char *name,
                            const char *const *extensions);
/* The folder of "ns.name.what" below <collection>/<subfolder>, and the collection's name; NULL when it is not there. */
const char *collection_folder(struct playbook_loader *loader, const char *subfolder, const char *name,
                              const char **collection_out);
/* The playbook of a collection by its full name; NULL: none of that name, or no such name. */
const char *collection_playbook(struct playbook_loader *loader, const char *name);
/* "ns.name" of a path inside of a collection, or NULL. */
const char *collection_of_path(struct arena *arena, const char *path);
/* A folder whose collections/ is searched: that of a playbook. */
void collection_add_playbook(struct playbook_loader *loader, const char *folder);
