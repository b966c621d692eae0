/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd-boot with kernel-install: the command line of every entry is made from /etc/kernel/cmdline (kernel-install(8),
 * systemd 252 to 257), or, where that file is missing, from /usr/lib/kernel/cmdline or the running command line. So the
 * file is made once from what kernel-install would have taken, and `kernel-install add` is run for each kernel that has
 * an entry. Unified kernel images carry their command line inside and are refused.
 */
#include <string.h>

#include "agent/system/boot/boot_bls.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define INSTALL_CMDLINE "/etc/kernel/cmdline"
#define INSTALL_VENDOR_CMDLINE "/usr/lib/kernel/cmdline"

static bool install_is_present(struct boot_job *job)
{
    static const char *const folders[] = { "/efi", "/boot", "/boot/efi" };

    if (process_find(job->system, job->arena, "kernel-install") == NULL)
        return false;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        const char *folder = arena_printf(job->arena, "%s/loader/entries", folders[i]);

        if (!bls_has_entries(job->system, job->arena, folder))
            continue;
        job->folder = folder;
        job->detected_by = arena_printf(job->arena, "the program kernel-install and entries in %s are there", folder);
        return true;
    }
    return false;
}

static bool refuse_unified(const struct boot_job *job, struct error *err)
{
    static const char *const files[] = { "/etc/kernel/install.conf", "/usr/lib/kernel/install.conf" };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *text = NULL;

        if (!text_file_read(job->system, job->arena, files[i], &text, err))
            return false;
        if (text == NULL)
            continue;
        if (text_starts(text, "layout=uki") || strstr(text, "\nlayout=uki") != NULL)
            return error_set(err,
                             "%s says layout=uki: the command line is inside the kernel images, and kernel parameters "
                             "of unified kernel images cannot be set yet",
                             files[i]);
        break;
    }
    return true;
}

/* What kernel-install takes where /etc/kernel/cmdline is missing. */
static bool cmdline_fallback(const struct boot_job *job, struct kernel_words *out, struct error *err)
{
    char *text = NULL;

    if (!text_file_read(job->system, job->arena, INSTALL_VENDOR_CMDLINE, &text, err))
        return false;
    if (text != NULL) {
        *out = kernel_words_read(job->arena, text);
        return true;
    }
    if (!kernel_cmdline_running(job->system, job->arena, out, err))
        return false;
    for (size_t i = out->count; i-- > 0;)
        if (strcmp(out->items[i].name, "BOOT_IMAGE") == 0 || strcmp(out->items[i].name, "initrd") == 0)
            kernel_words_remove(out, i);
    return true;
}

static bool look_cmdline(struct boot_job *job, struct error *err)
{
    const char *comments = NULL;
    char *before = NULL;
    bool changed = false;

    if (!text_file_read(job->system, job->arena, INSTALL_CMDLINE, &before, err))
        return false;
    struct kernel_words words = kernel_words_read_file(job->arena, before != NULL ? before : "", &comments);
    if (before == NULL && !cmdline_fallback(job, &words, err))
        return false;
    boot_job_others(job, &words,
                    before != NULL ? INSTALL_CMDLINE : "what kernel-install takes without " INSTALL_CMDLINE);
    for (size_t g = 0; g < job->goal_count; g++)
        changed = (!kernel_goal_met(&job->goals[g], &words) && kernel_goal_apply(&job->goals[g], &words)) || changed;
    job->declared = words;
    if (!changed)
        return true;
    return boot_job_edit(job, INSTALL_CMDLINE, before,
                         arena_printf(job->arena, "%s%s\n", comments, kernel_words_text(&words)), err);
}

/* The kernel's image, where packages put it; NULL: not an installed kernel (another system, a memory test). */
static const char *kernel_image(const struct boot_job *job, const char *version)
{
    const char *const paths[] = {
        arena_printf(job->arena, "/usr/lib/modules/%s/vmlinuz", version),
        arena_printf(job->arena, "/lib/modules/%s/vmlinuz", version),
        arena_printf(job->arena, "/boot/vmlinuz-%s", version),
    };

    if (version[0] == '\0' || strchr(version, '/') != NULL)
        return NULL;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (path_is_file(system_path(job->system, job->arena, paths[i])))
            return system_path(job->system, job->arena, paths[i]);
    return NULL;
}

static bool look_entries(struct boot_job *job, struct bls_entries *entries, struct error *err)
{
    if (!bls_read(job->system, job->arena, job->folder, entries, err))
        return false;
    for (size_t i = 0; i < entries->count; i++) {
        const struct bls_entry *entry = &entries->items[i];

        if (!entry->is_linux || kernel_image(job, entry->version) == NULL)
            continue;
        boot_job_others(job, &entry->options, entry->path);
        boot_lines_add(job->arena, &job->lines, entry->path, entry->options);
        job->made_path = entry->path;
    }
    return true;
}

static bool install_look(struct boot_job *job, struct error *err)
{
    struct bls_entries *entries = arena_new_of(job->arena, struct bls_entries);

    job->command = "kernel-install add";
    if (!refuse_unified(job, err) || !look_cmdline(job, err) || !look_entries(job, entries, err))
        return false;
    if (job->lines.count == 0)
        return error_set(
            err, "no entry in %s belongs to a kernel in /lib/modules or /boot: kernel-install made none of them",
            job->folder);
    boot_job_compare(job);
    return true;
}

static bool install_kernel(struct boot_job *job, const char *version, const char *image, struct error *err)
{
    const char *initrd = system_path(job->system, job->arena, arena_printf(job->arena, "/boot/initrd.img-%s", version));
    /* Debian's plugins take the image of update-initramfs when it is named; elsewhere the plugins make one. */
    struct process_request request =
        PROCESS("kernel-install", "add", version, image, path_is_file(initrd) ? initrd : NULL);
    struct process_result result;

    return process_run_ok(job->system, job->arena, &request, &result, err);
}

static bool install_apply(struct boot_job *job, struct error *err)
{
    struct bls_entries *entries = arena_new_of(job->arena, struct bls_entries);

    if (!bls_read(job->system, job->arena, job->folder, entries, err))
        return false;
    for (size_t i = 0; i < entries->count; i++) {
        const char *version = entries->items[i].version;
        const char *image = entries->items[i].is_linux ? kernel_image(job, version) : NULL;
        bool is_done = false;

        for (size_t e = 0; e < i && !is_done; e++)
            is_done = strcmp(entries->items[e].version, version) == 0;
        if (image != NULL && !is_done && !install_kernel(job, version, image, err))
            return false;
    }
    return true;
}

const struct boot_loader boot_kernel_install = {
    .name = "systemd-boot",
    .wants = "the program kernel-install and entries in loader/entries below /efi, /boot or /boot/efi",
    .is_present = install_is_present,
    .look = install_look,
    .apply = install_apply,
};
