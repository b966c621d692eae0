/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills a controller's store with a fleet for the dashboard's tests: 24 nodes in every state there is, drift with causes and
 * diffs, runs with events, a day of samples, models, somebody who wants to join, workloads (fixture_loads.c), and names that try to be HTML. With a number
 * the fleet has that many nodes, the rest of them plain.
 *     roost-pages-fixture STORE [NODES] [FACTS.json]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/store/store_audit.h"
#include "controller/store/store_bundle.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_join.h"
#include "controller/store/store_model.h"
#include "controller/store/store_node.h"
#include "controller/store/store_node_lost.h"
#include "controller/store/store_run.h"
#include "controller/store/store_sample.h"
#include "controller/store/store_writer.h"
#include "fixture_loads.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define GIB 1073741824.0
#define NODES 24
#define EVIL "<script>alert('x')</script>\"&"

struct filling {
    struct arena *arena;
    int64_t now_us;
    int nodes;
    const char *facts;
    struct store_connection *writer;
    struct error *err;
};

enum kind { IN_ORDER, DRIFTING, BROKEN, SILENT, MUTE, REVOKED, EXPECTED };

static enum kind kind_of(int number)
{
    static const enum kind kinds[NODES] = {
        [3] = DRIFTING, [6] = DRIFTING, [8] = BROKEN,   [11] = SILENT, [14] = DRIFTING,
        [15] = MUTE,    [17] = SILENT,  [20] = REVOKED, [21] = MUTE,   [23] = EXPECTED,
    };

    return number < NODES ? kinds[number] : number % 97 == 5 ? DRIFTING : number % 251 == 9 ? SILENT : IN_ORDER;
}

static bool node_fill(struct filling *fill, int number, int64_t *id_out)
{
    enum kind kind = kind_of(number);
    const char *name = arena_printf(fill->arena, fill->nodes > NODES ? "ai-%05d" : "ai-%02d", number + 1);
    struct store_enrollment enrollment = { name,
                                           arena_printf(fill->arena, "%016llx%048x",
                                                        (unsigned long long)(number + 1) * 0x9e3779b97f4a7c15ULL,
                                                        0x5eed0000 + number * 7919),
                                           fill->now_us + (number == 2 ? 9 * HOUR : (number % 7 + 1) * 24 * HOUR),
                                           fill->now_us - 40 * 24 * HOUR };
    enum store_enroll outcome = STORE_ENROLLED;
    int64_t generation = 0;
    bool found = false;

    if (kind == EXPECTED)
        return store_node_expect(fill->writer, name, fill->now_us, id_out, fill->err);
    return store_node_enroll(fill->writer, &enrollment, &outcome, id_out, &generation, fill->err) &&
           store_node_hello_set(fill->writer, *id_out, "0.4.0", "0f6c2a3e", fill->err) &&
           store_node_seen(fill->writer, *id_out,
                           fill->now_us - (kind == SILENT ? (14 + number) * MINUTE : (number * 7 % 55) * SECOND),
                           fill->err) &&
           (kind != REVOKED || store_node_revoke(fill->writer, name, fill->now_us, &found, fill->err));
}

static bool verdict_fill(struct filling *fill, int number, int64_t id)
{
    static const char *const verdicts[] = { "ok", "drift", "failed", "ok", NULL, "ok", NULL };
    static const char *const reasons[] = { NULL, NULL, "run failed: the package index of the mirror could not be read",
                                           NULL, NULL, NULL,
                                           NULL };
    enum kind kind = kind_of(number);
    const struct store_node_brief brief = { id, fill->now_us - (14 + number) * MINUTE, "" };

    if (verdicts[kind] != NULL && !store_node_verdict_set(fill->writer, id, verdicts[kind], reasons[kind],
                                                          fill->now_us - (number % 29 + 1) * MINUTE, fill->err))
        return false;
    if (kind == SILENT && !store_node_lost(fill->writer, &brief, fill->now_us - 11 * MINUTE, fill->err))
        return false;
    return fill->facts == NULL || number > 7 ||
           store_node_facts_set(fill->writer, id, fill->facts, fill->now_us - 3 * HOUR, fill->err);
}

static struct store_sample sample_at(int number, int64_t at_us, double hour)
{
    double load = 0.5 + 0.5 * sin(hour / 3.5 + number);
    struct store_sample sample = { .at_us = at_us };

    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        sample.figures[i] = (double)NAN;
    sample.figures[STORE_SAMPLE_WATTS] = 14 + 105 * load;
    sample.figures[STORE_SAMPLE_CELSIUS] = 38 + 41 * load;
    sample.figures[STORE_SAMPLE_GPU_BUSY] = load;
    sample.figures[STORE_SAMPLE_MEMORY_USED] = (12 + 20 * load) * GIB;
    sample.figures[STORE_SAMPLE_MEMORY_TOTAL] = 124.9 * GIB;
    sample.figures[STORE_SAMPLE_GTT_USED] = number == 4 ? 117.4 * GIB : (8 + 80 * load) * GIB;
    sample.figures[STORE_SAMPLE_GTT_TOTAL] = 120 * GIB;
    sample.figures[STORE_SAMPLE_LOAD] = 16 * load;
    if (number == 9) { /* a server without a GPU */
        sample.figures[STORE_SAMPLE_GTT_USED] = sample.figures[STORE_SAMPLE_GTT_TOTAL] = (double)NAN;
        sample.figures[STORE_SAMPLE_CELSIUS] = (double)NAN;
    }
    return sample;
}

static bool samples_fill(struct filling *fill, int number, int64_t id)
{
    enum kind kind = kind_of(number);
    int64_t step = number < 8 ? 10 * MINUTE : HOUR;
    int64_t last_us = fill->now_us - (kind == SILENT ? (14 + number) * MINUTE : (number * 11 % 58) * SECOND);

    if (kind == EXPECTED || number == 21 || number == 20)
        return true;
    for (int64_t ago = number < NODES ? 24 * HOUR : 0; ago >= 0; ago -= step) {
        struct store_sample sample = sample_at(number, last_us - ago, (double)ago / (double)HOUR);

        if (ago > 7 * HOUR && ago < 10 * HOUR && number < 8)
            continue; /* a hole: it was switched off */
        if (!store_sample_add(fill->writer, id, &sample, fill->err))
            return false;
    }
    return true;
}

static bool models_fill(struct filling *fill, int number, int64_t id)
{
    static const struct store_model models[] = {
        { .name = "Qwen3-235B-A22B-UD-Q3_K_XL", .state = "running", .bytes = INT64_C(103800000000) },
        { .name = "gpt-oss-120b-mxfp4", .state = "ready", .bytes = INT64_C(63400000000) },
        { .name = "GLM-4.5-Air-Q4_K_M", .state = "fetching", .bytes = INT64_C(31000000000) },
        { .name = "gemma-3-27b-it-Q8_0", .state = "ready", .bytes = INT64_C(28700000000) },
        { .name = EVIL, .state = "ready", .bytes = 1 },
    };
    size_t count = number % 4 == 3 ? 0 : number == 21 ? 5 : (size_t)(number % 3) + 1;

    return kind_of(number) == EXPECTED || number >= 500 ||
           store_model_replace(fill->writer, id, &models[number == 21 ? 0 : number % 2], count,
                               fill->now_us - 2 * MINUTE, fill->err);
}

static bool drift_fill(struct filling *fill, int number, int64_t id)
{
    const struct store_drift rows[] = {
        { .resource = "lineinfile /etc/ssh/sshd_config",
          .cause = STORE_DRIFT_EXTERNAL,
          .reason = "a login session of root from 192.0.2.14, 12:01 to 12:09",
          .window_from_us = fill->now_us - 50 * MINUTE,
          .window_to_us = fill->now_us - 42 * MINUTE,
          .diff = "--- /etc/ssh/sshd_config\n+++ /etc/ssh/sshd_config\n@@ -31,3 +31,3 @@\n #LoginGraceTime 2m\n"
                  "-PermitRootLogin yes\n+PermitRootLogin prohibit-password\n #StrictModes yes\n" },
        { .resource = "package nginx",
          .cause = STORE_DRIFT_EXTERNAL,
          .reason = "apt remove nginx (by operator) at 12:03:10" },
        { .resource = "service llama-server",
          .cause = STORE_DRIFT_UNKNOWN,
          .diff = "- state: stopped\n+ state: started\n" },
        { .resource = "copy /etc/motd " EVIL,
          .cause = STORE_DRIFT_INTENTIONAL,
          .reason = EVIL,
          .diff = "-" EVIL "\n+ok\n" },
    };
    size_t count = number == 3 ? 4 : 1;
    int64_t drift_id = 0;
    bool is_new = false;

    if (kind_of(number) != DRIFTING)
        return true;
    for (size_t i = 0; i < count; i++) {
        struct store_drift row = rows[number == 3 ? i : (size_t)number / 7 % 2];

        row.node_id = id;
        for (int seen = 3; seen >= 1; seen--) {
            row.last_us = fill->now_us - seen * 14 * MINUTE;
            if (!store_drift_seen(fill->writer, &row, &drift_id, &is_new, fill->err))
                return false;
        }
    }
    const struct store_drift_resolution mended = { id, rows[2].resource, STORE_DRIFT_CORRECTIVE,
                                                   fill->now_us - 5 * MINUTE };
    int64_t resolved = 0;
    return number == 3 || store_drift_resolve(fill->writer, &mended, &resolved, fill->err);
}

static bool bundle_fill(struct filling *fill, int number, int64_t id)
{
    const struct store_bundle bundle = { .node_id = id,
                                         .generation = 1,
                                         .version = 7,
                                         .created_us = fill->now_us - 26 * HOUR,
                                         .expires_us = fill->now_us + 240 * HOUR,
                                         .created_by = "ops",
                                         .playbook = "site.yml",
                                         .manifest = "-" };

    if (number > 7)
        return true;
    return store_bundle_set(fill->writer, &bundle, NULL, 0, fill->err) &&
           (number == 3 || store_bundle_taken(fill->writer, id, 7, fill->now_us - 25 * HOUR, fill->err));
}

static bool fleet_run(struct store_connection *writer, void *data, struct error *err)
{
    struct filling *fill = data;

    fill->writer = writer;
    fill->err = err;
    for (int number = 0; number < fill->nodes; number++) {
        int64_t id = 0;

        if (!node_fill(fill, number, &id) || !verdict_fill(fill, number, id) || !samples_fill(fill, number, id) ||
            !models_fill(fill, number, id) || !drift_fill(fill, number, id) || !bundle_fill(fill, number, id))
            return false;
    }
    return true;
}

/* --- runs --- */

static bool event_put(struct filling *fill, int64_t run, int64_t at_us, const char *kind, const char *host,
                      const char *rest)
{
    const char *body =
        arena_printf(fill->arena, "{\"event\":\"%s\",\"time_us\":%lld%s%s%s%s}", kind, (long long)at_us,
                     host == NULL ? "" : ",\"host\":\"", host == NULL ? "" : host, host == NULL ? "" : "\"", rest);
    const struct store_run_event event = { .at_us = at_us, .kind = kind, .host = host, .body = body };

    return store_run_event_append(fill->writer, run, &event, 1, NULL, fill->err);
}

static const char *outcome_of(int task, int host)
{
    if (host == 4 && task > 6)
        return NULL; /* left the run */
    if (host == 4 && task == 6)
        return "failed";
    if (host == 7 && task > 0)
        return NULL;
    if (host == 7)
        return "unreachable";
    return (task + host) % 9 == 4 ? "changed" : (task * 3 + host) % 11 == 5 ? "skipped" : "ok";
}

static bool events_put(struct filling *fill, int64_t run, int hosts, int tasks, int64_t at_us)
{
    static const char *const names[] = { "roost_base : packages",   "roost_base : motd",  "unified_memory : kernel",
                                         "unified_memory : limits", "llama_cpp : build",  "llama_cpp : unit",
                                         "llama_cpp : start",       "llama_cpp : answer", "light : <b>not bold</b>",
                                         "light : colour" };

    if (!event_put(fill, run, at_us, "play_start", NULL, ",\"name\":\"ai boxes\""))
        return false;
    for (int task = 0; task < tasks; task++) {
        const char *name = names[task % 10];

        at_us += 2 * SECOND;
        if (!event_put(fill, run, at_us, "task_start", NULL, arena_printf(fill->arena, ",\"name\":\"%s\"", name)))
            return false;
        for (int host = 0; host < hosts; host++) {
            const char *outcome = outcome_of(task, host);
            const char *rest =
                outcome == NULL
                    ? ""
                    : arena_printf(fill->arena, ",\"name\":\"%s\",\"outcome\":\"%s\"%s", name, outcome,
                                   strcmp(outcome, "failed") == 0
                                       ? ",\"result\":{\"msg\":\"the unit did not start: <script>x()</script>\"}"
                                       : "");

            if (outcome != NULL && !event_put(fill, run, at_us + host * 100000, "result",
                                              arena_printf(fill->arena, "ai-%02d", host + 1), rest))
                return false;
        }
    }
    return true;
}

static bool hosts_put(struct filling *fill, int64_t run, int hosts)
{
    for (int host = 0; host < hosts; host++) {
        struct store_run_host row = { .host = arena_printf(fill->arena, "ai-%02d", host + 1),
                                      .state = host == 4 || host == 7 ? STORE_RUN_FAILED : STORE_RUN_OK,
                                      .ok = 18,
                                      .changed = 3,
                                      .skipped = 2,
                                      .failed = host == 4,
                                      .unreachable = host == 7 };

        if (!store_run_host_set(fill->writer, run, &row, fill->err))
            return false;
    }
    return true;
}

static bool run_put(struct filling *fill, const struct store_run *run, int hosts, int tasks)
{
    int64_t id = 0;
    bool known = false, changed = false;
    const struct store_run_change end = { .state = run->state,
                                          .reason = run->reason,
                                          .now_us = run->started_us + tasks * 2 * SECOND + 700000 };
    struct store_run begun = *run;

    begun.state = STORE_RUN_RUNNING;
    if (!store_run_add(fill->writer, &begun, &id, &known, fill->err) ||
        !events_put(fill, id, hosts, tasks, run->started_us))
        return false;
    if ((run->state & STORE_RUN_OPEN) != 0)
        return true;
    struct store_run_change done = end;
    done.id = id;
    return hosts_put(fill, id, hosts) && store_run_change(fill->writer, &done, &changed, fill->err);
}

static bool runs_run(struct store_connection *writer, void *data, struct error *err)
{
    struct filling *fill = data;
    int64_t now = fill->now_us;
    const struct store_run runs[] = {
        { .kind = "apply",
          .title = "site.yml",
          .actor = "admin",
          .state = STORE_RUN_FAILED,
          .reason = "2 of 12 hosts failed",
          .created_us = now - 5 * HOUR,
          .started_us = now - 5 * HOUR },
        { .kind = "check",
          .title = "/var/lib/roost/state/bundle/site.yml",
          .actor = "node:ai-01",
          .node_id = 1,
          .state = STORE_RUN_OK,
          .created_us = now - 31 * MINUTE,
          .started_us = now - 31 * MINUTE },
        { .kind = "apply",
          .title = "<img src=x onerror=alert(1)>.yml",
          .actor = "ops",
          .state = STORE_RUN_CANCELLED,
          .reason = EVIL,
          .created_us = now - 20 * MINUTE,
          .started_us = now - 20 * MINUTE },
        { .kind = "check",
          .title = "site.yml",
          .actor = "node:ai-04",
          .node_id = 4,
          .state = STORE_RUN_LOST,
          .created_us = now - 12 * MINUTE,
          .started_us = now - 12 * MINUTE },
    };
    const int sizes[][2] = { { 12, 24 }, { 1, 20 }, { 2, 3 }, { 1, 2 } };

    fill->writer = writer;
    fill->err = err;
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        if (!run_put(fill, &runs[i], sizes[i][0], sizes[i][1]))
            return false;
    }
    return true;
}

/* --- trust --- */

static bool trust_run(struct store_connection *writer, void *data, struct error *err)
{
    struct filling *fill = data;
    const struct store_join_token tokens[] = {
        { .id = "42e71b33e0619f9f",
          .hash = "h",
          .needs_approval = true,
          .created_by = "admin",
          .created_us = fill->now_us,
          .expires_us = fill->now_us + HOUR },
        { .id = "9b1d04aa5c7e2f60",
          .hash = "h",
          .pattern = "ai-3*",
          .created_by = "ops",
          .created_us = fill->now_us,
          .expires_us = fill->now_us + 40 * MINUTE },
    };
    const struct store_join_submission submission = {
        .asked = { .token_id = tokens[0].id,
                   .name = "ai-25",
                   .request = "-",
                   .agent = "0.4.0",
                   .peer = "192.0.2.77",
                   .fingerprint = "c0ffee00aa11bb22cc33dd44ee55ff6600112233445566778899aabbccddeeff",
                   .asked_us = fill->now_us - 90 * SECOND },
        .certificate_us = 7 * 24 * HOUR,
    };
    const struct store_audit_row audit = { .at_us = fill->now_us - HOUR,
                                           .actor = "admin",
                                           .action = "node.work",
                                           .object = "ai-03",
                                           .detail = "{\"kind\":\"check\"}",
                                           .peer = EVIL };
    struct store_join_request *request = NULL;
    enum store_join_answer answer = STORE_JOIN_OK;

    return store_join_token_add(writer, &tokens[0], err) && store_join_token_add(writer, &tokens[1], err) &&
           store_join_submit(writer, fill->arena, &submission, &answer, &request, err) &&
           store_audit_add(writer, &audit, NULL, err);
}

static bool fill_all(const char *folder, struct filling *fill, struct error *err)
{
    struct store *store = NULL;
    struct loads loads = { fill->arena, fill->now_us };
    bool ok = store_open(folder, &store, err);

    ok = ok && store_write_wait(store, fleet_run, fill, err) &&
         (fill->nodes > NODES ||
          (store_write_wait(store, runs_run, fill, err) && store_write_wait(store, fixture_loads, &loads, err))) &&
         store_write_wait(store, trust_run, fill, err);
    store_close(store);
    return ok;
}

int main(int argc, char **argv)
{
    struct filling fill = { .arena = arena_new(), .now_us = clock_wall_us(), .nodes = NODES };
    struct error err = ERROR_INIT;
    int64_t nodes = NODES;
    char *facts = NULL;
    size_t length = 0;

    if (argc < 2 || (argc > 2 && (!text_to_int(argv[2], &nodes) || nodes < 1 || nodes > 1000000))) {
        fprintf(stderr, "usage: roost-pages-fixture STORE [NODES] [FACTS.json]\n");
        return 2;
    }
    fill.nodes = (int)nodes;
    if (argc > 3 && !file_read(fill.arena, argv[3], 16 * 1024 * 1024, &facts, &length, &err)) {
        fprintf(stderr, "roost-pages-fixture: %s\n", err.text);
        return 1;
    }
    if (facts != NULL) /* a recorded box: {"roost": ...} and what Ansible knows beside it */
        fill.facts =
            arena_printf(fill.arena,
                         "{\"ansible_distribution\":\"Fedora\",\"ansible_hostname\":\"ai-01\",\"evil\":\"<i>&\","
                         "\"roost\":%s}",
                         facts);
    if (!fill_all(argv[1], &fill, &err)) {
        fprintf(stderr, "roost-pages-fixture: %s\n", err.text);
        return 1;
    }
    arena_free(fill.arena);
    return 0;
}
