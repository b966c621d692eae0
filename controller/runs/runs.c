/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that looks after all runs: wishes of others, what the runs tell, what is due. */
#include "controller/runs/runs.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/runs/run_sessions.h"
#include "controller/store/store_event.h"
#include "controller/store/store_writer.h"

#define LOST "the controller ended while it was under way"
#define LOOK_MS 1000 /* at what is due by the clock, while there is something under way */
#define STOP_MS 8000 /* for runs that are told to end as the controller does */

struct job *runs_job(struct runs *runs, int64_t id)
{
    struct job *job = runs->jobs;

    while (job != NULL && job->id != id)
        job = job->next;
    return job;
}

/* --- wishes --- */

static void wake(struct runs *runs)
{
    uint64_t one = 1;
    ssize_t written = write(runs->wake, &one, sizeof(one));

    (void)written; /* a full counter wakes too */
}

static struct inbox *inbox_new(enum inbox_kind kind, int64_t run_id)
{
    struct arena *arena = arena_new();
    struct inbox *wish = arena_new_of(arena, struct inbox);

    wish->arena = arena;
    wish->kind = kind;
    wish->run_id = run_id;
    return wish;
}

/* False: too late; the wish is gone. */
static bool inbox_put(struct runs *runs, struct inbox *wish)
{
    bool closing = false;

    pthread_mutex_lock(&runs->mutex);
    closing = runs->closing;
    if (!closing) {
        *runs->inbox_end = wish;
        runs->inbox_end = &wish->next;
    }
    pthread_mutex_unlock(&runs->mutex);
    if (closing)
        arena_free_secret(wish->arena);
    else
        wake(runs);
    return !closing;
}

static struct inbox *inbox_take(struct runs *runs)
{
    struct inbox *wishes = NULL;

    pthread_mutex_lock(&runs->mutex);
    wishes = runs->inbox;
    runs->inbox = NULL;
    runs->inbox_end = &runs->inbox;
    pthread_mutex_unlock(&runs->mutex);
    return wishes;
}

bool runs_start(struct runs *runs, const struct runs_start *start, struct error *err)
{
    struct inbox *wish = inbox_new(INBOX_START, start->run_id);
    struct arena *arena = arena_new();
    struct job *job = arena_new_of(arena, struct job);
    struct text text = text_new(arena);

    *job = (struct job){ .arena = arena, .id = start->run_id, .pidfd = -1, .control = -1, .events = -1 };
    job->kind = arena_copy(arena, start->kind);
    job->title = arena_copy(arena, start->title);
    json_write(&text, start->order, &JSON_COMPACT);
    job->order = text.data;
    job->order_length = text.length;
    wish->job = job;
    if (text.length > RUNS_ORDER_MAX)
        arena_free_secret(wish->arena);
    else if (inbox_put(runs, wish))
        return true;
    job_free(job);
    return error_set(err,
                     text.length > RUNS_ORDER_MAX ? "the run's order is too long" : "the controller is going down");
}

void runs_tell(struct runs *runs, int64_t run_id, enum runs_order order, const char *actor)
{
    struct inbox *wish = inbox_new(INBOX_ORDER, run_id);

    wish->order = order;
    wish->actor = arena_copy(wish->arena, actor);
    (void)inbox_put(runs, wish);
}

uint32_t runs_question(struct runs *runs, int64_t run_id)
{
    const struct job *job = NULL;
    uint32_t question = 0;

    pthread_mutex_lock(&runs->mutex);
    job = runs_job(runs, run_id);
    question = job == NULL ? 0 : job->question;
    pthread_mutex_unlock(&runs->mutex);
    return question;
}

void runs_answer(struct runs *runs, int64_t run_id, uint32_t question, const char *text)
{
    struct inbox *wish = inbox_new(INBOX_ANSWER, run_id);

    wish->question = question;
    wish->text = arena_copy(wish->arena, text);
    (void)inbox_put(runs, wish);
}

void runs_session_open(struct runs *runs, uint64_t number, const struct runs_connection *connection)
{
    struct inbox *wish = inbox_new(INBOX_CONNECTION, 0);

    wish->session = number;
    wish->connection = *connection;
    if (!inbox_put(runs, wish))
        connection->close(connection->data);
}

void runs_sessions_cut(struct runs *runs, int64_t node_id, int64_t generation)
{
    struct inbox *wish = inbox_new(INBOX_CUT, 0);

    wish->node_id = node_id;
    wish->generation = generation;
    (void)inbox_put(runs, wish);
}

/* --- in the thread --- */

static void job_add(struct runs *runs, struct job *job)
{
    struct job **at = &runs->jobs;

    pthread_mutex_lock(&runs->mutex);
    while (*at != NULL)
        at = &(*at)->next;
    *at = job;
    pthread_mutex_unlock(&runs->mutex);
}

static void wish_take(struct runs *runs, struct inbox *wish)
{
    struct job *job = wish->run_id == 0 ? NULL : runs_job(runs, wish->run_id);

    if (wish->kind == INBOX_START)
        job_add(runs, wish->job);
    else if (wish->kind == INBOX_CONNECTION)
        session_connect(runs, wish);
    else if (wish->kind == INBOX_CUT)
        sessions_cut(runs, wish->node_id, wish->generation);
    else if (wish->kind == INBOX_ORDER && job != NULL)
        job_order(runs, job, wish);
    else if (job != NULL)
        job_answer(runs, job, wish);
    arena_free_secret(wish->arena);
}

static void wishes_take(struct runs *runs)
{
    for (struct inbox *wish = inbox_take(runs), *next = NULL; wish != NULL; wish = next) {
        next = wish->next;
        wish_take(runs, wish);
    }
}

/* Who follows it should know why nothing happens. */
static void queue_note(struct runs *runs, struct job *job, int64_t ahead)
{
    struct value *body = value_map(runs->pass);

    if (job->tells_queue)
        return;
    job->tells_queue = true;
    value_map_put_int(runs->pass, body, "ahead", ahead);
    record_note(runs, job->id, "queued", body);
}

static void queue_move(struct runs *runs)
{
    unsigned running = 0;
    int64_t ahead = 0;

    for (const struct job *job = runs->jobs; job != NULL; job = job->next)
        running += job->stage == JOB_RUNNING ? 1 : 0;
    for (struct job *job = runs->jobs; job != NULL; job = job->next) {
        if (job->stage == JOB_WAITING && !job->is_held && running < runs->options.at_once) {
            job_begin(runs, job);
            running += job->stage == JOB_RUNNING ? 1 : 0;
        } else if (job->stage == JOB_WAITING && !job->is_held) {
            queue_note(runs, job, ahead);
        }
        ahead += job->stage == JOB_OVER ? 0 : 1;
    }
}

static void jobs_forget(struct runs *runs)
{
    struct job **at = &runs->jobs;

    pthread_mutex_lock(&runs->mutex);
    while (*at != NULL) {
        struct job *job = *at;

        if (job->stage != JOB_OVER) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        job_free(job);
    }
    pthread_mutex_unlock(&runs->mutex);
}

/* One look at everything; nothing here waits but for the disk. */
static void look(struct runs *runs)
{
    uint64_t count = 0;
    ssize_t got = read(runs->wake, &count, sizeof(count));

    (void)got;
    wishes_take(runs);
    for (struct job *job = runs->jobs; job != NULL; job = job->next) {
        job_control(runs, job);
        (void)records_read(runs, job);
        job_look(runs, job);
    }
    sessions_look(runs);
    records_write(runs); /* an end frees a place for the next */
    queue_move(runs);
    records_write(runs);
    sessions_tell(runs);
    jobs_forget(runs);
    arena_reset(runs->pass);
}

static void wait_for_something(struct runs *runs)
{
    size_t jobs = 0, count = 0;
    struct pollfd *list = NULL;

    for (const struct job *job = runs->jobs; job != NULL; job = job->next)
        jobs++;
    list = arena_new_array(runs->pass, struct pollfd, 1 + 3 * jobs + sessions_count(runs));
    list[count++] = (struct pollfd){ .fd = runs->wake, .events = POLLIN };
    for (const struct job *job = runs->jobs; job != NULL; job = job->next) {
        list[count++] = (struct pollfd){ .fd = job->control, .events = POLLIN };
        list[count++] = (struct pollfd){ .fd = job->events, .events = POLLIN };
        list[count++] = (struct pollfd){ .fd = job->stage == JOB_RUNNING ? job->pidfd : -1, .events = POLLIN };
    }
    count += sessions_poll(runs, list + count);
    poll(list, (nfds_t)count, jobs > 0 ? LOOK_MS : -1);
}

static bool is_closing(struct runs *runs)
{
    bool closing = false;

    pthread_mutex_lock(&runs->mutex);
    closing = runs->closing;
    pthread_mutex_unlock(&runs->mutex);
    return closing;
}

/* Everybody is told to end and given a little time. */
static void end_all(struct runs *runs)
{
    const struct inbox wish = { .order = RUNS_CANCEL, .actor = "the controller's end" };
    int64_t until_ms = clock_monotonic_ms() + STOP_MS;

    wishes_take(runs);
    for (struct job *job = runs->jobs; job != NULL; job = job->next)
        job_order(runs, job, &wish);
    while (runs->jobs != NULL) {
        if (clock_monotonic_ms() >= until_ms) {
            for (struct job *job = runs->jobs; job != NULL; job = job->next)
                if (job->stage == JOB_RUNNING)
                    kill(-job->pid, SIGKILL);
        }
        for (struct job *job = runs->jobs; job != NULL; job = job->next) {
            (void)records_read(runs, job);
            job_look(runs, job);
        }
        records_write(runs);
        jobs_forget(runs);
        arena_reset(runs->pass);
        if (runs->jobs != NULL)
            wait_for_something(runs);
    }
    sessions_end(runs, 0);
}

static void *runs_thread(void *data)
{
    struct runs *runs = data;

    while (!is_closing(runs)) {
        look(runs);
        if (!is_closing(runs))
            wait_for_something(runs);
    }
    end_all(runs);
    return NULL;
}

/* --- opening and closing --- */

/* Runs that were open when the last controller ended, told in the fleet's log too. */
static bool lose_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_run_filter filter = { .states = STORE_RUN_OPEN, .limit = 1000 };
    struct store_run_page page;
    int64_t now_us = clock_wall_us(), count = 0;
    ARENA_SCOPED arena = arena_new();

    (void)data;
    do {
        if (!store_run_page(writer, arena, &filter, &page, err))
            return false;
        for (size_t i = 0; i < page.count; i++) {
            const struct store_event event = { .at_us = now_us,
                                               .kind = "run.ended",
                                               .run_id = page.runs[i].id,
                                               .body = "{\"state\":\"lost\",\"reason\":\"" LOST "\"}" };

            if (page.runs[i].node_id != 0)
                continue;
            if ((count == 0 && !store_run_lose(writer, LOST, now_us, &count, err)) ||
                !store_event_add(writer, &event, NULL, err))
                return false;
        }
        filter.before = page.next;
    } while (page.next != 0);
    return true;
}

static bool folder_open(struct runs *runs, struct error *err)
{
    DIR *folder = NULL;

    if (!folder_create(runs->arena, runs->options.folder, 0700, err))
        return false;
    folder = opendir(runs->options.folder);
    for (struct dirent *entry = NULL; folder != NULL && (entry = readdir(folder)) != NULL;) {
        int64_t id = 0;

        if (text_to_int(entry->d_name, &id))
            process_tidy(runs, id);
    }
    if (folder != NULL)
        closedir(folder);
    return true;
}

bool runs_open(const struct runs_options *options, struct runs **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct runs *runs = arena_new_of(arena, struct runs);
    int failed = 0;

    *runs = (struct runs){ .arena = arena, .options = *options, .pass = arena_new(), .wake = -1 };
    runs->options.folder = arena_copy(arena, options->folder);
    runs->options.program = arena_copy(arena, options->program);
    runs->options.at_once = options->at_once > 0 ? options->at_once : RUNS_AT_ONCE;
    runs->inbox_end = &runs->inbox;
    runs->records_end = &runs->records;
    pthread_mutex_init(&runs->mutex, NULL);
    runs->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (runs->wake >= 0 && folder_open(runs, err) && store_reader_open(options->store, &runs->reader, err) &&
        store_write_wait(options->store, lose_run, NULL, err)) {
        failed = pthread_create(&runs->thread, NULL, runs_thread, runs);
        runs->thread_runs = failed == 0;
        errno = failed;
        if (runs->thread_runs || error_set_errno(err, "cannot start the thread of the runs")) {
            *out = runs;
            return true;
        }
    }
    runs_free(runs);
    return false;
}

void runs_stop(struct runs *runs)
{
    if (!runs->thread_runs)
        return;
    pthread_mutex_lock(&runs->mutex);
    runs->closing = true;
    pthread_mutex_unlock(&runs->mutex);
    wake(runs);
    pthread_join(runs->thread, NULL);
    runs->thread_runs = false;
    store_reader_close(runs->reader);
    runs->reader = NULL;
}

void runs_free(struct runs *runs)
{
    if (runs == NULL)
        return;
    runs_stop(runs);
    store_reader_close(runs->reader);
    pthread_mutex_destroy(&runs->mutex);
    fd_close(runs->wake);
    arena_free_secret(runs->pass);
    arena_free_secret(runs->arena);
}
