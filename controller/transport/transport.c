/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the way to a node and builds the bundle when the first ssh connection needs it. */
#include "controller/transport/transport.h"

#include <stdlib.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/channel/local.h"
#include "controller/transport/ssh.h"

struct transport {
    struct connection_factory base;
    struct arena *arena;
    struct transport_options options;
    bool has_bundle;
    struct bundle bundle;
};

static const char *cache_folder(struct arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/')
        return path_join(arena, cache, "roost");
    return arena_printf(arena, "%s/.cache/roost", home && *home ? home : "/var/tmp");
}

static bool find_agent(struct transport *transport, struct error *err)
{
    if (!transport->options.agent_path)
        transport->options.agent_path = bundle_find_agent(transport->arena);
    if (transport->options.agent_path)
        return true;
    return error_set(err, "roost-agent was not found, neither beside roost nor in PATH");
}

static bool prepare_bundle(struct transport *transport, struct error *err)
{
    if (transport->has_bundle)
        return true;
    const char *folder =
        transport->options.bundle_folder ? transport->options.bundle_folder : cache_folder(transport->arena);
    transport->has_bundle =
        bundle_prepare(transport->arena, transport->options.agent_path, folder, &transport->bundle, err);
    return transport->has_bundle;
}

static bool open_ssh(struct transport *transport, const struct connection_target *target, struct connection **out,
                     struct error *err)
{
    struct connection_target *shown =
        arena_new_of(transport->arena, struct connection_target); /* outlives the client */
    *shown = *target;
    shown->show_command = transport->options.show_command;
    return ssh_open(&transport->bundle, shown, out, err);
}

static bool transport_open(struct connection_factory *factory, const struct connection_target *target,
                           struct connection **out, struct error *err)
{
    struct transport *transport = (struct transport *)(void *)factory;
    const char *kind = target->kind ? target->kind : "ssh";
    if (!find_agent(transport, err))
        return false;
    if (text_equal(kind, "local"))
        return local_open(transport->options.agent_path, target, out, err);
    if (text_equal(kind, "ssh") || text_equal(kind, "smart") || text_equal(kind, "paramiko") ||
        text_equal(kind, "paramiko_ssh"))
        return prepare_bundle(transport, err) && open_ssh(transport, target, out, err);
    return error_set(err, "host '%s': connection '%s' is not one of local, ssh", target->host, kind);
}

struct connection_factory *transport_factory_new(struct arena *arena, const struct transport_options *options)
{
    struct transport *transport = arena_new_of(arena, struct transport);
    transport->base.open = transport_open;
    transport->arena = arena;
    transport->options = *options;
    return &transport->base;
}
