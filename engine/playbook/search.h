/* SPDX-License-Identifier: Apache-2.0 */
/* Where files named in playbooks are looked for. Internal to engine/playbook; others use playbook_find_file. */
#pragma once

#include "engine/playbook/model.h"

/* A file of tasks or handlers: beside the including file and upwards, the role's folders, the playbook's. NULL: none. */
const char *search_task_file(struct arena *arena, const struct node *node, const char *base_folder,
                             const char *subfolder, const char *name);
