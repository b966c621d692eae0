/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts of memory as people write them. */
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include "common/model/memory_need_fit.h"

static const struct {
    const char *name;
    double bytes;
} units[] = {
    { "B", 1 },
    { "K", 1024.0 },
    { "KiB", 1024.0 },
    { "kB", 1e3 },
    { "M", 1024.0 * 1024 },
    { "MiB", 1024.0 * 1024 },
    { "MB", 1e6 },
    { "G", 1024.0 * 1024 * 1024 },
    { "GiB", 1024.0 * 1024 * 1024 },
    { "GB", 1e9 },
    { "T", 1024.0 * 1024 * 1024 * 1024 },
    { "TiB", 1024.0 * 1024 * 1024 * 1024 },
    { "TB", 1e12 },
};

bool memory_size_parse(const char *text, uint64_t *out, struct error *err)
{
    char *end = NULL;
    double number = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : -1;

    if (end && *end == '\0' && number != 0)
        return error_set_kind(err, ERROR_OPTIONS, "'%s' lacks a unit (write %sGiB or %sMiB, or %sB for bytes)", text,
                              text, text, text);
    if (end && *end == ' ')
        end++;
    if (end && number == 0 && *end == '\0') { /* nothing is nothing in every unit */
        *out = 0;
        return true;
    }
    for (size_t i = 0; end && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(end, units[i].name) == 0 && number * units[i].bytes < 1e18) {
            *out = (uint64_t)(number * units[i].bytes);
            return true;
        }
    }
    return error_set_kind(err, ERROR_OPTIONS, "'%s' is no amount of memory (write 112GiB, 96G, 4096M)", text);
}

char *memory_size_text(struct arena *arena, uint64_t bytes)
{
    if (bytes < 1024 * 1024)
        return arena_printf(arena, "%.1f KiB", (double)bytes / 1024);
    if (bytes < 1024ULL * 1024 * 1024)
        return arena_printf(arena, "%.1f MiB", (double)bytes / (1024.0 * 1024));
    return arena_printf(arena, "%.1f GiB", (double)bytes / (1024.0 * 1024 * 1024));
}
