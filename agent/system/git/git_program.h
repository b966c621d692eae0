/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The git of this host: finding it, and running it so that it never asks anybody anything. Knows nothing of tasks and
 * changes; words that come from users are refused by the caller when they could be taken for options.
 */
#pragma once

#include "agent/system/process/process.h"
#include "common/base/arena.h"
#include "common/value/value.h"

struct git_program {
    const struct system *system;
    struct arena *arena;
    const char *path;
    struct value *environment; /* on top of the task's; may be added to */
    int umask_bits;            /* -1: leave */
};

/* How git shall call ssh. */
struct git_ssh {
    const char *options;  /* words for ssh as a shell reads them, or NULL */
    const char *key_file; /* a word as a shell reads it, or NULL */
};

/* `executable` may be NULL: git is searched in PATH. */
bool git_program_open(const struct system *system, struct arena *arena, const char *executable, struct git_program *out,
                      struct error *err);
/* Sets the command by which git calls ssh: without questions, with these options. */
void git_program_set_ssh(struct git_program *git, const struct git_ssh *ssh);
/* `words` are the arguments behind the program's name (NULL-terminated). A folder that is not there is not changed to. */
bool git_run(const struct git_program *git, const char *folder, const char *const *words, struct process_result *out,
             struct error *err);
/* What the command says, without the newlines at its end. NULL: it failed (and `err` is not set) or could not be
 * started. */
const char *git_ask(const struct git_program *git, const char *folder, const char *const *words);
#define GIT_WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
bool git_is_at_least(const struct git_program *git, int64_t major, int64_t minor);
