/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot loader, as far as the kernel's command line goes: what is declared in its configuration, what the entries of
 * the next boot hold, and how both come to hold what is wanted. One backend a file (boot_grub.c, boot_grubby.c,
 * boot_kernel_install.c, boot_ostree.c). Looking changes nothing; files are changed by the caller, who asks first.
 */
#pragma once

#include "agent/system/boot/grub_config.h"

enum boot_conflict {
    BOOT_OVERRIDE, /* what others set stays where it is; ours stands behind it and wins */
    BOOT_REMOVE,   /* other values of the parameter are taken out of the files that set them */
    BOOT_FAIL,
};

/* A file that shall have another text. */
struct boot_edit {
    const char *path;
    const char *before; /* NULL: there is none */
    const char *after;  /* NULL: shall be gone */
};

/* A wanted parameter that somebody else has set to another value. */
struct boot_other {
    const char *name, *value, *source;
};

#define BOOT_EDITS_MAX 64
#define BOOT_OTHERS_MAX 64

struct boot_job {
    /* set by the caller */
    const struct system *system;
    struct arena *arena;
    const struct kernel_goal *goals;
    size_t goal_count;
    enum boot_conflict conflict;
    /* set by boot_loader_detect */
    const struct boot_loader *loader;
    const char *detected_by; /* a sentence */
    const char *folder;      /* where entries are: /boot/loader/entries */
    /* set by boot_job_look */
    struct boot_edit edits[BOOT_EDITS_MAX];
    size_t edit_count;
    struct boot_other others[BOOT_OTHERS_MAX];
    size_t other_count;
    struct kernel_words declared; /* as the configuration says, once the edits are done */
    struct kernel_words own;      /* of them, those in a file that is Roost's alone */
    struct boot_lines lines;      /* as the next boot would be now */
    const char *stale;            /* why the entries must be made anew, or NULL */
    const char *command;          /* how: "update-grub" */
    const char *made_path;        /* a file whose time says when the entries were made, or NULL */
};

struct boot_loader {
    const char *name;  /* "grub": as the argument boot_loader says it */
    const char *wants; /* what is looked for, in words */
    /* True sets detected_by, and folder where there is one. */
    bool (*is_present)(struct boot_job *job);
    bool (*look)(struct boot_job *job, struct error *err);
    /* Makes the entries anew from the configuration (the edits are done) and checks that the goals are met. */
    bool (*apply)(struct boot_job *job, struct error *err);
};

extern const struct boot_loader boot_grub, boot_grubby, boot_kernel_install, boot_ostree;

/* `wanted`: a name, or "auto". The error says what was looked for. */
bool boot_loader_detect(struct boot_job *job, const char *wanted, struct error *err);
/* May be called again after changes. */
bool boot_job_look(struct boot_job *job, struct error *err);

/* --- for the backends --- */

/* Notes that `path` shall hold `after`; nothing if that is what it holds. */
bool boot_job_edit(struct boot_job *job, const char *path, const char *before, const char *after, struct error *err);
void boot_job_other(struct boot_job *job, const char *name, const char *value, const char *source);
/* Notes every value in `words` that is not the one a goal wants. */
void boot_job_others(struct boot_job *job, const struct kernel_words *words, const char *source);
/* Sets `stale` to the first line that does not meet the goals. */
void boot_job_compare(struct boot_job *job);
/* False with a sentence about the first line that does not meet the goals. */
bool boot_job_check(const struct boot_job *job, const struct boot_lines *lines, struct error *err);
