/* SPDX-License-Identifier: Apache-2.0 */
/* Batches, threads, the end. */
#include "cli/rebuild_run.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/rebuild_cluster.h"
#include "cli/rebuild_journal.h"
#include "cli/rebuild_progress.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "engine/command/interrupt.h"

#define LOOP_MS 50
#define REPAINT_MS 1000 /* the seconds in the table */

bool rebuild_is_begun(const struct rebuild_node *node)
{
    return node->progress.marks[0].began_us != 0;
}

bool rebuild_interrupted(void)
{
    return *interrupt_flag() != 0;
}

bool rebuild_pause(int64_t ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;

    for (int64_t left = ms; left > 0 && !rebuild_interrupted(); left = until_ms - clock_monotonic_ms())
        (void)poll(NULL, 0, (int)(left < LOOP_MS ? left : LOOP_MS));
    return !rebuild_interrupted();
}

void rebuild_tell(struct rebuild_call *call, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(call->sentence, sizeof(call->sentence), format, args);
    va_end(args);
}

/* --- one after the other --- */

/* False: it has failed, or was interrupted (then it is as if it had not been begun). */
static bool step_run(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *step)
{
    ARENA_SCOPED arena = arena_new();
    struct rebuild_call call = { .rebuild = rebuild, .node = node, .arena = arena };
    struct error err = ERROR_INIT;

    if (rebuild_progress_begin(rebuild, node, step, &err) && step->run(&call, &err) &&
        rebuild_progress_end(rebuild, node, step, call.sentence, &err))
        return true;
    if (err.kind != ERROR_CANCELLED)
        rebuild_progress_fail(rebuild, node, step, err.text);
    return false;
}

static void steps_walk(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *steps,
                       size_t count)
{
    while (node->progress.step < count && !rebuild_interrupted()) {
        if (!step_run(rebuild, node, &steps[node->progress.step]))
            return;
    }
    pthread_mutex_lock(&rebuild->lock);
    if (node->progress.step == count)
        node->progress.state = REBUILD_DONE;
    rebuild->is_changed = true;
    pthread_mutex_unlock(&rebuild->lock);
}

/* --- side by side --- */

struct worker {
    struct rebuild *rebuild;
    struct rebuild_node *node; /* or the cluster; NULL: waits between batches */
    pthread_t thread;
    bool is_started, goes_on;
    _Atomic bool is_over;
};

/* What served before serves again before more nodes are taken away. */
static bool batch_pass(struct rebuild *rebuild)
{
    ARENA_SCOPED arena = arena_new();
    struct rebuild_call call = { .rebuild = rebuild, .node = &rebuild->cluster, .arena = arena };
    struct error err = ERROR_INIT;

    if (rebuild_served_wait(&call, &err))
        return true;
    if (err.kind != ERROR_CANCELLED)
        rebuild_progress_say(&call, true, "%s", err.text);
    if (rebuild->options.stop_on_failure)
        rebuild->stopped = arena_copy(rebuild->arena, err.text);
    return err.kind != ERROR_CANCELLED && !rebuild->options.stop_on_failure;
}

static void *worker_run(void *data)
{
    struct worker *worker = data;

    if (worker->node == NULL)
        worker->goes_on = batch_pass(worker->rebuild);
    else if (worker->node == &worker->rebuild->cluster)
        steps_walk(worker->rebuild, worker->node, rebuild_cluster_steps, rebuild_cluster_steps_count);
    else
        steps_walk(worker->rebuild, worker->node, rebuild_node_steps, rebuild_node_steps_count);
    worker->is_over = true;
    return NULL;
}

static bool are_over(const struct worker *workers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (workers[i].is_started && !workers[i].is_over)
            return false;
    }
    return true;
}

/* Shows them until all are over. */
static void workers_run(struct rebuild *rebuild, struct worker *workers, size_t count, struct rebuild_table *table)
{
    int64_t shown_ms = 0;

    for (size_t i = 0; i < count; i++) {
        workers[i].is_started = pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]) == 0;
        if (!workers[i].is_started) /* no thread to be had: one after the other then */
            worker_run(&workers[i]);
    }
    for (bool is_over = false; !is_over;) {
        is_over = are_over(workers, count);
        if (rebuild->is_changed || is_over || clock_monotonic_ms() - shown_ms > REPAINT_MS) {
            rebuild_table_show(rebuild, table);
            shown_ms = clock_monotonic_ms();
        }
        if (!is_over)
            (void)poll(NULL, 0, LOOP_MS);
    }
    for (size_t i = 0; i < count; i++) {
        if (workers[i].is_started)
            pthread_join(workers[i].thread, NULL);
    }
}

static size_t nodes_failed(const struct rebuild *rebuild)
{
    size_t failed = 0;

    for (size_t i = 0; i < rebuild->count; i++)
        failed += rebuild->nodes[i].progress.state == REBUILD_FAILED;
    return failed;
}

static size_t nodes_built(const struct rebuild *rebuild)
{
    size_t built = 0;

    for (size_t i = 0; i < rebuild->count; i++)
        built += rebuild->nodes[i].progress.state == REBUILD_DONE;
    return built;
}

static void batch_run(struct rebuild *rebuild, size_t batch, struct rebuild_table *table)
{
    struct worker *workers = arena_new_array(rebuild->arena, struct worker, rebuild->count);
    size_t count = 0;

    for (size_t i = 0; i < rebuild->count; i++) {
        if (rebuild->nodes[i].batch == batch && rebuild->nodes[i].progress.state != REBUILD_DONE) {
            workers[count].rebuild = rebuild;
            workers[count++].node = &rebuild->nodes[i];
        }
    }
    if (count > 0)
        workers_run(rebuild, workers, count, table);
}

/* --- the end --- */

static void record_failed(struct rebuild *rebuild)
{
    ARENA_SCOPED arena = arena_new();
    struct rebuild_call call = { .rebuild = rebuild, .node = &rebuild->cluster, .arena = arena };
    struct error err = ERROR_INIT;

    if (!rebuild_record(&call, &err))
        fprintf(stderr, "What was built is not on record: %s\n", err.text);
}

static void failed_print(const struct rebuild *rebuild)
{
    size_t left = 0;

    for (size_t i = 0; i <= rebuild->count; i++) {
        const struct rebuild_node *node = i == rebuild->count ? &rebuild->cluster : &rebuild->nodes[i];
        const struct rebuild_step *steps = i == rebuild->count ? rebuild_cluster_steps : rebuild_node_steps;

        if (node->progress.state != REBUILD_FAILED)
            continue;
        printf("%s has failed at %s: %s\n", node->host, steps[node->progress.step].name, node->progress.sentence);
        if (path_exists(node->log)) /* the cluster's steps ask the controller and start nothing */
            printf("  %s\n", node->log);
    }
    for (size_t i = 0; i < rebuild->count; i++) {
        if (!rebuild_is_begun(&rebuild->nodes[i]))
            printf("%s%s", left++ == 0 ? "not begun: " : ", ", rebuild->nodes[i].host);
    }
    if (left > 0)
        printf("\n");
    if (rebuild->stopped != NULL)
        printf("%s\n", rebuild->stopped);
}

static int finish(struct rebuild *rebuild)
{
    size_t failed = nodes_failed(rebuild);
    bool is_built = failed == 0 && rebuild->cluster.progress.state == REBUILD_DONE;
    struct error err = ERROR_INIT;

    if (rebuild_interrupted()) {
        printf("Interrupted: roost rebuild --resume goes on with it\n");
        return REBUILD_EXIT_INTERRUPTED;
    }
    if (rebuild->cluster.progress.state != REBUILD_DONE)
        record_failed(rebuild);
    failed_print(rebuild);
    pthread_mutex_lock(&rebuild->lock);
    if (!rebuild_journal_write(rebuild, is_built ? "built" : "failed", &err))
        fprintf(stderr, "%s\n", err.text);
    pthread_mutex_unlock(&rebuild->lock);
    printf("%s: %zu of %zu nodes are built%s; %.0f s\n", rebuild->name, nodes_built(rebuild), rebuild->count,
           is_built     ? ""
           : failed > 0 ? ", roost rebuild --resume tries the others again"
                        : ", roost rebuild --resume goes on with what is left",
           (double)(clock_wall_us() - rebuild->began_us) / 1e6);
    if (is_built)
        printf("What they are to be like from now on is declared next: roost publish\n");
    return is_built ? REBUILD_EXIT_BUILT : failed > 0 ? REBUILD_EXIT_NODES : REBUILD_EXIT_CLUSTER;
}

static void left_out_tell(struct rebuild *rebuild, struct rebuild_table *table)
{
    struct rebuild_call call = { .rebuild = rebuild, .node = &rebuild->cluster };

    rebuild_progress_say(&call, false, "not begun");
    rebuild_table_show(rebuild, table);
}

/* Nodes that serve yet are taken away with it; what a rebuild that goes on had begun is away already, and nothing serves before it is back. */
static bool batch_takes_away(const struct rebuild *rebuild, size_t batch)
{
    for (size_t i = 0; i < rebuild->count; i++) {
        if (rebuild->nodes[i].batch == batch && !rebuild_is_begun(&rebuild->nodes[i]))
            return true;
    }
    return false;
}

int rebuild_run(struct rebuild *rebuild)
{
    struct rebuild_table table = { 0 };
    struct worker cluster = { .rebuild = rebuild, .node = &rebuild->cluster };
    struct worker between = { .rebuild = rebuild };
    bool goes_on = true;

    for (size_t batch = 0; batch < rebuild->batches && goes_on && !rebuild_interrupted(); batch++) {
        if (batch > 0 && batch_takes_away(rebuild, batch)) {
            between.is_over = false;
            workers_run(rebuild, &between, 1, &table);
            goes_on = between.goes_on;
        }
        if (goes_on)
            batch_run(rebuild, batch, &table);
        goes_on = goes_on && (nodes_failed(rebuild) == 0 || !rebuild->options.stop_on_failure);
    }
    if (goes_on && !rebuild_interrupted() && nodes_failed(rebuild) < rebuild->count)
        workers_run(rebuild, &cluster, 1, &table);
    else
        left_out_tell(rebuild, &table);
    return finish(rebuild);
}
