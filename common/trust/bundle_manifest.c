/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and verifying manifests.
 */
#include "common/trust/bundle_manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/trust/bundle_rules.h"
#include "common/trust/bundle_text.h"

#define DOMAIN "roost-bundle-v1"
#define HEAD_LENGTH (sizeof(DOMAIN " ") - 1 + SIGNATURE_DIGITS + 1)

bool bundle_manifest_sign(struct arena *arena, const struct bundle_manifest *manifest, const struct private_key *key,
                          struct der *out, struct error *err)
{
    struct bundle_manifest sorted = *manifest;
    size_t count = manifest->files_count;
    struct bundle_file *files = arena_new_array(arena, struct bundle_file, count + 1);
    unsigned char signature[SIGNATURE_BYTES];
    char digits[SIGNATURE_DIGITS + 1];
    struct text text = text_new(arena);
    struct der json;

    if (count > 0)
        memcpy(files, manifest->files, count * sizeof(*files));
    qsort(files, count, sizeof(*files), bundle_rules_order);
    sorted.files = files;
    if (!bundle_rules_check(&sorted, err))
        return error_prefix(err, "manifest");
    json = bundle_text_write(arena, &sorted);
    if (json.length > LIMIT_BUNDLE_MANIFEST)
        return error_set_kind(err, ERROR_LIMIT, "manifest: %zu bytes are more than %d", json.length,
                              LIMIT_BUNDLE_MANIFEST);
    if (!signature_make(key, &(struct signed_message){ DOMAIN, json.data, json.length }, signature, err))
        return error_prefix(err, "manifest");
    signature_write(signature, digits);
    text_printf(&text, DOMAIN " %s\n", digits);
    text_add_n(&text, (const char *)json.data, json.length);
    *out = (struct der){ (const unsigned char *)text.data, text.length };
    return true;
}

/* The first line: its signature, and what follows. */
static bool take_head(struct der text, unsigned char signature[SIGNATURE_BYTES], struct der *json, struct error *err)
{
    const char *digits = (const char *)text.data + strlen(DOMAIN " ");

    if (text.length > HEAD_LENGTH + LIMIT_BUNDLE_MANIFEST)
        return error_set_kind(err, ERROR_LIMIT, "%zu bytes are more than %d", text.length, LIMIT_BUNDLE_MANIFEST);
    if (text.length <= HEAD_LENGTH || memcmp(text.data, DOMAIN " ", strlen(DOMAIN " ")) != 0 ||
        text.data[HEAD_LENGTH - 1] != '\n')
        return error_set(err, "it does not begin with '" DOMAIN " <signature>'");
    if (!signature_read(digits, signature, err))
        return false;
    *json = (struct der){ text.data + HEAD_LENGTH, text.length - HEAD_LENGTH };
    return true;
}

static bool check_node(const struct bundle_manifest *manifest, const struct node_identity *node, struct error *err)
{
    if (!text_equal(manifest->node.name, node->name))
        return error_set(err, "it is for node '%s', this is '%s'", manifest->node.name, node->name);
    if (manifest->node.generation != node->generation)
        return error_set(err, "it is for generation %" PRId64 " of node '%s', this is %" PRId64,
                         manifest->node.generation, node->name, node->generation);
    return true;
}

static bool check_version(const struct bundle_manifest *manifest, const struct bundle_highest *highest,
                          struct error *err)
{
    if (manifest->version < highest->version)
        return error_set(err, "its version %" PRId64 " is older than %" PRId64 ", which this node has taken",
                         manifest->version, highest->version);
    if (manifest->version == highest->version && !text_equal(manifest->sha256, highest->sha256))
        return error_set(err, "its version %" PRId64 " is the one this node has, with another content",
                         manifest->version);
    return true;
}

static bool check_expiry(const struct bundle_manifest *manifest, int64_t now_us, struct error *err)
{
    ARENA_SCOPED arena = arena_new();

    return now_us < manifest->expires_us ||
           error_set(err, "it has expired at %.19sZ", clock_text_utc(arena, manifest->expires_us));
}

bool bundle_manifest_verify(struct arena *arena, struct der signed_text, const struct bundle_demand *demand,
                            struct bundle_manifest *out, struct error *err)
{
    unsigned char signature[SIGNATURE_BYTES];
    struct bundle_manifest manifest = { 0 };
    struct der json = { 0 };

    if (!take_head(signed_text, signature, &json, err) ||
        !signature_verify(demand->key, &(struct signed_message){ DOMAIN, json.data, json.length }, signature, err) ||
        !bundle_text_read(arena, json, &manifest, err) || !bundle_rules_check(&manifest, err) ||
        !check_node(&manifest, &demand->node, err) ||
        !bundle_rules_agent(demand->agent_version, manifest.minimum_agent, err) ||
        !check_version(&manifest, &demand->highest, err) || !check_expiry(&manifest, demand->now_us, err))
        return error_prefix(err, "manifest");
    *out = manifest;
    return true;
}
