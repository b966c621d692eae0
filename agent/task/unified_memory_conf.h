/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unified_memory's part of modprobe.d and the initramfs, behind the change gate: stale options go, ours comes where the
 * command line cannot be set, and images that hold ttm are made anew. A note in /var/lib/roost survives an interrupted
 * run, so that the next one makes up for it.
 */
#pragma once

#include "agent/system/boot/initramfs.h"
#include "agent/task/module.h"

#define UNIFIED_CONF "/etc/modprobe.d/roost-unified-memory.conf"

struct unified_conf {
    const char *wanted; /* text of our file; NULL: shall not be there */
    bool is_uninstall;  /* only limits of ttm go, not what else older guides set */
    /* set by unified_conf_apply */
    struct value *removed;    /* list of {path, text}: lines that went */
    const char *image;        /* an initramfs that holds ttm, or NULL: none, or not looked at */
    bool initramfs_refreshed; /* or would be */
};

bool unified_conf_apply(struct task_context *task, struct unified_conf *conf, struct error *err);
