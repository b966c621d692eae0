/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services that have no process at the moment and will start again: enabled ones, and those between two tries. systemctl says which
 * there are and what they start, with drop-ins and specifiers resolved; everybody may ask it, not only root.
 */
#include <string.h>
#include <sys/wait.h>

#include "common/base/command.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/store_use_parts.h"

#define ENVIRONMENT_FILE_MAX (1024 * 1024)

/* What of a unit's properties holds words. Its programs, shown as { path=... ; argv[]=... ; ... }, and its variables. */
static const char *const word_keys[] = { "ExecStart", "ExecStartPre", "ExecStartPost", "Environment" };

struct unit_lines {
    char **lines;
    size_t count;
};

static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);

    return strncmp(line, key, length) == 0 && line[length] == '=' ? line + length + 1 : NULL;
}

static const char *property(const struct unit_lines *unit, const char *key)
{
    for (size_t i = 0; i < unit->count; i++) {
        const char *value = value_of(unit->lines[i], key);

        if (value != NULL)
            return value;
    }
    return "";
}

/* Between two tries a unit is "activating". Generated units (of quadlets) are started at boot like enabled ones. */
static bool will_start(const struct unit_lines *unit)
{
    const char *active = property(unit, "ActiveState"), *file = property(unit, "UnitFileState");

    return (active[0] != '\0' && strcmp(active, "inactive") != 0 && strcmp(active, "failed") != 0) ||
           text_starts(file, "enabled") || strcmp(file, "generated") == 0;
}

/* Quotes around a word, or around what stands behind its '=', are none of it. */
static void unquote(char *word)
{
    char *put = word;

    for (const char *at = word; *at != '\0'; at++) {
        if (*at != '"' && *at != '\'')
            *put++ = *at;
    }
    *put = '\0';
}

static void scan_words(struct use_scan *scan, const char *text)
{
    size_t count = 0;
    char **words = text_split(scan->scratch, text, ' ', &count);

    for (size_t i = 0; i < count; i++) {
        unquote(words[i]);
        use_scan_word(scan, words[i]);
    }
}

/* "/etc/default/NAME (ignore_errors=yes)" */
static void scan_environment_file(struct use_scan *scan, const char *value)
{
    const char *path = arena_copy_n(scan->scratch, value, strcspn(value, " ")), *cursor, *line;
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t size = 0, length;

    if (path[0] != '/' || !file_read(scan->scratch, path, ENVIRONMENT_FILE_MAX, &data, &size, &ignored))
        return;
    cursor = data;
    while (text_line(&cursor, data + size, &line, &length))
        scan_words(scan, arena_copy_n(scan->scratch, line, length));
}

static void scan_unit(struct use_scan *scan, const struct unit_lines *unit)
{
    scan->command = property(unit, "Id");
    scan->folder = property(unit, "WorkingDirectory");
    if (scan->command[0] == '\0' || !will_start(unit))
        return;
    scan->folder += strspn(scan->folder, "!-"); /* a folder that may be missing */
    for (size_t i = 0; i < unit->count; i++) {
        const char *value = value_of(unit->lines[i], "EnvironmentFiles");

        if (value != NULL)
            scan_environment_file(scan, value);
        for (size_t k = 0; k < sizeof(word_keys) / sizeof(word_keys[0]); k++) {
            value = value_of(unit->lines[i], word_keys[k]);
            if (value != NULL)
                scan_words(scan, value);
        }
    }
}

bool use_scan_units(struct use_scan *scan, struct error *err)
{
    /* --all: also units that are not active */
    static const char *const words[] = { "systemctl",
                                         "show",
                                         "--no-pager",
                                         "--all",
                                         "--property=Id,ActiveState,UnitFileState,ExecStart,ExecStartPre,"
                                         "ExecStartPost,Environment,EnvironmentFiles,WorkingDirectory",
                                         "*.service",
                                         NULL };
    ARENA_SCOPED arena = arena_new();
    struct command_output got = { 0 };
    bool is_booted = path_is_folder("/run/systemd/system"); /* sd_booted(3) */
    struct unit_lines all = { NULL, 0 };

    if (!command_output_ok(arena, words, &got, err))
        return is_booted ? error_prefix(err, "cannot see which units may need a model") : true;
    scan->pid = 0;
    all.lines = text_split(arena, got.output, '\n', &all.count);
    for (size_t start = 0, end; start < all.count; start = end + 1) { /* a blank line between two units */
        for (end = start; end < all.count && all.lines[end][0] != '\0';)
            end++;
        scan_unit(scan, &(struct unit_lines){ all.lines + start, end - start });
        arena_reset(scan->scratch);
    }
    return true;
}
