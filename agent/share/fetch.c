/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the child: an order, a plan, its execution, a last word. */
#include "agent/share/fetch.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "agent/share/fetch_parts.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/model/model_told.h"

#define ORDER_WAIT_MS 10000
#define DISK_FULL ((int64_t)1024 * 1024)

/* --- orders --- */

void fetch_orders_take(struct fetch *fetch)
{
    struct arena *arena = arena_new();
    const struct value *value = NULL;
    struct fetch_order order;
    struct error err = ERROR_INIT;

    order_input_take(&fetch->input, arena, &value);
    fetch->is_stopping = fetch->is_stopping || fetch->input.has_ended;
    if (value == NULL || !fetch_order_bind(arena, value, &order, &err) ||
        (fetch->order.source != NULL && !text_equal(order.source, fetch->order.source))) {
        arena_free(arena);
        return;
    }
    arena_free(fetch->next_arena);
    fetch->next_arena = arena;
    fetch->next = order;
    fetch->changes++;
}

void fetch_orders_place(struct fetch *fetch)
{
    if (fetch->next_arena == NULL)
        return;
    arena_free(fetch->order_arena);
    fetch->order_arena = fetch->next_arena;
    fetch->order = fetch->next;
    fetch->next_arena = NULL;
}

static bool first_order(struct fetch *fetch, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + ORDER_WAIT_MS;

    while (fetch->next_arena == NULL && !fetch->is_stopping && clock_monotonic_ms() < until_ms) {
        struct pollfd ready = { .fd = fetch->input.fd, .events = POLLIN };

        (void)poll(&ready, 1, 200);
        fetch_orders_take(fetch);
    }
    fetch_orders_place(fetch);
    return fetch->order.source != NULL || error_set(err, "no order came");
}

/* --- for those below --- */

bool fetch_is_stopping(void *data)
{
    struct fetch *fetch = data;

    fetch_orders_take(fetch);
    if (fetch->is_stopping)
        return true;
    /* at the origin, and now it is another's part */
    return fetch->progress != NULL && fetch->changes != fetch->origin_changes && fetch->next_arena != NULL &&
           fetch->next.role == FETCH_TAKE && fetch->next.count > 0;
}

void fetch_progress(struct fetch *fetch, const char *sentence)
{
    int64_t here = fetch->front;

    if (fetch->map != NULL && chunk_map_have_bytes(fetch->map) > here)
        here = chunk_map_have_bytes(fetch->map);
    else if (fetch->map == NULL && fetch->progress != NULL)
        here = fetch->progress->done;
    if (fetch->progress != NULL) {
        fetch_tell_from(&fetch->tell, FETCH_ORIGIN, fetch->progress->received - fetch->received);
        fetch->received = fetch->progress->received;
    }
    fetch->tell.done_bytes = fetch->settled_bytes + here;
    fetch_tell_progress(&fetch->tell, "fetching", sentence);
}

static void watch_progress(void *data, const char *text)
{
    ARENA_SCOPED arena = arena_new();

    fetch_progress(data, arena_printf(arena, "from the origin: %s", text));
}

static void watch_note(void *data, const char *text)
{
    fetch_progress(data, text);
}

bool fetch_tls_open(struct fetch *fetch, struct error *err)
{
    const struct tls_client_options options = { .ca_path = fetch->options->ca,
                                                .certificate_path = fetch->options->certificate,
                                                .key_path = fetch->options->key,
                                                .is_between_nodes = true };

    if (fetch->tls != NULL)
        return true;
    if (fetch->options->ca == NULL)
        return error_set(err, "this node has no identity to show to neighbours");
    return tls_client_open(&options, &fetch->tls, err);
}

const struct share_peer *fetch_authority(const struct fetch *fetch, size_t index)
{
    for (size_t i = 0; i < fetch->order.count; i++) {
        if (fetch->order.peers[i].is_authority && index-- == 0)
            return &fetch->order.peers[i];
    }
    return NULL;
}

/* --- the whole --- */

static int64_t settled_of(const struct model_plan *plan)
{
    int64_t bytes = 0;

    for (size_t i = 0; i < plan->files.count; i++) {
        if ((plan->steps[i].is_there || plan->steps[i].has_blob) && plan->files.items[i].size > 0)
            bytes += plan->files.items[i].size;
    }
    return bytes;
}

static bool told_write(struct fetch *fetch, struct error *err)
{
    return model_told_write(&fetch->plan.store, fetch->order.source, model_told_value(&fetch->plan, fetch->order.fetch),
                            err);
}

/* What came from neighbours as a whole was not what it should be: the authority's digests were wrong. */
static void deceiver_tell(struct fetch *fetch)
{
    const struct share_peer *authority = fetch_authority(fetch, 0);

    if (authority != NULL)
        fetch_tell_bad(&fetch->tell, authority->node);
}

static bool execute(struct fetch *fetch, struct error *err)
{
    fetch->tell.total_bytes = fetch->plan.size_bytes;
    fetch->settled_bytes = settled_of(&fetch->plan);
    fetch->provider = (struct model_provider){ fetch, fetch_bring, fetch_judged };
    fetch->plan.provider = &fetch->provider;
    fetch_progress(fetch, "begins");
    return store_prepare(&fetch->plan.store, err) && told_write(fetch, err) && model_plan_execute(&fetch->plan, err) &&
           told_write(fetch, err);
}

static void tell_ready(struct fetch *fetch)
{
    const struct model_plan *plan = &fetch->plan;
    size_t first = model_plan_main(plan);
    struct value *more = value_map(fetch->arena);

    value_map_put_string(fetch->arena, more, "path", model_plan_path(plan, first));
    value_map_put_string(fetch->arena, more, "digest", plan->files.items[first].sha256);
    fetch->tell.total_bytes = fetch->tell.done_bytes = plan->size_bytes;
    fetch_tell_end(&fetch->tell, "ready", "it is there", more);
}

/* "here": this node's own trouble, which no other way to get it would help. */
static const char *where_of(struct fetch *fetch, bool was_planned)
{
    const struct model_store store = { fetch->arena, fetch->settings.store };
    struct error ignored = ERROR_INIT;
    int64_t free_bytes = 0;

    if (!store_free_bytes(&store, &free_bytes, &ignored) || free_bytes < DISK_FULL)
        return "here";
    if (fetch->taken_bytes > 0)
        return "neighbours";
    return was_planned && fetch->order.role != FETCH_SEED ? "here" : "origin";
}

static int tell_failed(struct fetch *fetch, bool was_planned, const struct error *err)
{
    struct value *more = value_map(fetch->arena);
    const char *where = where_of(fetch, was_planned);

    if (err->kind == ERROR_CANCELLED && fetch->is_stopping)
        return 1; /* who ended us knows */
    if (strcmp(where, "neighbours") == 0)
        deceiver_tell(fetch);
    value_map_put_string(fetch->arena, more, "where", where);
    fetch_tell_end(&fetch->tell, "failed", err->text, more);
    return 1;
}

static int look_run(struct fetch *fetch)
{
    struct error err = ERROR_INIT;
    struct value *more = NULL;

    if (!fetch_look(fetch, &more, &err))
        return tell_failed(fetch, false, &err);
    fetch_tell_end(&fetch->tell, "looked", "its header was read", more);
    return 0;
}

static int bring_run(struct fetch *fetch)
{
    struct error err = ERROR_INIT;
    bool was_planned = false, ok;

    ok = fetch_plan_find(fetch, &err);
    was_planned = ok;
    ok = ok && execute(fetch, &err);
    if (!ok && was_planned && err.kind != ERROR_CANCELLED && fetch->taken_bytes > 0 &&
        fetch->order.role == FETCH_SEED) {
        fetch->is_alone = true; /* once more, and all of it from the origin */
        fetch->taken_bytes = 0;
        error_clear(&err);
        ok = fetch_plan_find(fetch, &err) && execute(fetch, &err);
    }
    if (!ok)
        return tell_failed(fetch, was_planned, &err);
    tell_ready(fetch);
    fetch_orders_place(fetch);
    if (!fetch->order.is_shared || fetch_hold(fetch, &err) || err.kind == ERROR_CANCELLED)
        return 0;
    return tell_failed(fetch, true, &err);
}

int fetch_run(const struct fetch_options *options, struct error *err)
{
    struct fetch fetch = { .arena = arena_new(), .options = options, .settings = options->settings };
    int code = 2;

    signal(SIGPIPE, SIG_IGN);
    fetch.settings.watch = (struct model_watch){ &fetch, fetch_is_stopping, watch_progress, watch_note };
    if (order_input_open(options->input, &fetch.input, err) && first_order(&fetch, err)) {
        fetch_tell_start(&fetch.tell, fetch.arena, options->output, arena_copy(fetch.arena, fetch.order.source));
        code = fetch.order.role == FETCH_LOOK ? look_run(&fetch) : bring_run(&fetch);
    }
    tls_client_close(fetch.tls);
    order_input_close(&fetch.input);
    arena_free(fetch.next_arena);
    arena_free(fetch.order_arena);
    arena_free(fetch.arena);
    return code;
}
