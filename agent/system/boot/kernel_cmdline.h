/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's command line as words, and what shall become of them. Pure text. As the kernel reads it: words are parted
 * by blanks, double quotes keep blanks together, `-` and `_` in a name are the same letter, of a parameter that comes
 * twice the last one counts, and what stands behind `--` is not the kernel's.
 */
#pragma once

#include "agent/system/host/system.h"

struct kernel_word {
    const char *text;  /* as it stands there */
    const char *name;  /* before the first = */
    const char *value; /* behind it, without quotes; NULL: a word without = */
};

struct kernel_words {
    struct arena *arena;
    struct kernel_word *items;
    size_t count, capacity;
};

/* What one task wants of one parameter. */
struct kernel_goal {
    const char *name;
    bool is_present;
    const char *const *values; /* value_count of them; one that is NULL is the bare word */
    size_t value_count;        /* present: at least 1. Absent: 0 means whatever value */
};

struct kernel_words kernel_words_read(struct arena *arena, const char *text);
/* As /etc/kernel/cmdline has them, over several lines. Lines that begin with '#' are no words (kernel-install(8) skips them from
 * systemd 257 on); *comments_out holds them, each with its newline. */
struct kernel_words kernel_words_read_file(struct arena *arena, const char *text, const char **comments_out);
void kernel_words_add(struct kernel_words *words, const char *text);
void kernel_words_remove(struct kernel_words *words, size_t index);
char *kernel_words_text(const struct kernel_words *words);
/* The one that counts, or NULL. */
const struct kernel_word *kernel_words_last(const struct kernel_words *words, const char *name);
size_t kernel_words_count(const struct kernel_words *words, const char *name);
/* Every value of `name`, joined by a blank; "" for a bare word; NULL: not there. */
const char *kernel_words_values(const struct kernel_words *words, const char *name);

bool kernel_name_equal(const char *a, const char *b);
/* Parameters that may come several times and add up (console=, earlycon=, rd.luks.uuid= ...). */
bool kernel_param_is_cumulative(const char *name);
/* Does the goal name this very word, or all of its name? */
bool kernel_goal_names(const struct kernel_goal *goal, const struct kernel_word *word);
bool kernel_goal_is_several(const struct kernel_goal *goal); /* its words stand beside one another */
bool kernel_goal_met(const struct kernel_goal *goal, const struct kernel_words *words);
/* The words as the goal wants them; every other word stays where it is. True if anything had to change. */
bool kernel_goal_apply(const struct kernel_goal *goal, struct kernel_words *words);
const char *kernel_goal_text(struct arena *arena, const struct kernel_goal *goal); /* "a=1" or "a" */

/* /proc/cmdline; *out is empty where there is none. */
bool kernel_cmdline_running(const struct system *system, struct arena *arena, struct kernel_words *out,
                            struct error *err);
