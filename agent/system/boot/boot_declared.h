/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel command lines that files on the node declare: what boot entries are made from ("config") and the entries
 * themselves ("entry"). Type 1 entries of the Boot Loader Specification, GRUB; not the inside of unified kernel
 * images. Only reading. */
#pragma once

#include "agent/system/boot/kernel_cmdline.h"
#include "agent/system/hardware/sysfs.h"

struct boot_declared {
    const char *file, *kind;
    struct kernel_words words;
};

/* Never NULL; *count_out lines. */
struct boot_declared *boot_declared_read(const struct sysfs *fs, size_t *count_out);
