/* SPDX-License-Identifier: Apache-2.0 */
/* Where files and modules named in playbooks are looked for. Files: others use playbook_find_file. */
#pragma once

#include "engine/playbook/playbook.h"

/* A file of tasks or handlers: beside the including file and upwards, the role's folders, the playbook's. NULL: none. */
const char *search_task_file(struct arena *arena, const struct node *node, const char *base_folder,
                             const char *subfolder, const char *name);

/*
 * The file of a module that is none of Roost's own, of any extension. `name` is as written: a short name or
 * "ansible.legacy.x" is looked for in the node's `collections`, then in library/ beside the playbooks and in the roles read
 * so far, then in the folders of the setting `library`; "ns.name.x" in that collection only, redirections followed;
 * "ansible.builtin.x" nowhere. *out NULL: there is none. False: the collection says that the module was removed.
 */
bool search_module(struct playbook_loader *loader, const struct node *node, const char *name, const char **out,
                   struct error *err);
/* A role's folder: its library/ and *_plugins/ are searched from now on. */
void search_add_role(struct playbook_loader *loader, const char *folder);
/* The same for a plugin in Python: `kind` is "action", "filter", "lookup" ... (folders action_plugins/ and plugins/action/
 * of collections). NULL: there is none. */
const char *search_plugin(struct playbook_loader *loader, const struct node *node, const char *kind, const char *name);
/* A file of that name in `folder`: with one of the extensions, in their order; NULL: any that a module may have. */
const char *search_folder(struct arena *arena, const char *folder, const char *name, const char *const *extensions);
/* Folders of module_utils/ beside the playbooks and in the roles read so far: NULL-terminated. */
const char *const *search_module_utils(struct playbook_loader *loader);
