/* SPDX-License-Identifier: Apache-2.0 */
/* A benchmark is begun by declaring its workload, and looked at by its instance. */
#include "controller/bench/bench_step.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/bench/bench_order.h"
#include "controller/store/store_workload.h"
#include "controller/store/store_writer.h"

/* --- begun --- */

struct begin_work {
    const struct store_bench *bench;
    const char *name, *declaration;
    int64_t now_us;
    bool changed;
};

static bool begin_write(struct store_connection *writer, void *data, struct error *err)
{
    struct begin_work *work = data;
    struct store_workload workload = { .name = work->name,
                                       .declaration = work->declaration,
                                       .is_wanted = true,
                                       .changed_us = work->now_us,
                                       .changed_by = work->bench->by };
    int64_t id = 0;

    if (!store_bench_begin(writer, work->bench->id, work->now_us, &work->changed, err))
        return false;
    return !work->changed || store_workload_put(writer, &workload, true, &id, err);
}

bool bench_step_begin(const struct bench_step *step, const struct store_bench *bench, bool *changed_out,
                      struct error *err)
{
    struct error wrong = ERROR_INIT;
    struct begin_work work = { .bench = bench,
                               .name = bench_workload_name(step->arena, bench->id),
                               .declaration = bench_declaration(step->arena, bench, &wrong),
                               .now_us = clock_wall_us() };

    if (work.declaration == NULL) {
        *changed_out = true;
        return bench_step_fail(step, bench, wrong.text, NULL, err);
    }
    if (!store_write_wait(step->store, begin_write, &work, err))
        return false;
    *changed_out = work.changed;
    return true;
}

/* --- looked at --- */

struct say_work {
    int64_t id;
    const char *sentence;
};

static bool say_write(struct store_connection *writer, void *data, struct error *err)
{
    const struct say_work *work = data;

    return store_bench_say(writer, work->id, work->sentence, err);
}

static bool is_placed(const struct store_instance *instance)
{
    return instance->plan != NULL ||
           !(text_equal(instance->state, "pending") || text_equal(instance->state, "placing"));
}

static bool look_at(const struct bench_step *step, const struct store_bench *bench,
                    const struct store_instance *instance, bool *changed_out, struct error *err)
{
    bool is_late = clock_wall_us() - bench->began_us > step->patience_s * 1000000;
    struct say_work say = { bench->id, instance->sentence };

    if (text_equal(instance->state, "placing")) /* not that it would run with that sentence */
        say.sentence = arena_printf(step->arena, "no place yet (it waits %lld s for one): %s",
                                    (long long)step->patience_s, instance->sentence);

    *changed_out = true;
    if (text_equal(instance->state, "done"))
        return bench_step_done(step, bench, instance, err);
    if (text_equal(instance->state, "failed") || text_equal(instance->state, "stopped"))
        return bench_step_fail(step, bench, instance->sentence, instance, err);
    if (is_late && !is_placed(instance))
        return bench_step_fail(step, bench, instance->sentence, NULL, err);
    *changed_out = !text_equal(bench->sentence, say.sentence);
    return !*changed_out || store_write_wait(step->store, say_write, &say, err);
}

bool bench_step_look(const struct bench_step *step, const struct store_bench *bench, bool *changed_out,
                     struct error *err)
{
    struct store_workload *workload = NULL;
    struct store_instance *instances = NULL;
    size_t count = 0;

    if (!store_workload_get(step->reader, step->arena, bench_workload_name(step->arena, bench->id), &workload, err))
        return false;
    if (workload == NULL) {
        *changed_out = true;
        return bench_step_fail(step, bench, "its workload was taken away", NULL, err);
    }
    if (!store_instance_list(step->reader, step->arena, workload->id, &instances, &count, err))
        return false;
    *changed_out = false;
    return count == 0 || look_at(step, bench, &instances[0], changed_out, err);
}
