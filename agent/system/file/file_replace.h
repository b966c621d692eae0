/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing a file so that every reader sees the old or the new content, never half of it, power cut
 * included: temporary file in the same folder, write, fsync, owner + mode + ACL + extended attributes taken
 * over from the old file, rename, fsync of the folder. An error removes the temporary file. Symbolic links
 * are followed to the file they name, as Ansible does. Paths are those of the host the tasks see:
 * system->root is put before them here; a temporary path is as the kernel sees it.
 */
#pragma once

#include <sys/types.h>

#include "agent/system/host/system.h"

struct file_replace; /* in arena; temp file and fd inside */

struct file_replace_options {
    mode_t mode;       /* mode of a file that is new: 0666 less umask is Ansible's default when 0 */
    bool unsafe;       /* write in place if rename is not possible (bind-mounted file); Ansible's unsafe_writes */
    bool replace_link; /* a symbolic link at the path is itself replaced, not followed */
};

bool file_replace_begin(const struct system *system, struct arena *arena, const char *path,
                        const struct file_replace_options *options, struct file_replace **out, struct error *err);
int file_replace_fd(const struct file_replace *replace);                /* write the new content here */
const char *file_replace_temp_path(const struct file_replace *replace); /* for `validate` commands */
/* The file shall have another name in the same folder: for downloads whose name comes with the answer. */
bool file_replace_retarget(struct file_replace *replace, const char *path, struct error *err);
bool file_replace_commit(struct file_replace *replace, struct error *err);
void file_replace_abort(struct file_replace *replace); /* safe after commit and on NULL */
void file_replace_guard(struct file_replace **replace);
#define FILE_REPLACE_SCOPED __attribute__((cleanup(file_replace_guard))) struct file_replace *

/* The common case: whole content at hand. */
bool file_replace_text(const struct system *system, struct arena *arena, const char *path, const char *text,
                       const struct file_replace_options *options, struct error *err);
/* The same with the content of a file as the kernel sees it. */
bool file_replace_from(const struct system *system, struct arena *arena, const char *path, const char *from,
                       const struct file_replace_options *options, struct error *err);
/* Ansible's backup: copy to PATH.<pid>.<YYYY-MM-DD@HH:MM:SS~>, attributes kept. */
bool file_backup(const struct system *system, struct arena *arena, const char *path, const char **backup_out,
                 struct error *err);
