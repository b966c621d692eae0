/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blobs running processes use: those they have mapped or open (by path, and by device and inode, so that containers
 * count), and those that their command lines and environments name (a server that has read its model into memory needs it again
 * when it is restarted). So does what a service of systemd names that will start again, by itself or at the next boot. A blob under a shared flock(2) is in use too.
 */
#pragma once

#include "common/model/store.h"

struct store_user {
    const char *sha256;
    int pid;             /* 0: no process, a unit */
    const char *command; /* a process's command, a unit's name */
};

struct store_users {
    struct store_user *items;
    size_t count, capacity;
};

bool store_users_find(const struct model_store *store, struct store_users *out, struct error *err);
/* Who uses that blob, or NULL. */
const struct store_user *store_user_of(const struct store_users *users, const char *sha256);
bool store_blob_is_locked(const struct model_store *store, const char *sha256);
