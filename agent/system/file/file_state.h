/* SPDX-License-Identifier: Apache-2.0 */
/* What a path is, and where it really leads: Python's os.path answers, which playbooks see. */
#pragma once

#include <sys/stat.h>

#include "common/base/arena.h"
#include "common/base/error.h"

enum file_state { FILE_ABSENT, FILE_REGULAR, FILE_HARD, FILE_LINK, FILE_FOLDER };

/* A link is a link whatever it names; a file with more than one name is FILE_HARD; devices, pipes and sockets
 * are FILE_REGULAR (as Ansible's file module has it). An error only for what is there but cannot be asked. */
bool file_state_get(const char *path, enum file_state *out, struct error *err);
const char *file_state_name(enum file_state state); /* absent file hard link directory */
bool file_is_link(const char *path);
const char *file_link_target(struct arena *arena, const char *path); /* as stored; NULL: no link */
/* os.path.realpath: links resolved as far as they exist, the rest kept; absolute. */
const char *file_real_path(struct arena *arena, const char *path);
