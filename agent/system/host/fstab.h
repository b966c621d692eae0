/* SPDX-License-Identifier: Apache-2.0 */
/* The text of fstab(5): setting and removing the line of one mount point. Pure text; other lines stay as they are. */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"

/* As people write them: blanks and the like are escaped here. */
struct fstab_entry {
    const char *src, *path, *fstype, *opts, *dump, *passno;
};

/* A field as fstab holds it: blanks, backslashes and ampersands in octal. */
char *fstab_escape(struct arena *arena, const char *text);
/* The text with the entry's line set: changed where it is, else added at the end. As in Ansible, a line that leaves
 * dump and passno out differs from one that says 0 0. Of swap lines (path "none") the source tells which. */
char *fstab_set(struct arena *arena, const char *text, const struct fstab_entry *entry, bool *changed_out);
/* The text without the lines of `path`; `src` (may be NULL) tells swap lines apart. */
char *fstab_unset(struct arena *arena, const char *text, const char *path, const char *src, bool *changed_out);
