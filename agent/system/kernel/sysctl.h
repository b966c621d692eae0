/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters in /proc/sys, and the files that set them at boot (sysctl.conf(5)). No process is needed
 * for either. */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"
#include "common/base/text.h"

/* net.ipv4.ip_forward and net/ipv4/ip_forward both name /proc/sys/net/ipv4/ip_forward; the first separator
 * decides. */
const char *sysctl_path(struct arena *arena, const char *name);
/* The value as the kernel prints it, without the line end; "" when there is no such parameter, NULL when it
 * may not be read. */
const char *sysctl_read(const struct system *system, struct arena *arena, const char *name);
/* False with the words of sysctl(8); with `ignore_missing` a parameter that does not exist is passed over. */
bool sysctl_write(const struct system *system, struct arena *arena, const char *name, const char *value,
                  bool ignore_missing, struct error *err);
/* Equal word by word. NULL equals nothing. */
bool sysctl_same_value(const char *a, const char *b);

/* The value `name` has in the text of a file (the last one wins); NULL: not set there. */
const char *sysctl_file_value(struct arena *arena, const char *text, const char *name);
/* The text with name=value (NULL: without name). As in Ansible: blanks around = go, and of settings that
 * come twice the first stays. */
char *sysctl_file_edit(struct arena *arena, const char *text, const char *name, const char *value);
/* Sets every parameter of the file, globs included, and goes on after errors; their words are in `errors`. */
bool sysctl_file_apply(const struct system *system, struct arena *arena, const char *path, bool ignore_missing,
                       struct text *errors, struct error *err);
