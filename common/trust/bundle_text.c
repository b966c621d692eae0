/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest to and from JSON. Reading ends with writing it again: what differs by a byte is not canonical, so unknown keys,
 * doubled keys, other spellings and trailing bytes need no rule of their own.
 */
#include "common/trust/bundle_text.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/json/json.h"

static const struct value *file_value(struct arena *arena, const struct bundle_file *file)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "path", file->path);
    value_map_put_int(arena, map, "size", file->size);
    value_map_put_string(arena, map, "sha256", file->sha256);
    value_map_put_int(arena, map, "mode", file->mode);
    return map;
}

struct der bundle_text_write(struct arena *arena, const struct bundle_manifest *manifest)
{
    struct value *map = value_map(arena), *files = value_list(arena);
    struct text text = text_new(arena);

    for (size_t i = 0; i < manifest->files_count; i++)
        value_list_add(arena, files, file_value(arena, &manifest->files[i]));
    value_map_put_int(arena, map, "format", BUNDLE_FORMAT);
    value_map_put_int(arena, map, "version", manifest->version);
    value_map_put_string(arena, map, "node", manifest->node.name);
    value_map_put_int(arena, map, "generation", manifest->node.generation);
    value_map_put_int(arena, map, "created_us", manifest->created_us);
    value_map_put_int(arena, map, "expires_us", manifest->expires_us);
    value_map_put_string(arena, map, "minimum_agent", manifest->minimum_agent);
    value_map_put(arena, map, "files", files);
    json_write(&text, map, &(struct json_style){ .compact = true, .sort_keys = true });
    return (struct der){ (const unsigned char *)text.data, text.length };
}

static bool fail_kind(const struct value *value, const char *key, const char *expected, struct error *err)
{
    if (value == NULL)
        return error_set(err, "its '%s' is missing, expected a %s", key, expected);
    return error_set(err, "its '%s' is a %s, expected a %s", key, value_kind_text(value), expected);
}

static bool take_int(const struct value *map, const char *key, int64_t *out, struct error *err)
{
    const struct value *value = value_map_get(map, key);

    if (!value_is(value, VALUE_INT))
        return fail_kind(value, key, "whole number", err);
    *out = value->as.integer;
    return true;
}

static bool take_text(const struct value *map, const char *key, const char **out, struct error *err)
{
    const struct value *value = value_map_get(map, key);

    if (!value_is(value, VALUE_STRING))
        return fail_kind(value, key, "string", err);
    if (strlen(value->as.string.data) != value->as.string.length)
        return error_set(err, "its '%s' holds a NUL", key);
    *out = value->as.string.data;
    return true;
}

static bool take_file(const struct value *map, struct bundle_file *out, struct error *err)
{
    int64_t mode = 0;

    if (!take_text(map, "path", &out->path, err) || !take_int(map, "size", &out->size, err) ||
        !take_text(map, "sha256", &out->sha256, err) || !take_int(map, "mode", &mode, err))
        return false;
    out->mode = mode < 0 || mode > UINT16_MAX ? UINT16_MAX : (unsigned)mode; /* refused by the rules */
    return true;
}

static bool take_files(struct arena *arena, const struct value *map, struct bundle_manifest *out, struct error *err)
{
    const struct value *list = value_map_get(map, "files");
    size_t count = value_count(list);
    struct bundle_file *files;

    if (!value_is(list, VALUE_LIST))
        return fail_kind(list, "files", "list", err);
    if (count > LIMIT_BUNDLE_FILES)
        return error_set_kind(err, ERROR_LIMIT, "%zu files are more than %d", count, LIMIT_BUNDLE_FILES);
    files = arena_new_array(arena, struct bundle_file, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!take_file(value_item(list, i), &files[i], err))
            return error_prefix(err, "file %zu", i + 1);
    }
    out->files = files;
    out->files_count = count;
    return true;
}

static bool check_format(const struct value *map, struct error *err)
{
    int64_t format = 0;

    if (!value_is(map, VALUE_MAP))
        return error_set(err, "it is a %s, expected a mapping", value_kind_text(map));
    if (!take_int(map, "format", &format, err))
        return false;
    return format == BUNDLE_FORMAT ||
           error_set(err, "it is of format %" PRId64 ", this agent reads format %d: upgrade it", format, BUNDLE_FORMAT);
}

static bool take_manifest(struct arena *arena, const struct value *map, struct bundle_manifest *out, struct error *err)
{
    return take_int(map, "version", &out->version, err) && take_text(map, "node", &out->node.name, err) &&
           take_int(map, "generation", &out->node.generation, err) &&
           take_int(map, "created_us", &out->created_us, err) && take_int(map, "expires_us", &out->expires_us, err) &&
           take_text(map, "minimum_agent", &out->minimum_agent, err) && take_files(arena, map, out, err);
}

bool bundle_text_read(struct arena *arena, struct der json, struct bundle_manifest *out, struct error *err)
{
    struct bundle_manifest manifest = { 0 };
    const struct value *map = NULL;
    char hex[HASH_HEX_MAX];
    struct der again;

    if (!json_read(arena, (const char *)json.data, json.length, NULL, &map, err) || !check_format(map, err) ||
        !take_manifest(arena, map, &manifest, err))
        return false;
    again = bundle_text_write(arena, &manifest);
    if (again.length != json.length || memcmp(again.data, json.data, json.length) != 0)
        return error_set(err, "it is not in canonical form");
    memcpy(manifest.sha256, hash_hex_of(HASH_SHA256, json.data, json.length, hex), sizeof(manifest.sha256));
    *out = manifest;
    return true;
}
