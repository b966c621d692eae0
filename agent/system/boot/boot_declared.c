/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and reads the files; grub_config.h and kernel_cmdline.h know their syntax. */
#include "agent/system/boot/boot_declared.h"

#include <string.h>

#include "agent/system/boot/grub_config.h"
#include "common/base/text.h"

#define LINES_MAX 128

struct collection {
    const struct sysfs *fs;
    struct boot_declared *lines;
    size_t count;
};

static void line_add(struct collection *all, const char *file, const char *kind, struct kernel_words words)
{
    if (words.count > 0 && all->count < LINES_MAX)
        all->lines[all->count++] = (struct boot_declared){ file, kind, words };
}

static void default_grub(struct collection *all, const char *path)
{
    const char *text = sysfs_document(all->fs, path, SYSFS_FILE_MAX);
    struct grub_assignment assignment;
    size_t cursor = 0;

    while (text != NULL && grub_assignment_next(text, &cursor, &assignment))
        line_add(all, path, "config", grub_assignment_words(all->fs->arena, text, &assignment));
}

static void default_grub_folder(struct collection *all, const char *folder)
{
    for (const char *const *name = sysfs_names(all->fs, folder); *name != NULL; name++)
        if (text_ends(*name, ".cfg"))
            default_grub(all, arena_printf(all->fs->arena, "%s/%s", folder, *name));
}

static void kernel_cmdline_file(struct collection *all, const char *path)
{
    const char *text = sysfs_document(all->fs, path, SYSFS_FILE_MAX), *comments = NULL;

    if (text != NULL)
        line_add(all, path, "config", kernel_words_read_file(all->fs->arena, text, &comments));
}

static void grub_cfg(struct collection *all, const char *path)
{
    const char *text = sysfs_document(all->fs, path, SYSFS_TEXT_MAX);
    struct boot_lines lines = { 0 };

    if (text != NULL)
        grub_cfg_lines(all->fs->arena, path, text, &lines);
    for (size_t i = 0; i < lines.count; i++)
        line_add(all, path, "entry", lines.items[i].words);
}

static void loader_entry(struct collection *all, const char *path)
{
    const char *cursor = sysfs_document(all->fs, path, SYSFS_FILE_MAX), *line;
    const char *end = cursor != NULL ? cursor + strlen(cursor) : NULL;
    size_t line_length;
    struct text options = text_new(all->fs->arena);

    while (end != NULL && text_line(&cursor, end, &line, &line_length)) {
        const char *text = text_trim(all->fs->arena, line, line_length);
        if (text_starts(text, "options") && (text[7] == ' ' || text[7] == '\t'))
            text_printf(&options, "%s ", text + 8);
    }
    line_add(all, path, "entry", kernel_words_read(all->fs->arena, options.data));
}

static void loader_folder(struct collection *all, const char *folder)
{
    for (const char *const *name = sysfs_names(all->fs, folder); *name != NULL; name++)
        if (text_ends(*name, ".conf") && strstr(*name, "rescue") == NULL)
            loader_entry(all, arena_printf(all->fs->arena, "%s/%s", folder, *name));
}

struct boot_declared *boot_declared_read(const struct sysfs *fs, size_t *count_out)
{
    struct collection all = { .fs = fs, .lines = arena_new_array(fs->arena, struct boot_declared, LINES_MAX) };

    default_grub(&all, "/etc/default/grub");
    default_grub_folder(&all, "/etc/default/grub.d");
    kernel_cmdline_file(&all, "/etc/kernel/cmdline");
    grub_cfg(&all, "/boot/grub/grub.cfg");
    grub_cfg(&all, "/boot/grub2/grub.cfg");
    loader_folder(&all, "/boot/loader/entries");
    loader_folder(&all, "/boot/efi/loader/entries");
    loader_folder(&all, "/efi/loader/entries");
    *count_out = all.count;
    return all.lines;
}
