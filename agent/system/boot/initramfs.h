/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The initial RAM disks in /boot: does one hold a kernel module, and how are they made anew. Debian's initramfs-tools
 * (lsinitramfs, update-initramfs) and dracut (lsinitrd, dracut).
 */
#pragma once

#include "agent/system/host/system.h"

#define INITRAMFS_IMAGES_MAX 64

struct initramfs {
    const char *images[INITRAMFS_IMAGES_MAX]; /* seen from the system's root */
    size_t count;
    const char *lister;  /* the program that lists an image, or NULL */
    const char *command; /* how they are made anew: "update-initramfs -u -k all"; NULL: no known program */
};

void initramfs_find(const struct system *system, struct arena *arena, struct initramfs *out);
/* *out: the first image that holds the module, or NULL. */
bool initramfs_with_module(const struct system *system, struct arena *arena, const struct initramfs *initramfs,
                           const char *module, const char **out, struct error *err);
bool initramfs_refresh(const struct system *system, struct arena *arena, const struct initramfs *initramfs,
                       struct error *err);
