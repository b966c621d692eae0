/* SPDX-License-Identifier: Apache-2.0 */
/* Two requests at a time at most: reports up, and the long poll for work. */
#include "agent/daemon/uplink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/controller_call.h"
#include "agent/daemon/network_watch.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/http/http_group.h"
#include "common/trust/secret.h"

#define BATCH_REPORTS 500
#define BATCH_BYTES ((size_t)1024 * 1024)
#define POST_DEADLINE_MS 60000
#define WAIT_S 60 /* the controller's most: one wake-up a minute */
#define WAIT_DEADLINE_MS ((WAIT_S + 15) * 1000)
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS (5 * 60 * 1000)

/* One request and what comes back. */
struct exchange {
    struct arena *arena; /* NULL: none is under way */
    struct text text;
    void (*done)(struct uplink *uplink, const struct controller_answer *answer);
};

struct uplink {
    struct uplink_options options;
    struct http_group *group;
    struct exchange reports, work;
    int64_t work_after;
    bool is_connected, was_told;
    bool work_is_full; /* what was offered did not fit: not before something was done */
    int64_t gap_from;  /* the controller lacks reports from here that are gone; 0: none */
    int failures;
    int64_t retry_at_ms;
    int network_fd; /* while the controller is away */
    char trouble[512];
};

/* --- being away and back --- */

static void tell(struct uplink *uplink, const char *sentence)
{
    if (uplink->options.tell != NULL)
        uplink->options.tell(uplink->options.data, sentence);
}

/* Between half of the step and all of it, so that a rack does not come back as one. */
static int64_t retry_wait_ms(int failures)
{
    int64_t step = RETRY_FIRST_MS;
    uint32_t random = 0;
    struct error ignored = ERROR_INIT;

    for (int i = 1; i < failures && step < RETRY_MOST_MS; i++)
        step *= 2;
    if (step > RETRY_MOST_MS)
        step = RETRY_MOST_MS;
    if (!random_fill(&random, sizeof(random), &ignored))
        random = 0;
    return step / 2 + (int64_t)(random % (uint64_t)(step / 2 + 1));
}

static void went_away(struct uplink *uplink, const char *why)
{
    ARENA_SCOPED arena = arena_new();
    bool is_news =
        uplink->is_connected || !uplink->was_told || strncmp(uplink->trouble, why, sizeof(uplink->trouble) - 1) != 0;

    uplink->is_connected = false;
    uplink->was_told = true;
    uplink->failures++;
    uplink->retry_at_ms = clock_monotonic_ms() + retry_wait_ms(uplink->failures);
    if (uplink->network_fd < 0)
        uplink->network_fd = network_watch_open();
    snprintf(uplink->trouble, sizeof(uplink->trouble), "%s", why);
    if (is_news)
        tell(uplink,
             arena_printf(arena, "%s; %lld reports wait", why,
                          (long long)(spool_last(uplink->options.spool) - spool_acknowledged(uplink->options.spool))));
}

static void came_back(struct uplink *uplink)
{
    ARENA_SCOPED arena = arena_new();

    uplink->failures = 0;
    uplink->retry_at_ms = 0;
    uplink->trouble[0] = '\0';
    fd_close(uplink->network_fd);
    uplink->network_fd = -1;
    if (uplink->is_connected)
        return;
    uplink->is_connected = true;
    tell(uplink, arena_printf(arena, "connected to the controller at %s as '%s'", uplink->options.identity->controller,
                              uplink->options.identity->node.name));
}

static void answer_refused(struct uplink *uplink, const struct controller_answer *answer)
{
    ARENA_SCOPED arena = arena_new();

    went_away(uplink, arena_printf(arena, "the controller at %s refuses with status %d: %s",
                                   uplink->options.identity->controller, answer->status,
                                   answer->message[0] == '\0' ? "it does not say why" : answer->message));
}

/* --- exchanges --- */

static bool exchange_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct exchange *exchange = data;

    (void)err;
    text_add_n(&exchange->text, bytes, length);
    return true;
}

static void exchange_end(struct exchange *exchange)
{
    arena_free(exchange->arena);
    *exchange = (struct exchange){ .arena = NULL };
}

/* `arena` becomes the exchange's. */
static bool exchange_start(struct uplink *uplink, struct exchange *exchange, const struct http_request *request,
                           struct arena *arena, struct error *err)
{
    struct http_job job = { .request = *request, .sink = { exchange_write, exchange } };

    exchange->arena = arena;
    exchange->text = text_new(arena);
    if (http_group_start(uplink->group, &job, err))
        return true;
    exchange_end(exchange);
    return false;
}

static struct http_request request_make(const struct uplink *uplink, struct arena *arena, const char *path,
                                        const struct value *body)
{
    const struct identity *identity = uplink->options.identity;
    const struct controller_address to = { .address = identity->controller,
                                           .ca_path = identity->paths.ca,
                                           .certificate = identity->paths.certificate,
                                           .key = identity->paths.key };

    return controller_request(arena, &to, path, body);
}

/* --- reports --- */

/* What the controller took. It can have more than this node when the node's disk was set back. */
static void take_acknowledged(struct uplink *uplink, int64_t sequence)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;

    if (sequence > spool_last(uplink->options.spool)) {
        went_away(uplink,
                  arena_printf(arena,
                               "the controller has %lld reports of this node, which has made %lld only: its disk "
                               "was set back; roost-agent join --again begins a new generation",
                               (long long)sequence, (long long)spool_last(uplink->options.spool)));
        return;
    }
    if (!spool_acknowledge(uplink->options.spool, sequence, &err)) {
        went_away(uplink, err.text);
        return;
    }
    uplink->gap_from = 0;
    came_back(uplink);
}

static void take_gap(struct uplink *uplink, int64_t expected)
{
    ARENA_SCOPED arena = arena_new();
    int64_t oldest = spool_acknowledged(uplink->options.spool) + 1;

    if (expected >= oldest) {
        take_acknowledged(uplink, expected - 1);
        return;
    }
    if (uplink->gap_from == expected) { /* it was told, and does not go on */
        went_away(uplink, arena_printf(arena,
                                       "the controller expects report %lld, and this node has kept those from "
                                       "%lld on only",
                                       (long long)expected, (long long)oldest));
        return;
    }
    uplink->gap_from = expected;
}

static void reports_done(struct uplink *uplink, const struct controller_answer *answer)
{
    const struct value *acknowledged = value_map_get(answer->body, "acknowledged");
    const struct value *expected = value_map_get(answer->body, "expected");

    if (answer->status == 200 && value_is(acknowledged, VALUE_INT))
        take_acknowledged(uplink, acknowledged->as.integer);
    else if (answer->status == 409 && value_is(expected, VALUE_INT) && expected->as.integer >= 1)
        take_gap(uplink, expected->as.integer);
    else
        answer_refused(uplink, answer);
}

/* A controller that came back from a backup lacks what this node has let go of: one report stands in for it. */
static const struct value *gap_report(const struct uplink *uplink, struct arena *arena)
{
    int64_t acknowledged = spool_acknowledged(uplink->options.spool);
    struct value *report = value_map(arena), *body = value_map(arena);

    value_map_put_int(arena, body, "from", uplink->gap_from);
    value_map_put_int(arena, body, "to", acknowledged);
    value_map_put_int(arena, report, "sequence", acknowledged);
    value_map_put_int(arena, report, "at_us", clock_wall_us());
    value_map_put_string(arena, report, "kind", "gap");
    value_map_put(arena, report, "body", body);
    return report;
}

/* What is sent must be on the disk before: a number that the controller knows must not be given again after a power cut. */
static bool reports_body(struct uplink *uplink, struct arena *arena, const struct value **out, struct error *err)
{
    struct value *body = value_map(arena), *reports = NULL;

    if (!spool_sync(uplink->options.spool, err) ||
        !spool_read(uplink->options.spool, arena, BATCH_REPORTS, BATCH_BYTES, &reports, err))
        return false;
    if (uplink->gap_from > 0)
        value_list_insert(arena, reports, 0, gap_report(uplink, arena));
    value_map_put(arena, body, "reports", reports);
    *out = body;
    return true;
}

static bool reports_start(struct uplink *uplink, struct error *err)
{
    struct arena *arena = arena_new();
    const struct value *body = NULL;
    struct http_request request;

    if (!reports_body(uplink, arena, &body, err)) {
        arena_free(arena);
        return false;
    }
    request = request_make(uplink, arena, "/agent/v1/reports", body);
    request.deadline_ms = POST_DEADLINE_MS;
    uplink->reports.done = reports_done;
    return exchange_start(uplink, &uplink->reports, &request, arena, err);
}

/* --- work --- */

static void work_done(struct uplink *uplink, const struct controller_answer *answer)
{
    const struct value *list = value_map_get(answer->body, "work");

    if (answer->status != 200 || !value_is(list, VALUE_LIST)) {
        answer_refused(uplink, answer);
        return;
    }
    came_back(uplink);
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *work = value_item(list, i), *number = value_map_get(work, "number");

        if (!value_is(number, VALUE_INT) || number->as.integer <= uplink->work_after)
            continue;
        if (!uplink->options.work(uplink->options.data, work)) {
            uplink->work_is_full = true;
            return;
        }
        uplink->work_after = number->as.integer;
    }
}

static bool work_start(struct uplink *uplink, struct error *err)
{
    struct arena *arena = arena_new();
    /* while it is not known whether the controller is there, the answer shall come at once */
    const char *path = arena_printf(arena, "/agent/v1/work?after=%lld&wait_s=%d", (long long)uplink->work_after,
                                    uplink->is_connected ? WAIT_S : 0);
    struct http_request request = request_make(uplink, arena, path, NULL);

    request.deadline_ms = WAIT_DEADLINE_MS;
    uplink->work.done = work_done;
    return exchange_start(uplink, &uplink->work, &request, arena, err);
}

/* --- the loop --- */

static bool has_reports(const struct uplink *uplink)
{
    return spool_last(uplink->options.spool) > spool_acknowledged(uplink->options.spool);
}

static bool exchanges_start(struct uplink *uplink, struct error *err)
{
    if (clock_monotonic_ms() < uplink->retry_at_ms)
        return true;
    if (uplink->reports.arena == NULL && has_reports(uplink) && !reports_start(uplink, err))
        return false;
    return uplink->work.arena != NULL || uplink->work_is_full || work_start(uplink, err);
}

static void exchange_finish(struct uplink *uplink, const struct http_done *done)
{
    struct exchange *exchange = done->data;
    struct exchange over = *exchange;
    struct controller_answer answer;

    *exchange = (struct exchange){ .arena = NULL };
    if (done->is_ok) {
        controller_answer_read(over.arena, done->response, over.text.data, over.text.length, &answer);
        over.done(uplink, &answer);
    } else {
        went_away(uplink, done->error->text);
    }
    arena_free(over.arena);
}

static int wait_shorten(const struct uplink *uplink, int wait_ms)
{
    int64_t left = uplink->retry_at_ms - clock_monotonic_ms();

    if (uplink->retry_at_ms == 0 || (wait_ms >= 0 && left >= wait_ms))
        return wait_ms;
    return left > 0 ? (int)left + 1 : uplink->reports.arena != NULL || uplink->work.arena != NULL ? wait_ms : 0;
}

bool uplink_step(struct uplink *uplink, struct pollfd *others, size_t count, int wait_ms, struct error *err)
{
    struct pollfd all[UPLINK_OTHERS_MAX + 1];
    size_t all_count = count;
    struct http_done done;

    if (count > UPLINK_OTHERS_MAX)
        return error_set_kind(err, ERROR_LIMIT, "more than %d descriptors", UPLINK_OTHERS_MAX);
    if (!exchanges_start(uplink, err))
        return false;
    for (size_t i = 0; i < count; i++)
        all[i] = others[i];
    if (uplink->network_fd >= 0)
        all[all_count++] = (struct pollfd){ .fd = uplink->network_fd, .events = POLLIN };
    if (!http_group_wait(uplink->group, all, all_count, wait_shorten(uplink, wait_ms), err))
        return false;
    for (size_t i = 0; i < count; i++)
        others[i].revents = all[i].revents;
    if (all_count > count && all[count].revents != 0) {
        network_watch_drain(uplink->network_fd);
        uplink->failures = 0;
        uplink->retry_at_ms = clock_monotonic_ms();
    }
    while (http_group_next(uplink->group, &done))
        exchange_finish(uplink, &done);
    return true;
}

bool uplink_open(const struct uplink_options *options, struct uplink **out, struct error *err)
{
    struct uplink *uplink = calloc(1, sizeof(*uplink));

    if (uplink == NULL)
        return error_set(err, "no memory");
    *uplink = (struct uplink){ .options = *options, .work_after = options->work_after, .network_fd = -1 };
    if (!http_group_new(&uplink->group, err)) {
        free(uplink);
        return false;
    }
    *out = uplink;
    return true;
}

void uplink_close(struct uplink *uplink)
{
    if (uplink == NULL)
        return;
    http_group_free(uplink->group);
    arena_free(uplink->reports.arena);
    arena_free(uplink->work.arena);
    fd_close(uplink->network_fd);
    free(uplink);
}

bool uplink_reconnect(struct uplink *uplink, struct error *err)
{
    struct http_group *group = NULL;

    if (!http_group_new(&group, err))
        return false;
    http_group_free(uplink->group);
    uplink->group = group;
    exchange_end(&uplink->reports);
    exchange_end(&uplink->work);
    uplink->retry_at_ms = 0;
    return true;
}

void uplink_work_again(struct uplink *uplink)
{
    uplink->work_is_full = false;
}

bool uplink_is_connected(const struct uplink *uplink)
{
    return uplink->is_connected;
}

const char *uplink_trouble(const struct uplink *uplink)
{
    return uplink->trouble;
}
