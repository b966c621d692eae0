/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups by name and number: the files of the system's root first, then (on a real host) whatever
 * else the C library asks (LDAP, systemd).
 */
#pragma once

#include <sys/types.h>

#include "agent/system/host/system.h"

enum file_owner_kind { FILE_OWNER_USER, FILE_OWNER_GROUP };

/* `text` is a name or a number. False: no such name (errors of reading included). Numbers need not exist. */
bool file_owner_id(const struct system *system, struct arena *arena, enum file_owner_kind kind, const char *text,
                   unsigned *out);
/* NULL: the number has no name. */
const char *file_owner_name(const struct system *system, struct arena *arena, enum file_owner_kind kind, unsigned id);
