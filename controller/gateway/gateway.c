/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway put together: keys, its server, its threads; who asks; what the controller's API does with it. */
#include "controller/gateway/gateway.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "controller/gateway/gateway_internal.h"
#include "controller/gateway/queue.h"

#define FAREWELL_MS 2000

/* --- who asks --- */

static bool gateway_identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                             struct api_identity *out, struct error *err)
{
    struct gateway *gateway = data;
    struct client_who who = { .id = NULL };

    (void)err;
    *out = (struct api_identity){ .kind = API_NOBODY, .why_code = "invalid_api_key" };
    switch (client_keys_find(gateway->keys, arena, credentials->bearer, clock_wall_us(), &who)) {
    case CLIENT_KNOWN:
        *out = (struct api_identity){
            .kind = API_IS_CLIENT, .role = API_CLIENT, .name = who.name, .key_id = who.id, .ends_us = who.ends_us
        };
        break;
    case CLIENT_REVOKED:
        out->name = who.name;
        out->why = arena_printf(arena, "the key '%s' was revoked", who.name);
        break;
    case CLIENT_EXPIRED:
        out->name = who.name;
        out->why = arena_printf(arena, "the key '%s' has ended", who.name);
        break;
    case CLIENT_UNKNOWN:
        out->why = "no valid key was shown; expected: Authorization: Bearer KEY, of `roost keys add`";
        break;
    }
    return true;
}

static void gateway_refused(void *data, const struct api_call *call, const char *kind)
{
    const struct gateway *gateway = data;

    center_refused(gateway->options.center, call, kind);
}

/* --- what the controller's API does with it --- */

static void key_changed(struct gateway *gateway, const struct store_gateway_key *key)
{
    client_keys_put(gateway->keys, key);
    if (key->revoked_us == 0)
        return;
    pthread_mutex_lock(&gateway->mutex);
    gateway->has_revoked = true;
    pthread_mutex_unlock(&gateway->mutex);
    gateway_wake(gateway);
}

static void metrics(struct gateway *gateway, struct text *out)
{
    usage_metrics(gateway->usage, out);
    text_add(out, "# HELP roost_gateway_running Requests that engines work on.\n# TYPE roost_gateway_running gauge\n");
    pthread_mutex_lock(&gateway->mutex);
    for (const struct model *model = gateway->models; model != NULL; model = model->next)
        text_printf(out, "roost_gateway_running{model=\"%s\"} %zu\n", model->name, model->running);
    text_add(out, "# HELP roost_gateway_waiting Requests that wait for a slot.\n# TYPE roost_gateway_waiting gauge\n");
    for (const struct model *model = gateway->models; model != NULL; model = model->next)
        text_printf(out, "roost_gateway_waiting{model=\"%s\"} %zu\n", model->name, model->waiting);
    pthread_mutex_unlock(&gateway->mutex);
}

static size_t waiting(struct gateway *gateway, const char *workload)
{
    size_t sum = 0;

    pthread_mutex_lock(&gateway->mutex);
    for (const struct model *model = gateway->models; model != NULL; model = model->next)
        sum += text_equal(model->workload, workload) ? model->waiting : 0;
    pthread_mutex_unlock(&gateway->mutex);
    return sum;
}

const struct gateway_link *gateway_link(const struct gateway *gateway)
{
    return &gateway->link;
}

void gateway_totals(struct gateway *gateway, struct usage_totals *out)
{
    usage_totals(gateway->usage, out);
}

void gateway_load(struct gateway *gateway, size_t *running_out, size_t *waiting_out)
{
    pthread_mutex_lock(&gateway->mutex);
    *running_out = gateway->running;
    *waiting_out = gateway->waiting;
    pthread_mutex_unlock(&gateway->mutex);
}

/* --- opening --- */

static bool keys_open(struct gateway *gateway, struct error *err)
{
    struct store_connection *reader = NULL;
    bool ok = store_reader_open(gateway->options.center->store, &reader, err) &&
              client_keys_open(reader, &gateway->keys, err);

    store_reader_close(reader);
    return ok;
}

static bool may_listen(struct gateway *gateway, bool *is_loopback_out, struct error *err)
{
    struct sockaddr_in6 address;
    bool has_key = client_keys_any(gateway->keys, clock_wall_us());

    if (!api_listen_address(gateway->options.listen, &address, is_loopback_out, err))
        return error_prefix(err, "--gateway");
    return *is_loopback_out || has_key ||
           error_set(err,
                     "there is no key yet, so the gateway does not listen beyond loopback (%s): run `roost keys add "
                     "NAME` while it listens on " GATEWAY_LISTEN,
                     gateway->options.listen);
}

static bool server_open(struct gateway *gateway, struct error *err)
{
    static const struct api_resource *const resources[] = { &api_resource_gateway, &api_resource_gateway_health };
    const struct gateway_options *options = &gateway->options;
    struct api_server_options server = {
        .listen = options->listen,
        .table = { resources, sizeof(resources) / sizeof(resources[0]) },
        .authenticator = { .identify = gateway_identify, .data = gateway, .refused = gateway_refused },
        .context = options->center,
        .plain_anywhere = options->plain_anywhere,
        .error_more = answer_error_more,
    };
    bool is_loopback = false;

    if (!may_listen(gateway, &is_loopback, err))
        return false;
    gateway->is_tls = !is_loopback && !options->plain_anywhere;
    if (gateway->is_tls) {
        server.certificate_pem = options->certificate_pem;
        server.key_pem = options->key_pem;
    }
    return api_server_start(&server, &gateway->server, err) || error_prefix(err, "gateway");
}

static bool threads_open(struct gateway *gateway, struct error *err)
{
    gateway->usage = usage_new(gateway->options.center->store);
    gateway->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    gateway->clients = epoll_create1(EPOLL_CLOEXEC);
    if (gateway->usage == NULL || gateway->wake < 0 || gateway->clients < 0)
        return error_set_errno(err, "gateway: cannot be started");
    if (!http_group_new(&gateway->group, err) || !reader_start(&gateway->reader, err))
        return error_prefix(err, "gateway");
    gateway->is_started = pthread_create(&gateway->thread, NULL, proxy_run, gateway) == 0;
    return gateway->is_started || error_set(err, "gateway: cannot start its thread");
}

static struct gateway *gateway_new(const struct gateway_options *options)
{
    struct gateway *gateway = calloc(1, sizeof(*gateway));
    pthread_condattr_t attributes;

    if (gateway == NULL)
        return NULL;
    gateway->options = *options;
    if (gateway->options.queue_ms == 0)
        gateway->options.queue_ms = LIMIT_GATEWAY_QUEUE_MS;
    if (gateway->options.queue_length == 0)
        gateway->options.queue_length = LIMIT_GATEWAY_QUEUE;
    gateway->link = (struct gateway_link){ gateway, key_changed, metrics, waiting };
    gateway->inbox_end = &gateway->inbox;
    gateway->wake = gateway->clients = -1;
    gateway->scratch = arena_new();
    gateway->outgoing = arena_new();
    pthread_mutex_init(&gateway->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&gateway->emptied, &attributes);
    pthread_condattr_destroy(&attributes);
    return gateway;
}

bool gateway_open(const struct gateway_options *options, struct gateway **out, struct error *err)
{
    struct gateway *gateway = gateway_new(options);

    if (gateway == NULL)
        return error_set(err, "no memory");
    options->center->gateway = &gateway->link; /* the first request may come at once */
    if (keys_open(gateway, err) && threads_open(gateway, err) && server_open(gateway, err)) {
        *out = gateway;
        return true;
    }
    options->center->gateway = NULL;
    gateway_free(gateway);
    return false;
}

/* Each has its word before the server ends its streams; who does not take it is not waited for long. */
static void say_farewell(struct gateway *gateway)
{
    int64_t until_ms = clock_monotonic_ms() + FAREWELL_MS;
    const struct timespec until = { .tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000 };
    int failed = 0;

    pthread_mutex_lock(&gateway->mutex);
    gateway->closing = true;
    gateway_wake(gateway);
    while (gateway->count > 0)
        pthread_cond_wait(&gateway->emptied, &gateway->mutex);
    while (gateway->calls > 0 && failed == 0)
        failed = pthread_cond_timedwait(&gateway->emptied, &gateway->mutex, &until);
    pthread_mutex_unlock(&gateway->mutex);
}

void gateway_stop(struct gateway *gateway)
{
    if (gateway == NULL || gateway->server == NULL)
        return;
    say_farewell(gateway);
    api_server_stop(gateway->server);
    gateway->server = NULL;
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    gateway_stop(gateway);
    if (gateway->is_started) {
        pthread_mutex_lock(&gateway->mutex);
        gateway->closing = gateway->must_exit = true;
        pthread_mutex_unlock(&gateway->mutex);
        gateway_wake(gateway);
        pthread_join(gateway->thread, NULL);
    }
    reader_stop(gateway->reader);
    http_group_free(gateway->group);
    queue_free(gateway);
    usage_free(gateway->usage);
    client_keys_free(gateway->keys);
    fd_close(gateway->wake);
    fd_close(gateway->clients);
    arena_free(gateway->scratch);
    arena_free(gateway->outgoing);
    pthread_cond_destroy(&gateway->emptied);
    pthread_mutex_destroy(&gateway->mutex);
    free(gateway);
}

int gateway_port(const struct gateway *gateway)
{
    return api_server_port(gateway->server);
}

bool gateway_certificate_set(struct gateway *gateway, const char *certificate_pem, const char *key_pem,
                             struct error *err)
{
    return !gateway->is_tls || api_server_certificate_set(gateway->server, certificate_pem, key_pem, err);
}

bool gateway_is_tls(const struct gateway *gateway)
{
    return gateway->is_tls;
}
