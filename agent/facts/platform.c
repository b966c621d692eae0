/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel, machine and the host's names. The fully qualified name is what Python's socket.getfqdn gives: /etc/hosts
 * first, then the resolver, which is asked in a child process with a time limit, so that broken DNS cannot hold up
 * a run.
 */
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/facts/fact_support.h"
#include "agent/system/host/python.h"
#include "common/base/clock.h"
#include "common/base/fd.h"

#define RESOLVER_MS 1500

/* The names of the first line of hosts(5) that satisfies: holds `name`, or starts with `address`. */
static const struct value *hosts_line(struct arena *arena, const char *hosts, const char *name, const char *address)
{
    const char *at = hosts ? hosts : "", *end = at + strlen(at), *line;
    size_t length;

    while (text_line(&at, end, &line, &length)) {
        const char *comment = memchr(line, '#', length);
        char *text = arena_copy_n(arena, line, comment ? (size_t)(comment - line) : length);
        struct value *words = fact_words(arena, text);
        for (size_t i = 0; i < value_count(words); i++) {
            const char *word = value_text(value_item(words, i));
            if (i == 0 && address && strcmp(word, address) == 0 && value_count(words) > 1)
                return words;
            if (i > 0 && name && strcasecmp(word, name) == 0)
                return words;
        }
    }
    return NULL;
}

static const char *first_dotted(const struct value *words)
{
    for (size_t i = 1; i < value_count(words); i++)
        if (strchr(value_text(value_item(words, i)), '.'))
            return value_text(value_item(words, i));
    return value_text(value_item(words, 1));
}

/* In the child: what the C library's resolver makes of the name. */
static void resolve_to(int fd, const char *name)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *found = NULL;
    char host[NI_MAXHOST];
    struct error ignored = ERROR_INIT;

    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return;
    if (getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, NULL, 0, NI_NAMEREQD) == 0)
        (void)fd_write_all(fd, host, strlen(host), &ignored);
    freeaddrinfo(found);
}

static const char *resolver_answer(struct arena *arena, int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    int64_t until = clock_monotonic_ms() + RESOLVER_MS;
    char host[NI_MAXHOST];
    ssize_t got = 0;

    while (poll(&poll_fd, 1, (int)(until - clock_monotonic_ms() > 0 ? until - clock_monotonic_ms() : 0)) < 0) {
    }
    if (poll_fd.revents)
        got = read(fd, host, sizeof host - 1);
    return got > 0 ? arena_copy_n(arena, host, (size_t)got) : NULL;
}

static const char *resolver_ask(struct arena *arena, const char *name)
{
    int pipes[2];

    if (pipe(pipes) != 0)
        return NULL;
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        resolve_to(pipes[1], name);
        _exit(0);
    }
    fd_close(pipes[1]);
    const char *answer = child > 0 ? resolver_answer(arena, pipes[0]) : NULL;
    fd_close(pipes[0]);
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    return answer;
}

static const char *full_name(const struct system *system, struct arena *arena, const char *node)
{
    const char *hosts = fact_file(system, arena, "/etc/hosts");
    const struct value *own = hosts_line(arena, hosts, node, NULL);

    if (own)
        own = hosts_line(arena, hosts, NULL, value_text(value_item(own, 0)));
    if (own)
        return first_dotted(own);
    const char *answer = fact_is_live(system) ? resolver_ask(arena, node) : NULL;
    return answer ? answer : node;
}

/* A recorded tree brings its own names in /proc/sys/kernel. */
static void platform_uname(const struct system *system, struct arena *arena, struct utsname *out)
{
    static const struct {
        const char *path;
        size_t offset;
    } recorded[] = {
        { "/proc/sys/kernel/hostname", offsetof(struct utsname, nodename) },
        { "/proc/sys/kernel/osrelease", offsetof(struct utsname, release) },
        { "/proc/sys/kernel/version", offsetof(struct utsname, version) },
        { "/proc/sys/kernel/arch", offsetof(struct utsname, machine) },
    };

    (void)uname(out);
    for (size_t i = 0; !fact_is_live(system) && i < sizeof recorded / sizeof recorded[0]; i++) {
        const char *text = fact_file(system, arena, recorded[i].path);
        if (text)
            (void)snprintf((char *)out + recorded[i].offset, sizeof out->nodename, "%s", text);
    }
}

static void put_names(const struct system *system, struct arena *arena, struct value *facts, const char *node)
{
    const char *fqdn = full_name(system, arena, node), *dot = strchr(fqdn, '.');

    value_map_put_string(arena, facts, "fqdn", fqdn);
    value_map_put_string(arena, facts, "domain", dot ? dot + 1 : "");
    value_map_put_string(arena, facts, "nodename", node);
    value_map_put_string(arena, facts, "hostname", arena_copy_n(arena, node, strcspn(node, ".")));
}

static void put_architecture(struct arena *arena, struct value *facts, const char *machine)
{
    size_t length = strlen(machine);
    bool is_i386 = length == 4 && machine[0] == 'i' && machine[2] == '8' && machine[3] == '6';
    bool is_x86 = strcmp(machine, "x86_64") == 0;
    const char *bits = sizeof(void *) == 8 ? "64" : "32";

    value_map_put_string(arena, facts, "machine", machine);
    value_map_put_string(arena, facts, "architecture", is_i386 ? "i386" : machine);
    value_map_put_string(arena, facts, "userspace_bits", bits);
    if (is_x86 || is_i386)
        value_map_put_string(arena, facts, "userspace_architecture", bits[0] == '6' ? "x86_64" : "i386");
}

static bool platform_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct utsname host;

    (void)err;
    platform_uname(system, arena, &host);
    value_map_put_string(arena, facts, "system", host.sysname);
    value_map_put_string(arena, facts, "kernel", host.release);
    value_map_put_string(arena, facts, "kernel_version", host.version);
    put_names(system, arena, facts, host.nodename);
    put_architecture(arena, facts, host.machine);
    const char *id = fact_file(system, arena, "/var/lib/dbus/machine-id");
    if (!id)
        id = fact_file(system, arena, "/etc/machine-id");
    if (id)
        value_map_put_string(arena, facts, "machine_id", arena_copy_n(arena, id, strcspn(id, "\n")));
    const char *python_version =
        fact_is_live(system) ? value_map_text(python_ask(system, arena), "python_version") : NULL;
    if (python_version)
        value_map_put_string(arena, facts, "python_version", python_version);
    return true;
}

FACT_GROUP_DEFINE(platform) = {
    .name = "platform",
    .names = FACT_NAMES("min", "system", "kernel", "kernel_version", "machine", "architecture", "machine_id",
                        "python_version"),
    .collect = platform_collect,
};
