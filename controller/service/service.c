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
#include "controller/api/center.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_retention.h"

#define RETENTION_EVERY_MS ((int64_t)3600 * 1000)
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
    int64_t retention_at_ms;
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

static bool admin_exists(struct service *service, bool *out, struct error *err)
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
        !admin_exists(service, &has_admin, err))
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
    const struct api_server_options options = { .listen = service->options.listen,
                                                .certificate_pem = authority->server_chain_pem,
                                                .key_pem = authority->server_key_pem,
                                                .client_ca_pem = authority->ca_pem,
                                                .table = { api_resource_table, api_resource_table_count },
                                                .authenticator = { center_identify, &service->center },
                                                .context = &service->center };
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
        store_reader_open(service->store, &service->center.reader, err) &&
        authority_open(path_join(arena, folder, "trust"), service->names, clock_wall_us(), &service->authority, err)) {
        service->center.store = service->store;
        service->center.authority = service->authority;
        if (server_open(service, err)) {
            *out = service;
            return true;
        }
    }
    service_close(service);
    return false;
}

/* The server first, as calls under way need the writer; readers before the store. */
void service_close(struct service *service)
{
    if (service == NULL)
        return;
    if (service->center.server != NULL)
        api_server_stop(service->center.server);
    store_reader_close(service->center.reader);
    store_close(service->store);
    authority_close(service->authority);
    arena_free(service->arena);
}

/* --- by the clock --- */

static bool retention_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_retention retention = store_retention_default;

    retention.now_us = clock_wall_us();
    return store_retention_step(writer, &retention, data, err);
}

int64_t service_step(struct service *service)
{
    struct store_retention_result result = { 0 };
    struct error err = ERROR_INIT;
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms < service->retention_at_ms)
        return service->retention_at_ms - now_ms;
    /* a step that failed is tried again in an hour: nothing is lost by rows that stay */
    if (store_write_wait(service->store, retention_run, &result, &err) && result.more)
        return 0;
    service->retention_at_ms = now_ms + RETENTION_EVERY_MS;
    return RETENTION_EVERY_MS;
}

/* --- what it tells --- */

const char *service_url(const struct service *service)
{
    return arena_printf(service->arena, "https://%s", service->address);
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
    if (!admin_exists(service, &exists, err))
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
