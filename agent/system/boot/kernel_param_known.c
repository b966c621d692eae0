/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of names and words, and how near a name is to one of them. Pure text. Sources, read in 2026-11:
 * Documentation/admin-guide/kernel-parameters.txt, drivers/iommu/amd/init.c, arch/x86/kernel/{pci-dma,amd_gart_64}.c,
 * drivers/gpu/drm/ttm and drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c of Linux 6.18.
 */
#include "agent/system/boot/kernel_param_known.h"

#include <ctype.h>
#include <string.h>

#include "agent/system/boot/kernel_cmdline.h"
#include "common/base/text.h"

#define SLIP_LENGTH_MIN 5 /* shorter names are one letter from too many others */

/* What parameter_state.c tells of, and real parameters one letter from those: they are no slips. */
static const char *const known_names[] = {
    "amd_iommu",
    "amd_pstate",
    "default_hugepagesz",
    "hugepages",
    "hugepagesz",
    "intel_iommu",
    "intel_pstate",
    "iommu",
    "mitigations",
    "modprobe.blacklist",
    "module_blacklist",
    "nomodeset",
    "pcie_aspm",
    "transparent_hugepage",
    "ttm.pages_limit",
    "ttm.page_pool_size",
    "ttm.dma32_pages_limit",
    "amdttm.pages_limit",
    "amdttm.page_pool_size",
    "amdgpu.aspm",
    "amdgpu.bapm",
    "amdgpu.cg_mask",
    "amdgpu.cwsr_enable",
    "amdgpu.dcdebugmask",
    "amdgpu.dcfeaturemask",
    "amdgpu.exp_hw_support",
    "amdgpu.gartsize",
    "amdgpu.gpu_recovery",
    "amdgpu.gttsize",
    "amdgpu.lockup_timeout",
    "amdgpu.mes_kiq",
    "amdgpu.no_system_mem_limit",
    "amdgpu.noretry",
    "amdgpu.pg_mask",
    "amdgpu.ppfeaturemask",
    "amdgpu.ras_enable",
    "amdgpu.ras_mask",
    "amdgpu.runpm",
    "amdgpu.sched_policy",
    "amdgpu.sg_display",
    "amdgpu.uni_mes",
    "amdgpu.vm_block_size",
    "amdgpu.vm_fragment_size",
    "amdgpu.vm_size",
    "amdgpu.vramlimit",
};

static const char *const ttm_names[] = { "pages_limit", "page_pool_size", "dma32_pages_limit" };

#define WORDS_MAX 28

/* Parameters that take words parted by commas. */
static const struct {
    const char *name;
    const char *words[WORDS_MAX];
} worded[] = {
    { "amd_iommu",
      { "off", "fullflush", "force_enable", "force_isolation", "pgtbl_v1", "pgtbl_v2", "irtcachedis", "nohugepages",
        "v2_pgsizes_only" } },
    { "iommu", { "pt",      "nopt",  "off",        "force",    "noforce",   "soft",        "biomerge", "merge",
                 "nomerge", "panic", "nopanic",    "nobypass", "forcesac",  "allowdac",    "nodac",    "usedac",
                 "memaper", "leak",  "noaperture", "noagp",    "fullflush", "nofullflush", "allowed" } },
    { "pcie_aspm", { "off", "force" } },
    { "transparent_hugepage", { "always", "madvise", "never" } },
};

static bool letter_same(char a, char b)
{
    return a == b || ((a == '-' || a == '_') && (b == '-' || b == '_'));
}

/* What is left between the common beginning and the common end is at most one letter on each side, or two that are swapped. */
static bool is_one_slip(const char *a, const char *b)
{
    size_t a_rest = strlen(a), b_rest = strlen(b);

    while (a_rest > 0 && b_rest > 0 && letter_same(a[0], b[0]))
        a++, b++, a_rest--, b_rest--;
    while (a_rest > 0 && b_rest > 0 && letter_same(a[a_rest - 1], b[b_rest - 1]))
        a_rest--, b_rest--;
    if (a_rest == 2 && b_rest == 2)
        return letter_same(a[0], b[1]) && letter_same(a[1], b[0]);
    return a_rest <= 1 && b_rest <= 1;
}

bool kernel_param_check_name(const char *name, struct error *err)
{
    const char *near = NULL;

    if (strlen(name) < SLIP_LENGTH_MIN)
        return true;
    for (size_t i = 0; i < sizeof(known_names) / sizeof(known_names[0]); i++) {
        if (kernel_name_equal(known_names[i], name))
            return true;
        if (near == NULL && is_one_slip(known_names[i], name))
            near = known_names[i];
    }
    return near == NULL || error_set(err, "'%s' is not known as a kernel parameter: did you mean %s?", name, near);
}

const char *const *kernel_param_names(const char *module, size_t *count_out)
{
    if (strcmp(module, "ttm") != 0)
        return NULL;
    *count_out = sizeof(ttm_names) / sizeof(ttm_names[0]);
    return ttm_names;
}

/* GART takes a size in plain digits, and memaper=ORDER, leak=PAGES. */
static bool word_is_known(const char *const *words, size_t count, const char *word, bool is_gart)
{
    size_t length = strcspn(word, is_gart ? "=" : "");

    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == length && strncmp(words[i], word, length) == 0)
            return true;
    }
    return is_gart && isdigit((unsigned char)word[0]);
}

static bool check_list(struct arena *arena, const char *name, const char *value, const char *const *words,
                       struct error *err)
{
    struct text all = text_new(arena);
    size_t known = 0, count = 0;

    for (; known < WORDS_MAX && words[known] != NULL; known++)
        text_printf(&all, "%s%s", known > 0 ? ", " : "", words[known]);
    char **given = value != NULL && value[0] != '\0' ? text_split(arena, value, ',', &count) : NULL;
    if (count == 0)
        return error_set(err, "the kernel ignores '%s' without a value: it takes %s", name, all.data);
    for (size_t i = 0; i < count; i++) {
        if (word_is_known(words, known, given[i], kernel_name_equal(name, "iommu")))
            continue;
        return error_set(err, "the kernel ignores '%s' in '%s=%s': %s takes %s", given[i], name, value, name, all.data);
    }
    return true;
}

bool kernel_param_check_words(struct arena *arena, const char *name, const char *value, struct error *err)
{
    for (size_t i = 0; i < sizeof(worded) / sizeof(worded[0]); i++) {
        if (kernel_name_equal(worded[i].name, name))
            return check_list(arena, name, value, worded[i].words, err);
    }
    return true;
}
