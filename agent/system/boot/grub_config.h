/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of /etc/default/grub and /etc/default/grub.d/NAME.cfg: shell files, of which only plain assignments to
 * GRUB_CMDLINE_LINUX and GRUB_CMDLINE_LINUX_DEFAULT are understood. Editing takes words out of the quotes or puts them
 * in, and leaves every other byte alone. Pure text. And of grub.cfg: the command lines of its Linux entries.
 */
#pragma once

#include "agent/system/boot/kernel_cmdline.h"

#define GRUB_VARIABLE "GRUB_CMDLINE_LINUX"

enum grub_variable { GRUB_LINUX, GRUB_LINUX_DEFAULT };

struct grub_assignment {
    enum grub_variable variable;
    bool resets;          /* drops what the variable held before */
    size_t start, length; /* of the value in the text, without its quotes */
};

/* *cursor is where to go on; 0 at first. False at the end. */
bool grub_assignment_next(const char *text, size_t *cursor, struct grub_assignment *out);
/* The words of a value, without $GRUB_CMDLINE_LINUX and $GRUB_CMDLINE_LINUX_DEFAULT themselves. */
struct kernel_words grub_assignment_words(struct arena *arena, const char *text,
                                          const struct grub_assignment *assignment);
/* The text without the words that `goal` names (present: those that differ from what it wants), or `text` itself. */
const char *grub_config_without(struct arena *arena, const char *text, const struct kernel_goal *goal);
/* The text with the last assignment to `variable` as the goal wants it; `text` itself when there is none. */
const char *grub_config_with(struct arena *arena, const char *text, enum grub_variable variable,
                             const struct kernel_goal *goal);

/* One command line of the next boot. */
struct boot_line {
    const char *source; /* the file, and the entry in it */
    struct kernel_words words;
};

struct boot_lines {
    struct boot_line *items;
    size_t count, capacity;
};

void boot_lines_add(struct arena *arena, struct boot_lines *lines, const char *source, struct kernel_words words);
/* The Linux entries that 10_linux and its like made, without those for recovery (which never take
 * GRUB_CMDLINE_LINUX_DEFAULT) and without other systems' entries. */
void grub_cfg_lines(struct arena *arena, const char *path, const char *text, struct boot_lines *out);
