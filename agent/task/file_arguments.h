/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments that all file-like modules share (owner, group, mode, attributes, unsafe_writes ...) and what
 * they mean, behind the change gate. Semantics: ansible.builtin.file of 2.14, including symbolic modes and
 * "preserve".
 */
#pragma once

#include "agent/task/module.h"

struct file_arguments {
    const char *owner; /* name or number */
    const char *group;
    const char *mode;       /* "0644", "u+rwX,g-w", "preserve" (copy, template) */
    const char *attributes; /* chattr letters, with = + - in front */
    const char *seuser, *serole, *setype, *selevel;
    bool unsafe_writes;
};

/* Rows for a module's arg table; `type_` has a member `struct file_arguments file`. */
#define FILE_ARGUMENTS(type_)                                                                                          \
    ARG_NAMED("mode", type_, file.mode, ARG_MODE, .help = "permissions, octal or symbolic"),                           \
        ARG_NAMED("owner", type_, file.owner, ARG_STRING, .help = "user that owns the file"),                          \
        ARG_NAMED("group", type_, file.group, ARG_STRING, .help = "group that owns the file"),                         \
        ARG_NAMED("seuser", type_, file.seuser, ARG_STRING, .help = "SELinux user (no effect where SELinux is off)"),  \
        ARG_NAMED("serole", type_, file.serole, ARG_STRING, .help = "SELinux role"),                                   \
        ARG_NAMED("selevel", type_, file.selevel, ARG_STRING, .help = "SELinux level"),                                \
        ARG_NAMED("setype", type_, file.setype, ARG_STRING, .help = "SELinux type"),                                   \
        ARG_NAMED("attributes", type_, file.attributes, ARG_STRING, .aliases = ARG_NAMES("attr"),                      \
                  .help = "file attributes as chattr takes them"),                                                     \
        ARG_NAMED("unsafe_writes", type_, file.unsafe_writes, ARG_BOOL, .environment = "ANSIBLE_UNSAFE_WRITES",        \
                  .help = "write in place where the file cannot be replaced")

/* Where differences are noted for a diff, under Ansible's keys: owner, group (numbers), mode, attributes,
 * secontext. */
struct file_arguments_diff {
    struct value *before, *after; /* maps */
};

/* Applies owner, group, mode and attributes to an existing path (no following of links unless `follow`). Each
 * difference passes the gate. In check mode a path that is not there yet counts as changed when anything is
 * to be set. */
bool file_arguments_apply(struct task_context *task, const char *path, const struct file_arguments *arguments,
                          bool follow, struct error *err);
/* The same; differences are added to the maps of `diff` (may be NULL). */
bool file_arguments_apply_diff(struct task_context *task, const char *path, const struct file_arguments *arguments,
                               bool follow, struct file_arguments_diff *diff, struct error *err);
/* A copy with names of owner and group replaced by numbers: for many paths. Names that do not exist stay. */
struct file_arguments file_arguments_resolve(struct task_context *task, const struct file_arguments *arguments);
bool file_arguments_given(const struct file_arguments *arguments); /* is there anything to apply? */
/* Sets Ansible's result fields of a path: uid gid owner group mode size state (and secontext where there is
 * one). */
bool file_arguments_describe(struct task_context *task, const char *path, struct error *err);
