/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running tasks as another user: a helper is this program again, started through sudo, su or doas, kept open for
 * later tasks of the same method, user and flags. The password, if any, goes to sudo's standard input, or to the terminal that
 * su has, when they ask for it: never into arguments, environment or messages.
 */
#pragma once

#include <sys/types.h>

#include "agent/session/inbox.h"

struct become_request {
    const char *method, *user, *flags, *exe; /* NULL: sudo, root, the method's usual flags, the method's name */
    const char *password;                    /* or NULL */
    const struct value *prompts;             /* su's prompts, without the colon; NULL or empty: the usual ones */
    bool same_user;                          /* also where one is that user already */
};

struct become_helper {
    struct become_helper *next;
    char *key;
    char *command; /* by which it was started, as a shell reads it; NULL once it was told */
    pid_t pid;
    int input, output, errors; /* errors: with a terminal its other end */
    bool has_terminal, is_up;
    struct frame_reader *reader;
};

struct become_pool {
    struct become_helper *helpers;
    const char *const *self; /* words that start this program */
};

/* True when `request` names the user this process already is. */
bool become_is_unneeded(const struct become_request *request);
/* A helper that has said HELLO. Errors are Ansible's sentences ("Missing sudo password", "Incorrect sudo
 * password") or the last line that sudo wrote. */
bool become_get(struct become_pool *pool, const struct become_request *request, const struct inbox *inbox,
                struct become_helper **out, struct error *err);
/* Takes a helper that has ended out of the pool; the error says how it ended. Always false. */
bool become_lost(struct become_pool *pool, struct become_helper *helper, struct error *err);
void become_pool_close(struct become_pool *pool);
