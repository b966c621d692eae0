/* SPDX-License-Identifier: Apache-2.0 */
/* Starting ssh, bringing the agent over, and explaining what went wrong. */
#include "controller/transport/ssh.h"

#include <ctype.h>
#include <string.h>
#include <sys/wait.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/transport/askpass.h"

#define MARK "ROOST1 "
/* Time for authentication and the script, on top of the connect timeout; for the upload, 100 kB/s is the slowest link we wait for. */
#define START_GRACE_MS 20000
#define UPLOAD_BYTES_PER_MS 100

struct ssh_data {
    struct bundle bundle;
    int password_fd;
};

static bool send_bundle(struct client *client, struct error *err)
{
    struct ssh_data *data = client->bootstrap_data;
    char *bytes = NULL;
    size_t length = 0;
    struct arena *scratch = arena_new();
    bool ok = file_read(scratch, data->bundle.path, (size_t)1 << 30, &bytes, &length, err);
    if (ok)
        outbox_add(&client->outbox, bytes, length);
    arena_free(scratch);
    client->deadline_ms += data->bundle.size / UPLOAD_BYTES_PER_MS;
    client->timeout_message =
        arena_printf(client->arena, "the agent could not be copied to '%s' in time", client->target->host);
    return ok || error_prefix(err, "agent bundle");
}

/* Anything before our marks is what login scripts print: passed over. */
static bool ssh_bootstrap(struct client *client, const char *line, struct error *err)
{
    if (!text_starts(line, MARK))
        return true;
    const char *word = line + strlen(MARK);
    if (text_equal(word, "need"))
        return send_bundle(client, err);
    if (text_starts(word, "fail "))
        return error_set_kind(err, ERROR_UNREACHABLE, "The agent could not be put on the host: %s", word + 5);
    if (text_equal(word, "ready"))
        client->state = CLIENT_GREETING;
    return true;
}

/* --- explaining the end --- */

struct reason {
    const char *sign; /* in ssh's stderr */
    const char *sentence;
};

static const struct reason reasons[] = {
    { "REMOTE HOST IDENTIFICATION HAS CHANGED",
      "the host key is not the one on record: the machine was reinstalled, or something sits in between; when you know why, "
      "remove the old key with ssh-keygen -R" },
    { "Host key verification failed",
      "the host key is unknown: add it to known_hosts (ssh-keyscan) or set host_key_checking = False" },
    { "Permission denied", NULL },
    { "Too many authentication failures", NULL },
    { "Could not resolve hostname", NULL },
    { "Connection refused", NULL },
    { "Connection timed out", NULL },
    { "Connection closed by", NULL },
    { "Connection reset", NULL },
    { "No route to host", NULL },
    { "Network is unreachable", NULL },
    { "Operation timed out", NULL },
    { "not responding", NULL },
    { "Bad configuration option", NULL },
};

static const char *line_with(struct arena *arena, const char *notes, const char *sign)
{
    const char *found = strstr(notes, sign), *start = found;
    if (!found)
        return NULL;
    while (start > notes && start[-1] != '\n')
        start--;
    return text_trim(arena, start, strcspn(start, "\r\n"));
}

static const char *last_line(struct arena *arena, const char *notes)
{
    const char *trimmed = text_trim(arena, notes, strlen(notes));
    const char *newline = strrchr(trimmed, '\n');
    return newline ? newline + 1 : trimmed;
}

const char *ssh_explain(struct arena *arena, const struct connection_target *target, const struct ssh_end *end)
{
    const char *address = target->address ? target->address : target->host;
    const char *before = end->started ? "The connection to the host was lost" : "Failed to connect to the host via ssh";
    int status = end->status;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        const char *line = line_with(arena, end->notes, reasons[i].sign);
        if (line && reasons[i].sentence)
            return arena_printf(arena, "%s: %s: %s", before, address, reasons[i].sentence);
        if (line)
            return arena_printf(arena, "%s: %s", before, line);
    }
    const char *last = last_line(arena, end->notes);
    if (WIFSIGNALED(status))
        return arena_printf(arena, "ssh to %s was killed by signal %d (%s)", address, WTERMSIG(status),
                            strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 255)
        return arena_printf(arena, "The agent on the host ended early with status %d%s%s", WEXITSTATUS(status),
                            *last ? ": " : "", last);
    if (*last)
        return arena_printf(arena, "%s: %s", before, last);
    return arena_printf(arena, "%s: %s%s", before,
                        end->started ? "the agent was killed, or ssh was, on " : "connection closed by ", address);
}

/* ssh itself says of a key that is not there only that no key was accepted. */
static const char *missing_key(struct arena *arena, const struct connection_target *target)
{
    const char *file = target->private_key_file;
    if (!file || !*file || strchr(file, '%') || path_exists(path_expand_user(arena, file)))
        return "";
    return arena_printf(arena, " (the private key file '%s' does not exist)", file);
}

static const char *explain_client(struct client *client, struct arena *arena, int status)
{
    struct ssh_end end = { client->was_ready, status, client->notes };
    const char *sentence = ssh_explain(arena, client->target, &end);
    return client->was_ready ? sentence : arena_printf(arena, "%s%s", sentence, missing_key(arena, client->target));
}

/* --- opening --- */

static void release(struct client *client)
{
    struct ssh_data *data = client->bootstrap_data;
    fd_close(data->password_fd);
    data->password_fd = -1;
}

static bool ssh_spawn(struct client *client, const struct bundle *bundle, struct spawned *child, struct error *err)
{
    const char *const *argv = NULL;
    const char *script = ssh_bootstrap_script(client->arena, bundle);
    struct askpass askpass = { .fd = -1 };
    struct ssh_data *data = client->bootstrap_data;
    if (!ssh_arguments(client->arena, client->target, script, &argv, err))
        return false;
    if (client->target->password && !askpass_prepare(client->arena, client->target->password, &askpass, err))
        return false;
    data->password_fd = askpass.fd;
    if (client->target->show_command)
        client->target->show_command(client->target->host, argv);
    struct spawn_request request = { .argv = argv, .environment = askpass.fd >= 0 ? askpass.environment : NULL };
    return spawn_program(&request, child, err);
}

bool ssh_open(const struct bundle *bundle, const struct connection_target *target, struct connection **out,
              struct error *err)
{
    struct spawned child;
    struct client *client = client_new(target);
    struct ssh_data *data = arena_new_of(client->arena, struct ssh_data);
    int timeout_ms = (target->timeout_s > 0 ? target->timeout_s : 10) * 1000 + START_GRACE_MS;
    data->bundle = *bundle;
    data->password_fd = -1;
    client->bootstrap = ssh_bootstrap;
    client->bootstrap_data = data;
    client->explain = explain_client;
    client->release = release;
    if (!ssh_spawn(client, bundle, &child, err)) {
        release(client);
        arena_free_secret(client->arena);
        return error_prefix(err, "ssh connection to '%s'", target->host);
    }
    client->deadline_ms = clock_monotonic_ms() + timeout_ms;
    client->timeout_message = arena_printf(
        client->arena, "Failed to connect to the host via ssh: no answer within %d seconds", timeout_ms / 1000);
    client_start(client, &child);
    *out = &client->base;
    return true;
}
