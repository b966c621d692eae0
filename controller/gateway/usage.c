/* SPDX-License-Identifier: Apache-2.0 */
/* Counting how requests end. */
#include "controller/gateway/usage.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "controller/store/store_gateway.h"
#include "controller/store/store_writer.h"

#define FLUSH_MS 1000
#define BUCKETS 12

static const double bucket_bounds[BUCKETS] = { 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 180, 600 };
static const char *const outcome_names[USAGE_OUTCOMES] = { "done", "failed", "cancelled", "refused" };

struct histogram {
    uint64_t counts[BUCKETS]; /* up to each bound, not summed */
    uint64_t count;
    double sum_s;
};

struct model_count {
    struct model_count *next;
    struct usage_totals totals;
    struct histogram first, total;
    char name[];
};

/* Sums that are not on disk yet. */
struct usage_row {
    struct usage_row *next;
    struct store_gateway_usage sums; /* key_id and model point behind it */
    int64_t used_us;
    char texts[];
};

struct usage {
    pthread_mutex_t mutex;
    pthread_cond_t written;
    struct store *store;
    struct model_count *models;
    struct usage_row *rows;
    bool is_writing;
    int64_t due_ms; /* -1: nothing waits */
};

struct usage *usage_new(struct store *store)
{
    struct usage *usage = calloc(1, sizeof(*usage));

    if (usage == NULL)
        return NULL;
    usage->store = store;
    usage->due_ms = -1;
    pthread_mutex_init(&usage->mutex, NULL);
    pthread_cond_init(&usage->written, NULL);
    return usage;
}

/* --- counters, with the mutex held --- */

static void *grown(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        abort(); /* as an arena does: a few bytes are not to be had */
    return memory;
}

static struct model_count *model_of(struct usage *usage, const char *name)
{
    struct model_count *model = usage->models;

    while (model != NULL && strcmp(model->name, name) != 0)
        model = model->next;
    if (model != NULL)
        return model;
    model = grown(sizeof(*model) + strlen(name) + 1);
    memcpy(model->name, name, strlen(name) + 1);
    model->next = usage->models;
    usage->models = model;
    return model;
}

static void histogram_add(struct histogram *histogram, int64_t us)
{
    double seconds = (double)us / 1e6;

    for (size_t i = 0; i < BUCKETS; i++) {
        if (seconds <= bucket_bounds[i]) {
            histogram->counts[i]++;
            break;
        }
    }
    histogram->count++;
    histogram->sum_s += seconds;
}

static void count(struct usage *usage, const struct usage_entry *entry)
{
    struct model_count *model = model_of(usage, entry->model);

    model->totals.outcomes[entry->outcome]++;
    model->totals.tokens_in += (uint64_t)entry->tokens_in;
    model->totals.tokens_out += (uint64_t)entry->tokens_out;
    if (entry->outcome != USAGE_REFUSED)
        histogram_add(&model->total, entry->total_us);
    if (entry->first_us > 0)
        histogram_add(&model->first, entry->first_us);
}

/* --- rows --- */

static struct usage_row *row_new(const struct store_gateway_usage *key)
{
    size_t id_length = strlen(key->key_id) + 1, model_length = strlen(key->model) + 1;
    struct usage_row *row = grown(sizeof(*row) + id_length + model_length);

    memcpy(row->texts, key->key_id, id_length);
    memcpy(row->texts + id_length, key->model, model_length);
    row->sums =
        (struct store_gateway_usage){ .key_id = row->texts, .model = row->texts + id_length, .hour_us = key->hour_us };
    return row;
}

static void row_add(struct usage *usage, const struct store_gateway_usage *more, int64_t used_us)
{
    struct usage_row *row = usage->rows;

    while (row != NULL && (row->sums.hour_us != more->hour_us || strcmp(row->sums.key_id, more->key_id) != 0 ||
                           strcmp(row->sums.model, more->model) != 0))
        row = row->next;
    if (row == NULL) {
        row = row_new(more);
        row->next = usage->rows;
        usage->rows = row;
    }
    row->sums.requests += more->requests;
    row->sums.failed += more->failed;
    row->sums.cancelled += more->cancelled;
    row->sums.refused += more->refused;
    row->sums.tokens_in += more->tokens_in;
    row->sums.tokens_out += more->tokens_out;
    row->used_us = used_us > row->used_us ? used_us : row->used_us;
    if (usage->due_ms < 0)
        usage->due_ms = clock_monotonic_ms() + FLUSH_MS;
}

static void rows_free(struct usage_row *rows)
{
    for (struct usage_row *row = rows, *next = NULL; row != NULL; row = next) {
        next = row->next;
        free(row);
    }
}

void usage_note(struct usage *usage, const struct usage_entry *entry)
{
    int64_t now_us = clock_wall_us();
    const struct store_gateway_usage sums = {
        .key_id = entry->key_id,
        .model = entry->model,
        .hour_us = now_us / STORE_HOUR_US * STORE_HOUR_US,
        .requests = 1,
        .failed = entry->outcome == USAGE_FAILED,
        .cancelled = entry->outcome == USAGE_CANCELLED,
        .refused = entry->outcome == USAGE_REFUSED,
        .tokens_in = entry->tokens_in,
        .tokens_out = entry->tokens_out,
    };

    pthread_mutex_lock(&usage->mutex);
    count(usage, entry);
    if (entry->key_id != NULL)
        row_add(usage, &sums, now_us);
    pthread_mutex_unlock(&usage->mutex);
}

/* --- to the store --- */

struct usage_write {
    struct usage *usage;
    struct usage_row *rows;
};

static bool write_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct usage_write *write = data;

    for (const struct usage_row *row = write->rows; row != NULL; row = row->next) {
        if (!store_gateway_usage_add(writer, &row->sums, row->used_us, err))
            return false;
    }
    return true;
}

/* What could not be written is counted on, and tried again. */
static void write_done(void *data, const struct error *err)
{
    struct usage_write *write = data;
    struct usage *usage = write->usage;

    pthread_mutex_lock(&usage->mutex);
    for (const struct usage_row *row = write->rows; err != NULL && row != NULL; row = row->next)
        row_add(usage, &row->sums, row->used_us);
    rows_free(write->rows);
    usage->is_writing = false;
    pthread_cond_broadcast(&usage->written);
    pthread_mutex_unlock(&usage->mutex);
    free(write);
}

static struct usage_write *write_take(struct usage *usage)
{
    struct usage_write *write = grown(sizeof(*write));

    *write = (struct usage_write){ .usage = usage, .rows = usage->rows };
    usage->rows = NULL;
    usage->due_ms = -1;
    usage->is_writing = true;
    return write;
}

int64_t usage_step(struct usage *usage)
{
    struct usage_write *write = NULL;
    struct error err = ERROR_INIT;
    int64_t wait_ms = -1, now_ms = clock_monotonic_ms();

    pthread_mutex_lock(&usage->mutex);
    if (usage->due_ms >= 0 && usage->due_ms <= now_ms && !usage->is_writing)
        write = write_take(usage);
    else if (usage->due_ms >= 0)
        wait_ms = usage->due_ms > now_ms ? usage->due_ms - now_ms : FLUSH_MS;
    pthread_mutex_unlock(&usage->mutex);
    if (write != NULL && !store_write(usage->store, &(struct store_work){ write_run, write_done, write }, &err)) {
        write_done(write, &err);
        return FLUSH_MS;
    }
    return wait_ms;
}

void usage_free(struct usage *usage)
{
    struct usage_write last = { .usage = usage };
    struct error ignored = ERROR_INIT;

    if (usage == NULL)
        return;
    pthread_mutex_lock(&usage->mutex);
    while (usage->is_writing)
        pthread_cond_wait(&usage->written, &usage->mutex);
    last.rows = usage->rows;
    pthread_mutex_unlock(&usage->mutex);
    if (last.rows != NULL)
        (void)store_write_wait(usage->store, write_run, &last, &ignored); /* the last second's; the counters had it */
    rows_free(last.rows);
    for (struct model_count *model = usage->models, *next = NULL; model != NULL; model = next) {
        next = model->next;
        free(model);
    }
    pthread_cond_destroy(&usage->written);
    pthread_mutex_destroy(&usage->mutex);
    free(usage);
}

/* --- figures --- */

void usage_totals(struct usage *usage, struct usage_totals *out)
{
    *out = (struct usage_totals){ .tokens_in = 0 };
    pthread_mutex_lock(&usage->mutex);
    for (const struct model_count *model = usage->models; model != NULL; model = model->next) {
        for (size_t i = 0; i < USAGE_OUTCOMES; i++)
            out->outcomes[i] += model->totals.outcomes[i];
        out->tokens_in += model->totals.tokens_in;
        out->tokens_out += model->totals.tokens_out;
    }
    pthread_mutex_unlock(&usage->mutex);
}

static void family(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Names of models are an operator's; quotes and control characters are not in them (workload_bind). */
static void put_outcomes(const struct usage *usage, struct text *out)
{
    family(out, "roost_gateway_requests_total", "counter", "Requests that have ended, by model and how.");
    for (const struct model_count *model = usage->models; model != NULL; model = model->next) {
        for (size_t i = 0; i < USAGE_OUTCOMES; i++)
            text_printf(out, "roost_gateway_requests_total{model=\"%s\",outcome=\"%s\"} %llu\n", model->name,
                        outcome_names[i], (unsigned long long)model->totals.outcomes[i]);
    }
    family(out, "roost_gateway_tokens_total", "counter", "Tokens, as engines told.");
    for (const struct model_count *model = usage->models; model != NULL; model = model->next)
        text_printf(out,
                    "roost_gateway_tokens_total{model=\"%s\",direction=\"in\"} %llu\n"
                    "roost_gateway_tokens_total{model=\"%s\",direction=\"out\"} %llu\n",
                    model->name, (unsigned long long)model->totals.tokens_in, model->name,
                    (unsigned long long)model->totals.tokens_out);
}

static void put_histogram(struct text *out, const char *name, const char *model, const struct histogram *histogram)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        sum += histogram->counts[i];
        text_printf(out, "%s_bucket{model=\"%s\",le=\"%g\"} %llu\n", name, model, bucket_bounds[i],
                    (unsigned long long)sum);
    }
    text_printf(out,
                "%s_bucket{model=\"%s\",le=\"+Inf\"} %llu\n%s_sum{model=\"%s\"} %.6f\n%s_count{model=\"%s\"} %llu\n",
                name, model, (unsigned long long)histogram->count, name, model, histogram->sum_s, name, model,
                (unsigned long long)histogram->count);
}

void usage_metrics(struct usage *usage, struct text *out)
{
    pthread_mutex_lock(&usage->mutex);
    put_outcomes(usage, out);
    family(out, "roost_gateway_request_seconds", "histogram", "From the request to the end of its answer.");
    for (const struct model_count *model = usage->models; model != NULL; model = model->next)
        put_histogram(out, "roost_gateway_request_seconds", model->name, &model->total);
    family(out, "roost_gateway_first_byte_seconds", "histogram", "From the request to the first byte of its answer.");
    for (const struct model_count *model = usage->models; model != NULL; model = model->next)
        put_histogram(out, "roost_gateway_first_byte_seconds", model->name, &model->first);
    pthread_mutex_unlock(&usage->mutex);
}
