/* SPDX-License-Identifier: Apache-2.0 */
/* Putting the controller together, and taking it apart. */
#include "controller/service/service.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/trust/api_token.h"
#include "controller/api/bundle_publish.h"
#include "controller/api/center.h"
#include "controller/launcher/facts_cache.h"
#include "controller/service/backup.h"
#include "controller/service/center_benches.h"
#include "controller/service/center_gateway.h"
#include "controller/service/center_launcher.h"
#include "controller/service/center_runs.h"
#include "controller/service/silence.h"
#include "controller/service/webhook_sender.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_event.h"
#include "controller/store/store_node.h"
#include "controller/store/store_retention.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define NAMES_MAX LIMIT_CERTIFICATE_NAMES

struct service {
    struct arena *arena;
    struct service_options options;
    struct store *store;
    struct authority *authority;
    struct center center;
    const char *names[NAMES_MAX + 1];
    size_t name_count;
    const char *address;
    struct silence silence;
    struct webhook_sender *webhooks;
    struct gateway *gateway; /* NULL: there is none */
    const char *gateway_trouble;
    int64_t hour_at_ms; /* when what is done by the hour is due again */
};

/* --- by which names it is known --- */

static void name_add(struct service *service, const char *name)
{
    for (size_t i = 0; i < service->name_count; i++) {
        if (strcmp(service->names[i], name) == 0)
            return;
    }
    if (service->name_count < NAMES_MAX - 1 && *name != '\0')
        service->names[service->name_count++] = arena_copy(service->arena, name);
}

static void interface_names(struct service *service)
{
    struct ifaddrs *interfaces = NULL;

    if (getifaddrs(&interfaces) != 0)
        return;
    for (const struct ifaddrs *at = interfaces; at != NULL; at = at->ifa_next) {
        char text[INET6_ADDRSTRLEN];

        if (at->ifa_addr == NULL)
            continue;
        if (at->ifa_addr->sa_family == AF_INET &&
            inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr, text, sizeof(text)))
            name_add(service, text);
        if (at->ifa_addr->sa_family == AF_INET6 &&
            !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)at->ifa_addr)->sin6_addr) &&
            inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)at->ifa_addr)->sin6_addr, text,
                      sizeof(text)))
            name_add(service, text);
    }
    freeifaddrs(interfaces);
}

/* "[::1]:80" -> "::1" */
static const char *address_host(struct arena *arena, const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon == NULL ? strlen(address) : (size_t)(colon - address);

    return address[0] == '[' && length >= 2 ? arena_copy_n(arena, address + 1, length - 2)
                                            : arena_copy_n(arena, address, length);
}

static void names_gather(struct service *service)
{
    char host[256] = "";

    if (service->options.address != NULL)
        name_add(service, address_host(service->arena, service->options.address));
    for (size_t i = 0; service->options.names != NULL && service->options.names[i] != NULL; i++)
        name_add(service, service->options.names[i]);
    gethostname(host, sizeof(host) - 1);
    name_add(service, host);
    name_add(service, "localhost");
    interface_names(service);
}

/* --- opening --- */

bool service_has_admin(struct service *service, bool *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_api_token_page page = { .next = NULL };
    int64_t now_us = clock_wall_us();

    *out = false;
    do {
        if (!store_api_token_page(service->center.reader, arena, page.next, 0, &page, err))
            return false;
        for (size_t i = 0; i < page.count && !*out; i++) {
            const struct store_api_token *token = &page.tokens[i];

            *out = strcmp(token->role, "admin") == 0 && token->revoked_us == 0 &&
                   (token->expires_us == 0 || token->expires_us > now_us);
        }
    } while (page.next != NULL && !*out);
    return true;
}

static bool may_listen(struct service *service, struct error *err)
{
    struct sockaddr_in6 address;
    bool is_loopback = false, has_admin = false;

    if (!api_listen_address(service->options.listen, &address, &is_loopback, err) ||
        !service_has_admin(service, &has_admin, err))
        return false;
    return is_loopback || has_admin ||
           error_set(err,
                     "there is no administrator's token yet, so the controller does not listen beyond loopback (%s): "
                     "run `roost controller init` first",
                     service->options.listen);
}

static bool server_open(struct service *service, struct error *err)
{
    const struct authority *authority = service->authority;
    const struct api_server_options options = {
        .listen = service->options.listen,
        .certificate_pem = authority->server_chain_pem,
        .key_pem = authority->server_key_pem,
        .client_ca_pem = authority->ca_pem,
        .table = center_gateway_table(service->arena, service->gateway),
        .authenticator = { .identify = center_identify, .data = &service->center, .refused = center_refused },
        .context = &service->center
    };
    int port = 0;

    if (!may_listen(service, err) || !api_server_start(&options, &service->center.server, err))
        return false;
    port = api_server_port(service->center.server);
    service->address = service->options.address != NULL
                           ? service->options.address
                           : arena_printf(service->arena, "%s:%d", service->names[0], port);
    service->center.address = service->address;
    return true;
}

/* In the writer's thread: who follows the fleet's log hears of it. */
static void events_told(void *data)
{
    struct service *service = data;

    api_wake(service->center.server, api_topic("event", 0));
    webhook_sender_wake(service->webhooks);
}

static void deliveries_told(void *data)
{
    struct service *service = data;

    webhook_sender_wake(service->webhooks);
}

static bool gateway_begin(struct service *service, struct error *err)
{
    const struct center_gateway_options options = { .listen = service->options.gateway,
                                                    .plain = service->options.gateway_plain,
                                                    .may_be_missing = service->options.gateway_optional };

    return center_gateway_open(&service->center, &options, service->arena, &service->gateway, &service->gateway_trouble,
                               err);
}

/* What listens, counts and delivers beside the server. */
static bool watches_open(struct service *service, struct error *err)
{
    int64_t lost_after_s =
        service->options.lost_after_s > 0 ? service->options.lost_after_s : (int64_t)SILENCE_LOST_AFTER_S;

    service->center.presence = presence_new();
    service->center.facts = facts_cache_new();
    service->center.refusals = refusals_new(service->store);
    service->center.deliveries_wake = deliveries_told;
    service->center.deliveries_data = service;
    service->center.wait_limit_s = lost_after_s / 3 > 0 ? lost_after_s / 3 : 1;
    return (service->center.refusals != NULL || error_set(err, "no memory")) &&
           silence_open(&service->silence, service->store, service->center.presence, lost_after_s, err) &&
           webhook_sender_start(service->store, &service->webhooks, err);
}

static bool address_check(const char *address, struct error *err)
{
    const char *colon = address == NULL ? NULL : strrchr(address, ':');
    int64_t port = 0;

    return address == NULL ||
           (colon != NULL && colon != address && text_to_int(colon + 1, &port) && port >= 1 && port <= UINT16_MAX &&
            strpbrk(address, "/@ ") == NULL) ||
           error_set_kind(err, ERROR_OPTIONS, "--address '%s': expected HOST:PORT, an IPv6 address in brackets",
                          address);
}

/* A new authority is for a new store only: nodes and operators of one that is in use would take it for a stranger. */
static bool trust_check(struct service *service, const char *folder, struct error *err)
{
    static const char *const parts[] = { "ca.key", "ca.pem", "signing.key" };
    const char *trust = path_join(service->arena, folder, "trust");
    bool is_used = false;

    if (!backup_restored(folder, err) || !store_is_in_use(service->center.reader, &is_used, err))
        return false;
    for (size_t i = 0; is_used && i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!path_is_file(path_join(service->arena, trust, parts[i])))
            return error_set(
                err,
                "%s has no %s, but the store is in use: a new authority would be a stranger to its nodes and "
                "operators, so none is made. Bring it back: roost controller restore FILE",
                trust, parts[i]);
    }
    return true;
}

bool service_open(const struct service_options *options, struct service **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct service *service = arena_new_of(arena, struct service);
    const char *folder = arena_copy(arena, options->folder);

    service->arena = arena;
    service->options = *options;
    names_gather(service);
    if (address_check(options->address, err) && folder_create(arena, folder, 0700, err) &&
        store_open(path_join(arena, folder, "store"), &service->store, err) &&
        store_reader_open(service->store, &service->center.reader, err) && trust_check(service, folder, err) &&
        authority_open(path_join(arena, folder, "trust"), service->names, clock_wall_us(), &service->authority, err)) {
        service->center.store = service->store;
        service->center.authority = service->authority;
        if (file_store_open(path_join(arena, folder, "files"), &service->center.files, err) &&
            center_runs_open(&service->center, folder, err) && watches_open(service, err) &&
            center_launcher_open(&service->center, options->lease_s, err) &&
            center_benches_open(&service->center, err) && gateway_begin(service, err) && server_open(service, err)) {
            store_events_watch(service->store, events_told, service);
            *out = service;
            return true;
        }
    }
    service_close(service);
    return false;
}

/* The server first, as calls under way need the writer, and nobody must wake it any more; readers before the store. */
void service_close(struct service *service)
{
    if (service == NULL)
        return;
    if (service->store != NULL)
        store_events_watch(service->store, NULL, NULL);
    gateway_stop(service->gateway);
    center_benches_stop(&service->center);
    center_launcher_stop(&service->center);
    center_runs_stop(&service->center);
    if (service->center.server != NULL)
        api_server_stop(service->center.server);
    gateway_free(service->gateway);
    center_benches_free(&service->center);
    center_launcher_free(&service->center);
    center_runs_free(&service->center);
    webhook_sender_stop(service->webhooks);
    silence_close(&service->silence);
    refusals_free(service->center.refusals);
    store_reader_close(service->center.reader);
    store_close(service->store);
    presence_free(service->center.presence);
    facts_cache_free(service->center.facts);
    file_store_close(service->center.files);
    authority_close(service->authority);
    arena_free(service->arena);
}

/* --- by the clock --- */

struct forgetting {
    const struct store_retention *retention; /* or NULL */
    struct store_retention_result result;
};

static bool retention_run(struct store_connection *writer, void *data, struct error *err)
{
    struct forgetting *forgetting = data;
    struct store_retention retention = forgetting->retention == NULL ? store_retention_default : *forgetting->retention;

    retention.now_us = clock_wall_us();
    return store_retention_step(writer, &retention, &forgetting->result, err);
}

/* True: there is more to forget, at once. A step that failed is tried again in an hour: nothing is lost by rows that stay. */
static bool retention_step(struct service *service)
{
    struct forgetting forgetting = { .retention = service->options.retention };
    struct error err = ERROR_INIT;

    return store_write_wait(service->store, retention_run, &forgetting, &err) && forgetting.result.more;
}

/* New handshakes get the new certificate, connections go on. One that cannot be made is tried again in an hour; there are
 * days left, and /health tells them. */
static void certificate_step(struct service *service)
{
    const struct authority *authority = service->authority;
    struct error err = ERROR_INIT;
    bool made = false;

    names_gather(service);
    if (authority_renew(service->authority, service->names, clock_wall_us(), &made, &err) && made)
        (void)(api_server_certificate_set(service->center.server, authority->server_chain_pem,
                                          authority->server_key_pem, &err) &&
               (service->gateway == NULL || gateway_certificate_set(service->gateway, authority->server_chain_pem,
                                                                    authority->server_key_pem, &err)));
}

int64_t service_step(struct service *service)
{
    int64_t now_ms = clock_monotonic_ms(), wait_ms = silence_step(&service->silence, now_ms);
    int64_t refusals_ms = refusals_step(service->center.refusals);
    struct error ignored = ERROR_INIT;

    wait_ms = refusals_ms < wait_ms ? refusals_ms : wait_ms;
    if (now_ms < service->hour_at_ms)
        return service->hour_at_ms - now_ms < wait_ms ? service->hour_at_ms - now_ms : wait_ms;
    if (retention_step(service))
        return 0;
    (void)bundle_step(&service->center, clock_wall_us(), &ignored); /* tried again in an hour */
    certificate_step(service);
    service->hour_at_ms = now_ms + HOUR_MS;
    return wait_ms;
}

/* --- what it tells --- */

const char *service_url(const struct service *service)
{
    return arena_printf(service->arena, "https://%s", service->address);
}

/* With the port that it has, where it was to be any (0). */
static const char *listen_text(struct arena *arena, const char *listen, int port)
{
    const char *colon = strrchr(listen, ':');

    return arena_printf(arena, "%.*s:%d", colon == NULL ? 0 : (int)(colon - listen), listen, port);
}

const char *service_listens(const struct service *service)
{
    return listen_text(service->arena, service->options.listen, api_server_port(service->center.server));
}

const char *service_gateway(const struct service *service, const char **trouble_out)
{
    *trouble_out = service->gateway_trouble;
    if (service->gateway == NULL)
        return NULL;
    return arena_printf(service->arena, "%s://%s", gateway_is_tls(service->gateway) ? "https" : "http",
                        listen_text(service->arena, service->options.gateway, gateway_port(service->gateway)));
}

const char *service_ca_pem(const struct service *service)
{
    return service->authority->ca_pem;
}

const char *service_fingerprint(const struct service *service)
{
    return service->authority->ca->key.fingerprint;
}

/* --- the first token --- */

struct first_token {
    struct store_api_token row;
    bool taken;
};

static bool first_token_run(struct store_connection *writer, void *data, struct error *err)
{
    struct first_token *first = data;
    const struct store_audit_row audit = { .at_us = first->row.created_us,
                                           .actor = "controller",
                                           .action = "token.add",
                                           .object = first->row.name,
                                           .detail = "{\"role\":\"admin\"}" };

    return store_api_token_add(writer, &first->row, &first->taken, err) &&
           (first->taken || store_audit_add(writer, &audit, NULL, err));
}

bool service_begin(struct service *service, struct arena *arena, bool again, struct secret *text_out, bool *made_out,
                   struct error *err)
{
    struct api_token token;
    char hash[SECRET_HASH_LENGTH + 1];
    struct first_token first = { .row = {
                                     .role = "admin", .created_by = "controller", .created_us = clock_wall_us() } };
    bool exists = false;

    *made_out = false;
    if (!service_has_admin(service, &exists, err))
        return false;
    if (exists && !again)
        return true;
    if (!api_token_make(arena, &token, err))
        return false;
    first.row.id = token.id;
    first.row.hash = secret_hash(token.secret, hash);
    first.row.name = arena_printf(arena, "admin-%.4s", token.id); /* a name is one token for ever */
    if (!store_write_wait(service->store, first_token_run, &first, err))
        return false;
    if (first.taken)
        return error_set(err, "the token name %s is taken: try again", first.row.name);
    *text_out = api_token_text(arena, &token);
    *made_out = true;
    return true;
}
