/* SPDX-License-Identifier: Apache-2.0 */
/* Loadable kernel modules: what /proc says, and the text of files that name them. */
#include "agent/system/kernel/kernel_module.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define LIST_LIMIT (4 * 1024 * 1024)

static bool list_read(const struct system *system, struct arena *arena, const char *path, char **out, struct error *err)
{
    const char *real = system_path(system, arena, path);
    size_t length = 0;

    errno = 0;
    if (file_read(arena, real, LIST_LIMIT, out, &length, err))
        return true;
    if (errno == 0)
        return false;
    return error_set(err, "[Errno %d] %s: '%s'", errno, strerror(errno), path);
}

/* dummy 16384 0 - Live 0x...: the kernel writes every - as _. */
static bool list_has_loaded(struct arena *arena, const char *list, const char *name)
{
    char *wanted = arena_printf(arena, "%s ", name);
    const char *cursor = list, *end = list + strlen(list), *line;
    size_t length;

    for (char *at = wanted; *at != '\0'; at++)
        *at = *at == '-' ? '_' : *at;
    while (text_line(&cursor, end, &line, &length))
        if (strncmp(line, wanted, strlen(wanted)) == 0)
            return true;
    return false;
}

static bool list_has_builtin(struct arena *arena, const char *list, const char *name)
{
    const char *wanted = arena_printf(arena, "/%s.ko", name);
    const char *cursor = list, *end = list + strlen(list), *line;
    size_t length;

    while (text_line(&cursor, end, &line, &length))
        if (text_ends(text_trim(arena, line, length), wanted))
            return true;
    return false;
}

bool kernel_module_is_loaded(const struct system *system, struct arena *arena, const char *name, bool *out,
                             struct error *err)
{
    char *list = NULL, *release = NULL;

    if (!list_read(system, arena, "/proc/modules", &list, err))
        return false;
    *out = list_has_loaded(arena, list, name);
    if (*out)
        return true;
    if (!list_read(system, arena, "/proc/sys/kernel/osrelease", &release, err))
        return false;
    const char *path =
        arena_printf(arena, "/lib/modules/%s/modules.builtin", text_trim(arena, release, strlen(release)));
    if (!list_read(system, arena, path, &list, err))
        return false;
    *out = list_has_builtin(arena, list, name);
    return true;
}

/* --- text of files --- */

/* What may stand behind: blanks, and a comment. */
static bool is_rest(const char *at, const char *end)
{
    while (at < end && *at == ' ')
        at++;
    return at == end || *at == '#' || *at == ';';
}

static bool load_line_names(const char *line, size_t length, const char *name)
{
    const char *end = line + length;

    while (line < end && *line == ' ')
        line++;
    return (size_t)(end - line) >= strlen(name) && strncmp(line, name, strlen(name)) == 0 &&
           is_rest(line + strlen(name), end);
}

/* options NAME word=value: where word=value stands, or NULL. */
static const char *option_of_line(const char *line, size_t length, const char *name, size_t *option_length)
{
    const char *end = line + length;
    size_t head = strlen("options ") + strlen(name) + 1;

    if (length <= head || strncmp(line, "options ", 8) != 0 || strncmp(line + 8, name, strlen(name)) != 0 ||
        line[head - 1] != ' ')
        return NULL;
    const char *option = line + head, *at = option;
    while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
        at++;
    if (at == option || at == end || *at != '=' || at + 1 == end || isspace((unsigned char)at[1]))
        return NULL;
    while (at < end && !isspace((unsigned char)*at))
        at++;
    *option_length = (size_t)(at - option);
    return is_rest(at, end) ? option : NULL;
}

bool modules_load_names(const char *text, const char *name)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length;

    while (text_line(&cursor, end, &line, &length))
        if (load_line_names(line, length, name))
            return true;
    return false;
}

static char *commented(struct arena *arena, const char *text, const char *name, bool is_options)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    struct text out = text_new(arena);
    size_t length, ignored;

    while (text_line(&cursor, end, &line, &length)) {
        bool goes =
            is_options ? option_of_line(line, length, name, &ignored) != NULL : load_line_names(line, length, name);

        text_add(&out, goes ? "#" : "");
        text_add_n(&out, line, (size_t)(cursor - line));
    }
    return out.data != NULL ? out.data : arena_copy(arena, "");
}

char *modules_load_without(struct arena *arena, const char *text, const char *name)
{
    return commented(arena, text, name, false);
}

void module_options_collect(struct arena *arena, const char *text, const char *name, struct value *out)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length, option_length;

    while (text_line(&cursor, end, &line, &length)) {
        const char *option = option_of_line(line, length, name, &option_length);

        if (option != NULL)
            value_map_put_bool(arena, out, arena_copy_n(arena, option, option_length), true);
    }
}

char *module_options_without(struct arena *arena, const char *text, const char *name)
{
    return commented(arena, text, name, true);
}
