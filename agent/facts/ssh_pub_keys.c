/* SPDX-License-Identifier: Apache-2.0 */
/* The public keys of the node's SSH server. The first folder that has one is the one that counts. */
#include "agent/facts/fact_support.h"

static bool put_key(const struct system *system, struct arena *arena, struct value *facts, const char *folder,
                    const char *algorithm)
{
    const char *text = fact_file(system, arena, arena_printf(arena, "%s/ssh_host_%s_key.pub", folder, algorithm));
    const struct value *words = text ? fact_words(arena, text) : NULL;

    if (value_count(words) < 2)
        return false;
    value_map_put(arena, facts, arena_printf(arena, "ssh_host_key_%s_public", algorithm), value_item(words, 1));
    value_map_put(arena, facts, arena_printf(arena, "ssh_host_key_%s_public_keytype", algorithm), value_item(words, 0));
    return true;
}

static bool ssh_pub_keys_collect(const struct system *system, struct arena *arena, struct value *facts,
                                 struct error *err)
{
    static const char *const folders[] = { "/etc/ssh", "/etc/openssh", "/etc", NULL };
    static const char *const algorithms[] = { "dsa", "rsa", "ecdsa", "ed25519", NULL };
    bool has_found = false;

    (void)err;
    for (const char *const *folder = folders; *folder && !has_found; folder++)
        for (const char *const *algorithm = algorithms; *algorithm; algorithm++)
            has_found = put_key(system, arena, facts, *folder, *algorithm) || has_found;
    return true;
}

FACT_GROUP_DEFINE(ssh_pub_keys) = {
    .name = "ssh_pub_keys",
    .names = FACT_NAMES("min", "ssh_host_pub_keys", "ssh_host_key_dsa_public", "ssh_host_key_rsa_public",
                        "ssh_host_key_ecdsa_public", "ssh_host_key_ed25519_public"),
    .collect = ssh_pub_keys_collect,
};
