/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking an interpreter: isolated from its environment and without site packages, so that it starts quickly and runs
 * nobody's code. One line a field; the path comes last.
 */
#include "agent/system/host/python.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/system/process/process.h"
#include "common/base/text.h"

#define ASK_MS 10000 /* gather_timeout's default */
#define WORDS_MAX 16
#define REMEMBERED_MAX 32 /* answers; a session that meets more starts anew each time */

/* "import ssl" itself takes three times as long as all the rest. */
static const char question[] = "import sys\n"
                               "try:\n"
                               " import _ssl; ssl = int(hasattr(_ssl, '_SSLContext'))\n"
                               "except ImportError: ssl = 0\n"
                               "for field in list(sys.version_info) + [ssl, sys.implementation.name,\n"
                               "  sys.version.split()[0], sys.executable]: print(field)\n";

enum answer_field { MAJOR, MINOR, MICRO, RELEASELEVEL, SERIAL, SSL, TYPE, VERSION, EXECUTABLE, ANSWER_FIELDS };

const char *python_find(const struct system *system, struct arena *arena)
{
    static const char *const names[] = { "/usr/bin/python3", "python3.13", "python3.12", "python3.11",
                                         "python3.10",       "python3.9",  "python3.8",  "python3.7",
                                         "python3.6",        "python3.5",  "python3",    "/usr/libexec/platform-python",
                                         "python",           NULL };

    for (const char *const *name = names; *name != NULL; name++) {
        const char *found = process_find(system, arena, *name);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static void put_field(struct arena *arena, struct value *version, struct value *info, const char *name,
                      const struct value *field)
{
    value_map_put(arena, version, name, field);
    value_list_add(arena, info, field);
}

/* NULL: the lines are no answer. */
static const struct value *answer_read(struct arena *arena, const char *output)
{
    static const char *const names[] = { "major", "minor", "micro", "releaselevel", "serial" };
    struct value *version = value_map(arena), *info = value_list(arena), *python = value_map(arena);
    struct value *answer = value_map(arena);
    size_t count = 0;
    char **fields = text_split(arena, output, '\n', &count);

    if (count != ANSWER_FIELDS + 1 || fields[ANSWER_FIELDS][0] != '\0' || !text_utf8_valid(output, strlen(output)))
        return NULL;
    for (size_t i = MAJOR; i <= SERIAL; i++) {
        int64_t number = 0;
        if (i != RELEASELEVEL && !text_to_int(fields[i], &number))
            return NULL;
        put_field(arena, version, info, names[i],
                  i == RELEASELEVEL ? value_string(arena, fields[i]) : value_int(arena, number));
    }
    value_map_put(arena, python, "version", version);
    value_map_put(arena, python, "version_info", info);
    value_map_put_string(arena, python, "executable", fields[EXECUTABLE]);
    value_map_put_bool(arena, python, "has_sslcontext", strcmp(fields[SSL], "1") == 0);
    value_map_put_string(arena, python, "type", fields[TYPE]);
    value_map_put(arena, answer, "python", python);
    value_map_put_string(arena, answer, "python_version", fields[VERSION]);
    return answer;
}

/* `interpreter` may be more than one word: "/usr/bin/env python3". */
static const struct value *ask(const struct system *system, struct arena *arena, const char *interpreter,
                               bool *is_cancelled)
{
    const char *argv[WORDS_MAX + 3] = { NULL };
    struct process_request request = { .argv = argv, .timeout_ms = ASK_MS, .umask_bits = -1 };
    struct process_result result;
    struct error problem = ERROR_INIT;
    size_t count = 0, words = 0;

    for (char **word = text_split(arena, interpreter, ' ', &count); count > 0 && words < WORDS_MAX; word++, count--)
        if ((*word)[0] != '\0')
            argv[words++] = *word;
    argv[words++] = "-ISc";
    argv[words] = question;
    if (!process_run(system, arena, &request, &result, &problem)) {
        *is_cancelled = problem.kind == ERROR_CANCELLED;
        return NULL;
    }
    return result.status == 0 ? answer_read(arena, result.output) : NULL;
}

/* What changes when another interpreter takes the file's place; "": a program that is looked for by its name. */
static const char *stamp_of(struct arena *arena, const char *interpreter)
{
    struct stat info;

    if (stat(interpreter, &info) != 0)
        return "";
    return arena_printf(arena, "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 ".%09ld", (uint64_t)info.st_dev,
                        (uint64_t)info.st_ino, (int64_t)info.st_size, (int64_t)info.st_mtim.tv_sec,
                        info.st_mtim.tv_nsec);
}

static void remember(struct system_memory *memory, const char *interpreter, const char *stamp,
                     const struct value *answer)
{
    struct value *entry;

    if (memory == NULL || stamp[0] == '\0' || memory->kept >= REMEMBERED_MAX)
        return;
    memory->kept++;
    entry = value_map(memory->arena);
    value_map_put_string(memory->arena, entry, "stamp", stamp);
    value_map_put(memory->arena, entry, "answer", answer == NULL ? value_null() : value_copy(memory->arena, answer));
    value_map_put(memory->arena, memory->entries, arena_printf(memory->arena, "python %s", interpreter), entry);
}

const struct value *python_ask(const struct system *system, struct arena *arena)
{
    const char *interpreter = system->python != NULL ? system->python : python_find(system, arena);
    const struct value *entry = NULL, *answer;
    bool is_cancelled = false;

    if (interpreter == NULL || interpreter[strspn(interpreter, " ")] == '\0')
        return NULL;
    const char *stamp = stamp_of(arena, interpreter);
    if (system->memory != NULL)
        entry = value_map_get(system->memory->entries, arena_printf(arena, "python %s", interpreter));
    if (entry != NULL && text_equal(value_map_text(entry, "stamp"), stamp)) {
        answer = value_map_get(entry, "answer");
        return value_is(answer, VALUE_MAP) ? value_copy(arena, answer) : NULL;
    }
    answer = ask(system, arena, interpreter, &is_cancelled);
    if (!is_cancelled)
        remember(system->memory, interpreter, stamp, answer);
    return answer;
}
