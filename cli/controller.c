/* SPDX-License-Identifier: Apache-2.0 */
/* roost controller: the daemon at the centre, in the foreground as systemd wants it; init, backup and restore beside it. */
#include "controller/service/service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/center_client.h"
#include "cli/verb.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/api/server.h"
#include "controller/store/store_backup.h"
#include "engine/report/sinks.h"

VERB_DECLARE(controller);

#define HELP                                                                                                           \
    "\nWithout an action the controller runs until SIGTERM. Actions:\n"                                                \
    "  init              make the CA and the first administrator's token, and keep both for this user\n"               \
    "  backup FILE       write the store to FILE while the controller is not running; trust/ is copied by hand\n"      \
    "  restore FILE      bring the store back; what was there is kept beside it\n\n"                                   \
    "  --state DIR       its folder (" SERVICE_FOLDER ")\n"                                                            \
    "  --listen ADDRESS:PORT   where to listen (" SERVICE_LISTEN ")\n"                                                 \
    "  --address HOST:PORT     how nodes reach it, for join strings (the host's name and the port)\n"                  \
    "  --again                 init: one more administrator's token, where the first was lost\n"                       \
    "  --name NAME       one more name or address for its certificate; may be repeated\n"

#define NAMES_MAX 32

struct controller_options {
    struct service_options service;
    const char *names[NAMES_MAX + 1];
    size_t name_count;
    const char *action, *file;
    bool again, help;
};

/* --- options --- */

static bool option_take(struct controller_options *out, const char *option, const char *value, struct error *err)
{
    static const char *const known[] = { "--state", "--listen", "--address", "--name", "--again", "--help" };
    const char *nearest = NULL;

    if (text_in(option, (const char *const[]){ "--state", "--listen", "--address", "--name", NULL }) && value == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "%s needs a value", option);
    if (strcmp(option, "--state") == 0)
        out->service.folder = value;
    else if (strcmp(option, "--listen") == 0)
        out->service.listen = value;
    else if (strcmp(option, "--address") == 0)
        out->service.address = value;
    else if (strcmp(option, "--name") == 0 && out->name_count == NAMES_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "more than %d names", NAMES_MAX);
    else if (strcmp(option, "--name") == 0)
        out->names[out->name_count++] = value;
    else {
        nearest = text_nearest(option, known, sizeof(known) / sizeof(known[0]));
        return error_set_kind(err, ERROR_OPTIONS, "there is no option %s%s%s", option,
                              nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest);
    }
    return true;
}

static bool word_take(struct controller_options *out, const char *word, struct error *err)
{
    static const char *const actions[] = { "init", "backup", "restore", NULL };
    const char *nearest = text_nearest(word, actions, 3);

    if (out->action == NULL && text_in(word, actions))
        out->action = word;
    else if (out->action == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "there is no action '%s'%s%s", word,
                              nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest);
    else if (strcmp(out->action, "init") == 0 || out->file != NULL)
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is one word too many", word);
    else
        out->file = word;
    return true;
}

static bool options_read(struct arena *arena, int argc, char **argv, struct controller_options *out, struct error *err)
{
    *out = (struct controller_options){ .service = { .folder = SERVICE_FOLDER, .listen = SERVICE_LISTEN } };
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            out->help = true;
            return true;
        }
        if (strcmp(argv[i], "--again") == 0) {
            out->again = true;
            continue;
        }
        if (argv[i][0] != '-') {
            if (!word_take(out, argv[i], err))
                return false;
        } else if (equals != NULL) {
            if (!option_take(out, arena_copy_n(arena, argv[i], (size_t)(equals - argv[i])), equals + 1, err))
                return false;
        } else {
            if (!option_take(out, argv[i], i + 1 < argc ? argv[i + 1] : NULL, err))
                return false;
            i++;
        }
    }
    if (out->action != NULL && strcmp(out->action, "init") != 0 && out->file == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "%s needs a file", out->action);
    return true;
}

/* --- actions --- */

static bool run_init(struct arena *arena, struct controller_options *options, struct error *err)
{
    struct service *service = NULL;
    struct secret token;
    bool made = false, ok = false;
    const char *listen = options->service.listen;
    const char *colon = strrchr(listen, ':');
    const char *url = NULL;

    options->service.listen = "127.0.0.1:0"; /* nothing is served yet */
    if (!api_listen_address(listen, &(struct sockaddr_in6){ 0 }, &(bool){ false }, err) ||
        !center_account_free(arena, err))
        return false;
    if (options->service.address == NULL && colon != NULL)
        options->service.address = arena_printf(arena, "%s%s", center_host_name(arena), colon);
    if (!service_open(&options->service, &service, err))
        return false;
    url = arena_copy(arena, service_url(service));
    ok = service_begin(service, arena, options->again, &token, &made, err);
    if (ok && made) {
        struct center_account account = { url, secret_reveal(token), service_ca_pem(service) };
        const char *path = NULL;

        ok = center_account_save(arena, &account, &path, err);
        if (ok)
            printf("The controller's authority is %s.\nAdministrator's token and address for this user: %s\n",
                   service_fingerprint(service), path);
    } else if (ok) {
        printf(
            "The controller's authority is %s.\nThere is an administrator's token already: nothing was made. If it is lost, init --again makes one more.\n",
            service_fingerprint(service));
    }
    service_close(service);
    return ok;
}

/* Until a signal to end; what is due by the clock is done meanwhile. */
static void serve(struct service *service, const sigset_t *signals)
{
    for (;;) {
        int64_t wait_ms = service_step(service);
        const struct timespec wait = { .tv_sec = (time_t)(wait_ms / 1000),
                                       .tv_nsec = (long)(wait_ms % 1000) * 1000000 };
        int signal = sigtimedwait(signals, NULL, &wait);

        if (signal == SIGTERM || signal == SIGINT)
            return;
    }
}

static bool run_daemon(const struct controller_options *options, struct error *err)
{
    struct service *service = NULL;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!service_open(&options->service, &service, err))
        return false;
    printf("roost controller " ROOST_VERSION ": listening on %s as %s, authority %s\n", options->service.listen,
           service_url(service), service_fingerprint(service));
    fflush(stdout);
    serve(service, &signals);
    service_close(service);
    return true;
}

static bool run_backup(struct arena *arena, const struct controller_options *options, struct error *err)
{
    struct store *store = NULL;
    bool ok = store_open(path_join(arena, options->service.folder, "store"), &store, err) &&
              store_backup(store, options->file, err);

    store_close(store);
    return ok;
}

static bool run_restore(struct arena *arena, const struct controller_options *options, struct error *err)
{
    const char *aside = NULL;

    if (!store_restore(path_join(arena, options->service.folder, "store"), options->file, arena, &aside, err))
        return false;
    if (aside != NULL)
        printf("What was there is kept: %s\n", aside);
    return true;
}

static int controller_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct controller_options options;
    struct error err = ERROR_INIT;
    bool ok = options_read(arena, argc, argv, &options, &err);

    if (ok && options.help) {
        printf("usage: roost controller %s\n%s", verb_controller.usage, HELP);
        return 0;
    }
    options.service.names = options.names;
    if (ok && options.action == NULL)
        ok = run_daemon(&options, &err);
    else if (ok && strcmp(options.action, "init") == 0)
        ok = run_init(arena, &options, &err);
    else if (ok && strcmp(options.action, "backup") == 0)
        ok = run_backup(arena, &options, &err);
    else if (ok)
        ok = run_restore(arena, &options, &err);
    if (!ok)
        report_error(stderr, &err, false);
    return ok ? 0 : err.kind == ERROR_OPTIONS ? 5 : 1;
}

VERB_DEFINE(controller) = { .name = "controller",
                            .summary = "The daemon at the centre: nodes join it, report to it, are told by it",
                            .usage = "[init | backup FILE | restore FILE] [--state DIR] [--listen ADDRESS:PORT] ...",
                            .run = controller_run };
