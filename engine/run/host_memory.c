/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts as they were before a result was applied: the debugger's redo takes the result back. */
#include "engine/run/debugger.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

struct remembered {
    struct run_host *host;
    struct run_host before; /* its position is a copy of its own */
};

struct host_memory {
    struct remembered *hosts;
    size_t count;
};

static void remember_one(struct run *run, struct run_host *host, void *context)
{
    struct host_memory *memory = context;
    struct remembered *entry = &memory->hosts[memory->count++];

    entry->host = host;
    entry->before = *host;
    entry->before.position = (struct iterator_position){ 0 };
    iterator_copy(&run->play->iterator, &entry->before.position, &host->position);
}

struct host_memory *host_remember(struct run *run, struct job *job)
{
    struct host_memory *memory = arena_new_of(run->play->arena, struct host_memory);

    memory->hosts = arena_new_array(run->play->arena, struct remembered, run->play->host_count + 1);
    apply_each_host(run, job, remember_one, memory);
    return memory;
}

void host_restore(struct run *run, const struct host_memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        struct run_host *host = memory->hosts[i].host;
        const struct run_host *before = &memory->hosts[i].before;

        host->stats = before->stats;
        host->is_counted = before->is_counted;
        host->is_failed = before->is_failed;
        host->is_unreachable = before->is_unreachable;
        host->removals = before->removals;
        iterator_copy(&run->play->iterator, &host->position, &before->position);
    }
}
