/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has the limit arrived? Compares what is declared with what the running kernel shows, and says in one sentence why it
 * differs. Facts in, verdict out: reads nothing.
 */
#pragma once

#include "agent/system/kernel/kernel_memory.h"

struct unified_facts {
    struct kernel_memory memory;
    int64_t pages;             /* wanted */
    bool by_command_line;      /* method kernel_params; else modprobe.d */
    const char *running;       /* value of ttm.pages_limit on /proc/cmdline, or NULL */
    bool is_reboot_owed;       /* the next boot has a command line that differs in what counts */
    bool was_declared_at_boot; /* entries (or modprobe.d) are older than this boot */
    const char *image;         /* initramfs that holds ttm, or NULL */
    bool is_image_stale;       /* it is older than the options in modprobe.d */
};

struct unified_verdict {
    const char *status; /* applied, capped, ignored, pending */
    const char *reason; /* a sentence */
};

struct unified_verdict unified_judge(struct arena *arena, const struct unified_facts *facts);
