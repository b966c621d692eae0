/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only the first packet of a connection is looked at: no state is kept, and connections of this machine to others never meet the
 * rules.
 */
#include "agent/pieces/piece_firewall.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/text.h"

#define FIRST_PACKET "tcp flags & (fin | syn | rst | ack) == syn"

bool piece_is_guarded(const struct piece *piece)
{
    return value_count(piece->ports) > 0;
}

static bool is_v6(const char *address)
{
    return strchr(address, ':') != NULL;
}

static bool is_any(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static int64_t port_of(const struct value *port)
{
    return value_map_get(port, "port")->as.integer;
}

static void accept_add(struct text *out, const struct value *port, const char *from)
{
    const char *to = value_map_text(port, "address");

    if (!is_any(to) && is_v6(to) != is_v6(from))
        return; /* they cannot talk */
    text_printf(out, "        tcp dport %" PRId64 " %s saddr %s", port_of(port), is_v6(from) ? "ip6" : "ip", from);
    if (!is_any(to))
        text_printf(out, " %s daddr %s", is_v6(to) ? "ip6" : "ip", to);
    text_add(out, " accept\n");
}

static void accepts_add(struct text *out, const struct value *port, const char *controller)
{
    const struct value *from = value_map_get(port, "from");

    for (size_t i = 0; i < value_count(from); i++) {
        const char *address = value_text(value_item(from, i));

        if (strcmp(address, PIECE_CONTROLLER) == 0)
            address = controller;
        if (address != NULL)
            accept_add(out, port, address);
    }
}

char *piece_firewall_rules(struct arena *arena, const struct piece *const *pieces, size_t count, const char *controller)
{
    struct text out = text_new(arena), drops = text_new(arena);

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < value_count(pieces[i]->ports); j++) {
            const struct value *port = value_item(pieces[i]->ports, j);

            if (drops.length == 0)
                text_add(&out, "    chain pieces {\n        type filter hook input priority -10; policy accept;\n"
                               "        iifname \"lo\" accept\n");
            accepts_add(&out, port, controller);
            text_printf(&drops, "        tcp dport %" PRId64 " " FIRST_PACKET " drop\n", port_of(port));
        }
    }
    if (drops.length > 0)
        text_printf(&out, "%s    }\n", drops.data);
    return out.data;
}
