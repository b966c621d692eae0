/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel runs in FIPS mode. */
#include "agent/facts/fact_support.h"

static bool fips_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    (void)err;
    value_map_put_bool(arena, facts, "fips",
                       text_equal(fact_file(system, arena, "/proc/sys/crypto/fips_enabled"), "1"));
    return true;
}

FACT_GROUP_DEFINE(fips) = { .name = "fips", .names = FACT_NAMES("min"), .collect = fips_collect };
