/* SPDX-License-Identifier: Apache-2.0 */
/* Known misspellings of kernel parameters, and what a word on the command line may hold. Reads /sys/module only. */
#include "agent/system/boot/kernel_param_check.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "agent/system/boot/kernel_cmdline.h"
#include "agent/system/boot/kernel_param_known.h"
#include "agent/system/kernel/kernel_memory.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct misspelt {
    const char *name;
    const char *value; /* NULL: whatever value */
    const char *right;
};

/*
 * Sources, read in 2026-11: Documentation/admin-guide/kernel-parameters.txt, drivers/iommu/amd/init.c
 * (parse_amd_iommu_options), drivers/gpu/drm/ttm/ttm_tt.c and ttm_pool.c, drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c of
 * Linux 6.18; ROCm issue 5595 (2025-10) for what people write.
 */
static const struct misspelt misspellings[] = {
    { "amdgpu.gtt_size", NULL, "ttm.pages_limit (in pages of 4096 bytes)" },
    { "amdgpu.gtt", NULL, "ttm.pages_limit (in pages of 4096 bytes)" },
    { "amdgpu.gttlimit", NULL, "ttm.pages_limit (in pages of 4096 bytes)" },
    { "gttsize", NULL, "ttm.pages_limit (in pages of 4096 bytes)" },
    { "amdgpu.pages_limit", NULL, "ttm.pages_limit" },
    { "amdgpu.page_pool_size", NULL, "ttm.page_pool_size" },
    { "pages_limit", NULL, "ttm.pages_limit" },
    { "page_pool_size", NULL, "ttm.page_pool_size" },
    { "ttm.page_limit", NULL, "ttm.pages_limit" },
    { "ttm.pages_limits", NULL, "ttm.pages_limit" },
    { "ttm.pagelimit", NULL, "ttm.pages_limit" },
    { "ttm.pageslimit", NULL, "ttm.pages_limit" },
    { "ttm.limit", NULL, "ttm.pages_limit" },
    { "ttm.ttm_page_limit", NULL, "ttm.pages_limit" },
    { "ttm.ttm_pages_limit", NULL, "ttm.pages_limit" },
    { "ttm.pages_pool_size", NULL, "ttm.page_pool_size" },
    { "ttm.pool_size", NULL, "ttm.page_pool_size" },
    { "ttm.page_pool", NULL, "ttm.page_pool_size" },
    { "amd_ttm.pages_limit", NULL, "ttm.pages_limit" },
    { "amd_iommu", "pt", "iommu=pt" },
    { "amd_iommu", "on", "no parameter at all (the IOMMU is on unless amd_iommu=off)" },
    { "amd_iommu", "1", "no parameter at all (the IOMMU is on unless amd_iommu=off)" },
    { "amd_iommu", "enable", "no parameter at all (the IOMMU is on unless amd_iommu=off)" },
    { "amd_iommu", "disable", "amd_iommu=off" },
    { "amd_iommu", "0", "amd_iommu=off" },
    { "amdiommu", NULL, "amd_iommu" },
    { "intel_iommu", "pt", "iommu=pt" },
    { "iommu", "passthrough", "iommu=pt" },
    { "amdgpu.cwsr", NULL, "amdgpu.cwsr_enable" },
    { "amdgpu.vm_fragmentsize", NULL, "amdgpu.vm_fragment_size" },
    { "amdgpu.ppfeature_mask", NULL, "amdgpu.ppfeaturemask" },
    { "amdgpu.no_retry", NULL, "amdgpu.noretry" },
    { "amdgpu.run_pm", NULL, "amdgpu.runpm" },
    { "amdgpu.gpurecovery", NULL, "amdgpu.gpu_recovery" },
    { "amdgpu.vram_limit", NULL, "amdgpu.vramlimit" },
    { "mitigation", NULL, "mitigations" },
    { "pcie_aspm", "disable", "pcie_aspm=off" },
    { "transparent_hugepages", NULL, "transparent_hugepage" },
    { "no_modeset", NULL, "nomodeset" },
    { "modprobe_blacklist", NULL, "modprobe.blacklist" },
    { "module.blacklist", NULL, "module_blacklist" },
};

#define PAGES_MOST (INT64_C(1) << 40) /* of 4096 bytes: no processor of today reaches more than 2^52 bytes */

/* Numbers the kernel reads with kstrtoul or kstrtoint: a unit makes it drop the parameter. */
static const struct {
    const char *name, *unit;
    int64_t least, most;
} numbers[] = {
    { "ttm.pages_limit", "pages of 4096 bytes", 1, PAGES_MOST },
    { "ttm.page_pool_size", "pages of 4096 bytes", 0, PAGES_MOST },
    { "ttm.dma32_pages_limit", "pages of 4096 bytes", 0, PAGES_MOST },
    { "amdgpu.gttsize", "MiB", -1, INT32_MAX },
};

/* Without them the machine does not come up again. */
static const char *const loaders_own[] = { "root",         "rootflags",  "rootfstype", "ro",     "rw",
                                           "ostree",       "BOOT_IMAGE", "initrd",     "resume", "cryptdevice",
                                           "rd.luks.uuid", "rd.lvm.lv",  NULL };

static bool check_letters(const char *what, const char *text, const char *allowed, struct error *err)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (isalnum((unsigned char)*at) || strchr(allowed, *at) != NULL)
            continue;
        return error_set(err,
                         "%s '%s' holds a character (%s%c) that would not reach the kernel unchanged through boot "
                         "loaders' configuration; letters, digits and %s are possible",
                         what, text, isprint((unsigned char)*at) ? "" : "a control character near ",
                         isprint((unsigned char)*at) ? *at : '?', allowed);
    }
    return true;
}

static bool check_word(const char *name, const char *value, struct error *err)
{
    if (name[0] == '\0')
        return error_set(err, "the name of a kernel parameter cannot be empty");
    if (strcmp(name, "--") == 0 || name[0] == '-')
        return error_set(err, "'%s' is not the name of a kernel parameter", name);
    return check_letters("kernel parameter", name, "._-", err) &&
           (value == NULL || check_letters("the value", value, "._,:/=+@%~*!^-", err));
}

static bool check_spelling(const char *name, const char *value, struct error *err)
{
    for (size_t i = 0; i < sizeof(misspellings) / sizeof(misspellings[0]); i++) {
        const struct misspelt *known = &misspellings[i];

        if (!kernel_name_equal(known->name, name) || (known->value != NULL && !text_equal(known->value, value)))
            continue;
        return error_set(err, "the kernel ignores '%s%s%s': right is %s", name, value != NULL ? "=" : "",
                         value != NULL ? value : "", known->right);
    }
    return true;
}

static bool check_number(const char *name, const char *value, struct error *err)
{
    int64_t number = 0;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (!kernel_name_equal(numbers[i].name, name))
            continue;
        if (value == NULL || !text_to_int(value, &number))
            return error_set(err, "%s wants a plain number of %s, not '%s'", name, numbers[i].unit,
                             value != NULL ? value : "");
        if (number < numbers[i].least || number > numbers[i].most)
            return error_set(err, "%s wants a number of %s from %lld to %lld, not %s", name, numbers[i].unit,
                             (long long)numbers[i].least, (long long)numbers[i].most, value);
    }
    return true;
}

/* --- parameters of a module that is loaded: the kernel says which there are --- */

#define NAMES_MAX 512

static size_t module_params(const struct system *system, struct arena *arena, const char *module,
                            const char *names[NAMES_MAX])
{
    DIR *folder = opendir(system_path(system, arena, arena_printf(arena, "/sys/module/%s/parameters", module)));
    size_t count = 0;

    if (folder == NULL)
        return 0;
    for (struct dirent *entry = readdir(folder); entry != NULL && count < NAMES_MAX; entry = readdir(folder))
        if (entry->d_name[0] != '.')
            names[count++] = arena_copy(arena, entry->d_name);
    (void)closedir(folder);
    return count;
}

/* Refuses only what looks like a slip of the pen: not every parameter is shown in /sys. */
static bool check_module(const struct system *system, struct arena *arena, const char *name, struct error *err)
{
    const char **loaded = arena_new_array(arena, const char *, NAMES_MAX);
    const char *dot = strchr(name, '.');

    if (dot == NULL || dot[1] == '\0')
        return kernel_param_check_name(name, err);
    const char *module = arena_copy_n(arena, name, (size_t)(dot - name));
    size_t count = module_params(system, arena, module, loaded);
    bool is_loaded = count > 0;
    const char *const *names = is_loaded ? loaded : kernel_param_names(module, &count);
    for (size_t i = 0; i < count; i++)
        if (kernel_name_equal(names[i], dot + 1))
            return true;
    const char *near = count > 0 && strlen(dot + 1) >= 4 ? text_nearest(dot + 1, names, count) : NULL;
    if (near != NULL)
        return error_set(err, "module %s%s has no parameter '%s': did you mean %s.%s?", module,
                         is_loaded ? " of the running kernel" : "", dot + 1, module, near);
    return kernel_param_check_name(name, err);
}

/* amdttm is the ttm of AMD's out-of-tree driver (package amdgpu-dkms). */
static bool check_dkms(const struct system *system, struct arena *arena, const char *name, struct error *err)
{
    if (!text_starts(name, "amdttm.") || path_is_folder(system_path(system, arena, "/sys/module/amdttm")))
        return true;
    return error_set(err,
                     "the kernel ignores '%s': the module amdttm (of amdgpu-dkms) is not loaded here; right is ttm.%s",
                     name, name + strlen("amdttm."));
}

bool kernel_param_check(const struct system *system, struct arena *arena, const char *name, const char *value,
                        struct error *err)
{
    return check_word(name, value, err) && check_spelling(name, value, err) && check_dkms(system, arena, name, err) &&
           check_number(name, value, err) && kernel_param_check_words(arena, name, value, err) &&
           check_module(system, arena, name, err);
}

bool kernel_param_check_absent(const char *name, const char *value, struct error *err)
{
    for (size_t i = 0; loaders_own[i] != NULL; i++)
        if (kernel_name_equal(loaders_own[i], name))
            return error_set(err, "'%s' is not removed: the machine might not boot without it", name);
    return check_word(name, value, err);
}

const char *kernel_param_deprecated(const char *name)
{
    if (kernel_name_equal(name, "amdgpu.gttsize"))
        return "amdgpu.gttsize is deprecated since Linux 6.14: use ttm.pages_limit (in pages of 4096 bytes), or the "
               "module unified_memory";
    return NULL;
}

const char *kernel_param_doubt(const struct system *system, struct arena *arena, const char *name, const char *value)
{
    struct kernel_memory memory = { 0 };
    int64_t pages = 0;

    if (!kernel_name_equal(name, "ttm.pages_limit") || value == NULL || !text_to_int(value, &pages))
        return NULL;
    kernel_memory_read(system, arena, &memory);
    if (memory.total_bytes <= 0 || pages <= memory.total_bytes / 4096)
        return NULL;
    return arena_printf(arena,
                        "ttm.pages_limit=%s is more than this host's memory has (MemTotal: %lld pages of 4096 bytes): "
                        "the GPU may take all of it, and the host is left with nothing",
                        value, (long long)(memory.total_bytes / 4096));
}
