/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What blockinfile, replace and ini_file do once they know a file's new content: backup, validate command,
 * replacing the file, then owner, mode and attributes with their part of the message.
 */
#pragma once

#include "agent/task/file_arguments.h"

struct replace_content {
    const char *path;
    const char *after;
    size_t after_length;
    bool exists;          /* the file is there already */
    bool backup;          /* keep a copy of what is there */
    const char *validate; /* command with %s, or NULL */
    const struct file_arguments *file;
};

/* Writes behind the caller's change_wanted. A refused `validate` is a failed result, and true; folders above a new
 * file are made. *backup_out (if wanted and made) names the copy. */
bool replace_content_write(struct task_context *task, const struct replace_content *content, const char **backup_out,
                           struct error *err);
/* Owner, mode and so on of the file. *message gets the usual words when something differs. `diff` may be NULL. */
bool replace_content_attributes(struct task_context *task, const struct replace_content *content, const char **message,
                                struct file_arguments_diff *diff, struct error *err);
/* The whole file; an absent one is "". Refuses more than 512 MiB. */
bool replace_content_read(struct task_context *task, const char *path, char **data_out, size_t *length_out,
                          struct error *err);
/* Adds the diff entry of owner, mode and so on, as Ansible's second entry of a list has it. */
void replace_content_diff(struct task_context *task, const char *path, const struct file_arguments_diff *diff);
