/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's database: table Name (key, hnum, index) says which header a package has, table Packages (hnum, blob) has the
 * headers. A header: count of entries, length of data, entries of four big-endian numbers (tag, type, offset, count),
 * data.
 */
#include "agent/system/package/package_rpm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "agent/system/file/sqlite_table.h"
#include "common/base/fd.h"
#include "common/base/text.h"

/* The version stands near the beginning of a header; file lists and change logs behind it are not read. */
#define HEADER_LIMIT ((size_t)64 * 1024)
#define NAME_LIMIT 1024
#define ENTRIES_MAX 4096

enum { TAG_VERSION = 1001, TAG_RELEASE = 1002, TAG_EPOCH = 1003, TYPE_INT32 = 4, TYPE_STRING = 6 };

static uint32_t be32(const char *data)
{
    const unsigned char *at = (const unsigned char *)data;

    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

struct header {
    const char *entries, *data;
    size_t entry_count, data_length;
};

static bool header_open(const struct sqlite_column *blob, struct header *out)
{
    if (blob->data == NULL || blob->length < 8)
        return false;
    size_t count = be32(blob->data);
    if (count > ENTRIES_MAX || 8 + count * 16 > blob->length)
        return false;
    *out = (struct header){ .entries = blob->data + 8,
                            .data = blob->data + 8 + count * 16,
                            .entry_count = count,
                            .data_length = blob->length - 8 - count * 16 };
    return true;
}

/* Where the value of a tag begins, and how many bytes are there; NULL: not there. */
static const char *header_find(const struct header *header, uint32_t tag, uint32_t type, size_t *rest_out)
{
    for (size_t i = 0; i < header->entry_count; i++) {
        const char *entry = header->entries + i * 16;
        size_t offset = be32(entry + 8);
        if (be32(entry) != tag || be32(entry + 4) != type || offset >= header->data_length)
            continue;
        *rest_out = header->data_length - offset;
        return header->data + offset;
    }
    return NULL;
}

static const char *header_string(const struct header *header, uint32_t tag)
{
    size_t rest = 0;
    const char *text = header_find(header, tag, TYPE_STRING, &rest);

    return text != NULL && memchr(text, '\0', rest) != NULL && text[0] != '\0' && text_utf8_valid(text, strlen(text))
               ? text
               : NULL;
}

static const char *header_version(struct arena *arena, const struct header *header)
{
    const char *version = header_string(header, TAG_VERSION), *release = header_string(header, TAG_RELEASE);
    size_t rest = 0;
    const char *epoch = header_find(header, TAG_EPOCH, TYPE_INT32, &rest);

    if (version == NULL || release == NULL)
        return NULL;
    if (epoch != NULL && rest >= 4 && be32(epoch) != 0)
        return arena_printf(arena, "%" PRIu32 ":%s-%s", be32(epoch), version, release);
    return arena_printf(arena, "%s-%s", version, release);
}

struct search {
    struct arena *arena;
    const char *const *names;
    struct value *numbers; /* name -> number of the header */
};

static bool name_visit(void *context, const struct sqlite_row *row)
{
    struct search *search = context;

    if (row->count >= 2 && row->columns[0].data != NULL && row->columns[1].is_integer &&
        text_in(row->columns[0].data, search->names))
        value_map_put_int(search->arena, search->numbers, row->columns[0].data, row->columns[1].integer);
    return true;
}

static void versions_put(const struct sysfs *fs, struct sqlite_file *file, const struct value *numbers,
                         struct value *out)
{
    uint32_t root = sqlite_table_root(file, "Packages");
    struct sqlite_row row;
    struct header header;

    for (size_t i = 0; i < value_count(numbers); i++) {
        const struct value_pair *pair = value_pair_at(numbers, i);
        if (!sqlite_find(file, root, pair->item->as.integer, HEADER_LIMIT, &row) || row.count < 2 ||
            !header_open(&row.columns[1], &header))
            continue;
        sysfs_put(fs, out, value_text(pair->key), header_version(fs->arena, &header));
    }
}

static bool database_read(const struct sysfs *fs, const char *path, const char *const *names, struct value *out)
{
    FD_SCOPED fd = open(system_path(fs->system, fs->arena, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct sqlite_file *file = fd >= 0 ? sqlite_open(fs->arena, fd) : NULL;
    struct search search = { fs->arena, names, value_map(fs->arena) };

    if (file == NULL)
        return false;
    struct sqlite_scan scan = {
        .root = sqlite_table_root(file, "Name"), .payload_limit = NAME_LIMIT, .visit = name_visit, .context = &search
    };
    sqlite_scan(file, &scan);
    versions_put(fs, file, search.numbers, out);
    return true;
}

bool rpm_versions(const struct sysfs *fs, const char *const *names, struct value *out)
{
    static const char *const paths[] = { "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite",
                                         "/usr/share/rpm/rpmdb.sqlite" };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (database_read(fs, paths[i], names, out))
            return true;
    return false;
}
