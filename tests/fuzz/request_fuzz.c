/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection may send, to the controller's real routes with a store behind them: request lines, headers, cookies, query
 * strings, JSON, forms. "Authorization: Bearer admin" and "Bearer node" are believed, so that what lies behind the doors is reached.
 * No answer may say that the controller is at fault (500).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/path.h"
#include "controller/api/center.h"
#include "controller/store/store_node.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define PATIENCE_US 30000 /* for routes that wait, and streams */

struct world {
    struct arena *arena;
    char folder[32];
    struct authority *authority;
    struct center center;
    int64_t node_id;
};

static struct world *world_get(void);

static void must(bool ok, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "request_fuzz: %s\n", err->text);
    abort();
}

static bool identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err)
{
    const struct world *world = data;

    (void)arena, (void)err;
    *out = (struct api_identity){ .kind = API_NOBODY };
    if (credentials->bearer != NULL && strcmp(credentials->bearer, "admin") == 0)
        *out = (struct api_identity){ .kind = API_IS_OPERATOR, .role = API_ADMIN, .name = "admin" };
    if (credentials->bearer != NULL && strcmp(credentials->bearer, "node") == 0)
        *out = (struct api_identity){ .kind = API_IS_NODE, .name = "ai-1", .node_id = world->node_id, .generation = 1 };
    return true;
}

static bool node_add(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_enrollment enrollment = { .name = "ai-1", .fingerprint = "00", .expires_us = 1, .now_us = 1 };
    enum store_enroll outcome;
    int64_t generation = 0;

    return store_node_enroll(writer, &enrollment, &outcome, data, &generation, err);
}

static void world_end(void)
{
    struct world *world = world_get();
    pid_t child = -1;

    api_server_stop(world->center.server);
    refusals_free(world->center.refusals);
    store_reader_close(world->center.reader);
    store_close(world->center.store);
    presence_free(world->center.presence);
    file_store_close(world->center.files);
    authority_close(world->authority);
    child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-r", world->folder, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    arena_free(world->arena);
    free(world);
}

static struct world *world_begin(void)
{
    static const char *const names[] = { "127.0.0.1", NULL };
    struct world *world = calloc(1, sizeof(*world));
    struct center *center = &world->center;
    struct error err = ERROR_INIT;
    struct api_server_options options = { .listen = "127.0.0.1:0", .context = center };

    world->arena = arena_new();
    snprintf(world->folder, sizeof(world->folder), "/tmp/roost-fuzz-XXXXXX");
    if (mkdtemp(world->folder) == NULL)
        abort();
    must(store_open(path_join(world->arena, world->folder, "store"), &center->store, &err), &err);
    must(store_reader_open(center->store, &center->reader, &err), &err);
    must(store_write_wait(center->store, node_add, &world->node_id, &err), &err);
    must(authority_open(path_join(world->arena, world->folder, "trust"), names, 1000000000000000, &world->authority,
                        &err),
         &err);
    must(file_store_open(path_join(world->arena, world->folder, "files"), &center->files, &err), &err);
    center->authority = world->authority;
    center->address = "127.0.0.1:8470";
    center->presence = presence_new();
    center->refusals = refusals_new(center->store);
    options.table = (struct api_table){ api_resource_table, api_resource_table_count };
    options.authenticator = (struct api_authenticator){ .identify = identify, .data = world };
    must(api_server_start(&options, &center->server, &err), &err);
    atexit(world_end);
    return world;
}

static struct world *world_get(void)
{
    static struct world *world; /* one for all inputs: making it takes longer than using it */

    if (world == NULL)
        world = world_begin();
    return world;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)api_server_port(world_get()->center.server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_usec = PATIENCE_US };
    char answer[4096];
    size_t got = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        abort();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    (void)send(fd, data, size, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (got < sizeof(answer) - 1) {
        ssize_t received = recv(fd, answer + got, sizeof(answer) - 1 - got, 0);

        if (received <= 0)
            break;
        got += (size_t)received;
    }
    answer[got] = '\0';
    close(fd);
    if (strncmp(answer, "HTTP/1.1 500", 12) == 0) {
        fprintf(stderr, "%s\n", answer);
        abort();
    }
    return 0;
}
