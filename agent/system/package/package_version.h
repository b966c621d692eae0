/* SPDX-License-Identifier: Apache-2.0 */
/* Order of Debian version numbers (deb-version(7)) and the "name=1.2*" specs that the package modules take. */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"

/* <0, 0, >0 as dpkg orders them. */
int package_version_compare(const char *a, const char *b);
/* Python's fnmatch: * ? [..] [!..], no special treatment of '/' or a leading dot. */
bool package_glob_match(const char *pattern, const char *text);
bool package_is_glob(const char *name);

struct package_spec {
    const char *text;      /* as the user wrote it */
    const char *name;      /* may carry ":arch" */
    const char *operator_; /* "=" or ">="; NULL: no version asked for */
    const char *version;
};

struct package_spec package_spec_split(struct arena *arena, const char *text);
