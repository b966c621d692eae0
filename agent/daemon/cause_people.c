/* SPDX-License-Identifier: Apache-2.0 */
/* Who was there: logins, sudo, runs of Roost. */
#include <string.h>
#include <utmp.h>

#include "agent/daemon/cause_parts.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define SECOND_US ((int64_t)1000000)
#define RUN_TOLD_LATE_US (SECOND_US / 10) /* the kernel tells of the last change when the session is over */
#define RUN_LASTS_US (15 * SECOND_US)     /* after its last note; agent/session/session_note.c writes one each 5 s */

static const char *login_text(struct arena *arena, const char *user, const char *from)
{
    return from == NULL || from[0] == '\0' ? arena_printf(arena, "a login session of %s", user)
                                           : arena_printf(arena, "a login session of %s from %s", user, from);
}

/* --- utmp(5) --- */

static const char *field(struct arena *arena, const char *data, size_t size)
{
    return arena_copy_n(arena, data, strnlen(data, size));
}

/* Open sessions end: those of a line, or all when the machine started. */
static void sessions_end(struct evidence_list *list, size_t first, const char *const *lines, const char *line,
                         int64_t at_us)
{
    for (size_t i = first; i < list->count; i++)
        if (list->items[i].end_us == INT64_MAX && (line == NULL || strcmp(lines[i - first], line) == 0))
            list->items[i].end_us = at_us;
}

void evidence_utmp(struct evidence_list *list, const void *data, size_t length)
{
    size_t records = length / sizeof(struct utmp), first = list->count;
    const char **lines = arena_new_array(list->arena, const char *, records + 1);

    for (size_t i = 0; i < records && list->count < EVIDENCE_MAX; i++) {
        struct utmp record;
        int64_t at_us;
        const char *line;

        memcpy(&record, (const char *)data + i * sizeof(record), sizeof(record));
        at_us = (int64_t)record.ut_tv.tv_sec * SECOND_US + record.ut_tv.tv_usec;
        line = field(list->arena, record.ut_line, sizeof(record.ut_line));
        if (record.ut_type == BOOT_TIME)
            sessions_end(list, first, lines, NULL, at_us);
        if (record.ut_type == USER_PROCESS || record.ut_type == DEAD_PROCESS)
            sessions_end(list, first, lines, line, at_us);
        if (record.ut_type != USER_PROCESS)
            continue;
        lines[list->count - first] = line;
        evidence_add(list, &(struct evidence){
                               EVIDENCE_LOGIN, at_us, INT64_MAX,
                               login_text(list->arena, field(list->arena, record.ut_user, sizeof(record.ut_user)),
                                          field(list->arena, record.ut_host, sizeof(record.ut_host))) });
    }
}

/* --- systemd-logind --- */

void evidence_session(struct evidence_list *list, const char *text)
{
    const char *user = NULL, *from = NULL, *class = NULL, *state = NULL;
    int64_t begin_us = 0;

    for (char **lines = text_split(list->arena, text, '\n', NULL); *lines != NULL; lines++) {
        if (text_starts(*lines, "USER="))
            user = *lines + 5;
        else if (text_starts(*lines, "REMOTE_HOST="))
            from = *lines + 12;
        else if (text_starts(*lines, "CLASS="))
            class = *lines + 6;
        else if (text_starts(*lines, "STATE="))
            state = *lines + 6;
        else if (text_starts(*lines, "REALTIME="))
            (void)text_to_int(*lines + 9, &begin_us);
    }
    if (user != NULL && begin_us > 0 && text_starts(class == NULL ? "user" : class, "user") &&
        !text_equal(state, "closing"))
        evidence_add(list,
                     &(struct evidence){ EVIDENCE_LOGIN, begin_us, INT64_MAX, login_text(list->arena, user, from) });
}

/* --- the journal --- */

/* A session of sshd that has not ended. */
struct opened {
    const char *pid, *user, *from;
    int64_t at_us;
    bool is_sudo;
    size_t item; /* of sudo: the evidence that it is already */
};

#define OPENED_MAX 64

struct opened_list {
    struct opened items[OPENED_MAX];
    size_t count;
};

static void ssh_accepted(struct evidence_list *list, struct opened_list *opened, const char *pid, const char *message,
                         int64_t at_us)
{
    const char *user = strstr(message, " for "), *from = user == NULL ? NULL : strstr(user, " from ");

    if (from == NULL || opened->count == OPENED_MAX)
        return;
    user += 5;
    from += 6;
    opened->items[opened->count++] =
        (struct opened){ .pid = pid,
                         .user = arena_copy_n(list->arena, user, (size_t)(from - 6 - user)),
                         .from = arena_copy_n(list->arena, from, strcspn(from, " ")),
                         .at_us = at_us };
}

static void ssh_closed(struct evidence_list *list, struct opened_list *opened, const char *pid, int64_t at_us)
{
    for (size_t i = 0; i < opened->count; i++) {
        const struct opened *one = &opened->items[i];

        if (one->is_sudo || !text_equal(one->pid, pid))
            continue;
        evidence_add(list, &(struct evidence){ EVIDENCE_LOGIN, one->at_us, at_us,
                                               login_text(list->arena, one->user, one->from) });
        opened->items[i] = opened->items[--opened->count];
        return;
    }
}

/* A command lasts as long as its session: an editor writes long after it was begun. */
static void sudo_closed(struct evidence_list *list, struct opened_list *opened, const char *pid, int64_t at_us)
{
    for (size_t i = 0; i < opened->count; i++) {
        if (!opened->items[i].is_sudo || !text_equal(opened->items[i].pid, pid))
            continue;
        list->items[opened->items[i].item].end_us = at_us;
        opened->items[i] = opened->items[--opened->count];
        return;
    }
}

/* "  ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/nano /etc/motd" */
static void sudo_line(struct evidence_list *list, struct opened_list *opened, const char *pid, const char *message,
                      int64_t at_us)
{
    const char *command = strstr(message, "COMMAND="), *user = message + strspn(message, " ");
    const char *end = strstr(user, " : ");

    if (strstr(message, "session closed for user") != NULL)
        sudo_closed(list, opened, pid, at_us);
    if (command == NULL || end == NULL || end > command || list->count == EVIDENCE_MAX || opened->count == OPENED_MAX)
        return;
    opened->items[opened->count++] = (struct opened){ .pid = pid, .item = list->count, .is_sudo = true };
    evidence_add(list,
                 &(struct evidence){ EVIDENCE_SUDO, at_us, INT64_MAX,
                                     arena_printf(list->arena, "sudo of %.*s: %s", (int)(end - user), user,
                                                  evidence_command(list->arena, command + strlen("COMMAND="), true)) });
}

static void journal_entry(struct evidence_list *list, struct opened_list *opened, const struct value *entry)
{
    const char *message = value_map_text(entry, "MESSAGE"), *who = value_map_text(entry, "SYSLOG_IDENTIFIER");
    const char *time_text = value_map_text(entry, "__REALTIME_TIMESTAMP"), *pid = value_map_text(entry, "_PID");
    int64_t at_us = 0;

    if (message == NULL || who == NULL || time_text == NULL || !text_to_int(time_text, &at_us))
        return;
    if (strcmp(who, "sudo") == 0)
        sudo_line(list, opened, pid, message, at_us);
    else if (text_starts(who, "sshd") && text_starts(message, "Accepted "))
        ssh_accepted(list, opened, pid, message, at_us);
    else if (text_starts(who, "sshd") && strstr(message, "session closed for user") != NULL)
        ssh_closed(list, opened, pid, at_us);
}

void evidence_journal(struct evidence_list *list, const char *text)
{
    struct opened_list opened = { .count = 0 };
    struct error ignored = ERROR_INIT;

    for (char **lines = text_split(list->arena, text, '\n', NULL); *lines != NULL; lines++) {
        const struct value *entry = NULL;

        if (**lines == '{' && json_read(list->arena, *lines, strlen(*lines), NULL, &entry, &ignored))
            journal_entry(list, &opened, entry);
    }
    for (size_t i = 0; i < opened.count; i++) {
        if (opened.items[i].is_sudo)
            continue;
        evidence_add(list, &(struct evidence){ EVIDENCE_LOGIN, opened.items[i].at_us, INT64_MAX,
                                               login_text(list->arena, opened.items[i].user, opened.items[i].from) });
    }
}

/* --- runs of Roost: "AT_US PID USER FROM", and " end" behind it --- */

/* All notes of a process end with it. */
static void run_end(struct evidence_list *list, const char *const *pids, size_t first, const char *pid, int64_t at_us)
{
    for (size_t i = first; i < list->count; i++)
        if (strcmp(pids[i - first], pid) == 0 && list->items[i].end_us > at_us)
            list->items[i].end_us = at_us;
}

void evidence_runs(struct evidence_list *list, const char *text)
{
    size_t line_count = 0, first = list->count;
    char **lines = text_split(list->arena, text, '\n', &line_count);
    const char **pids = arena_new_array(list->arena, const char *, line_count + 1);

    for (; *lines != NULL && list->count < EVIDENCE_MAX; lines++) {
        size_t count = 0;
        char **words = text_split(list->arena, *lines, ' ', &count);
        int64_t at_us = 0;

        if (count < 4 || !text_to_int(words[0], &at_us))
            continue;
        if (count == 5 && strcmp(words[4], "end") == 0) {
            run_end(list, pids, first, words[1], at_us + RUN_TOLD_LATE_US);
            continue;
        }
        pids[list->count - first] = words[1];
        evidence_add(list, &(struct evidence){
                               EVIDENCE_RUN, at_us, at_us + RUN_LASTS_US,
                               strcmp(words[3], "-") == 0
                                   ? arena_printf(list->arena, "a run of Roost by %s", words[2])
                                   : arena_printf(list->arena, "a run of Roost by %s from %s", words[2], words[3]) });
    }
}
