/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows libarchive. */
#include "agent/system/archive/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"

#define BLOCK_SIZE (128 * 1024)

struct archive_reader {
    struct arena *arena;
    struct archive *archive;
    const char *name;
};

static bool reader_error(const struct archive_reader *reader, struct error *err)
{
    const char *text = archive_error_string(reader->archive);
    return error_set(err, "cannot read archive '%s': %s", reader->name, text ? text : "unknown error");
}

bool archive_reader_open(struct arena *arena, int fd, const char *name, struct archive_reader **out, struct error *err)
{
    struct archive_reader *reader = arena_new_of(arena, struct archive_reader);

    *reader = (struct archive_reader){ .arena = arena, .archive = archive_read_new(), .name = name };
    if (!reader->archive)
        return error_set(err, "no memory to read archive '%s'", name);
    archive_read_support_format_tar(reader->archive);
    archive_read_support_format_gnutar(reader->archive);
    archive_read_support_format_zip(reader->archive);
    archive_read_support_filter_gzip(reader->archive);
    archive_read_support_filter_bzip2(reader->archive);
    archive_read_support_filter_compress(reader->archive);
    archive_read_support_filter_xz(reader->archive);
    archive_read_support_filter_lzma(reader->archive);
    archive_read_support_filter_zstd(reader->archive);
    if (lseek(fd, 0, SEEK_SET) < 0 || archive_read_open_fd(reader->archive, fd, BLOCK_SIZE) != ARCHIVE_OK) {
        (void)reader_error(reader, err);
        archive_reader_close(reader);
        return false;
    }
    *out = reader;
    return true;
}

void archive_reader_close(struct archive_reader *reader)
{
    if (reader && reader->archive)
        archive_read_free(reader->archive);
    if (reader)
        reader->archive = NULL;
}

void archive_reader_guard(struct archive_reader **reader)
{
    archive_reader_close(*reader);
}

bool archive_reader_is_known(const struct archive_reader *reader)
{
    return archive_format(reader->archive) != 0;
}

bool archive_reader_is_zip(const struct archive_reader *reader)
{
    return archive_format(reader->archive) == ARCHIVE_FORMAT_ZIP;
}

bool archive_reader_is_gzip(const struct archive_reader *reader)
{
    return archive_filter_code(reader->archive, 0) == ARCHIVE_FILTER_GZIP;
}

bool archive_path(struct arena *arena, const char *name, unsigned strip, const char **out, struct error *err)
{
    struct text path = text_new(arena);
    bool any = false;

    for (const char *at = name; *at;) {
        size_t length = strcspn(at, "/");
        if (length == 2 && memcmp(at, "..", 2) == 0)
            return error_set(err, "member '%s' of the archive leads out of the destination", name);
        if (length > 0 && strip > 0) {
            strip--;
        } else if (length > 0) {
            any = true;
            if (!(length == 1 && *at == '.'))
                text_printf(&path, "%s%.*s", path.length ? "/" : "", (int)length, at);
        }
        at += length;
        at += *at == '/';
    }
    *out = !any ? NULL : path.data ? path.data : "";
    return true;
}

/* Names are UTF-8 where the archive says so, whatever the locale; else the bytes as they are. */
static const char *best_text(struct arena *arena, const char *utf8, const char *raw)
{
    return arena_copy(arena, utf8 ? utf8 : raw);
}

static enum archive_member_kind member_kind(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) || archive_entry_hardlink_utf8(entry))
        return ARCHIVE_HARDLINK;
    switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
        return ARCHIVE_FOLDER;
    case AE_IFLNK:
        return ARCHIVE_SYMLINK;
    case AE_IFREG:
    case 0:
        return ARCHIVE_FILE;
    default:
        return ARCHIVE_DEVICE;
    }
}

static bool member_link(struct archive_reader *reader, struct archive_entry *entry, unsigned strip,
                        struct archive_member *member, struct error *err)
{
    if (member->kind == ARCHIVE_SYMLINK)
        member->link = best_text(reader->arena, archive_entry_symlink_utf8(entry), archive_entry_symlink(entry));
    if (member->kind == ARCHIVE_HARDLINK &&
        !archive_path(reader->arena,
                      best_text(reader->arena, archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry)),
                      strip, &member->link, err))
        return false;
    if ((member->kind == ARCHIVE_SYMLINK || member->kind == ARCHIVE_HARDLINK) && (!member->link || !member->link[0]))
        return error_set(err, "member '%s' of the archive is a link to nothing", member->name);
    return true;
}

/* The name as a listing shows it, with leading parts dropped. */
static const char *listed_name(struct arena *arena, const char *name, unsigned strip, bool is_folder)
{
    for (name += strspn(name, "/"); strip > 0; strip--) {
        name += strcspn(name, "/");
        name += strspn(name, "/");
    }
    return is_folder && name[0] && !text_ends(name, "/") ? arena_printf(arena, "%s/", name) : name;
}

static bool member_fill(struct archive_reader *reader, struct archive_entry *entry, unsigned strip,
                        struct archive_member *out, struct error *err)
{
    struct arena *arena = reader->arena;
    const char *name = best_text(arena, archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
    struct archive_member member = {
        .kind = member_kind(entry),
        .mode = archive_entry_perm(entry),
        .size = archive_entry_size(entry),
        .mtime = { archive_entry_mtime(entry), archive_entry_mtime_nsec(entry) },
        .user = best_text(arena, archive_entry_uname_utf8(entry), archive_entry_uname(entry)),
        .group = best_text(arena, archive_entry_gname_utf8(entry), archive_entry_gname(entry)),
        .uid = archive_entry_uid(entry),
        .gid = archive_entry_gid(entry),
        .device = archive_entry_rdev(entry),
    };

    if (!name)
        return error_set(err, "archive '%s' has a member whose name cannot be read", reader->name);
    if (member.kind == ARCHIVE_DEVICE)
        member.mode |= archive_entry_filetype(entry);
    if (!archive_path(arena, name, strip, &member.path, err))
        return false;
    member.name = listed_name(arena, name, strip, member.kind == ARCHIVE_FOLDER);
    *out = member;
    return !member.path || member_link(reader, entry, strip, out, err);
}

bool archive_reader_next(struct archive_reader *reader, unsigned strip, struct archive_member *out, bool *more_out,
                         struct error *err)
{
    struct archive_entry *entry = NULL;
    int code = archive_read_next_header(reader->archive, &entry);

    *more_out = code != ARCHIVE_EOF;
    if (code == ARCHIVE_EOF)
        return true;
    /* A warning is about a name that this locale cannot show: the entry itself is whole. */
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
        return reader_error(reader, err);
    return member_fill(reader, entry, strip, out, err);
}

bool archive_reader_copy(struct archive_reader *reader, int fd, struct error *err)
{
    const void *data = NULL;
    size_t length = 0;
    la_int64_t offset = 0, end = 0;

    for (;;) {
        int code = archive_read_data_block(reader->archive, &data, &length, &offset);
        if (code == ARCHIVE_EOF)
            break;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            return reader_error(reader, err);
        if (lseek(fd, offset, SEEK_SET) < 0)
            return error_set_errno(err, "write failed");
        if (!fd_write_all(fd, data, length, err))
            return false;
        end = offset + (la_int64_t)length;
    }
    /* A file that ends in a hole. */
    return ftruncate(fd, end > offset ? end : offset) == 0 ? true : error_set_errno(err, "write failed");
}

bool archive_reader_equal(struct archive_reader *reader, int fd, bool *same_out, struct error *err)
{
    char theirs[BLOCK_SIZE / 2], ours[BLOCK_SIZE / 2];

    *same_out = false;
    for (;;) {
        size_t got = 0;
        la_ssize_t length = archive_read_data(reader->archive, theirs, sizeof(theirs));
        if (length < 0)
            return reader_error(reader, err);
        if (!fd_read_all(fd, ours, length > 0 ? (size_t)length : 1, &got, err))
            return false;
        if (length == 0) {
            *same_out = got == 0;
            return true;
        }
        if (got != (size_t)length || memcmp(theirs, ours, got) != 0)
            return true;
    }
}
