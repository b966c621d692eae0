/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a limit of GPU memory: applied, capped, ignored or pending, and why. */
#include "agent/task/unified_memory_verdict.h"

#include <string.h>

#include "agent/task/unified_memory_size.h"
#include "common/base/text.h"

static struct unified_verdict verdict(const char *status, const char *reason)
{
    return (struct unified_verdict){ .status = status, .reason = reason };
}

static const char *pages_text(struct arena *arena, int64_t pages)
{
    return arena_printf(arena, "%lld pages (%s)", (long long)pages, unified_text(arena, pages * UNIFIED_PAGE_BYTES));
}

/* The running command line does not have the wanted value. */
static struct unified_verdict judge_not_booted(struct arena *arena, const struct unified_facts *facts)
{
    const char *has = facts->running != NULL ? arena_printf(arena, "with ttm.pages_limit=%s", facts->running)
                                             : "without ttm.pages_limit";

    if (!facts->was_declared_at_boot)
        return verdict("pending", arena_printf(arena, "the running kernel was started %s; the next boot has %s", has,
                                               pages_text(arena, facts->pages)));
    return verdict("ignored",
                   arena_printf(arena,
                                "this boot began after the boot entries had it, and yet %s: another entry, or another "
                                "disk's boot loader, was started",
                                has));
}

/* ttm shows another limit than the wanted one, though it was handed over. */
static struct unified_verdict judge_other_limit(struct arena *arena, const struct unified_facts *facts)
{
    const struct kernel_memory *memory = &facts->memory;
    const char *has = pages_text(arena, memory->pages_limit);

    if (facts->by_command_line && facts->running != NULL)
        return verdict("ignored", arena_printf(arena,
                                               "the command line has it, but %s are in effect: the value in /sys was "
                                               "changed since the start",
                                               has));
    if (facts->running != NULL)
        return verdict("ignored",
                       arena_printf(arena,
                                    "%s are in effect: ttm.pages_limit=%s on the command line wins over modprobe.d",
                                    has, facts->running));
    if (!facts->was_declared_at_boot)
        return verdict("pending", arena_printf(arena, "%s are in effect until the next boot", has));
    if (facts->image != NULL && facts->is_image_stale)
        return verdict("ignored",
                       arena_printf(arena,
                                    "%s are in effect: ttm is loaded from %s, which is older than the option "
                                    "in modprobe.d",
                                    has, facts->image));
    return verdict("ignored", arena_printf(arena,
                                           "%s are in effect, though modprobe.d had the option at the start: ttm "
                                           "was loaded without modprobe's configuration, or changed since",
                                           has));
}

/* ttm has the limit; amdgpu's GTT differs from it. */
static struct unified_verdict judge_gtt(struct arena *arena, const struct unified_facts *facts)
{
    const struct kernel_memory *memory = &facts->memory;
    int64_t wanted = facts->pages * UNIFIED_PAGE_BYTES;
    const char *has = unified_text(arena, memory->gtt_total_bytes);

    if (memory->gttsize_mib > 0)
        return verdict("ignored", arena_printf(arena,
                                               "amdgpu.gttsize=%lld (deprecated) is in effect and overrides ttm: the "
                                               "GTT is %s instead of %s",
                                               (long long)memory->gttsize_mib, has, unified_text(arena, wanted)));
    if (!kernel_release_at_least(memory->release, 6, 5))
        return verdict("ignored",
                       arena_printf(arena,
                                    "the kernel %s is too old: before Linux 6.5 amdgpu does not take its GTT "
                                    "size from ttm; it is %s instead of %s",
                                    memory->release, has, unified_text(arena, wanted)));
    if (memory->gtt_total_bytes < wanted)
        return verdict("capped",
                       arena_printf(arena,
                                    "the kernel gave %s instead of %s: the GTT of an APU is at most the "
                                    "memory that is left beside the BIOS carve-out (host: %s)",
                                    has, unified_text(arena, wanted), unified_text(arena, memory->total_bytes)));
    return verdict("ignored", arena_printf(arena,
                                           "the GTT is %s, more than the %s of ttm: the limit of ttm was lowered "
                                           "after amdgpu had started",
                                           has, unified_text(arena, wanted)));
}

static struct unified_verdict judge_loaded(struct arena *arena, const struct unified_facts *facts)
{
    const struct kernel_memory *memory = &facts->memory;
    const char *wanted = pages_text(arena, facts->pages);

    if (memory->pages_limit < 0)
        return verdict("ignored", arena_printf(arena,
                                               "the module ttm of the kernel %s has no parameter pages_limit: Linux "
                                               "5.13 or newer is needed",
                                               memory->release));
    if (memory->pages_limit != facts->pages)
        return judge_other_limit(arena, facts);
    if (memory->gtt_total_bytes < 0)
        return verdict("applied",
                       arena_printf(arena, "ttm allows %s; there is no amdgpu device that would show its GTT", wanted));
    if (memory->gtt_total_bytes != facts->pages * UNIFIED_PAGE_BYTES)
        return judge_gtt(arena, facts);
    return verdict("applied", arena_printf(arena, "ttm allows %s, and the GPU's GTT is as large", wanted));
}

static struct unified_verdict judge_now(struct arena *arena, const struct unified_facts *facts)
{
    const char *wanted = arena_printf(arena, "%lld", (long long)facts->pages);
    bool is_booted = text_equal(facts->running, wanted);

    if (facts->memory.has_dkms)
        return verdict("ignored",
                       "the module amdttm of AMD's amdgpu-dkms is loaded, which has limits of its own: remove "
                       "the package amdgpu-dkms (the kernel's own amdgpu drives this GPU)");
    if (facts->memory.has_ttm && facts->memory.pages_limit == facts->pages &&
        facts->memory.gtt_total_bytes == facts->pages * UNIFIED_PAGE_BYTES)
        return judge_loaded(arena, facts);
    if (facts->by_command_line && !is_booted)
        return judge_not_booted(arena, facts);
    if (!facts->memory.has_ttm && !facts->by_command_line && !facts->was_declared_at_boot)
        return verdict("pending", "the module ttm is not loaded; it takes the option when it is");
    if (!facts->memory.has_ttm)
        return verdict("ignored",
                       "the module ttm is not loaded: no driver of a GPU that needs it (amdgpu) has found a device");
    return judge_loaded(arena, facts);
}

struct unified_verdict unified_judge(struct arena *arena, const struct unified_facts *facts)
{
    struct unified_verdict now = judge_now(arena, facts);

    bool is_booted = text_equal(facts->running, arena_printf(arena, "%lld", (long long)facts->pages));

    /* Where this boot lacks the limit itself, the verdict has said whether another boot would help. */
    if (!facts->is_reboot_owed || !is_booted || strcmp(now.status, "ignored") != 0)
        return now;
    return verdict("pending", arena_printf(arena, "the next boot has what is wanted; until then: %s", now.reason));
}
