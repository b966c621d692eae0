/* SPDX-License-Identifier: Apache-2.0 */
/* See fixture_loads.h. */
#include "fixture_loads.h"

#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/store/store_bench.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_measure.h"
#include "controller/store/store_node.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_setting.h"
#include "controller/store/store_workload.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define GIB INT64_C(1073741824)
#define EVIL "<script>alert('x')</script>\"&"
#define SLOTS 288

struct filling {
    struct arena *arena;
    struct store_connection *writer;
    struct error *err;
    int64_t now_us;
    int64_t chat[2]; /* instances of the workload whose figures are told */
    int64_t node[8];
};

/* --- workloads --- */

struct row {
    const char *name, *declaration, *state, *sentence, *plan, *log;
    bool is_wanted;
    int64_t attempt, served_ago_us, replica;
};

static const struct row rows[] = {
    { .name = "chat",
      .declaration =
          "{\"name\":\"chat\",\"kind\":\"inference\",\"engine\":\"llama_cpp\",\"models\":[\"hf://Qwen/Qwen3-235B-A22B-GGUF/UD-Q3_K_XL\"],"
          "\"context\":32768,\"slots\":4,\"kv\":\"q8_0\",\"replicas\":2,\"alias\":\"qwen3-235b\"}",
      .state = "serving",
      .sentence = "serves on ai-01, ai-02 and ai-05 over RPC",
      .plan =
          "{\"parts\":[{\"node\":\"ai-01\",\"role\":\"head\",\"gpu\":39728447488,\"host\":2147483648,\"layers\":36,\"share\":0.38},"
          "{\"node\":\"ai-02\",\"role\":\"worker\",\"gpu\":33285996544,\"host\":536870912,\"layers\":30,\"share\":0.32},"
          "{\"node\":\"ai-05\",\"role\":\"worker\",\"gpu\":31138512896,\"host\":536870912,\"layers\":28,\"share\":0.30}],"
          "\"build\":\"b11669-5c2b6d1\",\"measured\":true}",
      .is_wanted = true,
      .attempt = 3,
      .served_ago_us = 3 * SECOND },
    { .name = "chat",
      .replica = 1,
      .state = "loading",
      .sentence = "reads the model: 61 % of 96.7 GiB",
      .is_wanted = true,
      .attempt = 1,
      .plan =
          "{\"parts\":[{\"node\":\"ai-06\",\"role\":\"head\",\"gpu\":104152956928,\"host\":2147483648,\"layers\":94}],\"build\":\"b11669-5c2b6d1\"}" },
    { .name = "embed",
      .declaration =
          "{\"name\":\"embed\",\"kind\":\"inference\",\"engine\":\"llama_cpp\",\"models\":[\"bge-m3\"],\"embedding\":true}",
      .state = "serving",
      .sentence = "serves on ai-02",
      .plan =
          "{\"parts\":[{\"node\":\"ai-02\",\"role\":\"head\",\"gpu\":1288490188,\"host\":268435456}],\"build\":\"b11669-5c2b6d1\"}",
      .is_wanted = true,
      .attempt = 1,
      .served_ago_us = 9 * MINUTE },
    { .name = "coder",
      .declaration =
          "{\"name\":\"coder\",\"kind\":\"inference\",\"engine\":\"llama_cpp\",\"models\":[\"gpt-oss-120b-mxfp4\"],\"slots\":2}",
      .state = "failed",
      .sentence = "gave up after 5 failed starts: the last one ended with exit code 1 on ai-03",
      .plan = "{\"parts\":[{\"node\":\"ai-03\",\"role\":\"head\",\"gpu\":67000000000,\"host\":1073741824}]}",
      .log =
          "[\"llama_model_load: error loading model: missing tensor 'blk.12.ffn_gate_exps.weight'\",{\"at_us\":1,\"text\":\"main: " EVIL
          "\"}]",
      .is_wanted = true,
      .attempt = 5 },
    { .name = "deepseek",
      .declaration =
          "{\"name\":\"deepseek\",\"kind\":\"inference\",\"engine\":\"llama_cpp\",\"models\":[\"hf://unsloth/DeepSeek-R1-GGUF/UD-Q2_K_XL\"]}",
      .state = "pending",
      .sentence = "needs 227 GiB of GPU memory; the largest three nodes that are free have 214 GiB together",
      .is_wanted = true },
    { .name = "glm-air",
      .declaration =
          "{\"name\":\"glm-air\",\"kind\":\"inference\",\"engine\":\"vllm\",\"models\":[\"GLM-4.5-Air-Q4_K_M\"]}",
      .state = "downloading",
      .sentence = "downloads on ai-08: 45 % of 67.3 GiB, from ai-07 and the origin",
      .plan = "{\"parts\":[{\"node\":\"ai-08\",\"role\":\"head\",\"gpu\":72000000000,\"host\":4294967296}]}",
      .is_wanted = true,
      .attempt = 1 },
    { .name = "hpl-nightly",
      .declaration = "{\"name\":\"hpl-nightly\",\"kind\":\"batch\",\"engine\":\"hpl\",\"models\":[]}",
      .state = "done",
      .sentence = "412 Gflop/s on 2 nodes, PASSED",
      .plan =
          "{\"parts\":[{\"node\":\"ai-03\",\"role\":\"head\",\"host\":50000000000},{\"node\":\"ai-08\",\"role\":\"worker\",\"host\":50000000000}]}",
      .attempt = 1 },
    { .name = "old-chat",
      .declaration =
          "{\"name\":\"old-chat\",\"kind\":\"inference\",\"engine\":\"ollama\",\"models\":[\"llama3.3:70b\"]}",
      .state = "resting",
      .sentence = EVIL,
      .attempt = 1 },
};

static bool workload_fill(struct filling *fill, const struct row *row, int64_t *workload_id)
{
    const struct store_workload workload = { .name = row->name,
                                             .declaration = row->declaration,
                                             .is_wanted = row->is_wanted,
                                             .changed_us = fill->now_us - 26 * HOUR,
                                             .changed_by = "ops" };
    struct store_instance instance = { .replica = row->replica,
                                       .version = 1,
                                       .attempt = row->attempt,
                                       .state = row->state,
                                       .sentence = row->sentence,
                                       .since_us = fill->now_us - 47 * MINUTE,
                                       .plan = row->plan,
                                       .served_us = row->served_ago_us == 0 ? 0 : fill->now_us - row->served_ago_us,
                                       .probe_ms = row->served_ago_us == 0 ? (double)NAN : 184.2,
                                       .load_s = (double)NAN,
                                       .log = row->log };
    int64_t id = 0;
    bool is_set = false;

    if (row->declaration != NULL && !store_workload_put(fill->writer, &workload, true, workload_id, fill->err))
        return false;
    instance.workload_id = *workload_id;
    if (!store_instance_add(fill->writer, &instance, &id, fill->err))
        return false;
    instance.id = id;
    if (strcmp(row->name, "chat") == 0)
        fill->chat[row->replica] = id;
    return store_instance_set(fill->writer, &instance, &is_set, fill->err);
}

/* --- a day of figures --- */

static bool slot_fill(struct filling *fill, int slot)
{
    double load = 0.5 + 0.5 * sin(slot / 23.0);
    int64_t at_us = fill->now_us - (SLOTS - slot) * 5 * MINUTE;
    static double in, out, seconds_in, seconds_out;
    struct store_workload_sample sample = { .workload = "chat",
                                            .instance_id = fill->chat[0],
                                            .attempt = 3,
                                            .at_us = at_us,
                                            .running = floor(load * 4.2),
                                            .waiting = floor(load * 2.9),
                                            .slots = 4 };

    in += 18000 * load;
    out += 4100 * load;
    seconds_in += 18000 * load / 310;
    seconds_out += 4100 * load / (17.5 + load);
    sample.tokens_in = in;
    sample.tokens_out = out;
    sample.seconds_in = seconds_in;
    sample.seconds_out = seconds_out;
    if (slot == SLOTS - 1)
        sample.at_us = fill->now_us - 4 * SECOND;
    if (!store_workload_sample_add(fill->writer, &sample, fill->err))
        return false;
    for (int i = 0; i < 3; i++) {
        const struct store_energy energy = { .node_id = fill->node[i == 2 ? 4 : i],
                                             .from_us = at_us,
                                             .to_us = at_us + 5 * MINUTE - (slot == SLOTS - 1 ? 20 * SECOND : 0),
                                             .joules = 300 * (12 + 96 * load),
                                             .source = "rapl" };
        const struct store_energy_share shares[] = { { "chat", 300 * 92 * load, 300 * 10, 0 },
                                                     { "embed", 300 * 4 * load, 300 * 2, 0 },
                                                     { "", 0, 0, 0 } };

        if (!store_energy_add(fill->writer, &energy, fill->err) ||
            !store_energy_settle(fill->writer, &energy, 60 * load, shares, 3, fill->err))
            return false;
    }
    return true;
}

/* --- memory --- */

static bool memory_fill(struct filling *fill)
{
    static const struct {
        int node;
        const char *piece;
        int instance;
        int64_t gpu, host;
    } pieces[] = { { 0, "chat.0.head", 0, 37 * GIB, 2 * GIB },
                   { 1, "chat.0.rpc-1", 0, 31 * GIB, GIB / 2 },
                   { 4, "chat.0.rpc-2", 0, 29 * GIB, GIB / 2 },
                   { 5, "chat.1.head", 1, 97 * GIB, 2 * GIB } };

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        const struct store_piece piece = { .node_id = fill->node[pieces[i].node],
                                           .name = pieces[i].piece,
                                           .instance_id = fill->chat[pieces[i].instance],
                                           .attempt = 1,
                                           .role = i == 1 || i == 2 ? "worker" : "head",
                                           .body = "{\"kind\":\"service\"}",
                                           .gpu = pieces[i].gpu,
                                           .host = pieces[i].host,
                                           .is_due = true };
        const struct store_piece_told told = { piece.node_id, piece.name, "running", "{}", fill->now_us - MINUTE };

        if (!store_piece_add(fill->writer, &piece, fill->now_us, fill->err) ||
            !store_piece_tell(fill->writer, &told, fill->err))
            return false;
    }
    for (int i = 0; i < 8; i++) {
        int64_t used = i == 0   ? 37 * GIB
                       : i == 1 ? 32 * GIB
                       : i == 4 ? 29 * GIB
                       : i == 5 ? 60 * GIB
                       : i == 2 ? 18 * GIB
                                : GIB;
        const struct store_memory memory = {
            fill->node[i], fill->now_us - (20 + i) * SECOND,
            arena_printf(
                fill->arena,
                "{\"memory_total\":134100000000,\"memory_available\":%lld,\"gtt_total\":%lld,\"gtt_used\":%lld,"
                "\"gtt_processes\":%lld,\"gtt_orphan\":%lld,\"vram_total\":536870912,\"vram_used\":100000000}",
                (long long)(118 * GIB - used), (long long)(112 * GIB), (long long)used, (long long)(i == 2 ? 0 : used),
                (long long)(i == 2 ? 18 * GIB : 0))
        };

        if (i != 6 && !store_memory_set(fill->writer, &memory, fill->err))
            return false;
    }
    return store_placement_drain(fill->writer, fill->node[7], "ops", "a new fan", fill->err);
}

/* --- benchmarks --- */

static bool bench_fill(struct filling *fill, struct store_bench bench, const char *state)
{
    int64_t id = 0;
    bool changed = false;

    bench.by = "ops";
    bench.nodes_count = 2;
    bench.settings = "{}";
    bench.declaration = "{}";
    if (!store_bench_add(fill->writer, &bench, &id, fill->err) || strcmp(state, "waiting") == 0)
        return id > 0;
    if (!store_bench_begin(fill->writer, id, bench.at_us, &changed, fill->err) || strcmp(state, "running") == 0)
        return changed;
    bench.id = id;
    bench.state = state;
    bench.ended_us = bench.at_us + 4 * MINUTE;
    return store_bench_end(fill->writer, &bench, &changed, fill->err);
}

static bool links_fill(struct filling *fill)
{
    struct text pairs = text_new(fill->arena);

    for (int from = 1; from <= 6; from++)
        for (int to = 1; to <= 6; to++)
            if (from != to && !(from == 5 && to == 6))
                text_printf(&pairs, "%s{\"from\":\"ai-0%d\",\"to\":\"ai-0%d\",\"bits_per_s\":%.0f}",
                            pairs.length == 0 ? "" : ",", from, to,
                            (from == 3) != (to == 3) ? 0.94e9 : 4.68e9 + from * 1e7);
    return bench_fill(
        fill,
        (struct store_bench){
            .at_us = fill->now_us - 6 * HOUR,
            .kind = "iperf3",
            .subject = "",
            .sentence = "",
            .nodes = "[\"ai-01\",\"ai-02\",\"ai-03\",\"ai-04\",\"ai-05\",\"ai-06\"]",
            .alike = "aa11",
            .watts = (double)NAN,
            .change = (double)NAN,
            .figures = arena_printf(
                fill->arena,
                "{\"pairs\":[%s],\"least_bits_per_s\":9.4e8,\"mean_bits_per_s\":3.5e9,\"most_bits_per_s\":4.73e9}",
                pairs.data) },
        "done");
}

static bool benches_fill(struct filling *fill)
{
    static const double decode[] = { 21.4, 21.6, 21.2, 21.9, 22.3, 22.1, 19.4, 22.4 };

    for (int i = 0; i < 8; i++) {
        const struct store_bench bench = {
            .at_us = fill->now_us - (9 - i) * 24 * HOUR,
            .kind = "llama_bench",
            .subject = "gpt-oss-120b-mxfp4",
            .nodes = "[\"ai-01\",\"ai-02\"]",
            .alike = "bb22",
            .sentence = "",
            .figures = arena_printf(
                fill->arena,
                "{\"tests\":[{\"name\":\"pp512\",\"tokens_per_s\":%.1f},{\"name\":\"tg128\",\"tokens_per_s\":%.2f}]}",
                decode[i] * 31, decode[i]),
            .watts = 118 + i,
            .change = i == 0 ? (double)NAN : decode[i] / decode[i - 1] - 1,
            .compared = i == 0 ? 0 : i,
            .causes = i == 6 ? "[\"ai-01: kernel 6.18.9, before 6.18.4\",\""
                               "ai-02: "
                               "<b>firmware</b>"
                               "\"]"
                             : NULL,
        };

        if (!bench_fill(fill, bench, "done"))
            return false;
    }
    return links_fill(fill) &&
           bench_fill(fill,
                      (struct store_bench){ .at_us = fill->now_us - 3 * HOUR,
                                            .kind = "hpl",
                                            .subject = "",
                                            .nodes = "[\"ai-03\"]",
                                            .sentence = "HPL's own check of the result has not passed",
                                            .watts = (double)NAN,
                                            .change = (double)NAN },
                      "failed") &&
           bench_fill(fill,
                      (struct store_bench){ .at_us = fill->now_us - MINUTE,
                                            .kind = "llama_bench",
                                            .subject = EVIL,
                                            .sentence = "",
                                            .nodes = "[\"ai-08\"]" },
                      "running");
}

bool fixture_loads(struct store_connection *writer, void *data, struct error *err)
{
    const struct loads *loads = data;
    struct filling fill = { .arena = loads->arena, .writer = writer, .err = err, .now_us = loads->now_us };
    const struct store_setting setting = { "energy", "{\"intensity\":380,\"wall_factor\":1.2}", "ops", loads->now_us };
    int64_t workload_id = 0;

    for (int i = 0; i < 8; i++) {
        struct store_node *node = NULL;

        if (!store_node_by_name(writer, fill.arena, arena_printf(fill.arena, "ai-%02d", i + 1), &node, err) ||
            node == NULL)
            return node != NULL;
        fill.node[i] = node->id;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!workload_fill(&fill, &rows[i], &workload_id))
            return false;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
        if (!slot_fill(&fill, slot))
            return false;
    }
    return memory_fill(&fill) && benches_fill(&fill) && store_setting_put(writer, &setting, err);
}
