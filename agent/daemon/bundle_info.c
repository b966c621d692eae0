/* SPDX-License-Identifier: Apache-2.0 */
/* What a bundle says of itself: bundle.json of its publisher and the manifest, made one file that the daemon reads. */
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/bundle_parts.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/bundle_rules.h"
#include "common/trust/private_file.h"

#define FORMAT 1

/* --- reading --- */

static bool number_of(const struct value *map, const char *key, int64_t *out)
{
    const struct value *number = value_map_get(map, key);

    if (!value_is(number, VALUE_INT))
        return false;
    *out = number->as.integer;
    return true;
}

static const char *place_of(struct arena *arena, const struct value *map, const char *key, const char *folder)
{
    const char *path = value_map_text(map, key);

    return path == NULL ? NULL : path_join(arena, folder, path);
}

bool bundle_now_read(struct arena *arena, const char *state, struct bundle_now *out, bool *missing_out,
                     struct error *err)
{
    const char *folder = path_join(arena, state, "bundle"), *path = path_join(arena, folder, "info.json");
    const char *files = path_join(arena, folder, "files");
    struct bundle_now now = { 0 };
    const struct value *map = NULL;
    struct der text;

    if (!private_file_read(arena, path, BUNDLE_DESCRIPTION_MAX, &text, missing_out, err))
        return false;
    if (*missing_out)
        return true;
    if (!json_read(arena, (const char *)text.data, text.length, path, &map, err))
        return false;
    now.name = value_map_text(map, "name");
    now.host = value_map_text(map, "host");
    now.playbook = place_of(arena, map, "playbook", files);
    now.inventory = place_of(arena, map, "inventory", files);
    now.vars = place_of(arena, map, "vars", files);
    now.config = place_of(arena, map, "config", files);
    now.is_withdrawn = now.playbook == NULL;
    now.has_changed = value_map_true(map, "changed");
    if (!number_of(map, "version", &now.version) || !number_of(map, "created_us", &now.created_us) ||
        !number_of(map, "expires_us", &now.expires_us))
        return error_set(err, "'%s' is damaged: it does not say which bundle it is of", path);
    *out = now;
    return true;
}

/* --- writing --- */

static bool has_file(const struct bundle_manifest *manifest, const char *path)
{
    const struct bundle_file wanted = { .path = path };

    return bsearch(&wanted, manifest->files, manifest->files_count, sizeof(wanted), bundle_rules_order) != NULL;
}

/* Only files of the manifest are named, so that nothing outside of the bundle is ever run. */
static bool place_take(const struct bundle_work *work, const struct value *given, const char *key, bool is_needed,
                       struct value *out, struct error *err)
{
    const char *path = value_map_text(given, key);

    if (path == NULL && !is_needed)
        return true;
    if (path == NULL)
        return error_set(err, "its " BUNDLE_DESCRIPTION " names no %s", key);
    if (!has_file(&work->manifest, path))
        return error_set(err, "its " BUNDLE_DESCRIPTION " names the %s '%s', which is no file of it", key, path);
    value_map_put_string(work->arena, out, key, path);
    return true;
}

static bool description_take(const struct bundle_work *work, const struct value *given, struct value *out,
                             struct error *err)
{
    const char *name = value_map_text(given, "name"), *host = value_map_text(given, "host");
    int64_t format = 0;

    if (!number_of(given, "format", &format) || format != FORMAT)
        return error_set(err, "its " BUNDLE_DESCRIPTION " is not of format %d: this agent is too old or too new for it",
                         FORMAT);
    if (name == NULL || host == NULL || *host == '\0' || *host == '-')
        return error_set(err, "its " BUNDLE_DESCRIPTION " lacks name or host");
    value_map_put_string(work->arena, out, "name", name);
    value_map_put_string(work->arena, out, "host", host);
    return place_take(work, given, "playbook", true, out, err) &&
           place_take(work, given, "inventory", true, out, err) && place_take(work, given, "vars", false, out, err) &&
           place_take(work, given, "config", true, out, err);
}

static bool description_read(const struct bundle_work *work, const struct value **out, struct error *err)
{
    const char *path = path_join(work->arena, work->next, "files/" BUNDLE_DESCRIPTION);
    char *text = NULL;
    size_t length = 0;

    if (!has_file(&work->manifest, BUNDLE_DESCRIPTION))
        return error_set(err, "it has no " BUNDLE_DESCRIPTION);
    return file_read(work->arena, path, BUNDLE_DESCRIPTION_MAX, &text, &length, err) &&
           json_read(work->arena, text, length, BUNDLE_DESCRIPTION, out, err);
}

bool bundle_info_write(struct bundle_work *work, struct error *err)
{
    struct value *info = value_map(work->arena);
    const struct value *given = NULL;
    const char *text = NULL;

    value_map_put_int(work->arena, info, "version", work->manifest.version);
    value_map_put_int(work->arena, info, "created_us", work->manifest.created_us);
    value_map_put_int(work->arena, info, "expires_us", work->manifest.expires_us);
    value_map_put_bool(work->arena, info, "changed", work->has_changed);
    /* a manifest without files withdraws */
    if (work->manifest.files_count > 0 &&
        (!description_read(work, &given, err) || !description_take(work, given, info, err)))
        return error_prefix(err, "the bundle");
    text = json_text(work->arena, info, JSON_COMPACT);
    return private_file_write(path_join(work->arena, work->next, "info.json"), text, strlen(text), err);
}
