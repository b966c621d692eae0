/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembering the highest version.
 */
#include "common/trust/bundle_state.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/text.h"
#include "common/trust/private_file.h"

#define PREFIX "roost-bundle-state1 "
#define SIZE_MAX_BYTES 256

static char *state_text(struct arena *arena, const struct bundle_highest *state)
{
    return arena_printf(arena, PREFIX "%" PRId64 " %s\n", state->version, state->sha256);
}

static bool state_read(struct arena *arena, struct der file, struct bundle_highest *out)
{
    const char *text = arena_copy_n(arena, (const char *)file.data, file.length), *hash;
    struct bundle_highest state = { 0 };

    if (!text_starts(text, PREFIX) || (hash = strrchr(text, ' ')) == NULL || strlen(hash) != BUNDLE_HASH + 2)
        return false;
    memcpy(state.sha256, hash + 1, BUNDLE_HASH);
    text += strlen(PREFIX);
    if (hash < text || !text_to_int(arena_copy_n(arena, text, (size_t)(hash - text)), &state.version) ||
        state.version < 1 || strspn(state.sha256, "0123456789abcdef") != BUNDLE_HASH)
        return false;
    if (strlen(state_text(arena, &state)) != file.length ||
        memcmp(state_text(arena, &state), file.data, file.length) != 0)
        return false;
    *out = state;
    return true;
}

bool bundle_state_load(const char *path, struct bundle_highest *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle_highest state = { 0 };
    bool is_missing = false;
    struct der file;

    if (!private_file_read(arena, path, SIZE_MAX_BYTES, &file, &is_missing, err))
        return false;
    if (!is_missing && !state_read(arena, file, &state))
        return error_set(err, "'%s' is damaged: it does not say which manifest was the last", path);
    *out = state;
    return true;
}

bool bundle_state_save(const char *path, const struct bundle_highest *highest, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle_highest old = { 0 };
    const char *text = state_text(arena, highest);

    if (!bundle_state_load(path, &old, err))
        return false;
    if (highest->version < old.version)
        return error_set(err, "'%s' says version %" PRId64 ", and %" PRId64 " is older", path, old.version,
                         highest->version);
    if (highest->version == old.version && !text_equal(old.sha256, highest->sha256))
        return error_set(err, "'%s' says version %" PRId64 " with another content", path, old.version);
    return private_file_write(path, text, strlen(text), err);
}
