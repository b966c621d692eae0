/* SPDX-License-Identifier: Apache-2.0 */
/* Which roles a host has been through in this play: a role without allow_duplicates runs once, even when it is named again. */
#include "engine/run/strategy.h"

static struct role_progress *progress_of(struct run *run, struct run_host *host, const struct role *mention, bool add)
{
    const struct role *role = mention->identity;

    for (size_t i = 0; i < host->role_count; i++)
        if (host->roles[i].role == role)
            return &host->roles[i];
    if (!add)
        return NULL;
    if (host->role_count == host->role_capacity) {
        size_t capacity = host->role_capacity == 0 ? 8 : host->role_capacity * 2;

        host->roles = arena_grow(run->arena, host->roles, host->role_capacity * sizeof(*host->roles),
                                 capacity * sizeof(*host->roles));
        host->role_capacity = capacity;
    }
    host->roles[host->role_count] = (struct role_progress){ .role = role };
    return &host->roles[host->role_count++];
}

bool role_is_done(const struct run_host *host, const struct node *task)
{
    if (task->role == NULL || task->is_handler || task->role->allow_duplicates)
        return false;
    for (size_t i = 0; i < host->role_count; i++)
        if (host->roles[i].is_complete && host->roles[i].role == task->role->identity)
            return true;
    return false;
}

void role_mark_task(struct run *run, struct run_host *host, const struct role *role)
{
    progress_of(run, host, role, true)->had_task = true;
}

void role_mark_complete(struct run *run, struct run_host *host, const struct role *role)
{
    struct role_progress *progress = progress_of(run, host, role, false);

    if (progress != NULL && progress->had_task)
        progress->is_complete = true;
}
