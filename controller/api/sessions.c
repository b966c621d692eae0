/* SPDX-License-Identifier: Apache-2.0 */
/* A node's agent comes for a session that its work named: the connection goes to the run that waits for it. */
#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/runs/runs.h"

#define PROTOCOL "roost-session"

struct coming {
    struct runs *runs;
    uint64_t number;
};

static void session_opened(void *data, int fd, void *connection)
{
    const struct coming *coming = data;

    runs_session_open(coming->runs, coming->number,
                      &(struct runs_connection){ fd, api_upgraded_close, connection, api_upgraded_is_over });
}

static void session_get(struct api_call *call)
{
    struct coming *coming = arena_new_of(call->arena, struct coming);

    if (!text_equal(api_header(call, "Upgrade"), PROTOCOL)) {
        api_reply_header(call, "Upgrade", PROTOCOL);
        api_reply_error(call, 426, "upgrade_needed", "a session begins with Upgrade: " PROTOCOL);
        return;
    }
    coming->runs = center_of(call)->runs;
    if (coming->runs != NULL)
        coming->number = runs_session_claim(coming->runs, api_path_value(call, "id"), call->identity.node_id,
                                            call->identity.generation);
    if (coming->number == 0)
        api_reply_error(call, 404, "session_unknown", "there is no such session for node %s, or not any more",
                        call->identity.name);
    else
        api_reply_upgrade(call, &(struct api_upgrade){ PROTOCOL, session_opened, coming });
}

static const struct api_route routes[] = {
    API_ROUTE(API_NODE, "GET", "/agent/v1/session/{id}", session_get,
              .summary = "The agent's end of a session that a run waits for, with Upgrade: " PROTOCOL,
              .reply = "101, then the frames of the protocol between engine and agent"),
};

API_RESOURCE_DEFINE(sessions) = { .name = "sessions",
                                  .summary = "Runs at work on a node",
                                  .routes = routes,
                                  .count = sizeof(routes) / sizeof(routes[0]) };
