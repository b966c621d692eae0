/* SPDX-License-Identifier: Apache-2.0 */
/* What a client sends: task frames, and file content in bounded chunks while the session takes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/channel/client.h"

/* More than this is not queued: the rest of a file stays where it is until the node has taken what was sent. */
#define CONTENT_AHEAD (4 * LIMIT_CONTENT_CHUNK)

static struct value *become_value(struct arena *arena, const struct become *become)
{
    struct value *map = value_map(arena);
    value_map_put_string(arena, map, "method", become->method ? become->method : "sudo");
    value_map_put_string(arena, map, "user", become->user ? become->user : "root");
    if (become->flags)
        value_map_put_string(arena, map, "flags", become->flags);
    if (become->exe)
        value_map_put_string(arena, map, "exe", become->exe);
    if (become->same_user)
        value_map_put_bool(arena, map, "same_user", true);
    if (become->prompts)
        value_map_put(arena, map, "prompts", become->prompts);
    if (become->password)
        value_map_put_string(arena, map, "password", become->password);
    return map;
}

static const struct value *async_value(struct arena *arena, const struct module_call *call)
{
    struct value *map = value_map(arena);

    value_map_put_int(arena, map, "limit_s", call->async_s);
    value_map_put_string(arena, map, "folder", call->async_folder);
    return map;
}

static const struct value *call_value(struct arena *arena, const struct module_call *call)
{
    struct value *map = value_map(arena);
    value_map_put_string(arena, map, "module", call->module);
    if (call->args)
        value_map_put(arena, map, "args", call->args);
    if (call->check_mode)
        value_map_put_bool(arena, map, "check", true);
    if (call->diff_mode)
        value_map_put_bool(arena, map, "diff", true);
    if (call->wants_changes)
        value_map_put_bool(arena, map, "changes", true);
    if (call->no_log)
        value_map_put_bool(arena, map, "no_log", true);
    if (call->verbosity)
        value_map_put_int(arena, map, "verbosity", call->verbosity);
    if (call->timeout_ms)
        value_map_put_int(arena, map, "timeout_ms", call->timeout_ms);
    if (call->async_s > 0)
        value_map_put(arena, map, "async", async_value(arena, call));
    if (value_count(call->environment))
        value_map_put(arena, map, "environment", call->environment);
    if (call->become.active)
        value_map_put(arena, map, "become", become_value(arena, &call->become));
    return map;
}

bool client_encode_call(struct client *client, const struct client_call *item, struct error *err)
{
    struct arena *scratch = arena_new();
    struct text json = text_new(scratch), frame = text_new(scratch);
    struct json_style style = JSON_COMPACT;
    json_write(&json, call_value(scratch, item->call), &style);
    bool ok = frame_encode(&frame, FRAME_TASK, item->number, json.data, json.length, err);
    if (ok)
        outbox_add(client->state == CLIENT_READY ? &client->outbox : &client->waiting, frame.data, frame.length);
    arena_free_secret(scratch);
    return ok;
}

static bool send_frame(struct client *client, enum frame_kind kind, const void *data, size_t length, struct error *err)
{
    struct arena *scratch = arena_new();
    struct text frame = text_new(scratch);
    bool ok = frame_encode(&frame, kind, client->content_channel, data, length, err);
    if (ok)
        outbox_add(&client->outbox, frame.data, frame.length);
    arena_free(scratch);
    return ok;
}

static bool send_end(struct client *client, const char *problem, struct error *err)
{
    struct arena *scratch = arena_new();
    struct value *map = value_map(scratch);
    if (problem)
        value_map_put_string(scratch, map, "error", problem);
    struct text json = text_new(scratch);
    struct json_style style = JSON_COMPACT;
    json_write(&json, map, &style);
    bool ok = send_frame(client, FRAME_END, json.data, json.length, err);
    arena_free(scratch);
    client_content_stop(client);
    return ok;
}

void client_content_stop(struct client *client)
{
    fd_close(client->content_fd);
    client->content_fd = -1;
    client->content = NULL;
    client->content_offset = 0;
}

bool client_content_begin(struct client *client, const struct client_call *item, int64_t id, struct error *err)
{
    client_content_stop(client);
    client->content_channel = item->number;
    if (id < 1 || (size_t)id > item->call->content_count)
        return send_end(client, "the engine has no such content for this task", err);
    const struct content_source *source = &item->call->contents[id - 1];
    if (source->path) {
        client->content_fd = open(source->path, O_RDONLY | O_CLOEXEC);
        if (client->content_fd < 0) {
            char problem[LIMIT_PATH + 128];
            snprintf(problem, sizeof(problem), "cannot read '%s' on the control side: %s", source->path,
                     strerror(errno));
            return send_end(client, problem, err);
        }
    }
    client->content = source;
    return client_content_continue(client, err);
}

static bool continue_data(struct client *client, struct error *err)
{
    size_t left = client->content->length - client->content_offset;
    size_t chunk = left < LIMIT_CONTENT_CHUNK ? left : LIMIT_CONTENT_CHUNK;
    if (chunk == 0)
        return send_end(client, NULL, err);
    if (!send_frame(client, FRAME_CONTENT, client->content->data + client->content_offset, chunk, err))
        return false;
    client->content_offset += chunk;
    return true;
}

static bool continue_file(struct client *client, struct error *err)
{
    char chunk[LIMIT_CONTENT_CHUNK];
    size_t got = 0;
    struct error problem = ERROR_INIT;
    if (!fd_read_all(client->content_fd, chunk, sizeof(chunk), &got, &problem))
        return send_end(client, problem.text, err);
    if (got == 0)
        return send_end(client, NULL, err);
    return send_frame(client, FRAME_CONTENT, chunk, got, err);
}

bool client_content_continue(struct client *client, struct error *err)
{
    while (client->content && outbox_pending(&client->outbox) < CONTENT_AHEAD) {
        bool ok = client->content_fd >= 0 ? continue_file(client, err) : continue_data(client, err);
        if (!ok)
            return false;
    }
    return true;
}
