/* SPDX-License-Identifier: Apache-2.0 */
/* Package managers' logs, and which piece of evidence is told. */
#include "agent/daemon/cause_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/daemon/cause_parts.h"
#include "common/base/text.h"

#define SECOND_US ((int64_t)1000000)
#define GROUP_US (60 * SECOND_US)       /* packages that were changed one after the other */
#define TOUCH_BEFORE_US (3 * SECOND_US) /* logs tell whole seconds, and are told late */
#define TOUCH_AFTER_US (2 * SECOND_US)
#define EXACT_BEFORE_US (SECOND_US / 2) /* what was over just before */
#define NAMES_TOLD 3

void evidence_add(struct evidence_list *list, const struct evidence *evidence)
{
    if (list->count == EVIDENCE_MAX) { /* the newest matter */
        memmove(list->items, list->items + 1, (list->count - 1) * sizeof(list->items[0]));
        list->count--;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;

        list->items = arena_grow(list->arena, list->items, list->capacity * sizeof(list->items[0]),
                                 capacity * sizeof(list->items[0]));
        list->capacity = capacity;
    }
    list->items[list->count++] = *evidence;
}

int64_t evidence_time(const char *text, const char *format)
{
    struct tm parts = { .tm_isdst = -1 };
    const char *end = strptime(text, format, &parts);
    long offset = parts.tm_gmtoff;
    bool has_zone = strstr(format, "%z") != NULL;
    time_t seconds;

    if (end == NULL)
        return 0;
    seconds = has_zone ? timegm(&parts) - offset : mktime(&parts);
    return seconds <= 0 ? 0 : (int64_t)seconds * SECOND_US;
}

/* Options and assignments may hold anything. */
static bool is_tellable(const char *word)
{
    return word[0] != '\0' && word[0] != '-' && strchr(word, '=') == NULL && strchr(word, '@') == NULL &&
           strstr(word, "://") == NULL;
}

const char *evidence_command(struct arena *arena, const char *line, bool only_paths)
{
    struct text out = text_new(arena);
    char **words = text_split(arena, line, ' ', NULL);

    for (bool is_first = true; *words != NULL; words++) {
        const char *slash = strrchr(*words, '/');

        if (!is_tellable(*words) || (only_paths && !is_first && **words != '/'))
            continue;
        (*words)[strcspn(*words, "'\"")] = '\0'; /* of sh -c '... /etc/motd' */
        text_printf(&out, "%s%s", is_first ? "" : " ", is_first && slash != NULL ? slash + 1 : *words);
        is_first = false;
    }
    if (out.length > EVIDENCE_COMMAND_MAX) {
        text_truncate(&out, text_utf8_offset(out.data, EVIDENCE_COMMAND_MAX, EVIDENCE_COMMAND_MAX));
        text_add(&out, "...");
    }
    return out.data;
}

/* --- apt --- */

static const char *after(const char *line, const char *prefix)
{
    return text_starts(line, prefix) ? line + strlen(prefix) : NULL;
}

static void apt_end(struct evidence_list *list, struct evidence *entry, const char *by)
{
    if (entry->begin_us == 0)
        return;
    if (by != NULL)
        entry->text = arena_printf(list->arena, "%s (by %.*s)", entry->text, (int)strcspn(by, " "), by);
    evidence_add(list, entry);
}

void evidence_apt_history(struct evidence_list *list, const char *text)
{
    char **lines = text_split(list->arena, text, '\n', NULL);
    struct evidence entry = { .kind = EVIDENCE_PACKAGES };
    const char *by = NULL, *rest;

    for (; *lines != NULL; lines++) {
        if ((rest = after(*lines, "Start-Date: ")) != NULL) {
            apt_end(list, &entry, by);
            entry = (struct evidence){ EVIDENCE_PACKAGES, evidence_time(rest, "%Y-%m-%d %H:%M:%S"), INT64_MAX, "apt" };
            by = NULL;
        } else if ((rest = after(*lines, "Commandline: ")) != NULL) {
            entry.text = evidence_command(list->arena, rest, false);
        } else if ((rest = after(*lines, "Requested-By: ")) != NULL) {
            by = rest;
        } else if ((rest = after(*lines, "End-Date: ")) != NULL) {
            entry.end_us = evidence_time(rest, "%Y-%m-%d %H:%M:%S");
        }
    }
    apt_end(list, &entry, by);
}

/* --- packages, one by one --- */

struct package_group {
    struct evidence_list *list;
    int64_t begin_us, end_us;
    struct text names;
    size_t count;
    const char *verb;
};

static void group_end(struct package_group *group)
{
    if (group->count == 0)
        return;
    if (group->count > NAMES_TOLD)
        text_printf(&group->names, " and %zu more", group->count - NAMES_TOLD);
    evidence_add(group->list,
                 &(struct evidence){ EVIDENCE_DPKG, group->begin_us, group->end_us,
                                     arena_printf(group->list->arena, "%s %s", group->verb, group->names.data) });
    group->count = 0;
}

static void group_add(struct package_group *group, int64_t at_us, const char *verb, const char *name)
{
    if (group->count > 0 && (!text_equal(verb, group->verb) || at_us - group->end_us > GROUP_US))
        group_end(group);
    if (group->count == 0) {
        group->begin_us = at_us;
        group->verb = verb;
        group->names = text_new(group->list->arena);
    }
    group->end_us = at_us;
    if (group->count++ < NAMES_TOLD)
        text_printf(&group->names, "%s%s", group->count == 1 ? "" : ", ", name);
}

void evidence_dpkg(struct evidence_list *list, const char *text)
{
    static const char *const verbs[] = { "install", "upgrade", "remove", "purge", NULL };
    struct package_group group = { .list = list };
    char **lines = text_split(list->arena, text, '\n', NULL);

    for (; *lines != NULL; lines++) {
        size_t count = 0;
        char **words = text_split(list->arena, *lines, ' ', &count);
        int64_t at_us;

        if (count < 4 || !text_in(words[2], verbs) || (at_us = evidence_time(*lines, "%Y-%m-%d %H:%M:%S")) == 0)
            continue;
        words[3][strcspn(words[3], ":")] = '\0';
        group_add(&group, at_us, arena_printf(list->arena, "dpkg %s", words[2]), words[3]);
    }
    group_end(&group);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void evidence_rpm(struct evidence_list *list, const char *text)
{
    struct package_group group = { .list = list };
    size_t count = 0;
    char **lines = text_split(list->arena, text, '\n', &count);

    qsort(lines, count, sizeof(lines[0]), by_text); /* seconds have ten digits for a long time */
    for (; *lines != NULL; lines++) {
        char *space = strchr(*lines, ' ');
        int64_t seconds = 0;

        if (space == NULL)
            continue;
        *space = '\0';
        if (text_to_int(*lines, &seconds) && seconds > 0)
            group_add(&group, seconds * SECOND_US, "rpm: installed", space + 1);
    }
    group_end(&group);
}

/* --- dnf --- */

static bool changes_packages(const char *command)
{
    static const char *const verbs[] = { "install",   "remove",      "erase",        "upgrade", "update",
                                         "downgrade", "distro-sync", "autoremove",   "swap",    "reinstall",
                                         "group",     "module",      "localinstall", NULL };
    ARENA_SCOPED arena = arena_new();

    for (char **words = text_split(arena, command, ' ', NULL); *words != NULL; words++)
        if (text_in(*words, verbs))
            return true;
    return false;
}

void evidence_dnf(struct evidence_list *list, const char *text)
{
    char **lines = text_split(list->arena, text, '\n', NULL);
    struct evidence entry = { .kind = EVIDENCE_PACKAGES };

    for (; *lines != NULL; lines++) {
        const char *command = strstr(*lines, " Command: ");
        int64_t at_us = evidence_time(*lines, "%Y-%m-%dT%H:%M:%S%z");

        if (at_us == 0)
            continue;
        if (command == NULL) {
            entry.end_us = at_us; /* whatever it logs until the next one begins */
            continue;
        }
        if (entry.begin_us > 0)
            evidence_add(list, &entry);
        entry = (struct evidence){ .kind = EVIDENCE_PACKAGES };
        if (changes_packages(command))
            entry = (struct evidence){ EVIDENCE_PACKAGES, at_us, at_us,
                                       evidence_command(list->arena, command + strlen(" Command: "), false) };
    }
    if (entry.begin_us > 0)
        evidence_add(list, &entry);
}

/* --- the choice --- */

/* In UTC, as all that is told beside it. */
static const char *clock_text(struct arena *arena, int64_t at_us, int64_t now_us)
{
    time_t at = (time_t)(at_us / SECOND_US), now = (time_t)(now_us / SECOND_US);
    struct tm at_parts, now_parts;
    char out[40];
    bool is_today;

    gmtime_r(&at, &at_parts);
    gmtime_r(&now, &now_parts);
    is_today = at_parts.tm_yday == now_parts.tm_yday && at_parts.tm_year == now_parts.tm_year;
    strftime(out, sizeof(out), is_today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &at_parts);
    return arena_copy(arena, out);
}

static const char *evidence_told(struct arena *arena, const struct evidence *evidence, int64_t now_us)
{
    const char *begin = clock_text(arena, evidence->begin_us, now_us);

    if (evidence->kind != EVIDENCE_LOGIN)
        return arena_printf(arena, "%s at %s UTC", evidence->text, begin);
    if (evidence->end_us == INT64_MAX)
        return arena_printf(arena, "%s, there since %s UTC", evidence->text, begin);
    return arena_printf(arena, "%s, %s to %s UTC", evidence->text, begin, clock_text(arena, evidence->end_us, now_us));
}

/* At the moment when the kernel told, as far as the log's clock goes: those of packages tell whole seconds, and late. */
static bool coincides(const struct evidence *one, const struct cause_window *window)
{
    bool is_exact = one->kind != EVIDENCE_PACKAGES && one->kind != EVIDENCE_DPKG;
    int64_t before_us = one->kind == EVIDENCE_RUN ? 0 : is_exact ? EXACT_BEFORE_US : TOUCH_BEFORE_US;

    if (window->touched_us == 0)
        return one->begin_us <= window->to_us && one->end_us >= window->from_us;
    return one->begin_us <= window->touched_us + (is_exact ? 0 : TOUCH_AFTER_US) &&
           one->end_us >= window->touched_us - before_us;
}

/* The better kind, of that the last. */
static const struct evidence *best_of(const struct evidence_list *list, const struct cause_window *window,
                                      enum evidence_kind least)
{
    const struct evidence *best = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct evidence *one = &list->items[i];

        if (one->kind >= least && coincides(one, window) &&
            (best == NULL || one->kind < best->kind || (one->kind == best->kind && one->begin_us >= best->begin_us)))
            best = one;
    }
    return best;
}

struct cause cause_choose(const struct evidence_list *list, const struct cause_window *window)
{
    struct cause_window during;
    const struct evidence *best, *login = NULL;
    const char *told;

    if (window->from_us == 0 && window->touched_us == 0)
        return (struct cause){ NULL, NULL };
    best = best_of(list, window, EVIDENCE_RUN);
    if (best == NULL)
        return (struct cause){ "external", NULL };
    told = evidence_told(list->arena, best, window->to_us);
    if (best->kind == EVIDENCE_RUN)
        return (struct cause){ "intentional", told };
    during = (struct cause_window){ best->begin_us, best->begin_us + (best->kind == EVIDENCE_SUDO ? 0 : SECOND_US), 0 };
    if (best->kind != EVIDENCE_LOGIN)
        login = best_of(list, &during, EVIDENCE_LOGIN);
    if (login != NULL)
        told = arena_printf(list->arena, "%s; %s", told, evidence_told(list->arena, login, window->to_us));
    return (struct cause){ "external", told };
}
