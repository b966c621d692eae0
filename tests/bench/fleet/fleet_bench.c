/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet in one process against a real `roost controller`: every agent with its own key and certificate, a long poll that
 * stays open and reports on a connection beside it. Prints a table: how long until a report is acknowledged (it is on disk then),
 * how long the first page of nodes takes meanwhile, what the controller uses.
 *     fleet_bench CONTROLLER FOLDER AGENTS NODES IDLE SECONDS [once]
 * "once": each report opens a connection and closes it.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <math.h>
#include <unistd.h>

#include "tests/bench/fleet/fleet.h"

#define PERIOD_US ((int64_t)30 * 1000000)
#define PROBE_US ((int64_t)100000) /* between two looks at the first page */
#define HANDSHAKES 256             /* at once */
#define BURST_RATE 5000            /* events a second */
#define BURST_BATCH 10             /* events of one report */
#define BURST_AGENTS 500
#define SECOND_US ((int64_t)1000000)

enum reporting { REPORT_NOTHING, REPORT_HELLO, REPORT_STATUS, REPORT_RUN, REPORT_EVENTS };

struct agent {
    struct bench *bench;
    struct link poll, report;
    int64_t sequence, sent, asked_us;
    enum reporting due; /* for a connection that is being opened */
};

struct bench {
    const char *program;
    struct seed seed;
    size_t idle;
    int64_t seconds;
    bool once;
    pid_t controller;
    struct link_group group;
    struct agent *agents;
    struct link *strangers, probe;
    char authorization[160];
    struct figures reports, pages;
    size_t late, refused, events;
    int64_t probe_at_us, next_us, turn;
    struct usage before;
    int64_t began_us;
};

static void die(const char *what)
{
    fprintf(stderr, "fleet: %s\n", what);
    exit(1);
}

/* --- what an agent says --- */

static int report_text(const struct agent *agent, enum reporting kind, int64_t sequence, char *out, size_t size)
{
    static const char event[] = "{\"run\":\"bench\",\"event\":{\"event\":\"task_result\",\"task\":\"copy motd\","
                                "\"host\":\"localhost\",\"status\":\"changed\",\"duration_us\":41234,\"result\":{"
                                "\"changed\":true,\"dest\":\"/etc/motd\",\"mode\":\"0644\",\"size\":312}}}";
    static const char status[] = "{\"verdict\":\"ok\",\"reason\":\"nothing differs from what is declared\"}";
    static const char hello[] = "{\"agent\":\"0.1.0\",\"boot_id\":\"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\",\"kernel\":"
                                "\"6.12.48\",\"policy\":\"report\"}";
    static const char run[] = "{\"run\":\"bench\",\"kind\":\"apply\",\"playbook\":\"site.yml\"}";
    const char *name = kind == REPORT_HELLO ? "hello" : kind == REPORT_RUN ? "run_start" : "run_event";
    const char *body = kind == REPORT_HELLO ? hello : kind == REPORT_RUN ? run : event;

    if (kind == REPORT_STATUS) {
        name = "status";
        body = status;
    }
    return snprintf(out, size, "%s{\"sequence\":%lld,\"at_us\":%lld,\"kind\":\"%s\",\"body\":%s}",
                    sequence > agent->sequence + 1 ? "," : "", (long long)sequence, (long long)clock_wall_us(), name,
                    body);
}

static void report_done(struct link *link, int status, const char *body, size_t length)
{
    struct agent *agent = link->owner;
    struct bench *bench = agent->bench;

    (void)length;
    if (status == 200) {
        figures_add(&bench->reports, clock_monotonic_us() - agent->asked_us);
        agent->sequence = agent->sent;
    } else {
        bench->refused++;
        if (bench->refused < 4)
            fprintf(stderr, "fleet: a report was answered by %d %.200s\n", status, body);
    }
    agent->asked_us = 0;
    if (bench->once && status != 0)
        link_close(&bench->group, link);
}

static void report_send(struct agent *agent, enum reporting kind)
{
    char text[BURST_BATCH * 512 + 64] = "{\"reports\":[";
    int length = (int)strlen(text);
    int64_t count = kind == REPORT_EVENTS ? BURST_BATCH : 1;

    for (int64_t i = 1; i <= count; i++)
        length += report_text(agent, kind, agent->sequence + i, text + length, sizeof(text) - (size_t)length);
    snprintf(text + length, sizeof(text) - (size_t)length, "]}");
    agent->sent = agent->sequence + count;
    if (kind == REPORT_EVENTS)
        agent->bench->events += BURST_BATCH;
    link_ask(&agent->bench->group, &agent->report, "POST", "/agent/v1/reports", "", text, report_done);
}

static void agent_report(struct agent *agent, enum reporting kind)
{
    struct bench *bench = agent->bench;
    struct error err = ERROR_INIT;

    if (agent->asked_us != 0) {
        bench->late++;
        return;
    }
    agent->asked_us = clock_monotonic_us();
    if (agent->report.state == LINK_READY) {
        report_send(agent, kind);
        return;
    }
    agent->due = kind;
    if (agent->report.state == LINK_CLOSED && !link_open(&bench->group, &agent->report, &err))
        die(err.text);
}

static void report_ready(struct link *link)
{
    struct agent *agent = link->owner;

    if (agent->due != REPORT_NOTHING)
        report_send(agent, agent->due);
    agent->due = REPORT_NOTHING;
}

static void report_closed(struct link *link)
{
    struct agent *agent = link->owner;

    agent->asked_us = 0;
}

/* --- the long poll --- */

static void poll_ask(struct link *link);

static void poll_done(struct link *link, int status, const char *body, size_t length)
{
    (void)body;
    (void)length;
    if (status == 200)
        poll_ask(link);
    else if (status != 0)
        die("a long poll was refused");
}

static void poll_ask(struct link *link)
{
    struct agent *agent = link->owner;

    link_ask(&agent->bench->group, link, "GET", "/agent/v1/work?after=0&wait_s=60", "", NULL, poll_done);
}

/* --- the page of nodes --- */

static void probe_done(struct link *link, int status, const char *body, size_t length)
{
    struct bench *bench = link->owner;

    (void)body;
    if (status == 200 && length > 100)
        figures_add(&bench->pages, clock_monotonic_us() - link->begun_us);
    else
        die("the page of nodes was refused");
}

static void probe_ask(struct bench *bench)
{
    if (bench->probe.state == LINK_READY && bench->probe.done == NULL)
        link_ask(&bench->group, &bench->probe, "GET", "/api/v1/nodes", bench->authorization, NULL, probe_done);
}

/* --- phases --- */

static void phase_begin(struct bench *bench)
{
    figures_clear(&bench->reports);
    figures_clear(&bench->pages);
    bench->late = bench->refused = bench->events = 0;
    bench->group.lost = 0;
    usage_read(bench->controller, &bench->before);
    bench->began_us = bench->next_us = clock_monotonic_us();
}

static void phase_end(struct bench *bench, const char *name)
{
    double seconds = (double)(clock_monotonic_us() - bench->began_us) / 1e6;
    struct usage now;

    usage_read(bench->controller, &now);
    printf("| %s, %.0f s | %zu | %.1f / %.1f / %.1f | %.1f / %.1f / %.1f | %.0f%% | %lld / %lld / %lld |\n", name,
           seconds, bench->reports.count, figures_ms(&bench->reports, 0.5), figures_ms(&bench->reports, 0.99),
           figures_ms(&bench->reports, 1), figures_ms(&bench->pages, 0.5), figures_ms(&bench->pages, 0.99),
           figures_ms(&bench->pages, 1), (double)(now.cpu_ms - bench->before.cpu_ms) / 10 / seconds,
           (long long)now.rss_kb / 1024, (long long)now.pss_kb / 1024, (long long)now.peak_kb / 1024);
    if (bench->late + bench->refused + bench->group.lost > 0)
        printf("  (%zu reports not sent as the one before was on its way, %zu refused, %u connections lost)\n",
               bench->late, bench->refused, bench->group.lost);
    if (bench->events > 0)
        printf("  (%.0f events a second were sent for %.1f s)\n", (double)bench->events / seconds, seconds);
    fflush(stdout);
}

/* As long as agents take turns: at random times, `gap_us` apart on average. */
static void run_turns(struct bench *bench, int64_t until_us, int64_t gap_us, size_t agents, enum reporting kind)
{
    while (clock_monotonic_us() < until_us) {
        int64_t now_us = clock_monotonic_us(), wake_us = bench->next_us;

        for (; bench->next_us <= now_us; bench->next_us += (int64_t)(-log(1 - drand48()) * (double)gap_us))
            agent_report(&bench->agents[(size_t)bench->turn++ % agents], kind);
        if (bench->probe_at_us <= now_us) {
            probe_ask(bench);
            bench->probe_at_us = now_us + PROBE_US;
        }
        if (wake_us > bench->probe_at_us)
            wake_us = bench->probe_at_us;
        link_step(&bench->group, wake_us < until_us ? wake_us : until_us);
    }
}

static size_t still_asked(const struct bench *bench)
{
    size_t count = 0;

    for (size_t i = 0; i < bench->seed.agents; i++)
        count += bench->agents[i].asked_us != 0;
    return count;
}

static void drain(struct bench *bench)
{
    int64_t until_us = clock_monotonic_us() + 30 * SECOND_US;

    while (still_asked(bench) > 0 && clock_monotonic_us() < until_us)
        link_step(&bench->group, clock_monotonic_us() + 10000);
}

/* All agents come at once, as after a restart of the controller: the long polls, and the first reports. */
static void phase_connect(struct bench *bench)
{
    struct error err = ERROR_INIT;

    phase_begin(bench);
    for (size_t i = 0; i < bench->seed.agents; i++) {
        while (bench->group.connecting >= HANDSHAKES)
            link_step(&bench->group, clock_monotonic_us() + 1000);
        if (!link_open(&bench->group, &bench->agents[i].poll, &err))
            die(err.text);
        agent_report(&bench->agents[i], REPORT_HELLO);
    }
    drain(bench);
    phase_end(bench, "all connect");
}

static void phase_steady(struct bench *bench, const char *name)
{
    phase_begin(bench);
    run_turns(bench, bench->began_us + bench->seconds * SECOND_US, PERIOD_US / (int64_t)bench->seed.agents,
              bench->seed.agents, REPORT_STATUS);
    drain(bench);
    phase_end(bench, name);
}

static void phase_burst(struct bench *bench)
{
    size_t agents = bench->seed.agents < BURST_AGENTS ? bench->seed.agents : BURST_AGENTS;

    for (size_t i = 0; i < agents; i++)
        agent_report(&bench->agents[i], REPORT_RUN);
    drain(bench);
    bench->turn = 0;
    phase_begin(bench);
    run_turns(bench, bench->began_us + 10 * SECOND_US, SECOND_US * BURST_BATCH / BURST_RATE, agents, REPORT_EVENTS);
    drain(bench);
    phase_end(bench, "burst of events");
}

/* Connections on which nothing is ever said, while the fleet goes on. */
static void phase_idle(struct bench *bench, gnutls_certificate_credentials_t nobody)
{
    struct error err = ERROR_INIT;
    unsigned before = bench->group.ready;
    int64_t began_us = clock_monotonic_us();
    size_t i = 0;

    bench->strangers = calloc(bench->idle, sizeof(*bench->strangers));
    phase_begin(bench);
    for (; i < bench->idle; i++) {
        bench->strangers[i].credentials = nobody;
        if (!link_open(&bench->group, &bench->strangers[i], &err))
            break;
        while (bench->group.connecting >= HANDSHAKES / 4)
            run_turns(bench, clock_monotonic_us() + 1000, PERIOD_US / (int64_t)bench->seed.agents, bench->seed.agents,
                      REPORT_STATUS);
    }
    while (bench->group.connecting > 0 && clock_monotonic_us() < began_us + 60 * SECOND_US)
        run_turns(bench, clock_monotonic_us() + 10000, PERIOD_US / (int64_t)bench->seed.agents, bench->seed.agents,
                  REPORT_STATUS);
    printf("  (%u idle connections in %.1f s, %zu wanted%s%s)\n", bench->group.ready - before,
           (double)(clock_monotonic_us() - began_us) / 1e6, bench->idle, err.text[0] == '\0' ? "" : "; ", err.text);
    phase_end(bench, "idle ones connect");
    phase_steady(bench, "with idle ones");
}

/* --- the beginning --- */

static void credentials_make(struct bench *bench)
{
    for (size_t i = 0; i < bench->seed.agents; i++) {
        struct agent *agent = &bench->agents[i];
        struct seed_node *node = &bench->seed.made[i];
        gnutls_datum_t certificate = { (unsigned char *)node->certificate, (unsigned)strlen(node->certificate) };
        gnutls_datum_t key = { (unsigned char *)node->key, (unsigned)strlen(node->key) };
        gnutls_certificate_credentials_t credentials;

        if (gnutls_certificate_allocate_credentials(&credentials) < 0 ||
            gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM) < 0)
            die("a certificate is not taken");
        agent->bench = bench;
        agent->poll = (struct link){ .owner = agent, .ready = poll_ask, .credentials = credentials };
        agent->report =
            (struct link){ .owner = agent, .ready = report_ready, .closed = report_closed, .credentials = credentials };
    }
}

static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        die("no port");
    close(fd);
    return ntohs(address.sin_port);
}

static void controller_start(struct bench *bench)
{
    char listen[64];

    bench->group.port = free_port();
    snprintf(listen, sizeof(listen), "127.0.0.1:%d", bench->group.port);
    bench->controller = fork();
    if (bench->controller == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(bench->program, bench->program, "controller", "--state", bench->seed.state, "--listen", listen,
              "--address", listen, (char *)NULL);
        _exit(127);
    }
}

/* The probe's connection is the first; until it is there, the controller is starting. */
static void controller_wait(struct bench *bench, gnutls_certificate_credentials_t nobody)
{
    int64_t until_us = clock_monotonic_us() + 20 * SECOND_US;
    struct error err = ERROR_INIT;

    bench->probe = (struct link){ .owner = bench, .credentials = nobody };
    while (bench->probe.state != LINK_READY) {
        if (clock_monotonic_us() > until_us || waitpid(bench->controller, NULL, WNOHANG) != 0)
            die("the controller did not start");
        if (bench->probe.state == LINK_CLOSED && !link_open(&bench->group, &bench->probe, &err))
            die(err.text);
        link_step(&bench->group, clock_monotonic_us() + 20000);
        if (bench->probe.state == LINK_CLOSED)
            usleep(20000);
    }
}

static void limits_raise(void)
{
    struct rlimit limit = { 65536, 65536 };

    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    printf("  (open files are limited to %lld)\n", (long long)limit.rlim_max);
}

int main(int argc, char **argv)
{
    struct bench bench = { .group.epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
    struct error err = ERROR_INIT;
    gnutls_certificate_credentials_t nobody;
    int64_t began_us = clock_monotonic_us();

    if (argc < 7)
        die("CONTROLLER FOLDER AGENTS NODES IDLE SECONDS [once]");
    bench.program = argv[1];
    bench.seed =
        (struct seed){ .state = argv[2], .agents = strtoul(argv[3], NULL, 10), .nodes = strtoul(argv[4], NULL, 10) };
    bench.idle = strtoul(argv[5], NULL, 10);
    bench.seconds = strtol(argv[6], NULL, 10);
    bench.once = argc > 7;
    signal(SIGPIPE, SIG_IGN);
    limits_raise();
    bench.agents = calloc(bench.seed.agents, sizeof(*bench.agents));
    if (!seed_make(&bench.seed, &err))
        die(err.text);
    credentials_make(&bench);
    gnutls_certificate_allocate_credentials(&nobody);
    snprintf(bench.authorization, sizeof(bench.authorization), "Authorization: Bearer %s\r\n", bench.seed.viewer);
    printf("%zu agents, %zu nodes in the store, made in %.1f s\n\n", bench.seed.agents, bench.seed.nodes,
           (double)(clock_monotonic_us() - began_us) / 1e6);
    printf(
        "| phase | reports | acknowledged, ms: p50 / p99 / max | page of nodes, ms: p50 / p99 / max | CPU of one core "
        "| MB: RSS / PSS / peak RSS |\n|---|---:|---:|---:|---:|---:|\n");
    controller_start(&bench);
    controller_wait(&bench, nobody);
    phase_connect(&bench);
    phase_steady(&bench, "every 30 s");
    phase_burst(&bench);
    if (bench.idle > 0)
        phase_idle(&bench, nobody);
    kill(bench.controller, SIGTERM);
    waitpid(bench.controller, NULL, 0);
    return 0;
}
