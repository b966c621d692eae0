/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of nodes, and nodes as URIs.
 */
#include "common/trust/node_identity.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/text.h"

#define PREFIX "roost:node:"

static bool is_letter_or_digit(char c)
{
    return isascii(c) && isalnum((unsigned char)c);
}

bool node_name_check(const char *name, struct error *err)
{
    size_t length = strnlen(name, LIMIT_NODE_NAME + 1);

    if (length == 0)
        return error_set(err, "node name: it is empty");
    if (length > LIMIT_NODE_NAME)
        return error_set_kind(err, ERROR_LIMIT, "node name: it is longer than %d characters", LIMIT_NODE_NAME);
    for (size_t i = 0; i < length; i++) {
        if (!is_letter_or_digit(name[i]) && strchr(".-_", name[i]) == NULL)
            return error_set(err, "node name: character %zu is none of A-Z a-z 0-9 . - _", i + 1);
    }
    if (!is_letter_or_digit(name[0]) || !is_letter_or_digit(name[length - 1]))
        return error_set(err, "node name '%s': it must begin and end with a letter or digit", name);
    return true;
}

char *node_identity_uri(struct arena *arena, const struct node_identity *node)
{
    return arena_printf(arena, PREFIX "%s:%" PRId64, node->name, node->generation);
}

bool node_identity_is_uri(const char *uri)
{
    return text_starts(uri, PREFIX);
}

bool node_identity_read(struct arena *arena, const char *uri, struct node_identity *out, struct error *err)
{
    struct node_identity node = { 0 };
    const char *colon;

    if (!node_identity_is_uri(uri) || (colon = strchr(uri + strlen(PREFIX), ':')) == NULL)
        return error_set(err, "the identity is not of the form " PREFIX "<name>:<generation>");
    node.name = arena_copy_n(arena, uri + strlen(PREFIX), (size_t)(colon - uri) - strlen(PREFIX));
    if (!node_name_check(node.name, err))
        return false;
    if (!text_to_int(colon + 1, &node.generation) || node.generation < 1 ||
        !text_equal(node_identity_uri(arena, &node), uri)) /* no sign, no leading zeros */
        return error_set(err, "node '%s': the generation is no whole number from 1", node.name);
    *out = node;
    return true;
}
