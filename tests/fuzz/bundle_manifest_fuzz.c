/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest of arbitrary bytes, once as it comes (the first line, the signature) and once as if the right key had signed it
 * (everything behind): no path that is taken may lead out of its folder, and what is taken must be written the same again.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/trust/bundle_manifest.h"
#include "common/trust/bundle_rules.h"
#include "common/trust/bundle_text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_taken(struct arena *arena, const struct bundle_manifest *manifest, struct der json)
{
    struct der again = bundle_text_write(arena, manifest);

    if (again.length != json.length || memcmp(again.data, json.data, json.length) != 0)
        abort();
    for (size_t i = 0; i < manifest->files_count; i++) {
        char *path = path_join(arena, "/bundle", manifest->files[i].path);

        if (!text_equal(path_normalize(arena, path), path) || !text_starts(path, "/bundle/"))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct public_key key;
    struct bundle_manifest manifest;
    unsigned char raw[ED25519_KEY_BYTES] = { 1 }; /* a point, whose private half nobody has */
    struct bundle_demand demand = { .key = &key, .node = { "ai-1", 1 }, .agent_version = "0.1.0" };
    const char *newline = memchr(data, '\n', size);
    struct der json = { data, size };

    public_key_from_ed25519(raw, &key);
    if (bundle_manifest_verify(arena, json, &demand, &manifest, &err) && manifest.version < 1)
        abort();
    if (newline != NULL) /* seeds are whole files */
        json = (struct der){ (const unsigned char *)newline + 1,
                             size - (size_t)((const unsigned char *)newline + 1 - data) };
    if (bundle_text_read(arena, json, &manifest, &err) && bundle_rules_check(&manifest, &err))
        check_taken(arena, &manifest, json);
    return 0;
}
