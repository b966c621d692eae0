/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning 100 nodes x 50 workloads: on a rack with room, and on one that is full, where every refusal tells its sum. Beside it, in the same
 * run: counting every model for every node (as a plan without a thought would), and reading the header of one model once for each workload.
 *     plan_bench MODEL.gguf [NODES [WORKLOADS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "controller/planner/plan.h"

#define GIB (1024ULL * 1024 * 1024)
#define RUNS 51
#define MODELS 8

static const struct plan_engine engines[] = { { "llama_cpp", "b11669" }, { "llama_rpc", "b11669" } };

struct rack {
    struct arena *arena;
    struct plan_input input;
    struct plan_node *nodes;
    struct workload *workloads;
    struct plan_model models[MODELS];
};

static void nodes_make(struct rack *rack, size_t count, bool is_full)
{
    static const uint64_t gtts[] = { 112, 112, 96, 48 };

    rack->nodes = arena_new_array(rack->arena, struct plan_node, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t gtt = gtts[i % 4], used = is_full ? gtt - 2 : 1;

        rack->nodes[i] = (struct plan_node){ .name = arena_printf(rack->arena, "ai-%03zu", i),
                                             .is_usable = true,
                                             .has_gpu = true,
                                             .is_unified = true,
                                             .memory_total = (gtt + 16) * GIB,
                                             .memory_available = (gtt + 15 - used) * GIB,
                                             .gtt_total = gtt * GIB,
                                             .gtt_used = used * GIB,
                                             .engines = engines,
                                             .engines_count = 2 };
    }
}

/* The model that was read, thought larger: weights of 2 to 240 GiB. */
static void models_make(struct rack *rack, const struct model_shape *shape)
{
    for (size_t i = 0; i < MODELS; i++) {
        struct model_shape *own = arena_new_of(rack->arena, struct model_shape);

        *own = *shape;
        own->tensor_bytes = (i * i * 5 + 2) * GIB;
        rack->models[i] = (struct plan_model){ .name = arena_printf(rack->arena, "m%zu", i),
                                               .digest = arena_printf(rack->arena, "d%zu", i),
                                               .bytes = own->tensor_bytes,
                                               .shape = own };
    }
}

static void workloads_make(struct rack *rack, size_t count)
{
    const struct workload **list = arena_new_array(rack->arena, const struct workload *, count);

    rack->workloads = arena_new_array(rack->arena, struct workload, count);
    for (size_t i = 0; i < count; i++) {
        struct value *models = value_list(rack->arena);

        value_list_add(rack->arena, models, value_string(rack->arena, rack->models[i % MODELS].name));
        rack->workloads[i] = (struct workload){ .name = arena_printf(rack->arena, "w%zu", i),
                                                .engine = "llama_cpp",
                                                .models = models,
                                                .context = 16384,
                                                .slots = 4,
                                                .replicas = 1,
                                                .priority = (int64_t)(i % 5) };
        list[i] = &rack->workloads[i];
    }
    rack->input.workloads = list;
    rack->input.workloads_count = count;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static double median(double *times)
{
    qsort(times, RUNS, sizeof(*times), by_size);
    return times[RUNS / 2];
}

static double time_plan(struct rack *rack, size_t *placed, size_t *parts)
{
    double times[RUNS];

    for (int i = 0; i < RUNS; i++) {
        ARENA_SCOPED arena = arena_new();
        int64_t begin = clock_monotonic_us();
        struct error err = ERROR_INIT;
        struct plan plan;

        if (!plan_make(arena, &rack->input, &plan, &err)) {
            fprintf(stderr, "plan bench: %s\n", err.text);
            exit(1);
        }
        times[i] = (double)(clock_monotonic_us() - begin) / 1000;
        *placed = *parts = 0;
        for (size_t j = 0; j < plan.count; j++) {
            *placed += plan.places[j].is_placed;
            *parts += plan.places[j].parts_count;
        }
    }
    return median(times);
}

/* Every model for every node, on the GPU and on the processor. */
static double time_counting(struct rack *rack)
{
    double times[RUNS];

    for (int i = 0; i < RUNS; i++) {
        int64_t begin = clock_monotonic_us();
        uint64_t sum = 0;

        for (size_t j = 0; j < rack->input.workloads_count; j++) {
            for (size_t k = 0; k < 2 * rack->input.nodes_count; k++) {
                struct memory_request request = memory_request_default();
                struct memory_need need;
                struct error err = ERROR_INIT;

                request.context = 16384;
                request.slots = 4;
                request.on_cpu = k % 2 == 1;
                if (memory_need_count(rack->models[j % MODELS].shape, &request, &need, &err))
                    sum += need.total;
            }
        }
        times[i] = (double)(clock_monotonic_us() - begin) / 1000 + (sum == 1 ? 1 : 0);
    }
    return median(times);
}

static double time_headers(const char *path, size_t count)
{
    double times[RUNS];

    for (int i = 0; i < RUNS; i++) {
        int64_t begin = clock_monotonic_us();

        for (size_t j = 0; i % 10 == 0 && j < count; j++) { /* it is slow: a tenth of the runs will do */
            ARENA_SCOPED arena = arena_new();
            struct model_shape *shape = NULL;
            struct error err = ERROR_INIT;

            (void)model_shape_of_file(arena, path, &shape, &err);
        }
        times[i] = i % 10 == 0 ? (double)(clock_monotonic_us() - begin) / 1000 : times[i - i % 10];
    }
    return median(times);
}

int main(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    size_t nodes = argc > 2 ? strtoul(argv[2], NULL, 10) : 100, workloads = argc > 3 ? strtoul(argv[3], NULL, 10) : 50;
    struct rack rack = { .arena = arena };
    struct model_shape *shape = NULL;
    struct error err = ERROR_INIT;
    size_t placed = 0, parts = 0;
    double roomy, full, counting, headers;

    if (argc < 2 || !model_shape_of_file(arena, argv[1], &shape, &err)) {
        fprintf(stderr, "plan bench: %s\n", argc < 2 ? "a GGUF file is missing" : err.text);
        return 1;
    }
    models_make(&rack, shape);
    workloads_make(&rack, workloads);
    nodes_make(&rack, nodes, false);
    rack.input.nodes = rack.nodes;
    rack.input.nodes_count = nodes;
    rack.input.models = rack.models;
    rack.input.models_count = MODELS;
    roomy = time_plan(&rack, &placed, &parts);
    printf("%zu nodes x %zu workloads, medians of %d\n", nodes, workloads, RUNS);
    printf("  a rack with room          %8.2f ms   %zu placed, %zu parts\n", roomy, placed, parts);
    nodes_make(&rack, nodes, true);
    rack.input.nodes = rack.nodes;
    full = time_plan(&rack, &placed, &parts);
    printf("  a full one                %8.2f ms   %zu placed, all else with its sum\n", full, placed);
    counting = time_counting(&rack);
    headers = time_headers(argv[1], workloads);
    printf("  counting for every node   %8.2f ms   %.1f times the plan\n", counting, counting / roomy);
    printf("  reading %3zu headers       %8.2f ms   %.1f times the plan\n", workloads, headers, headers / roomy);
    printf("promised: a plan under 50 ms; the slower one takes %.3f of that\n", (full > roomy ? full : roomy) / 50);
    return 0;
}
