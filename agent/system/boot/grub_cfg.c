/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines in a generated grub.cfg. Pure text. */
#include <string.h>

#include "agent/system/boot/grub_config.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define SECTION_BEGIN "### BEGIN "
#define SECTION_END "### END "

void boot_lines_add(struct arena *arena, struct boot_lines *lines, const char *source, struct kernel_words words)
{
    if (lines->count == lines->capacity) {
        size_t bigger = lines->capacity * 2 + 8;
        lines->items =
            arena_grow(arena, lines->items, lines->capacity * sizeof(*lines->items), bigger * sizeof(*lines->items));
        lines->capacity = bigger;
    }
    lines->items[lines->count++] = (struct boot_line){ .source = source, .words = words };
}

struct cfg_reader {
    struct arena *arena;
    const char *path;
    const char *title;
    bool in_linux;    /* in what a script such as 10_linux wrote */
    bool is_recovery; /* in an entry for recovery */
    struct boot_lines *out;
};

static bool section_is_linux(struct arena *arena, const char *line)
{
    const char *script = line + strlen(SECTION_BEGIN);
    const char *name = path_basename(arena_copy_n(arena, script, strcspn(script, " ")));

    return strstr(name, "_linux") != NULL && strstr(name, "_linux_xen") == NULL;
}

/* menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-...' { */
static void entry_begin(struct cfg_reader *reader, const char *line)
{
    const char *quote = strpbrk(line, "'\"");

    reader->is_recovery = strstr(line, "-recovery-") != NULL;
    reader->title = "";
    if (quote == NULL)
        return;
    const char *end = strchr(quote + 1, *quote);
    if (end != NULL)
        reader->title = arena_copy_n(reader->arena, quote + 1, (size_t)(end - quote - 1));
}

/* linux /boot/vmlinuz-6.1.0 root=... ro quiet */
static void entry_linux(struct cfg_reader *reader, const char *line)
{
    const char *at = line + strcspn(line, " \t");

    at += strspn(at, " \t");
    at += strcspn(at, " \t");
    boot_lines_add(reader->arena, reader->out,
                   arena_printf(reader->arena, "entry '%s' of %s", reader->title, reader->path),
                   kernel_words_read(reader->arena, at));
}

static bool begins_command(const char *line, const char *command)
{
    size_t length = strlen(command);

    return strncmp(line, command, length) == 0 && (line[length] == ' ' || line[length] == '\t');
}

static void cfg_line(struct cfg_reader *reader, const char *line)
{
    if (text_starts(line, SECTION_BEGIN))
        reader->in_linux = section_is_linux(reader->arena, line);
    else if (text_starts(line, SECTION_END))
        reader->in_linux = false;
    else if (begins_command(line, "menuentry"))
        entry_begin(reader, line);
    else if (reader->in_linux && !reader->is_recovery &&
             (begins_command(line, "linux") || begins_command(line, "linuxefi") || begins_command(line, "linux16")))
        entry_linux(reader, line);
}

void grub_cfg_lines(struct arena *arena, const char *path, const char *text, struct boot_lines *out)
{
    struct cfg_reader reader = { .arena = arena, .path = path, .title = "", .out = out };
    const char *cursor = text, *end = text + strlen(text), *raw;
    size_t length;

    while (text_line(&cursor, end, &raw, &length))
        cfg_line(&reader, text_trim(arena, raw, length));
}
