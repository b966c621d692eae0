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
#include "common/base/notify.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/gateway/gateway.h"
#include "controller/launcher/launcher_lease.h"
#include "controller/service/backup.h"
#include "engine/report/sinks.h"

VERB_DECLARE(controller);

#define HELP                                                                                                           \
    "\nWithout an action the controller runs until SIGTERM. Actions:\n"                                                \
    "  init              make the CA and the first administrator's token, and keep both for this user\n"               \
    "  backup FILE       all of it (store, keys, files) into FILE, also while it runs. Whoever has FILE can be this\n" \
    "                    controller and any of its nodes: keep it as a secret\n"                                       \
    "  restore FILE      bring all of it back while it does not run; what was there is kept beside it\n"               \
    "  routes            what the API has, as a table\n\n"                                                             \
    "  --state DIR       its folder (" SERVICE_FOLDER ")\n"                                                            \
    "  --listen ADDRESS:PORT   where to listen (" SERVICE_LISTEN ")\n"                                                 \
    "  --gateway ADDRESS:PORT  where clients ask for models (" GATEWAY_LISTEN "; none: nowhere)\n"                     \
    "  --gateway-plain         plain HTTP there, also beyond loopback: keys and answers can be read on the way\n"      \
    "  --address HOST:PORT     how nodes reach it, for join strings (the host's name and the port)\n"                  \
    "  --lost-after SECONDS    a node that was not heard this long is lost (180)\n"                                    \
    "  --lease SECONDS         a node that did not hear the controller this long ends what may move (30)\n"            \
    "  --keep WHAT=DAYS        how long runs (90), events (90), drift (90), reports (30), samples (30) or copies\n"    \
    "                          (1: reports whose content is kept with runs and samples) are kept; 0: for ever;\n"      \
    "                          may be repeated\n"                                                                      \
    "  --keep-size GIB         what the store may hold; beyond it the oldest goes first (8; 0: no limit)\n"            \
    "  --again                 init: one more administrator's token, where the first was lost\n"                       \
    "  --name NAME       one more name or address for its certificate; may be repeated\n"

#define NAMES_MAX 32
#define DAYS_MAX 36500
#define GIB_MAX 65536

struct controller_options {
    struct service_options service;
    const char *names[NAMES_MAX + 1];
    size_t name_count;
    struct store_retention retention;
    const char *action, *file;
    bool again, help;
};

/* --- options --- */

struct seconds_option {
    const char *name;
    int64_t least, most;
};

static bool seconds_read(const struct seconds_option *option, const char *value, int64_t *out, struct error *err)
{
    int64_t seconds = 0;

    if (!text_to_int(value, &seconds) || seconds < option->least || seconds > option->most)
        return error_set_kind(err, ERROR_OPTIONS, "%s '%s': expected seconds, %lld to %lld", option->name, value,
                              (long long)option->least, (long long)option->most);
    *out = seconds;
    return true;
}

/* "runs=30" */
static bool keep_read(const char *value, struct store_retention *out, struct error *err)
{
    const struct {
        const char *name;
        int64_t *us;
    } kept[] = { { "runs", &out->runs_us },       { "events", &out->events_us },   { "drift", &out->drift_us },
                 { "reports", &out->reports_us }, { "samples", &out->samples_us }, { "copies", &out->copies_us } };
    const char *equals = strchr(value, '=');
    int64_t days = 0;

    if (equals == NULL || !text_to_int(equals + 1, &days) || days < 0 || days > DAYS_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "--keep '%s': expected WHAT=DAYS, as runs=30, days from 0 to %d",
                              value, DAYS_MAX);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (strlen(kept[i].name) == (size_t)(equals - value) && text_starts(value, kept[i].name)) {
            *kept[i].us = days * STORE_DAY_US;
            return true;
        }
    }
    return error_set_kind(err, ERROR_OPTIONS, "--keep '%s': expected runs, events, drift, reports, samples or copies",
                          value);
}

static bool keep_size_read(const char *value, int64_t *out, struct error *err)
{
    int64_t gib = 0;

    if (!text_to_int(value, &gib) || gib < 0 || gib > GIB_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "--keep-size '%s': expected GiB, from 0 to %d", value, GIB_MAX);
    *out = gib << 30;
    return true;
}

static bool option_take(struct controller_options *out, const char *option, const char *value, struct error *err)
{
    static const char *const known[] = { "--state",      "--listen",  "--address",       "--name",
                                         "--lost-after", "--keep",    "--keep-size",     "--again",
                                         "--help",       "--gateway", "--gateway-plain", "--lease" };
    const struct seconds_option lost = { "--lost-after", 2, 86400 },
                                lease = { "--lease", LAUNCHER_LEASE_LEAST_S, LAUNCHER_LEASE_MOST_S };
    const char *nearest = NULL;

    if (text_in(option, (const char *const[]){ "--state", "--listen", "--address", "--name", "--lost-after", "--keep",
                                               "--keep-size", "--gateway", "--lease", NULL }) &&
        value == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "%s needs a value", option);
    if (strcmp(option, "--state") == 0)
        out->service.folder = value;
    else if (strcmp(option, "--listen") == 0)
        out->service.listen = value;
    else if (strcmp(option, "--gateway") == 0) {
        out->service.gateway = strcmp(value, "none") == 0 ? NULL : value;
        out->service.gateway_optional = false;
    } else if (strcmp(option, "--address") == 0)
        out->service.address = value;
    else if (strcmp(option, "--name") == 0 && out->name_count == NAMES_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "more than %d names", NAMES_MAX);
    else if (strcmp(option, "--name") == 0)
        out->names[out->name_count++] = value;
    else if (strcmp(option, "--lost-after") == 0)
        return seconds_read(&lost, value, &out->service.lost_after_s, err);
    else if (strcmp(option, "--lease") == 0)
        return seconds_read(&lease, value, &out->service.lease_s, err);
    else if (strcmp(option, "--keep") == 0)
        return keep_read(value, &out->retention, err);
    else if (strcmp(option, "--keep-size") == 0)
        return keep_size_read(value, &out->retention.bytes, err);
    else {
        nearest = text_nearest(option, known, sizeof(known) / sizeof(known[0]));
        return error_set_kind(err, ERROR_OPTIONS, "there is no option %s%s%s", option,
                              nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest);
    }
    return true;
}

static bool takes_file(const char *action)
{
    return text_in(action, (const char *const[]){ "backup", "restore", NULL });
}

static bool word_take(struct controller_options *out, const char *word, struct error *err)
{
    static const char *const actions[] = { "init", "backup", "restore", "routes", NULL };
    const char *nearest = text_nearest(word, actions, 4);

    if (out->action == NULL && text_in(word, actions))
        out->action = word;
    else if (out->action == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "there is no action '%s'%s%s", word,
                              nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest);
    else if (!takes_file(out->action) || out->file != NULL)
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is one word too many", word);
    else
        out->file = word;
    return true;
}

static bool flag_take(struct controller_options *out, const char *word)
{
    if (strcmp(word, "--again") == 0)
        out->again = true;
    else if (strcmp(word, "--gateway-plain") == 0)
        out->service.gateway_plain = true;
    else
        return false;
    return true;
}

static bool options_read(struct arena *arena, int argc, char **argv, struct controller_options *out, struct error *err)
{
    *out = (struct controller_options){ .service = { .folder = SERVICE_FOLDER,
                                                     .listen = SERVICE_LISTEN,
                                                     .gateway = GATEWAY_LISTEN,
                                                     .gateway_optional = true },
                                        .retention = store_retention_default };
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            out->help = true;
            return true;
        }
        if (flag_take(out, argv[i]))
            continue;
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
    if (out->action != NULL && takes_file(out->action) && out->file == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "%s needs a file", out->action);
    return true;
}

/* --- actions --- */

static bool is_initialised(struct arena *arena, const struct controller_options *options)
{
    return path_exists(path_join(arena, options->service.folder, "trust/ca.pem"));
}

/* No token is made that could not be kept. */
static bool account_may_be_made(struct arena *arena, struct service *service, const struct controller_options *options,
                                struct error *err)
{
    bool has_admin = false;

    return service_has_admin(service, &has_admin, err) &&
           ((has_admin && !options->again) || center_account_free(arena, err));
}

static bool run_init(struct arena *arena, struct controller_options *options, struct error *err)
{
    struct service *service = NULL;
    struct secret token;
    bool made = false, ok = false;
    const char *listen = options->service.listen;
    const char *colon = strrchr(listen, ':');
    const char *url = NULL;

    options->service.listen = "127.0.0.1:0"; /* nothing is served yet */
    options->service.gateway = NULL;
    if (!api_listen_address(listen, &(struct sockaddr_in6){ 0 }, &(bool){ false }, err) ||
        (!is_initialised(arena, options) && !center_account_free(arena, err)))
        return false;
    if (options->service.address == NULL && colon != NULL)
        options->service.address = arena_printf(arena, "%s%s", center_host_name(arena), colon);
    if (!service_open(&options->service, &service, err))
        return false;
    url = arena_copy(arena, service_url(service));
    ok = account_may_be_made(arena, service, options, err) &&
         service_begin(service, arena, options->again, &token, &made, err);
    if (ok && made) {
        struct center_account account = { url, secret_reveal(token), service_ca_pem(service) };
        const char *path = NULL;

        ok = center_account_save(arena, &account, &path, err);
        if (ok)
            printf("The controller's authority is %s.\nAdministrator's token and address for this user: %s\n",
                   service_fingerprint(service), path);
    } else if (ok) {
        printf(
            "The controller's authority is %s.\nAll is there, an administrator's token too: nothing was made. If it is lost, init --again makes one more.\n",
            service_fingerprint(service));
    }
    service_close(service);
    return ok;
}

/* A slip in --state would be another controller, with an authority that no node knows. */
static bool is_begun(struct arena *arena, const struct controller_options *options, struct error *err)
{
    return is_initialised(arena, options) || path_exists(path_join(arena, options->service.folder, "store")) ||
           error_set(err,
                     "there is no controller in %s (--state): run `roost controller init` with this --state first, "
                     "which makes its authority and the administrator's token",
                     options->service.folder);
}

/* Until a signal to end; what is due by the clock is done meanwhile. */
static void serve(struct service *service, const sigset_t *signals, const struct notify *notify)
{
    for (;;) {
        int64_t wait_ms = service_step(service), feed_ms = notify->watchdog_ms / 2;

        if (feed_ms > 0 && wait_ms > feed_ms)
            wait_ms = feed_ms;
        notify_send(notify, "WATCHDOG=1");
        const struct timespec wait = { .tv_sec = (time_t)(wait_ms / 1000),
                                       .tv_nsec = (long)(wait_ms % 1000) * 1000000 };
        int signal = sigtimedwait(signals, NULL, &wait);

        if (signal == SIGTERM || signal == SIGINT)
            return;
    }
}

static void print_gateway(const struct service *service)
{
    const char *trouble = NULL, *url = service_gateway(service, &trouble);

    if (url != NULL)
        printf("gateway: models are at %s/v1\n", url);
    else if (trouble != NULL)
        printf("%s; models have no address (--gateway ADDRESS:PORT)\n", trouble);
}

static bool run_daemon(const struct controller_options *options, struct error *err)
{
    struct service *service = NULL;
    struct notify notify;
    sigset_t signals;

    notify_open(&notify); /* before there are threads: it takes variables out of the environment */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!service_open(&options->service, &service, err))
        return false;
    printf("roost controller " ROOST_VERSION ": listening on %s as %s, authority %s\n", service_listens(service),
           service_url(service), service_fingerprint(service));
    print_gateway(service);
    fflush(stdout);
    notify_send(&notify, "READY=1");
    serve(service, &signals, &notify);
    notify_send(&notify, "STOPPING=1");
    notify_close(&notify);
    service_close(service);
    return true;
}

static bool run_backup(const struct controller_options *options, struct error *err)
{
    if (!backup_make(options->service.folder, options->file, err))
        return false;
    printf("%s holds the controller's keys: whoever has it can be this controller\n", options->file);
    return true;
}

static bool run_restore(struct arena *arena, const struct controller_options *options, struct error *err)
{
    const char *const *aside = NULL;

    if (!backup_restore(options->service.folder, options->file, arena, &aside, err))
        return false;
    for (; *aside != NULL; aside++)
        printf("What was there is kept: %s\n", *aside);
    return true;
}

/* The table of docs/api.md. Pages for people are none of it. */
static void print_routes(void)
{
    for (size_t i = 0; i < api_resource_table_count; i++) {
        const struct api_resource *resource = api_resource_table[i];
        bool has_title = false;

        for (size_t j = 0; j < resource->count; j++) {
            const struct api_route *route = &resource->routes[j];

            if (route->is_page || route->form_back != NULL)
                continue;
            if (!has_title)
                printf("\n### %s: %s\n\n| request | who | what | answer |\n|---|---|---|---|\n", resource->name,
                       resource->summary);
            has_title = true;
            printf("| `%s %s` | %s | %s | %s |\n", route->method, route->path, api_access_name(route->access),
                   route->summary, route->reply);
        }
    }
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
    options.service.retention = &options.retention;
    if (ok && options.action == NULL)
        ok = is_begun(arena, &options, &err) && run_daemon(&options, &err);
    else if (ok && strcmp(options.action, "init") == 0)
        ok = run_init(arena, &options, &err);
    else if (ok && strcmp(options.action, "routes") == 0)
        print_routes();
    else if (ok && strcmp(options.action, "backup") == 0)
        ok = run_backup(&options, &err);
    else if (ok)
        ok = run_restore(arena, &options, &err);
    if (!ok)
        report_error(stderr, &err, false);
    return ok ? 0 : err.kind == ERROR_OPTIONS ? 5 : 1;
}

VERB_DEFINE(controller) = {
    .name = "controller",
    .summary = "The daemon at the centre: nodes join it, report to it, are told by it",
    .usage = "[init | backup FILE | restore FILE | routes] [--state DIR] [--listen ADDRESS:PORT] ...",
    .run = controller_run
};
