/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds and paths of a manifest. A path that passes stays below the folder it is put into.
 */
#include "common/trust/bundle_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define PART_MAX 255 /* NAME_MAX */
#define MODE_MAX 0777
#define VERSION_PARTS 3
#define VERSION_DIGITS 6

int bundle_rules_order(const void *a, const void *b)
{
    const struct bundle_file *left = a, *right = b;

    return strcmp(left->path, right->path);
}

/* One part of a path, `length` bytes up to the next '/' or the end. */
static bool check_part(const char *part, size_t length, struct error *err)
{
    if (length == 0)
        return error_set(err, "it begins or ends with '/', or has '//'");
    if (length > PART_MAX)
        return error_set_kind(err, ERROR_LIMIT, "a part of it is longer than %d bytes", PART_MAX);
    if (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.')))
        return error_set(err, "it has the part '%.*s'", (int)length, part);
    return true;
}

static bool check_path(const char *path, struct error *err)
{
    size_t length = strlen(path);

    if (length > LIMIT_BUNDLE_PATH)
        return error_set_kind(err, ERROR_LIMIT, "it is longer than %d bytes", LIMIT_BUNDLE_PATH);
    if (!text_utf8_valid(path, length))
        return error_set(err, "it is not UTF-8");
    for (const char *part = path;;) {
        size_t size = strcspn(part, "/");

        if (!check_part(part, size, err))
            return false;
        for (size_t i = 0; i < size; i++) {
            if ((unsigned char)part[i] < ' ' || part[i] == 0x7f)
                return error_set(err, "it holds a control character");
        }
        if (part[size] == '\0')
            return true;
        part += size + 1;
    }
}

static bool check_hash(const char *sha256, struct error *err)
{
    if (strlen(sha256) != BUNDLE_HASH || strspn(sha256, "0123456789abcdef") != BUNDLE_HASH)
        return error_set(err, "its sha256 is not %d digits of 0-9 a-f", BUNDLE_HASH);
    return true;
}

/* No folder of this path is a file of the list. */
static bool check_folders(const struct bundle_manifest *manifest, const char *path, struct error *err)
{
    char folder[LIMIT_BUNDLE_PATH + 1];
    const struct bundle_file wanted = { .path = folder };

    for (size_t i = 0; path[i] != '\0'; i++) {
        folder[i] = '\0';
        if (path[i] == '/' &&
            bsearch(&wanted, manifest->files, manifest->files_count, sizeof(wanted), bundle_rules_order) != NULL)
            return error_set(err, "'%s' is a file of the list too", folder);
        folder[i] = path[i];
    }
    return true;
}

static bool check_file(const struct bundle_manifest *manifest, size_t index, struct error *err)
{
    const struct bundle_file *file = &manifest->files[index];
    int order = index == 0 ? 1 : strcmp(file->path, manifest->files[index - 1].path);

    if (!check_path(file->path, err))
        return false;
    if (order <= 0)
        return error_set(err, order == 0 ? "it comes twice" : "it is out of order");
    if (file->size < 0 || file->size > LIMIT_BUNDLE_FILE)
        return error_set_kind(err, ERROR_LIMIT, "its size of %" PRId64 " is not from 0 to %d", file->size,
                              LIMIT_BUNDLE_FILE);
    if (file->mode > MODE_MAX)
        return error_set(err, "its mode %o is not from 0 to %o", file->mode, MODE_MAX);
    return check_hash(file->sha256, err) && check_folders(manifest, file->path, err);
}

static bool check_files(const struct bundle_manifest *manifest, struct error *err)
{
    int64_t bytes = 0;

    if (manifest->files_count > LIMIT_BUNDLE_FILES)
        return error_set_kind(err, ERROR_LIMIT, "%zu files are more than %d", manifest->files_count,
                              LIMIT_BUNDLE_FILES);
    for (size_t i = 0; i < manifest->files_count; i++) {
        if (!check_file(manifest, i, err))
            return error_prefix(err, "file %zu", i + 1);
        bytes += manifest->files[i].size;
    }
    return bytes <= LIMIT_BUNDLE_BYTES ||
           error_set_kind(err, ERROR_LIMIT, "its files have %" PRId64 " bytes, more than %d", bytes,
                          LIMIT_BUNDLE_BYTES);
}

/* "1.2.3": exactly three numbers. */
static bool version_read(const char *text, int64_t out[VERSION_PARTS], struct error *err)
{
    const char *at = text;

    for (int i = 0; i < VERSION_PARTS; i++) {
        size_t digits = strspn(at, "0123456789");

        if (digits == 0 || digits > VERSION_DIGITS || at[digits] != (i < VERSION_PARTS - 1 ? '.' : '\0'))
            return error_set(err, "the version of an agent is three numbers, as 0.1.0");
        out[i] = strtol(at, NULL, 10);
        at += digits + 1;
    }
    return true;
}

bool bundle_rules_agent(const char *agent, const char *minimum, struct error *err)
{
    int64_t have[VERSION_PARTS] = { 0 }, need[VERSION_PARTS] = { 0 };

    if (!version_read(agent, have, err) || !version_read(minimum, need, err))
        return false;
    for (int i = 0; i < VERSION_PARTS; i++) {
        if (have[i] != need[i])
            return have[i] > need[i] || error_set(err, "it needs an agent from %s on, this is %s", minimum, agent);
    }
    return true;
}

bool bundle_rules_check(const struct bundle_manifest *manifest, struct error *err)
{
    if (manifest->version < 1)
        return error_set(err, "its version %" PRId64 " is below 1", manifest->version);
    if (!node_name_check(manifest->node.name, err))
        return false;
    if (manifest->node.generation < 1)
        return error_set(err, "its generation %" PRId64 " is below 1", manifest->node.generation);
    if (manifest->created_us < 0 || manifest->expires_us <= manifest->created_us)
        return error_set(err, "it does not expire after it was created");
    return bundle_rules_agent(manifest->minimum_agent, manifest->minimum_agent, err) && check_files(manifest, err);
}
