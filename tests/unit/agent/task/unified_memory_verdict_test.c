/* SPDX-License-Identifier: Apache-2.0 */
/* Applied, capped, ignored or pending: one recorded state each, and the reason given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/unified_memory_verdict.h"

#define PAGES 29360128
#define BYTES 120259084288

/* A box after the reboot on which all went well. */
static struct unified_facts good(void)
{
    return (struct unified_facts){
        .memory = { .total_bytes = (int64_t)131048576 * 1024,
                    .pages_limit = PAGES,
                    .page_pool_size = PAGES,
                    .gtt_total_bytes = BYTES,
                    .gttsize_mib = -1,
                    .has_ttm = true,
                    .release = "6.18.9-200.fc43.x86_64" },
        .pages = PAGES,
        .by_command_line = true,
        .running = "29360128",
        .was_declared_at_boot = true,
    };
}

static void check(const struct unified_facts *facts, const char *status, const char *reason)
{
    ARENA_SCOPED arena = arena_new();
    struct unified_verdict verdict = unified_judge(arena, facts);

    assert_string_equal(verdict.status, status);
    if (strstr(verdict.reason, reason) == NULL)
        assert_string_equal(verdict.reason, reason);
}

static void says_applied(void **state)
{
    struct unified_facts facts = good();

    (void)state;
    check(&facts, "applied", "ttm allows 29360128 pages (112 GiB), and the GPU's GTT is as large");
    facts.memory.gtt_total_bytes = -1;
    check(&facts, "applied", "there is no amdgpu device that would show its GTT");
    facts = good();
    facts.running = NULL;
    facts.by_command_line = false;
    check(&facts, "applied", "as large");
}

static void says_pending(void **state)
{
    struct unified_facts facts = good();

    (void)state;
    facts.running = NULL;
    facts.was_declared_at_boot = false;
    facts.memory.pages_limit = 16000000;
    facts.memory.gtt_total_bytes = (int64_t)16000000 * 4096;
    check(&facts, "pending",
          "the running kernel was started without ttm.pages_limit; the next boot has 29360128 pages (112 GiB)");
    facts.running = "32505856";
    check(&facts, "pending", "was started with ttm.pages_limit=32505856");
    facts.by_command_line = false;
    facts.running = NULL;
    check(&facts, "pending", "16000000 pages (61.0 GiB) are in effect until the next boot");
}

static void says_capped(void **state)
{
    struct unified_facts facts = good();

    (void)state;
    facts.memory.gtt_total_bytes = (int64_t)60 * 1024 * 1024 * 1024;
    check(&facts, "capped",
          "the kernel gave 60 GiB instead of 112 GiB: the GTT of an APU is at most the memory that is left beside the "
          "BIOS carve-out (host: 125.0 GiB)");
}

static void says_ignored_and_why(void **state)
{
    struct unified_facts facts = good();

    (void)state;
    facts.running = "32505856";
    facts.memory.pages_limit = 32505856;
    check(
        &facts, "ignored",
        "this boot began after the boot entries had it, and yet with ttm.pages_limit=32505856: another entry, or another "
        "disk's boot loader, was started");
    facts = good();
    facts.memory.has_ttm = false;
    facts.memory.pages_limit = -1;
    facts.memory.gtt_total_bytes = -1;
    check(&facts, "ignored", "the module ttm is not loaded");
    facts.memory.has_ttm = true;
    facts.memory.release = "5.10.0-30-amd64";
    check(&facts, "ignored",
          "the module ttm of the kernel 5.10.0-30-amd64 has no parameter pages_limit: Linux 5.13 or newer");
    facts = good();
    facts.memory.gttsize_mib = 65536;
    facts.memory.gtt_total_bytes = (int64_t)64 << 30;
    check(&facts, "ignored",
          "amdgpu.gttsize=65536 (deprecated) is in effect and overrides ttm: the GTT is 64 GiB instead of 112 GiB");
    facts = good();
    facts.memory.release = "6.1.0-32-amd64";
    facts.memory.gtt_total_bytes = (int64_t)62 << 30;
    check(&facts, "ignored", "the kernel 6.1.0-32-amd64 is too old: before Linux 6.5");
    facts = good();
    facts.memory.pages_limit = 1000;
    check(&facts, "ignored", "the value in /sys was changed since the start");
    facts = good();
    facts.memory.has_dkms = true;
    check(&facts, "ignored", "remove the package amdgpu-dkms");
    facts = good();
    facts.memory.gtt_total_bytes = BYTES * 2;
    check(&facts, "ignored", "the limit of ttm was lowered after amdgpu had started");
}

static void says_why_modprobe_d_did_not_count(void **state)
{
    struct unified_facts facts = good();

    (void)state;
    facts.by_command_line = false;
    facts.memory.pages_limit = 16000000;
    facts.memory.gtt_total_bytes = (int64_t)16000000 * 4096;
    check(&facts, "ignored", "ttm.pages_limit=29360128 on the command line wins over modprobe.d");
    facts.running = NULL;
    facts.image = "/boot/initrd.img-6.18";
    facts.is_image_stale = true;
    check(&facts, "ignored", "ttm is loaded from /boot/initrd.img-6.18, which is older than the option in modprobe.d");
    facts.is_image_stale = false;
    check(&facts, "ignored", "though modprobe.d had the option at the start");
}

/* What a reboot will put right is not held against the box. */
static void waits_for_a_reboot_that_is_owed(void **state)
{
    struct unified_facts facts = good();

    (void)state;
    facts.memory.gttsize_mib = 65536;
    facts.memory.gtt_total_bytes = (int64_t)64 << 30;
    facts.is_reboot_owed = true;
    check(&facts, "pending",
          "the next boot has what is wanted; until then: amdgpu.gttsize=65536 (deprecated) is in effect");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_applied),
        cmocka_unit_test(says_pending),
        cmocka_unit_test(says_capped),
        cmocka_unit_test(says_ignored_and_why),
        cmocka_unit_test(says_why_modprobe_d_did_not_count),
        cmocka_unit_test(waits_for_a_reboot_that_is_owed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
