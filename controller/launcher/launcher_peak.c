/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/launcher/launcher_peak.h"

#include "controller/launcher/plan_input_parts.h"

static bool piece_sum(struct arena *arena, const struct store_piece *row, struct store_peak *out)
{
    const struct value *told = gathered_json(arena, row->told);
    uint64_t gpu = gathered_bytes(told, "gtt_peak") + gathered_bytes(told, "vram_peak"),
             host = gathered_bytes(told, gpu > 0 ? "anon_peak" : "rss_peak");

    if (host == 0)
        host = gathered_bytes(told, "memory_peak");
    out->gpu += (int64_t)gpu;
    out->host += (int64_t)host;
    return host > 0 && (gpu > 0 || row->gpu == 0);
}

bool peak_sum(struct arena *arena, const struct store_piece *const *rows, size_t count, int64_t attempt,
              struct store_peak *out)
{
    bool is_whole = true;
    size_t found = 0;

    out->gpu = out->host = 0;
    for (size_t i = 0; i < count; i++) {
        if (!rows[i]->is_wanted || rows[i]->attempt != attempt)
            continue;
        found++;
        is_whole = piece_sum(arena, rows[i], out) && is_whole;
    }
    return found > 0 && is_whole;
}
