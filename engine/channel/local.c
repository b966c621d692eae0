/* SPDX-License-Identifier: Apache-2.0 */
/* ansible_connection=local: the same agent, the same session, no ssh. */
#include "engine/channel/local.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/path.h"

#define LOCAL_START_MS 30000

bool local_open(const char *agent_path, const struct connection_target *target, struct connection **out,
                struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *program = strchr(agent_path, '/') == NULL ? agent_path : path_absolute(arena, agent_path);
    const char *argv[] = { program, "session", NULL };
    bool has_folder = target->folder != NULL && path_is_folder(target->folder);
    struct spawn_request request = { .argv = argv, .folder = has_folder ? target->folder : NULL, .own_group = true };
    struct spawned child;
    if (!spawn_program(&request, &child, err))
        return error_prefix(err, "local connection");
    struct client *client = client_new(target);
    client->deadline_ms = clock_monotonic_ms() + LOCAL_START_MS;
    client->timeout_message = "the local agent did not answer within 30 seconds";
    client_start(client, &child);
    *out = &client->base;
    return true;
}
