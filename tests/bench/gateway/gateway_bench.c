/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway adds to a request: the same requests to an engine directly and through the gateway, in turns, over connections that are
 * kept; then many streams at once, both ways.
 *     gateway_bench FOLDER REQUESTS STREAMS [HOST PORT KEY MODEL]
 * Without an engine a stand-in is started, a process of its own.
 */
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>

#include "common/base/clock.h"
#include "common/base/descriptor_limit.h"
#include "common/base/path.h"
#include "common/trust/api_token.h"
#include "controller/gateway/gateway.h"
#include "controller/store/store_gateway.h"
#include "tests/unit/controller/gateway/engine_stand_in.h"

struct target {
    const char *name, *host, *key, *model;
    int port;
};

struct bench {
    struct arena *arena;
    struct center center;
    struct gateway *gateway;
    struct target engine, front;
    int64_t slots;
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "gateway_bench: %s\n", what);
    exit(1);
}

/* --- the source: one engine --- */

static void route(void *data, struct arena *arena, const char *model, struct launcher_route *out)
{
    const struct bench *bench = data;

    (void)model;
    *out = (struct launcher_route){ .state = LAUNCHER_SERVES,
                                    .backends = arena_new_array(arena, struct launcher_backend, 1),
                                    .count = 1 };
    out->backends[0] = (struct launcher_backend){ .instance_id = 1,
                                                  .address = bench->engine.host,
                                                  .port = bench->engine.port,
                                                  .key = bench->engine.key,
                                                  .model = bench->engine.model,
                                                  .slots = bench->slots };
}

static void models(void *data, struct arena *arena, struct launcher_model **out, size_t *count_out)
{
    (void)data, (void)arena;
    *out = NULL;
    *count_out = 0;
}

static void suspect(void *data, int64_t instance_id)
{
    (void)data, (void)instance_id;
}

static bool key_put(struct store_connection *writer, void *data, struct error *err)
{
    bool taken = false;

    return store_gateway_key_add(writer, data, &taken, err);
}

static void gateway_begin(struct bench *bench, const char *folder)
{
    struct api_token token;
    char hash[SECRET_HASH_LENGTH + 1];
    struct error err = ERROR_INIT;
    struct store_gateway_key row = { .name = "bench", .created_us = 1, .created_by = "bench" };
    const struct gateway_options options = { .center = &bench->center,
                                             .source = { bench, route, models, suspect, NULL },
                                             .listen = "127.0.0.1:0" };

    must(store_open(folder, &bench->center.store, &err) && api_token_make(bench->arena, &token, &err), err.text);
    row.id = token.id;
    row.hash = secret_hash(token.secret, hash);
    must(store_write_wait(bench->center.store, key_put, &row, &err) && gateway_open(&options, &bench->gateway, &err),
         err.text);
    bench->front = (struct target){ .name = "gateway",
                                    .host = "127.0.0.1",
                                    .port = gateway_port(bench->gateway),
                                    .key = secret_reveal(api_token_text(bench->arena, &token)),
                                    .model = "bench" };
}

/* --- a client --- */

static int dial(const struct target *target)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)target->port) };
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(inet_pton(AF_INET, target->host, &address.sin_addr) == 1, "the engine's host must be an IPv4 address");
    must(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "no connection");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static const char *request_text(struct arena *arena, const struct target *target, const char *words, bool is_stream)
{
    const char *body = arena_printf(arena,
                                    "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],"
                                    "\"max_tokens\":16,\"stream\":%s}",
                                    target->model, words, is_stream ? "true" : "false");

    return arena_printf(arena,
                        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: "
                        "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        target->key, strlen(body), body);
}

static bool is_whole(const char *data, size_t length, bool is_stream)
{
    const char *end = memmem(data, length, "\r\n\r\n", 4), *told = NULL;

    if (is_stream)
        return length >= 5 && memcmp(data + length - 5, "0\r\n\r\n", 5) == 0;
    told = end == NULL ? NULL : strcasestr(data, "Content-Length:");
    return told != NULL && length >= (size_t)(end + 4 - data) + (size_t)strtol(told + 15, NULL, 10);
}

/* Microseconds. */
static int64_t ask(int fd, const char *request, bool is_stream)
{
    char data[65536];
    size_t length = 0;
    int64_t began_us = clock_monotonic_us();

    must(stand_in_say(fd, request), "the request cannot be sent");
    do {
        ssize_t got = recv(fd, data + length, sizeof(data) - 1 - length, 0);

        must(got > 0, "the connection broke");
        length += (size_t)got;
        data[length] = '\0';
    } while (!is_whole(data, length, is_stream));
    must(strncmp(data, "HTTP/1.1 200", 12) == 0, data);
    return clock_monotonic_us() - began_us;
}

/* --- one after the other --- */

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static double at(int64_t *sorted, size_t count, double part)
{
    size_t index = (size_t)((double)(count - 1) * part);

    return (double)sorted[index] / 1000;
}

static void in_turns(struct bench *bench, const char *what, size_t count, bool is_stream)
{
    const struct target *targets[] = { &bench->engine, &bench->front };
    int64_t *times[2];
    const char *requests[2];
    int fds[2];

    for (int i = 0; i < 2; i++) {
        times[i] = calloc(count, sizeof(int64_t));
        requests[i] = request_text(bench->arena, targets[i], "tokens=8", is_stream);
        fds[i] = dial(targets[i]);
        for (int warm = 0; warm < 20; warm++)
            (void)ask(fds[i], requests[i], is_stream);
    }
    for (size_t round = 0; round < count; round++) {
        for (int i = 0; i < 2; i++)
            times[i][round] = ask(fds[i], requests[i], is_stream);
    }
    for (int i = 0; i < 2; i++) {
        qsort(times[i], count, sizeof(int64_t), by_size);
        close(fds[i]);
    }
    printf("| %s, %zu in turns | %.3f | %.3f | %.3f | %.3f | **%.3f** | **%.3f** |\n", what, count,
           at(times[0], count, .5), at(times[0], count, .99), at(times[1], count, .5), at(times[1], count, .99),
           at(times[1], count, .5) - at(times[0], count, .5), at(times[1], count, .99) - at(times[0], count, .99));
    free(times[0]);
    free(times[1]);
}

/* --- many at once --- */

struct flow {
    int fd;
    int64_t began_us, first_us, ended_us;
    size_t length;
    char tail[8];
};

static void flow_take(struct flow *flow, const char *data, size_t length)
{
    size_t keep = length < 5 ? length : 5;

    if (flow->first_us == 0)
        flow->first_us = clock_monotonic_us();
    flow->length += length;
    memmove(flow->tail, flow->tail + keep, 5 - keep);
    memcpy(flow->tail + 5 - keep, data + length - keep, keep);
    if (memcmp(flow->tail, "0\r\n\r\n", 5) == 0)
        flow->ended_us = clock_monotonic_us();
}

struct crowd {
    struct flow *flows;
    int count, epoll;
    const char *request;
    int64_t every_us; /* one begins; 0: all at the same time */
};

static bool flow_begin(const struct crowd *crowd, int index, int64_t began_us)
{
    if (index == crowd->count || clock_monotonic_us() - began_us < index * crowd->every_us)
        return false;
    crowd->flows[index].began_us = clock_monotonic_us();
    must(stand_in_say(crowd->flows[index].fd, crowd->request), "the request cannot be sent");
    return true;
}

static void crowd_run(const struct crowd *crowd)
{
    char data[65536];
    int64_t began_us = clock_monotonic_us();
    int begun = 0;

    for (int open = crowd->count; open > 0;) {
        struct epoll_event events[64];
        int ready = 0;

        while (flow_begin(crowd, begun, began_us))
            begun++;
        ready = epoll_wait(crowd->epoll, events, 64, begun < crowd->count ? 1 : 30000);
        must(ready > 0 || begun < crowd->count, "a stream does not end");
        for (int i = 0; i < ready; i++) {
            struct flow *flow = &crowd->flows[events[i].data.u32];
            ssize_t got = recv(flow->fd, data, sizeof(data), 0);

            must(got > 0, "a stream broke");
            flow_take(flow, data, (size_t)got);
            if (flow->ended_us != 0) {
                (void)epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, flow->fd, NULL);
                open--;
            }
        }
    }
}

static void crowd_judge(const struct crowd *crowd, double out[4])
{
    size_t count = (size_t)crowd->count;
    int64_t *first = calloc(count, sizeof(int64_t)), *whole = calloc(count, sizeof(int64_t));

    for (size_t i = 0; i < count; i++) {
        first[i] = crowd->flows[i].first_us - crowd->flows[i].began_us;
        whole[i] = crowd->flows[i].ended_us - crowd->flows[i].began_us;
        close(crowd->flows[i].fd);
    }
    qsort(first, count, sizeof(int64_t), by_size);
    qsort(whole, count, sizeof(int64_t), by_size);
    out[0] = at(first, count, .5);
    out[1] = at(first, count, .99);
    out[2] = at(whole, count, .5);
    out[3] = at(whole, count, .99);
    free(first);
    free(whole);
}

/* The stand-in gives a piece each 100 ms, thirty of them: 2.9 s is what a stream takes without any load. */
static void many_to(struct bench *bench, const struct target *target, int count, int64_t every_us, double out[4])
{
    struct crowd crowd = { .flows = calloc((size_t)count, sizeof(struct flow)),
                           .count = count,
                           .epoll = epoll_create1(EPOLL_CLOEXEC),
                           .request = request_text(bench->arena, target, "tokens=30 pause=100", true),
                           .every_us = every_us };

    for (int i = 0; i < count; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };

        crowd.flows[i].fd = dial(target);
        (void)epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, crowd.flows[i].fd, &event);
    }
    crowd_run(&crowd);
    crowd_judge(&crowd, out);
    close(crowd.epoll);
    free(crowd.flows);
}

static double cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void many(struct bench *bench, int count, int64_t every_us, const char *how)
{
    double direct[4], through[4], before = 0;

    many_to(bench, &bench->engine, count, every_us, direct);
    before = cpu_s();
    many_to(bench, &bench->front, count, every_us, through);
    for (int i = 0; i < 4; i += 2)
        printf("| %d streams, %s, %s | %.2f | %.2f | %.2f | %.2f | **%.2f** | **%.2f** |\n", count, how,
               i == 0 ? "first byte" : "to the end", direct[i], direct[i + 1], through[i], through[i + 1],
               through[i] - direct[i], through[i + 1] - direct[i + 1]);
    printf("| (all of them ended whole; CPU of gateway and client together: %.2f s; ratio of the medians: %.3f) |\n",
           cpu_s() - before, through[2] / direct[2]);
}

/* --- the stand-in --- */

static int stand_in_process(pid_t *child_out)
{
    int ends[2], port = 0;

    must(pipe(ends) == 0, "no pipe");
    *child_out = fork();
    if (*child_out == 0) {
        static struct stand_in engine;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        stand_in_start(&engine, 0, "engine-key");
        if (write(ends[1], &engine.port, sizeof(int)) != (ssize_t)sizeof(int))
            _exit(1);
        for (;;)
            pause();
    }
    must(read(ends[0], &port, sizeof(int)) == (ssize_t)sizeof(int), "the stand-in does not start");
    return port;
}

int main(int argc, char **argv)
{
    struct bench bench = { .slots = 1000 };
    pid_t child = -1;

    must(argc == 4 || argc == 8, "usage: gateway_bench FOLDER REQUESTS STREAMS [HOST PORT KEY MODEL]");
    descriptor_limit_raise();
    bench.engine = (struct target){ "engine", "127.0.0.1", "engine-key", STAND_IN_MODEL, 0 };
    if (argc == 8)
        bench.engine = (struct target){ "engine", argv[4], argv[6], argv[7], (int)strtol(argv[5], NULL, 10) };
    else
        bench.engine.port = stand_in_process(&child);
    bench.arena = arena_new();
    gateway_begin(&bench, argv[1]);
    printf(
        "| milliseconds | engine p50 | p99 | gateway p50 | p99 | added p50 | added p99 |\n|---|---|---|---|---|---|---|\n");
    in_turns(&bench, "answers", (size_t)strtol(argv[2], NULL, 10), false);
    in_turns(&bench, "streams", (size_t)strtol(argv[2], NULL, 10), true);
    if (argc == 4) {
        int count = (int)strtol(argv[3], NULL, 10);

        many(&bench, count, 2000, "one each 2 ms");
        many(&bench, count, 0, "all at the same moment");
    }
    gateway_free(bench.gateway);
    store_close(bench.center.store);
    if (child > 0)
        kill(child, SIGKILL);
    return 0;
}
