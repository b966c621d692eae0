/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread sleeps in poll() until it is woken or a delivery is due; libcurl is loaded with the first delivery. Neither URLs
 * nor secrets get into what is kept of a try: a URL may hold a token in its path.
 */
#include "controller/service/webhook_sender.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/http/http_group.h"
#include "controller/store/store_webhook.h"
#include "controller/store/store_writer.h"

#define SECOND_US ((int64_t)1000000)
#define LANES 32 /* webhooks that are delivered to at a time */
#define BODY_MAX 65536
#define IDLE_MS 3600000

struct lane {
    struct arena *arena; /* of the delivery under way; NULL: free */
    const char *webhook;
    struct store_delivery delivery;
    struct http_header headers[4];
};

struct webhook_sender {
    struct store *store;
    struct store_connection *reader;
    struct http_group *group; /* NULL: nothing was ever sent */
    pthread_t thread;
    int wake_fd;
    atomic_bool stopping;
    struct lane lanes[LANES];
};

const char *webhook_signature(struct arena *arena, const char *secret, int64_t unix_s, const char *body)
{
    const char *signed_text = arena_printf(arena, "%lld.%s", (long long)unix_s, body);
    char digest[HASH_HEX_MAX];

    return arena_printf(arena, "t=%lld,v1=%s", (long long)unix_s,
                        hash_hmac_sha256_hex(secret, signed_text, strlen(signed_text), digest));
}

int64_t webhook_next_us(int64_t tries, int64_t created_us, int64_t now_us)
{
    static const int64_t pauses_s[] = { 10, 30, 60, 120, 300, 600, 1800, 3600, 7200 };
    size_t last = sizeof(pauses_s) / sizeof(pauses_s[0]) - 1;
    size_t at = tries < 1 ? 0 : (size_t)tries - 1;
    int64_t next_us = now_us + pauses_s[at > last ? last : at] * SECOND_US;

    return next_us - created_us > WEBHOOK_DAY_US ? 0 : next_us;
}

/* --- one delivery --- */

static bool body_drop(void *data, const char *bytes, size_t length, struct error *err)
{
    (void)data, (void)bytes, (void)length, (void)err; /* what a receiver says is not kept: it could be anybody's page */
    return true;
}

static struct lane *lane_of(struct webhook_sender *sender, const char *webhook, bool *is_busy)
{
    struct lane *unused = NULL;

    *is_busy = false;
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &sender->lanes[i];

        if (lane->arena == NULL)
            unused = unused == NULL ? lane : unused;
        else
            *is_busy = *is_busy || strcmp(lane->webhook, webhook) == 0;
    }
    return unused;
}

static void lane_end(struct lane *lane)
{
    arena_free_secret(lane->arena);
    *lane = (struct lane){ .arena = NULL };
}

static bool tried_run(struct store_connection *writer, void *data, struct error *err)
{
    return store_delivery_tried(writer, data, err);
}

/* A try that cannot be written down is made again: receivers know repetitions by the id. */
static void lane_tell(struct webhook_sender *sender, const struct lane *lane, int status, const char *error)
{
    int64_t now_us = clock_wall_us();
    struct store_delivery_try tried = { .id = lane->delivery.id,
                                        .arrived = status >= 200 && status < 300,
                                        .status = status,
                                        .error = error,
                                        .now_us = now_us };
    struct error err = ERROR_INIT;

    tried.next_us = webhook_next_us(lane->delivery.tries + 1, lane->delivery.created_us, now_us);
    (void)store_write_wait(sender->store, tried_run, &tried, &err);
}

static bool lane_begin(struct webhook_sender *sender, struct lane *lane, struct error *err)
{
    const struct store_delivery *delivery = &lane->delivery;
    struct arena *arena = lane->arena;
    struct http_job job = { .sink = { body_drop, lane } };

    lane->headers[0] = (struct http_header){ "Content-Type", "application/json" };
    lane->headers[1] = (struct http_header){ "Roost-Event", delivery->kind };
    lane->headers[2] = (struct http_header){ "Roost-Delivery", arena_printf(arena, "%lld", (long long)delivery->id) };
    lane->headers[3] = (struct http_header){
        "Roost-Signature",
        webhook_signature(arena, delivery->secret, clock_wall_us() / SECOND_US, delivery->body),
    };
    job.request = (struct http_request){ .url = delivery->url,
                                         .shown = arena_printf(arena, "webhook %s", delivery->webhook),
                                         .method = "POST",
                                         .headers = lane->headers,
                                         .header_count = 4,
                                         .body = delivery->body,
                                         .body_length = strlen(delivery->body),
                                         .limit_bytes = BODY_MAX,
                                         .timeout_ms = WEBHOOK_TIMEOUT_MS,
                                         .deadline_ms = WEBHOOK_TIMEOUT_MS,
                                         .follow = HTTP_FOLLOW_NONE };
    return (sender->group != NULL || http_group_new(&sender->group, err)) && http_group_start(sender->group, &job, err);
}

/* --- the thread --- */

static void deliveries_end(struct webhook_sender *sender)
{
    struct http_done done;

    while (sender->group != NULL && http_group_next(sender->group, &done)) {
        struct lane *lane = done.data;
        int status = done.is_ok ? done.response->status : 0;
        bool arrived = status >= 200 && status < 300;
        const char *error = !done.is_ok ? done.error->text
                            : arrived   ? NULL
                                        : arena_printf(lane->arena, "it answered with status %d", status);

        lane_tell(sender, lane, status, error);
        lane_end(lane);
    }
}

/* What is due for this webhook, the longest overdue first, when nothing of it is under way. */
static void deliver_to(struct webhook_sender *sender, const char *webhook)
{
    bool is_busy = false;
    struct lane *lane = lane_of(sender, webhook, &is_busy);
    const struct store_delivery_filter filter = {
        .due = true, .now_us = clock_wall_us(), .webhook = webhook, .limit = 1
    };
    struct store_delivery *deliveries = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (is_busy || lane == NULL)
        return;
    lane->arena = arena_new();
    if (!store_delivery_read(sender->reader, lane->arena, &filter, &deliveries, &count, &err) || count == 0) {
        lane_end(lane);
        return;
    }
    lane->delivery = deliveries[0];
    lane->webhook = lane->delivery.webhook;
    if (lane_begin(sender, lane, &err))
        return;
    lane_tell(sender, lane, 0, err.text);
    lane_end(lane);
}

/* Milliseconds until something is due. */
static int deliveries_begin(struct webhook_sender *sender)
{
    ARENA_SCOPED arena = arena_new();
    struct store_webhook *webhooks = NULL;
    struct error err = ERROR_INIT;
    int64_t next_us = 0, wait_ms = IDLE_MS;
    size_t count = 0;

    if (!store_delivery_next(sender->reader, &next_us, &err) || next_us == 0)
        return IDLE_MS;
    wait_ms = (next_us - clock_wall_us()) / 1000 + 1;
    if (wait_ms > 1)
        return wait_ms > IDLE_MS ? IDLE_MS : (int)wait_ms;
    if (!store_webhook_list(sender->reader, arena, &webhooks, &count, &err))
        return IDLE_MS;
    for (size_t i = 0; i < count; i++)
        deliver_to(sender, webhooks[i].name);
    return 1000; /* those that are due but busy: the end of what is under way comes before */
}

static void wait_for(struct webhook_sender *sender, int wait_ms)
{
    struct pollfd wake = { .fd = sender->wake_fd, .events = POLLIN };
    struct error err = ERROR_INIT;
    uint64_t count = 0;

    if (sender->group == NULL || !http_group_wait(sender->group, &wake, 1, wait_ms, &err))
        (void)poll(&wake, 1, wait_ms);
    if ((wake.revents & POLLIN) != 0)
        (void)!read(sender->wake_fd, &count, sizeof(count));
}

static void *sender_thread(void *data)
{
    struct webhook_sender *sender = data;

    while (!atomic_load(&sender->stopping)) {
        deliveries_end(sender);
        wait_for(sender, deliveries_begin(sender));
    }
    return NULL;
}

/* --- from other threads --- */

static void sender_free(struct webhook_sender *sender)
{
    http_group_free(sender->group);
    for (size_t i = 0; i < LANES; i++) {
        if (sender->lanes[i].arena != NULL)
            lane_end(&sender->lanes[i]);
    }
    store_reader_close(sender->reader);
    fd_close(sender->wake_fd);
    free(sender);
}

bool webhook_sender_start(struct store *store, struct webhook_sender **out, struct error *err)
{
    struct webhook_sender *sender = calloc(1, sizeof(*sender));
    int failed = 0;

    if (sender == NULL)
        return error_set_errno(err, "cannot start the webhooks");
    sender->store = store;
    sender->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sender->wake_fd < 0 || !store_reader_open(store, &sender->reader, err)) {
        sender_free(sender);
        return error_set(err, "cannot start the webhooks");
    }
    failed = pthread_create(&sender->thread, NULL, sender_thread, sender);
    if (failed != 0) {
        sender_free(sender);
        return error_set(err, "cannot start the webhooks: %s", strerror(failed));
    }
    *out = sender;
    return true;
}

void webhook_sender_wake(struct webhook_sender *sender)
{
    const uint64_t one = 1;

    if (sender != NULL)
        (void)!write(sender->wake_fd, &one, sizeof(one));
}

void webhook_sender_stop(struct webhook_sender *sender)
{
    if (sender == NULL)
        return;
    atomic_store(&sender->stopping, true);
    webhook_sender_wake(sender);
    pthread_join(sender->thread, NULL);
    sender_free(sender);
}
