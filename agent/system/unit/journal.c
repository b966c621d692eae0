/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Of a unit counts what its processes wrote (_SYSTEMD_UNIT); what systemd says of it is told by its state. */
#include "agent/system/unit/journal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "common/base/text.h"

#define UNIT_FIELD "_SYSTEMD_UNIT="
#define MESSAGE_FIELD "MESSAGE="
#define FIELD_BYTES ((size_t)64 * 1024) /* of one field that is read */

static inline void journal_guard(sd_journal **journal)
{
    sd_journal_close(*journal);
}
#define JOURNAL_SCOPED __attribute__((cleanup(journal_guard))) sd_journal *

static bool match_add(sd_journal *journal, struct arena *arena, const char *field, const char *text)
{
    return sd_journal_add_match(journal, arena_printf(arena, "%s%s", field, text), 0) >= 0;
}

/* What stands behind the field's name; NULL: the entry has no such field. */
static char *field_text(sd_journal *journal, struct arena *arena, const char *field, size_t limit)
{
    const void *data = NULL;
    size_t length = 0, skip = strlen(field);
    char name[32];

    memcpy(name, field, skip);
    name[skip - 1] = '\0'; /* without "=" */
    if (sd_journal_get_data(journal, name, &data, &length) < 0 || length < skip)
        return NULL;
    length -= skip;
    return arena_copy_n(arena, (const char *)data + skip, length < limit ? length : limit);
}

/* One line of UTF-8: programs write what they like. */
static char *line_clean(char *line)
{
    size_t length = strlen(line), kept = 0;

    if (!text_utf8_valid(line, length)) {
        for (size_t i = 0; i < length; i++) {
            if ((unsigned char)line[i] >= 0x80)
                line[i] = '?';
        }
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] >= 0x20 || line[i] == '\t')
            line[kept++] = line[i];
    }
    line[kept] = '\0';
    return line;
}

static const char *message_text(sd_journal *journal, struct arena *arena)
{
    char *text = field_text(journal, arena, MESSAGE_FIELD, JOURNAL_LINE_MAX);

    return text == NULL ? NULL : line_clean(text);
}

struct value *journal_last(struct arena *arena, const struct journal_query *query)
{
    JOURNAL_SCOPED journal = NULL;
    struct value *lines = value_list(arena);
    size_t seen = 0;

    if (sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0 ||
        !match_add(journal, arena, UNIT_FIELD, query->unit) || sd_journal_seek_tail(journal) < 0)
        return lines;
    (void)sd_journal_set_data_threshold(journal, FIELD_BYTES);
    while (seen < query->lines && sd_journal_previous(journal) > 0) {
        const char *text = message_text(journal, arena);
        uint64_t at_us = 0;

        if (sd_journal_get_realtime_usec(journal, &at_us) >= 0 && (int64_t)at_us < query->since_us)
            break;
        if (text != NULL)
            value_list_insert(arena, lines, 0, value_string(arena, text));
        seen++;
    }
    return lines;
}

/* --- following --- */

struct journal_follow {
    sd_journal *journal;
};

void journal_follow_free(struct journal_follow *follow)
{
    if (follow == NULL)
        return;
    sd_journal_close(follow->journal);
    free(follow);
}

static bool follow_seek(struct journal_follow *follow, const struct journal_from *from)
{
    if (from->cursor[0] != '\0' && sd_journal_seek_cursor(follow->journal, from->cursor) >= 0)
        return true;
    return sd_journal_seek_realtime_usec(follow->journal, from->since_us < 0 ? 0 : (uint64_t)from->since_us) >= 0;
}

struct journal_follow *journal_follow_new(const char *const *units, size_t count, const struct journal_from *from)
{
    ARENA_SCOPED arena = arena_new();
    struct journal_follow *follow = calloc(1, sizeof(*follow));

    if (follow == NULL)
        abort();
    if (sd_journal_open(&follow->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0) {
        free(follow);
        return NULL;
    }
    (void)sd_journal_set_data_threshold(follow->journal, FIELD_BYTES);
    for (size_t i = 0; i < count; i++)
        (void)match_add(follow->journal, arena, UNIT_FIELD, units[i]);
    if (sd_journal_get_fd(follow->journal) < 0 || !follow_seek(follow, from)) {
        journal_follow_free(follow);
        return NULL;
    }
    return follow;
}

int journal_follow_fd(const struct journal_follow *follow)
{
    return sd_journal_get_fd(follow->journal);
}

short journal_follow_events(const struct journal_follow *follow)
{
    int events = sd_journal_get_events(follow->journal);

    return events < 0 ? POLLIN : (short)events;
}

int64_t journal_follow_due_ms(const struct journal_follow *follow)
{
    uint64_t until_us = 0;

    if (sd_journal_get_timeout(follow->journal, &until_us) < 0 || until_us == UINT64_MAX)
        return -1;
    return (int64_t)(until_us / 1000) + 1;
}

static const char *cursor_text(sd_journal *journal, struct arena *arena)
{
    char *cursor = NULL;
    const char *copy;

    if (sd_journal_get_cursor(journal, &cursor) < 0)
        return NULL;
    copy = arena_copy(arena, cursor);
    free(cursor);
    return strlen(copy) < JOURNAL_CURSOR_MAX ? copy : NULL;
}

bool journal_follow_next(struct journal_follow *follow, struct arena *arena, struct journal_line *out)
{
    (void)sd_journal_process(follow->journal);
    while (sd_journal_next(follow->journal) > 0) {
        const char *unit = field_text(follow->journal, arena, UNIT_FIELD, JOURNAL_LINE_MAX);
        const char *text = message_text(follow->journal, arena), *cursor = cursor_text(follow->journal, arena);
        uint64_t at_us = 0;

        if (unit == NULL || text == NULL || cursor == NULL || sd_journal_get_realtime_usec(follow->journal, &at_us) < 0)
            continue;
        *out = (struct journal_line){ .unit = unit, .cursor = cursor, .at_us = (int64_t)at_us, .text = text };
        return true;
    }
    return false;
}
