/* SPDX-License-Identifier: Apache-2.0 */
/* The spool's segments: opening after whatever happened, adding, reading from where the acknowledgement stands. */
#include "agent/daemon/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define SPOOL_LIMIT ((int64_t)256 * 1024 * 1024)
#define SEGMENT_PREFIX "reports."
#define SUM_LENGTH 16 /* hex digits of hash_quick: tells a torn line, no more */

struct segment {
    int64_t first; /* number of its first record; its name */
    int64_t bytes;
};

struct spool {
    struct arena *arena;
    const char *folder;
    int64_t limit_bytes, total_bytes;
    struct segment *segments; /* by number; the last one is written to */
    size_t count, capacity;
    int fd;
    bool unsynced;
    int64_t last, acknowledged, lost;
    off_t offset; /* in the first segment: behind what is acknowledged */
};

/* --- names --- */

static char *segment_path(const struct spool *spool, struct arena *arena, int64_t first)
{
    return arena_printf(arena, "%s/" SEGMENT_PREFIX "%020lld", spool->folder, (long long)first);
}

static void segment_append(struct spool *spool, struct segment segment)
{
    if (spool->count == spool->capacity) {
        size_t more = spool->capacity == 0 ? 16 : 2 * spool->capacity;

        spool->segments = arena_grow(spool->arena, spool->segments, spool->capacity * sizeof(struct segment),
                                     more * sizeof(struct segment));
        spool->capacity = more;
    }
    spool->segments[spool->count++] = segment;
    spool->total_bytes += segment.bytes;
}

static int segment_compare(const void *a, const void *b)
{
    const struct segment *one = a, *other = b;

    return (one->first > other->first) - (one->first < other->first);
}

/* --- lines --- */

/* The number of a whole and sound line; 0: torn or damaged. */
static int64_t line_number(const char *line, size_t length)
{
    static const char begin[] = "{\"sequence\":";
    const char *json = line + SUM_LENGTH + 1;
    char sum[SUM_LENGTH + 1];
    int64_t number = 0;

    if (length <= SUM_LENGTH + sizeof(begin) || line[SUM_LENGTH] != ' ' || memcmp(json, begin, sizeof(begin) - 1) != 0)
        return 0;
    (void)snprintf(sum, sizeof(sum), "%016llx", (unsigned long long)hash_quick(json, length - SUM_LENGTH - 1));
    if (memcmp(sum, line, SUM_LENGTH) != 0)
        return 0;
    for (json += sizeof(begin) - 1; *json >= '0' && *json <= '9' && number < INT64_MAX / 20; json++)
        number = number * 10 + (*json - '0');
    return number;
}

struct line_walk {
    const char *at, *end;
    const char *line;
    size_t length;
};

/* The next line that has its end; a torn one is not given. */
static bool line_next(struct line_walk *walk)
{
    const char *newline = walk->at == walk->end ? NULL : memchr(walk->at, '\n', (size_t)(walk->end - walk->at));

    if (newline == NULL)
        return false;
    walk->line = walk->at;
    walk->length = (size_t)(newline - walk->at);
    walk->at = newline + 1;
    return true;
}

/* --- opening --- */

static bool segments_find(struct spool *spool, struct error *err)
{
    DIR *folder = opendir(spool->folder);

    if (folder == NULL)
        return error_set_errno(err, "cannot read %s", spool->folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        struct stat status;
        struct segment segment = { 0 };

        if (!text_starts(entry->d_name, SEGMENT_PREFIX) ||
            !text_to_int(entry->d_name + strlen(SEGMENT_PREFIX) + strspn(entry->d_name + strlen(SEGMENT_PREFIX), "0"),
                         &segment.first) ||
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
            continue;
        segment.bytes = status.st_size;
        segment_append(spool, segment);
    }
    closedir(folder);
    if (spool->count > 0)
        qsort(spool->segments, spool->count, sizeof(struct segment), segment_compare);
    return true;
}

/* The newest segment: finds its last record and cuts off what a crash left behind it. What is damaged before that stays: it is
 * told as a gap. */
static bool newest_mend(struct spool *spool, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct segment *segment = &spool->segments[spool->count - 1];
    struct line_walk walk = { 0 };
    const char *whole = NULL;
    char *data = NULL;
    size_t length = 0;

    if (!file_read(arena, segment_path(spool, arena, segment->first), SIZE_MAX, &data, &length, err))
        return false;
    walk = (struct line_walk){ .at = data, .end = data + length };
    spool->last = segment->first - 1;
    whole = data;
    while (line_next(&walk)) {
        int64_t number = line_number(walk.line, walk.length);

        if (number <= spool->last)
            continue;
        spool->last = number;
        whole = walk.at;
    }
    if (whole == data + length)
        return true;
    spool->total_bytes -= data + length - whole;
    segment->bytes = whole - data;
    spool->unsynced = true;
    return ftruncate(spool->fd, segment->bytes) == 0 || error_set_errno(err, "cannot cut off a torn record");
}

static bool newest_open(struct spool *spool, int flags, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *path = segment_path(spool, arena, spool->segments[spool->count - 1].first);

    fd_close(spool->fd);
    spool->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    return spool->fd >= 0 || error_set_errno(err, "cannot open %s", path);
}

static bool segment_begin(struct spool *spool, struct error *err)
{
    segment_append(spool, (struct segment){ .first = spool->last + 1 });
    return newest_open(spool, O_CREAT | O_EXCL, err) && folder_sync(spool->folder, err);
}

bool spool_open(const char *folder, int64_t limit_bytes, struct spool **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct spool *spool = arena_new_of(arena, struct spool);
    bool ok = false;

    spool->arena = arena;
    spool->folder = arena_copy(arena, folder);
    spool->limit_bytes = limit_bytes > 0 ? limit_bytes : SPOOL_LIMIT;
    spool->fd = -1;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        error_set_errno(err, "cannot make %s", folder);
    else if (segments_find(spool, err))
        ok = spool->count == 0 ? segment_begin(spool, err)
                               : newest_open(spool, 0, err) && newest_mend(spool, err) && spool_sync(spool, err);
    if (!ok) {
        spool_close(spool);
        return error_prefix(err, "the spool of reports");
    }
    spool->acknowledged = spool->segments[0].first - 1;
    *out = spool;
    return true;
}

void spool_close(struct spool *spool)
{
    if (spool == NULL)
        return;
    fd_close(spool->fd);
    arena_free(spool->arena);
}

/* --- adding --- */

static struct text line_write(struct arena *arena, int64_t sequence, const char *kind, int64_t at_us,
                              const struct value *body)
{
    struct value *record = value_map(arena);
    struct text json = text_new(arena), line = text_new(arena);

    value_map_put_int(arena, record, "sequence", sequence);
    value_map_put_int(arena, record, "at_us", at_us);
    value_map_put_string(arena, record, "kind", kind);
    value_map_put(arena, record, "body", body == NULL ? value_null() : body);
    json_write(&json, record, &JSON_COMPACT);
    text_printf(&line, "%016llx ", (unsigned long long)hash_quick(json.data, json.length));
    text_add_n(&line, json.data, json.length);
    text_add_char(&line, '\n');
    return line;
}

/* A write that went half way is taken back: the next record must begin on a line of its own. */
static bool line_append(struct spool *spool, const struct text *line, struct error *err)
{
    struct segment *segment = &spool->segments[spool->count - 1];

    spool->unsynced = true;
    if (!fd_write_all(spool->fd, line->data, line->length, err)) {
        if (ftruncate(spool->fd, segment->bytes) != 0)
            error_prefix(err, "and the torn record could not be cut off");
        return false;
    }
    segment->bytes += (int64_t)line->length;
    spool->total_bytes += (int64_t)line->length;
    spool->last++;
    return true;
}

bool spool_add(struct spool *spool, const char *kind, int64_t at_us, const struct value *body, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct text line = line_write(arena, spool->last + 1, kind, at_us, body);

    if (line.length > SPOOL_RECORD_MAX || spool->total_bytes + (int64_t)line.length > spool->limit_bytes) {
        spool->lost++;
        return error_set_kind(err, ERROR_LIMIT,
                              line.length > SPOOL_RECORD_MAX ? "a report of %zu bytes is too long to be kept"
                                                             : "no room for a report of %zu bytes: the spool is full",
                              line.length);
    }
    if (spool->segments[spool->count - 1].bytes >= SPOOL_SEGMENT_BYTES &&
        !(spool_sync(spool, err) && segment_begin(spool, err)))
        return false;
    return line_append(spool, &line, err);
}

bool spool_sync(struct spool *spool, struct error *err)
{
    if (!spool->unsynced)
        return true;
    if (fdatasync(spool->fd) != 0)
        return error_set_errno(err, "cannot write reports to the disk");
    spool->unsynced = false;
    return true;
}

/* --- reading and letting go --- */

struct portion {
    struct arena *arena;
    struct value *records;
    size_t count, bytes; /* how much is wanted still */
    int64_t next;        /* number of the next record */
    bool is_full;
};

/* One report in place of those before `number` that are damaged. It must be the first of a portion. */
static bool portion_gap(struct portion *portion, int64_t number)
{
    struct value *report = value_map(portion->arena), *body = value_map(portion->arena);

    if (value_count(portion->records) > 0) {
        portion->is_full = true;
        return false;
    }
    value_map_put_int(portion->arena, body, "from", portion->next);
    value_map_put_int(portion->arena, body, "to", number - 1);
    value_map_put_string(portion->arena, body, "reason", "damaged on this node's disk");
    value_map_put_int(portion->arena, report, "sequence", number - 1);
    value_map_put_int(portion->arena, report, "at_us", clock_wall_us());
    value_map_put_string(portion->arena, report, "kind", "gap");
    value_map_put(portion->arena, report, "body", body);
    value_list_add(portion->arena, portion->records, report);
    portion->next = number;
    return true;
}

/* False: the portion is full. */
static bool portion_add(struct portion *portion, const struct line_walk *walk, int64_t number)
{
    struct error ignored = ERROR_INIT;
    const struct value *record = NULL;

    if (number < portion->next ||
        !json_read(portion->arena, walk->line + SUM_LENGTH + 1, walk->length - SUM_LENGTH - 1, NULL, &record, &ignored))
        return true;
    portion->is_full = value_count(portion->records) >= portion->count ||
                       (walk->length > portion->bytes && value_count(portion->records) > 0);
    if (portion->is_full || (number > portion->next && !portion_gap(portion, number)))
        return false;
    value_list_add(portion->arena, portion->records, record);
    portion->bytes -= walk->length < portion->bytes ? walk->length : portion->bytes;
    portion->next++;
    return true;
}

/* What a disk no longer gives is as lost as what is damaged; anything else (no memory, no descriptors) passes. */
static bool segment_read(const struct spool *spool, struct arena *arena, int64_t first, struct line_walk *out,
                         struct error *err)
{
    char *data = NULL;
    size_t length = 0;
    bool is_lost;

    *out = (struct line_walk){ .at = NULL };
    if (file_read(arena, segment_path(spool, arena, first), SIZE_MAX, &data, &length, err)) {
        *out = (struct line_walk){ .at = data, .end = data + length };
        return true;
    }
    is_lost = errno == EIO || errno == ENOENT;
    if (is_lost)
        error_clear(err);
    return is_lost;
}

static bool segment_take(const struct spool *spool, size_t index, struct portion *portion, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    off_t skip = index == 0 ? spool->offset : 0;
    struct line_walk walk;

    if (!segment_read(spool, scratch, spool->segments[index].first, &walk, err))
        return false;
    walk.at = skip < walk.end - walk.at ? walk.at + skip : walk.end;
    while (line_next(&walk) && portion_add(portion, &walk, line_number(walk.line, walk.length)))
        ;
    return true;
}

bool spool_read(struct spool *spool, struct arena *arena, size_t count, size_t bytes, struct value **out,
                struct error *err)
{
    struct portion portion = {
        .arena = arena, .records = value_list(arena), .count = count, .bytes = bytes, .next = spool->acknowledged + 1
    };

    for (size_t i = 0; i < spool->count && !portion.is_full; i++) {
        if (!segment_take(spool, i, &portion, err))
            return false;
    }
    if (!portion.is_full && portion.next <= spool->last && value_count(portion.records) < count)
        (void)portion_gap(&portion, spool->last + 1);
    *out = portion.records;
    return true;
}

/* Where in the first segment what comes behind record `sequence` begins. */
static bool offset_behind(struct spool *spool, int64_t sequence, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct line_walk walk;
    const char *data;

    if (!segment_read(spool, arena, spool->segments[0].first, &walk, err))
        return false;
    data = walk.at;
    spool->offset = walk.end - data;
    while (line_next(&walk)) {
        if (line_number(walk.line, walk.length) > sequence) {
            spool->offset = walk.line - data;
            break;
        }
    }
    return true;
}

/* Segments whose records are all acknowledged; the newest one stays, its name keeps the count. */
static bool segments_drop(struct spool *spool, int64_t sequence, struct error *err)
{
    ARENA_SCOPED arena = arena_new();

    while (spool->count > 1 && spool->segments[1].first <= sequence + 1) {
        const char *path = segment_path(spool, arena, spool->segments[0].first);

        if (unlink(path) != 0 && errno != ENOENT)
            return error_set_errno(err, "cannot remove %s", path);
        spool->total_bytes -= spool->segments[0].bytes;
        memmove(spool->segments, spool->segments + 1, --spool->count * sizeof(struct segment));
    }
    return true;
}

bool spool_acknowledge(struct spool *spool, int64_t sequence, struct error *err)
{
    if (sequence > spool->last)
        return error_set(err, "report %lld was acknowledged, but the last one is %lld", (long long)sequence,
                         (long long)spool->last);
    if (sequence <= spool->acknowledged)
        return true;
    if (!segments_drop(spool, sequence, err) || !offset_behind(spool, sequence, err))
        return false;
    spool->acknowledged = sequence;
    return true;
}

bool spool_rewind(struct spool *spool, int64_t sequence, struct error *err)
{
    int64_t oldest = spool->segments[0].first - 1;
    int64_t back_to = sequence > oldest ? sequence : oldest;

    if (back_to >= spool->acknowledged)
        return true;
    if (!offset_behind(spool, back_to, err))
        return false;
    spool->acknowledged = back_to;
    return true;
}

int64_t spool_last(const struct spool *spool)
{
    return spool->last;
}

int64_t spool_acknowledged(const struct spool *spool)
{
    return spool->acknowledged;
}

int64_t spool_lost(const struct spool *spool)
{
    return spool->lost;
}
