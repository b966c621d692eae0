/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel parameters behind the change gate: what the modules kernel_params and unified_memory share. Looks, asks, writes
 * files, has the boot loader's own program make the entries anew, and reads back what the next boot will hold.
 */
#pragma once

#include "agent/system/boot/boot_loader.h"
#include "agent/task/module.h"

struct kernel_params_request {
    const char *boot_loader; /* "auto" or a name */
    const struct kernel_goal *goals;
    size_t goal_count;
    enum boot_conflict conflict;
    bool backup;
};

/* What became of it. In check mode: what would become of it. */
struct kernel_params_outcome {
    struct boot_job *job;
    struct kernel_words running;
    const char *stale;    /* why the boot entries were not as they shall be, before; NULL: they were */
    bool reboot_required; /* a goal's parameter differs between next boot and the running kernel */
};

/* False also when the goals cannot be met; the error then says what stands against them. */
bool kernel_params_apply(struct task_context *task, const struct kernel_params_request *request,
                         struct kernel_params_outcome *out, struct error *err);
/* Sets boot_loader, boot_loader_detected_by, declared, next_boot, running, reboot_required, overridden,
 * entries_stale. */
void kernel_params_describe(struct task_context *task, const struct kernel_params_request *request,
                            const struct kernel_params_outcome *outcome);
/* A goal's parameter on the next boot's entries: the value, or NULL when it is not there (or no entry is known). */
const char *kernel_params_next(const struct kernel_params_outcome *outcome, const char *name);
