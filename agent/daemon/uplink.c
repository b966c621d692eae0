/* SPDX-License-Identifier: Apache-2.0 */
/* Two requests at a time at most: reports up, and the long poll for work. */
#include "agent/daemon/uplink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/controller_call.h"
#include "agent/daemon/network_watch.h"
#include "agent/daemon/told.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/secret.h"

#define BATCH_REPORTS 500
#define BATCH_BYTES ((size_t)1024 * 1024)
#define POST_DEADLINE_MS 60000
#define WAIT_S 60 /* the controller's most: one wake-up a minute */
#define WAIT_DEADLINE_MS ((WAIT_S + 15) * 1000)
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS (5 * 60 * 1000)

/* One connection, its request under way, and how it has gone with it. */
struct exchange {
    struct controller_link *link;
    struct arena *arena; /* of the request; NULL: none is under way */
    void (*done)(struct uplink *uplink, const struct controller_answer *answer);
    bool was_answered;
    int failures; /* since the last good answer */
    int64_t retry_at_ms;
    bool is_away; /* there was no answer at all */
    char trouble[512];
};

struct uplink {
    struct uplink_options options;
    struct tls_client *tls;
    struct exchange reports, work;
    int64_t work_after;
    bool is_connected;
    bool work_is_full; /* what was offered did not fit: not before something was done */
    bool was_refused;  /* the controller does not take the certificate */
    int64_t gap_from;  /* the controller lacks reports from here that are gone; 0: none */
    int network_fd;    /* while the controller is away */
    struct told told;
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

static void went_away(struct uplink *uplink, struct exchange *exchange, const char *why)
{
    ARENA_SCOPED arena = arena_new();
    const struct spool *spool = uplink->options.spool;

    uplink->is_connected = false;
    exchange->is_away = false;
    exchange->failures++;
    exchange->retry_at_ms = clock_monotonic_ms() + retry_wait_ms(exchange->failures);
    if (uplink->network_fd < 0)
        uplink->network_fd = network_watch_open();
    (void)snprintf(exchange->trouble, sizeof(exchange->trouble), "%s", why);
    if (told_is_news(&uplink->told, why, clock_monotonic_ms()))
        tell(uplink, arena_printf(arena, "%s; %lld reports wait", why,
                                  (long long)(spool_last(spool) - spool_acknowledged(spool))));
}

/* What one has found, the other need not wait for. */
static void other_hurries(struct exchange *other)
{
    if (other->is_away)
        other->retry_at_ms = clock_monotonic_ms();
}

/* Connected is who has trouble with neither of the two. */
static void came_back(struct uplink *uplink, struct exchange *exchange)
{
    ARENA_SCOPED arena = arena_new();

    exchange->is_away = false;
    other_hurries(exchange == &uplink->reports ? &uplink->work : &uplink->reports);
    exchange->was_answered = true;
    exchange->failures = 0;
    exchange->retry_at_ms = 0;
    exchange->trouble[0] = '\0';
    if (uplink->is_connected || uplink->reports.failures > 0 || uplink->work.failures > 0)
        return;
    fd_close(uplink->network_fd);
    uplink->network_fd = -1;
    uplink->is_connected = true;
    told_forget(&uplink->told);
    tell(uplink, arena_printf(arena, "connected to the controller at %s as '%s'", uplink->options.identity->controller,
                              uplink->options.identity->node.name));
}

static void answer_refused(struct uplink *uplink, struct exchange *exchange, const struct controller_answer *answer)
{
    ARENA_SCOPED arena = arena_new();

    if (answer->status == 401 || text_equal(answer->code, "certificate_expired"))
        uplink->was_refused = true;
    went_away(uplink, exchange,
              arena_printf(arena, "the controller at %s refuses with status %d: %s",
                           uplink->options.identity->controller, answer->status,
                           answer->message[0] == '\0' ? "it does not say why" : answer->message));
}

/* --- exchanges --- */

static void exchange_end(struct exchange *exchange)
{
    arena_free(exchange->arena);
    exchange->arena = NULL;
}

static void links_close(struct uplink *uplink)
{
    controller_link_free(uplink->reports.link);
    controller_link_free(uplink->work.link);
    tls_client_close(uplink->tls);
    uplink->reports.link = NULL;
    uplink->work.link = NULL;
    uplink->tls = NULL;
    exchange_end(&uplink->reports);
    exchange_end(&uplink->work);
}

static bool links_open(struct uplink *uplink, struct error *err)
{
    const struct controller_address to = controller_address_of(uplink->options.identity);

    if (controller_tls_open(&to, &uplink->tls, err) &&
        controller_link_new(to.address, uplink->tls, &uplink->reports.link, err) &&
        controller_link_new(to.address, uplink->tls, &uplink->work.link, err))
        return true;
    links_close(uplink);
    return false;
}

/* A certificate that cannot be read is no reason to stop looking after this machine. */
static bool links_are_open(struct uplink *uplink)
{
    struct error err = ERROR_INIT;

    if (uplink->tls != NULL)
        return true;
    if (clock_monotonic_ms() < uplink->work.retry_at_ms)
        return false;
    if (links_open(uplink, &err))
        return true;
    went_away(uplink, &uplink->work, err.text);
    return false;
}

/* --- reports --- */

/* What the controller took. It can have more than this node when the node's disk was set back. */
static void take_acknowledged(struct uplink *uplink, int64_t sequence)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;

    if (sequence > spool_last(uplink->options.spool)) {
        went_away(uplink, &uplink->reports,
                  arena_printf(arena,
                               "the controller has %lld reports of this node, which has made %lld only: its disk "
                               "was set back; roost-agent join --again begins a new generation",
                               (long long)sequence, (long long)spool_last(uplink->options.spool)));
        return;
    }
    if (!spool_acknowledge(uplink->options.spool, sequence, &err)) {
        went_away(uplink, &uplink->reports, err.text);
        return;
    }
    uplink->gap_from = 0;
    came_back(uplink, &uplink->reports);
}

static void take_gap(struct uplink *uplink, int64_t expected)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    int64_t oldest = spool_acknowledged(uplink->options.spool) + 1;

    if (expected > oldest) {
        take_acknowledged(uplink, expected - 1);
        return;
    }
    if (expected < oldest && uplink->gap_from != expected) {
        if (!spool_rewind(uplink->options.spool, expected - 1, &err)) {
            went_away(uplink, &uplink->reports, err.text);
            return;
        }
        oldest = spool_acknowledged(uplink->options.spool) + 1;
        if (expected == oldest)
            return; /* from there on, next */
    }
    if (expected == oldest || uplink->gap_from == expected) { /* it was told, and does not go on */
        went_away(uplink, &uplink->reports,
                  arena_printf(arena,
                               "the controller expects report %lld, this node has kept those from %lld on, and that is "
                               "not taken",
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
        answer_refused(uplink, &uplink->reports, answer);
}

static bool is_gap(const struct value *report)
{
    return text_equal(value_map_text(report, "kind"), "gap");
}

/* A controller that came back from a backup lacks what this node has let go of: one report stands in for it, up to `to`. */
static const struct value *gap_report(const struct uplink *uplink, struct arena *arena, int64_t to)
{
    struct value *report = value_map(arena), *body = value_map(arena);

    value_map_put_int(arena, body, "from", uplink->gap_from);
    value_map_put_int(arena, body, "to", to);
    value_map_put_int(arena, report, "sequence", to);
    value_map_put_int(arena, report, "at_us", clock_wall_us());
    value_map_put_string(arena, report, "kind", "gap");
    value_map_put(arena, report, "body", body);
    return report;
}

/* In front of the reports; a gap that is the first of them becomes part of it, as only a first one is taken. */
static struct value *gap_first(const struct uplink *uplink, struct arena *arena, const struct value *reports)
{
    const struct value *first = value_item(reports, 0);
    struct value *out = value_list(arena);
    int64_t to =
        is_gap(first) ? value_map_get(first, "sequence")->as.integer : spool_acknowledged(uplink->options.spool);

    value_list_add(arena, out, gap_report(uplink, arena, to));
    for (size_t i = is_gap(first) ? 1 : 0; i < value_count(reports); i++)
        value_list_add(arena, out, value_item(reports, i));
    return out;
}

static void damage_tell(struct uplink *uplink, struct arena *arena, const struct value *first)
{
    const struct value *body = value_map_get(first, "body"), *from = value_map_get(body, "from");
    const char *sentence;

    if (!is_gap(first) || !value_is(from, VALUE_INT))
        return;
    sentence = arena_printf(arena,
                            "reports %lld to %lld are damaged on this node's disk: they are lost, and told to the "
                            "controller as a gap",
                            (long long)from->as.integer, (long long)value_map_get(first, "sequence")->as.integer);
    if (told_is_news(&uplink->told, sentence, clock_monotonic_ms()))
        tell(uplink, sentence);
}

/* What is sent must be on the disk before: a number that the controller knows must not be given again after a power cut. */
static bool reports_body(struct uplink *uplink, struct arena *arena, const struct value **out, struct error *err)
{
    struct value *body = value_map(arena), *reports = NULL;

    if (!spool_sync(uplink->options.spool, err) ||
        !spool_read(uplink->options.spool, arena, BATCH_REPORTS, BATCH_BYTES, &reports, err))
        return false;
    damage_tell(uplink, arena, value_item(reports, 0));
    if (uplink->gap_from > 0)
        reports = gap_first(uplink, arena, reports);
    value_map_put(arena, body, "reports", reports);
    *out = body;
    return true;
}

static bool reports_start(struct uplink *uplink, struct error *err)
{
    struct arena *arena = arena_new();
    const struct value *body = NULL;
    struct link_request request = { .arena = arena, .path = "/agent/v1/reports", .deadline_ms = POST_DEADLINE_MS };

    if (!reports_body(uplink, arena, &body, err)) {
        arena_free(arena);
        return false;
    }
    request.body = json_text(arena, body, JSON_COMPACT);
    request.body_length = strlen(request.body);
    uplink->reports.arena = arena;
    controller_link_start(uplink->reports.link, &request);
    return true;
}

/* --- work --- */

static void work_done(struct uplink *uplink, const struct controller_answer *answer)
{
    const struct value *list = value_map_get(answer->body, "work");

    if (answer->status != 200 || !value_is(list, VALUE_LIST)) {
        answer_refused(uplink, &uplink->work, answer);
        return;
    }
    came_back(uplink, &uplink->work);
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

static void work_start(struct uplink *uplink)
{
    struct arena *arena = arena_new();
    /* while it is not known whether the controller is there, the answer shall come at once */
    int wait_s = uplink->work.was_answered && uplink->work.failures == 0 ? WAIT_S : 0;

    uplink->work.arena = arena;
    controller_link_start(uplink->work.link,
                          &(struct link_request){ .arena = arena,
                                                  .path = arena_printf(arena, "/agent/v1/work?after=%lld&wait_s=%d",
                                                                       (long long)uplink->work_after, wait_s),
                                                  .deadline_ms = WAIT_DEADLINE_MS });
}

/* --- the loop --- */

static bool has_reports(const struct uplink *uplink)
{
    return spool_last(uplink->options.spool) > spool_acknowledged(uplink->options.spool);
}

static bool may_start(const struct exchange *exchange)
{
    return exchange->arena == NULL && clock_monotonic_ms() >= exchange->retry_at_ms;
}

static bool exchanges_start(struct uplink *uplink, struct error *err)
{
    if (!links_are_open(uplink))
        return true;
    if (has_reports(uplink) && may_start(&uplink->reports) && !reports_start(uplink, err))
        return false;
    if (!uplink->work_is_full && may_start(&uplink->work))
        work_start(uplink);
    return true;
}

static void exchange_step(struct uplink *uplink, struct exchange *exchange)
{
    struct error err = ERROR_INIT;
    struct arena *arena = exchange->arena;
    enum link_step step = exchange->link == NULL ? LINK_WAIT : controller_link_step(exchange->link, &err);

    if (step == LINK_WAIT)
        return;
    exchange->arena = NULL; /* what is done about the answer may begin the next request */
    if (step == LINK_FAILED) {
        went_away(uplink, exchange, err.text);
        exchange->is_away = true;
    } else {
        const struct link_answer *came = controller_link_answer(exchange->link);
        struct controller_answer answer;

        controller_answer_read(arena, &came->response, came->body.data, came->body.length, &answer);
        exchange->done(uplink, &answer);
    }
    arena_free(arena);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the next request may begin, if one waits for its time only. */
static int64_t retry_ms(const struct exchange *exchange, bool is_wanted)
{
    return is_wanted && exchange->arena == NULL && exchange->retry_at_ms > 0 ? exchange->retry_at_ms : INT64_MAX;
}

/* Until when to wait for `fds`, which are filled with what the two connections wait for. */
static int64_t wait_until(const struct uplink *uplink, int wait_ms, struct pollfd fds[2])
{
    int64_t until_ms = wait_ms < 0 ? INT64_MAX : clock_monotonic_ms() + wait_ms, link_ms = INT64_MAX;

    fds[0] = fds[1] = (struct pollfd){ .fd = -1 };
    if (uplink->tls == NULL)
        return sooner(until_ms, uplink->work.retry_at_ms);
    fds[0] = controller_link_wait(uplink->reports.link, &link_ms);
    until_ms = sooner(until_ms, sooner(link_ms, retry_ms(&uplink->reports, has_reports(uplink))));
    fds[1] = controller_link_wait(uplink->work.link, &link_ms);
    return sooner(until_ms, sooner(link_ms, retry_ms(&uplink->work, !uplink->work_is_full)));
}

static int poll_ms(int64_t until_ms)
{
    int64_t left_ms = until_ms - clock_monotonic_ms();

    return until_ms == INT64_MAX ? -1 : left_ms <= 0 ? 0 : left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
}

/* This machine's network is another one: what did not answer before may do so now. */
static void network_changed(struct uplink *uplink)
{
    network_watch_drain(uplink->network_fd);
    uplink->reports.retry_at_ms = uplink->work.retry_at_ms = clock_monotonic_ms();
    uplink->reports.failures = uplink->reports.failures > 0 ? 1 : 0;
    uplink->work.failures = uplink->work.failures > 0 ? 1 : 0;
}

bool uplink_step(struct uplink *uplink, struct pollfd *others, size_t count, int wait_ms, struct error *err)
{
    struct pollfd all[UPLINK_OTHERS_MAX + 3];
    int64_t until_ms;

    if (count > UPLINK_OTHERS_MAX)
        return error_set_kind(err, ERROR_LIMIT, "more than %d descriptors", UPLINK_OTHERS_MAX);
    if (!exchanges_start(uplink, err))
        return false;
    until_ms = wait_until(uplink, wait_ms, all);
    all[2] = (struct pollfd){ .fd = uplink->network_fd, .events = POLLIN };
    if (count > 0)
        memcpy(all + 3, others, count * sizeof(*others));
    if (poll(all, (nfds_t)(count + 3), poll_ms(until_ms)) < 0 && errno != EINTR)
        return error_set_errno(err, "cannot wait");
    for (size_t i = 0; i < count; i++)
        others[i].revents = all[3 + i].revents;
    if (all[2].revents != 0)
        network_changed(uplink);
    exchange_step(uplink, &uplink->reports);
    exchange_step(uplink, &uplink->work);
    return true;
}

bool uplink_open(const struct uplink_options *options, struct uplink **out, struct error *err)
{
    struct uplink *uplink = calloc(1, sizeof(*uplink));

    if (uplink == NULL)
        return error_set(err, "no memory");
    *uplink = (struct uplink){ .options = *options, .work_after = options->work_after, .network_fd = -1 };
    uplink->reports.done = reports_done;
    uplink->work.done = work_done;
    *out = uplink;
    return true;
}

void uplink_close(struct uplink *uplink)
{
    if (uplink == NULL)
        return;
    links_close(uplink);
    fd_close(uplink->network_fd);
    free(uplink);
}

bool uplink_reconnect(struct uplink *uplink, struct error *err)
{
    links_close(uplink);
    uplink->was_refused = false;
    uplink->reports.retry_at_ms = uplink->work.retry_at_ms = 0;
    return links_open(uplink, err);
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
    return uplink->reports.trouble[0] != '\0' ? uplink->reports.trouble : uplink->work.trouble;
}

bool uplink_was_refused(struct uplink *uplink)
{
    bool was_refused = uplink->was_refused;

    uplink->was_refused = false;
    return was_refused;
}
