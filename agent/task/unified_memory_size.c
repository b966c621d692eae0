/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of GPU memory: from text to pages, and what may be left to the host. Pure numbers. */
#include "agent/task/unified_memory_size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define SIZE_MAX_BYTES ((int64_t)1 << 50)

static const struct {
    const char *name;
    int64_t bytes;
} units[] = {
    { "KiB", 1024 },
    { "MiB", UNIFIED_MIB },
    { "GiB", UNIFIED_GIB },
    { "TiB", 1024 * UNIFIED_GIB },
};

const char *unified_text(struct arena *arena, int64_t bytes)
{
    int64_t unit = bytes >= UNIFIED_GIB ? UNIFIED_GIB : UNIFIED_MIB;
    const char *name = unit == UNIFIED_GIB ? "GiB" : "MiB";

    if (bytes % unit == 0)
        return arena_printf(arena, "%lld %s", (long long)(bytes / unit), name);
    return arena_printf(arena, "%.1f %s", (double)bytes / (double)unit, name);
}

/* Digits, and a point at most: strtod alone would also read 0x10, 1e9 and inf. */
static bool number_read(const char *text, double *out, const char **rest)
{
    size_t length = strspn(text, "0123456789.");
    char *end = NULL;

    if (length == 0)
        return false;
    *out = strtod(text, &end);
    *rest = text + length + strspn(text + length, " ");
    return end == text + length && isfinite(*out);
}

bool unified_bytes(const char *text, int64_t *out, struct error *err)
{
    const char *unit = NULL;
    double number = 0;

    if (!number_read(text, &number, &unit))
        return error_set(err, "'%s' is not a size: write it like 112GiB", text);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, unit) != 0)
            continue;
        double bytes = number * (double)units[i].bytes;
        if (bytes < 1 || bytes > (double)SIZE_MAX_BYTES)
            return error_set(err, "'%s' is out of range", text);
        *out = (int64_t)bytes;
        return true;
    }
    return error_set(err, "'%s' has %s unit: say KiB, MiB, GiB or TiB (1 GiB = 1024 MiB)", text,
                     *unit == '\0' ? "no" : "an unknown");
}

/* A kernel or BIOS of another version shifts MemTotal by some megabytes: a relative size that followed it would change the
 * parameter, and owe a reboot, after each update. */
static int64_t rounded(int64_t bytes)
{
    int64_t step = bytes >= 8 * UNIFIED_GIB ? UNIFIED_GIB : 64 * UNIFIED_MIB;

    return bytes - bytes % step;
}

static bool percent_bytes(const char *text, int64_t host_bytes, int64_t *out, struct error *err)
{
    const char *rest = NULL;
    double percent = 0;

    if (!number_read(text, &percent, &rest) || strcmp(rest, "%") != 0 || percent <= 0 || percent > 100)
        return error_set(err, "'%s' is not a share of the memory: write it like 85%%", text);
    *out = rounded((int64_t)((double)host_bytes * percent / 100.0));
    return true;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool refuse(struct arena *arena, const struct unified_size *size, const char *gtt, const char *why,
                   struct error *err)
{
    return error_set(err, "gtt: %s would give the GPU %s of the host's %s and leave %s%s: %s", gtt,
                     unified_text(arena, size->gtt_bytes), unified_text(arena, size->host_bytes),
                     size->left_bytes < 0 ? "-" : "",
                     unified_text(arena, size->left_bytes < 0 ? -size->left_bytes : size->left_bytes), why);
}

static bool size_check(struct arena *arena, const struct unified_size *size, const char *gtt, bool has_reserve,
                       struct error *err)
{
    int64_t most = rounded(size->host_bytes - size->reserve_bytes);

    if (size->gtt_bytes < 64 * UNIFIED_MIB)
        return error_set(err, "gtt: %s comes to %s, which is too little for any GPU (at least 64 MiB)", gtt,
                         unified_text(arena, size->gtt_bytes));
    if (size->left_bytes >= size->reserve_bytes)
        return true;
    return refuse(
        arena, size, gtt,
        arena_printf(arena, "at least %s must stay (%s); the most is %s", unified_text(arena, size->reserve_bytes),
                     has_reserve ? "reserve" : "4 GiB, or a quarter of a small memory, unless `reserve` says less",
                     unified_text(arena, most > 0 ? most : 0)),
        err);
}

static bool reserve_read(struct arena *arena, const char *reserve, int64_t host_bytes, int64_t *out, struct error *err)
{
    int64_t least = smaller(UNIFIED_GIB, host_bytes / 8);

    if (!unified_bytes(reserve, out, err))
        return error_prefix(err, "reserve");
    if (*out < least)
        return error_set(err, "reserve: %s is less than the %s that a host of %s needs to stay alive", reserve,
                         unified_text(arena, least), unified_text(arena, host_bytes));
    if (*out >= host_bytes)
        return error_set(err, "reserve: %s is not less than the host's memory of %s", reserve,
                         unified_text(arena, host_bytes));
    return true;
}

bool unified_size_plan(struct arena *arena, const char *gtt, const char *reserve, int64_t host_bytes,
                       struct unified_size *out, struct error *err)
{
    struct unified_size size = { .host_bytes = host_bytes };
    bool is_max = strcmp(gtt, "max") == 0;

    if (host_bytes <= 0)
        return error_set(err, "the host's memory is not known: /proc/meminfo has no MemTotal");
    size.reserve_bytes = smaller(is_max ? UNIFIED_RESERVE_BYTES : UNIFIED_FLOOR_BYTES, host_bytes / 4);
    if (reserve != NULL && !reserve_read(arena, reserve, host_bytes, &size.reserve_bytes, err))
        return false;
    if (is_max)
        size.gtt_bytes = rounded(host_bytes - size.reserve_bytes);
    else if (text_ends(gtt, "%") ? !percent_bytes(gtt, host_bytes, &size.gtt_bytes, err)
                                 : !unified_bytes(gtt, &size.gtt_bytes, err))
        return error_prefix(err, "gtt");
    size.pages = size.gtt_bytes / UNIFIED_PAGE_BYTES;
    size.gtt_bytes = size.pages * UNIFIED_PAGE_BYTES;
    size.left_bytes = host_bytes - size.gtt_bytes;
    if (!size_check(arena, &size, gtt, reserve != NULL, err))
        return false;
    size.is_tight = size.left_bytes < smaller(8 * UNIFIED_GIB, host_bytes / 4);
    *out = size;
    return true;
}
