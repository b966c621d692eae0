/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the engine: connections that answer module calls from a function, a sink that writes down what happened as lines of
 * text, and a run over a playbook text. Included by tests/unit/engine/{run,actions}.
 */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/run/action.h"
#include "engine/run/run.h"

/* --- modules that the fake nodes know --- */
static const struct arg_spec fixture_no_args[] = { ARG_END };
#define FIXTURE_SPEC(name_)                                                                                            \
    {                                                                                                                  \
        .name = name_, .summary = "fake", .args = fixture_no_args, .any_args = true, .free_form = true                 \
    }
static const struct task_spec fixture_setup = FIXTURE_SPEC("setup"), fixture_ping = FIXTURE_SPEC("ping"),
                              fixture_echo = FIXTURE_SPEC("echo"), fixture_command = FIXTURE_SPEC("command"),
                              fixture_shell = FIXTURE_SPEC("shell"), fixture_raw = FIXTURE_SPEC("raw"),
                              fixture_file = FIXTURE_SPEC("file"), fixture_stat = FIXTURE_SPEC("stat"),
                              fixture_hostname = FIXTURE_SPEC("hostname"), fixture_package = FIXTURE_SPEC("package");
static const struct task_spec *const fixture_specs[] = { &fixture_command,  &fixture_echo,    &fixture_file,
                                                         &fixture_hostname, &fixture_package, &fixture_ping,
                                                         &fixture_raw,      &fixture_setup,   &fixture_shell,
                                                         &fixture_stat };
static const struct task_catalogue fixture_catalogue = { fixture_specs,
                                                         sizeof(fixture_specs) / sizeof(fixture_specs[0]) };

/* --- connections --- */
struct fixture;
struct fake_connection {
    struct connection base;
    struct fixture *fixture;
    struct connection_target target;
    struct fake_call {
        uint32_t number;
        const struct module_call *call;
        int64_t ready_ms;
    } calls[512];
    size_t count;
    uint32_t last;
    bool lost;
};

struct fixture {
    struct arena *arena;
    struct connection_factory factory;
    struct event_sink sink;
    struct text log;   /* one line per event */
    struct text calls; /* one line per module call: host module json-args */
    struct run_options options;
    struct inventory *inventory;
    struct value *warnings;
    struct playbook_config loader_config;
    struct inventory_config inventory_config;
    char folder[64];
    int open_count, exit_code, in_flight, most_in_flight;
    bool log_items, log_results, ran;
    struct error error;
    /* Answers a call; NULL: the default answers. *delay_ms may be set. "lost" as result text: the connection dies. */
    const struct value *(*answer)(struct fixture *fixture, struct arena *arena, const char *host,
                                  const struct module_call *call, int64_t *delay_ms);
};

static const struct value *fixture_facts(struct arena *arena, const char *host)
{
    struct value *result = value_map(arena), *facts = value_map(arena);

    value_map_put_string(arena, facts, "ansible_distribution", "Debian");
    value_map_put_string(arena, facts, "ansible_os_family", "Debian");
    value_map_put_string(arena, facts, "ansible_hostname", host);
    value_map_put_string(arena, facts, "ansible_env_text", "{{ not_templated }}");
    value_map_put(arena, result, "ansible_facts", facts);
    return result;
}

/* echo gives its arguments back; `rc`, `changed` ... can be set that way. */
static const struct value *fixture_default_answer(struct arena *arena, const char *host, const struct module_call *call)
{
    struct value *result = value_map(arena);
    const char *raw = value_map_text(call->args, "_raw_params");

    if (strcmp(call->module, "setup") == 0)
        return fixture_facts(arena, host);
    if (strcmp(call->module, "ping") == 0)
        value_map_put_string(arena, result, "ping", "pong");
    if (strcmp(call->module, "echo") == 0)
        for (size_t i = 0; i < value_count(call->args); i++)
            value_map_put_value(arena, result, value_copy(arena, value_pair_at(call->args, i)->key),
                                value_copy(arena, value_pair_at(call->args, i)->item));
    if (strcmp(call->module, "command") == 0 || strcmp(call->module, "shell") == 0 ||
        strcmp(call->module, "raw") == 0) {
        bool is_false = raw != NULL && (strcmp(raw, "false") == 0 || strcmp(raw, "/bin/false") == 0);

        value_map_put_bool(arena, result, "changed", true);
        value_map_put_int(arena, result, "rc", is_false ? 1 : 0);
        value_map_put_string(arena, result, "stdout", raw != NULL && strncmp(raw, "echo ", 5) == 0 ? raw + 5 : "");
        value_map_put_string(arena, result, "stderr", "");
        if (is_false) {
            value_map_put_bool(arena, result, "failed", true);
            value_map_put_string(arena, result, "msg", "non-zero return code");
        }
    }
    return result;
}

static bool fake_submit(struct connection *connection, const struct module_call *call, uint32_t *number_out,
                        struct error *err)
{
    struct fake_connection *fake = (struct fake_connection *)connection;

    if (fake->count >= sizeof(fake->calls) / sizeof(fake->calls[0]))
        return error_set(err, "too many calls under way");
    *number_out = ++fake->last;
    fake->calls[fake->count++] = (struct fake_call){ *number_out, call, 0 };
    fake->fixture->in_flight++;
    if (fake->fixture->in_flight > fake->fixture->most_in_flight)
        fake->fixture->most_in_flight = fake->fixture->in_flight;
    text_printf(&fake->fixture->calls, "%s %s %s\n", fake->target.host, call->module,
                json_text(fake->fixture->arena, call->args, JSON_COMPACT));
    return true;
}

static size_t fake_descriptors(struct connection *connection, struct pollfd *out)
{
    (void)connection;
    (void)out;
    return 0;
}

static enum connection_event fake_take(struct connection *connection, struct arena *arena, struct connection_reply *out)
{
    struct fake_connection *fake = (struct fake_connection *)connection;
    struct fake_call *call = &fake->calls[0];
    const struct value *result = NULL;
    int64_t delay = 0;

    if (fake->count == 0)
        return CONNECTION_NOTHING;
    if (call->ready_ms == 0 || clock_monotonic_ms() >= call->ready_ms) {
        bool was_waiting = call->ready_ms != 0;

        if (fake->fixture->answer != NULL)
            result = fake->fixture->answer(fake->fixture, arena, fake->target.host, call->call, &delay);
        if (delay > 0 && !was_waiting) {
            call->ready_ms = clock_monotonic_ms() + delay;
            return CONNECTION_NOTHING;
        }
        if (result == NULL)
            result = fixture_default_answer(arena, fake->target.host, call->call);
        if (value_text(result) != NULL) {
            fake->fixture->in_flight -= (int)fake->count;
            fake->count = 0;
            out->message = value_text(result);
            return CONNECTION_LOST;
        }
        *out = (struct connection_reply){ .call = call->number, .result = result };
        memmove(fake->calls, fake->calls + 1, (fake->count - 1) * sizeof(fake->calls[0]));
        fake->count--;
        fake->fixture->in_flight--;
        return CONNECTION_RESULT;
    }
    return CONNECTION_NOTHING;
}

static int64_t fake_wait_ms(struct connection *connection)
{
    struct fake_connection *fake = (struct fake_connection *)connection;
    int64_t left = fake->count == 0 ? -1 : fake->calls[0].ready_ms - clock_monotonic_ms();

    return fake->count == 0 ? -1 : left < 0 ? 0 : left;
}

static void fake_cancel(struct connection *connection, uint32_t number)
{
    struct fake_connection *fake = (struct fake_connection *)connection;

    for (size_t i = 0; i < fake->count; i++) {
        if (fake->calls[i].number != number)
            continue;
        memmove(fake->calls + i, fake->calls + i + 1, (fake->count - i - 1) * sizeof(fake->calls[0]));
        fake->count--;
        fake->fixture->in_flight--;
        return;
    }
}

static void fake_close(struct connection *connection)
{
    free(connection);
}

static const struct connection_ops fake_ops = { fake_submit,  fake_descriptors, fake_take,
                                                fake_wait_ms, fake_cancel,      fake_close };

static bool fake_open(struct connection_factory *factory, const struct connection_target *target,
                      struct connection **out, struct error *err)
{
    struct fixture *fixture = (struct fixture *)((char *)factory - offsetof(struct fixture, factory));
    struct fake_connection *fake = calloc(1, sizeof(*fake));

    (void)err;
    fixture->open_count++;
    *fake = (struct fake_connection){ .base = { &fake_ops }, .fixture = fixture, .target = *target };
    *out = &fake->base;
    return true;
}

/* --- the log --- */
static void fixture_emit(struct event_sink *sink, const struct event *event)
{
    struct fixture *fixture = (struct fixture *)((char *)sink - offsetof(struct fixture, sink));
    struct text *log = &fixture->log;
    const char *outcome = event_outcome_name(event->outcome);

    switch (event->kind) {
    case EVENT_PLAY_START:
        text_printf(log, "play %s\n", event->name);
        break;
    case EVENT_NO_HOSTS:
        text_add(log, "no hosts\n");
        break;
    case EVENT_NO_HOSTS_LEFT:
        text_add(log, "no hosts left\n");
        break;
    case EVENT_TASK_START:
        text_printf(log, "%s %s\n", event->is_handler ? "handler" : "task", event->name);
        break;
    case EVENT_INCLUDE:
        text_printf(log, "include %s for %s%s%s\n", path_basename(event->message),
                    value_to_text(fixture->arena, event->result), event->item_label != NULL ? " item " : "",
                    event->item_label != NULL ? event->item_label : "");
        break;
    case EVENT_ITEM:
        text_printf(log, "  %s item %s %s\n", event->host, event->item_label, outcome);
        break;
    case EVENT_RESULT:
        text_printf(log, "  %s%s%s %s%s", event->host, event->delegate != NULL ? " -> " : "",
                    event->delegate != NULL ? event->delegate : "", outcome, event->ignored ? " ignored" : "");
        if (fixture->log_results)
            text_printf(
                log, " %s",
                json_text(fixture->arena, event->result, (struct json_style){ .compact = true, .sort_keys = true }));
        text_add(log, "\n");
        break;
    case EVENT_RETRY:
        text_printf(log, "  %s retry\n", event->host);
        break;
    case EVENT_HANDLER_NOTIFIED:
        text_printf(log, "  notified %s\n", event->name);
        break;
    case EVENT_WARNING:
        text_printf(log, "%s %s\n", event->outcome == OUTCOME_FAILED ? "error" : "warning", event->message);
        break;
    case EVENT_MESSAGE:
        text_printf(log, "message %s\n", event->message);
        break;
    case EVENT_STATS:
        text_printf(log, "recap %s ok=%d changed=%d unreachable=%d failed=%d skipped=%d rescued=%d ignored=%d\n",
                    event->host, event->stats.ok, event->stats.changed, event->stats.unreachable, event->stats.failed,
                    event->stats.skipped, event->stats.rescued, event->stats.ignored);
        break;
    case EVENT_RUN_END:
        text_add(log, event->outcome == OUTCOME_FAILED ? "end without recap\n" : "");
        break;
    default:
        break;
    }
}

/* --- life --- */
static struct fixture *fixture_new_at(const char *hosts, bool level_2_19)
{
    struct arena *arena = arena_new();
    struct fixture *fixture = arena_new_of(arena, struct fixture);
    struct template_config config = { .strict_undefined = true,
                                      .omit_text = RUN_OMIT_TEXT,
                                      .managed_text = "Ansible managed",
                                      .level_2_19 = level_2_19 };
    const char *sources[] = { hosts, NULL };

    fixture->arena = arena;
    fixture->factory.open = fake_open;
    fixture->sink.emit = fixture_emit;
    fixture->log = text_new(arena);
    fixture->calls = text_new(arena);
    fixture->warnings = value_list(arena);
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-run-test.XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        abort();
    fixture->options.templates = template_env_new(arena, &config);
    fixture->inventory_config =
        (struct inventory_config){ .warnings = fixture->warnings, .templates = fixture->options.templates };
    if (!inventory_load(arena, sources, &fixture->inventory_config, &fixture->inventory, &fixture->error)) {
        fprintf(stderr, "inventory: %s\n", fixture->error.text);
        abort();
    }
    fixture->loader_config = (struct playbook_config){ .templates = fixture->options.templates,
                                                       .modules = &fixture_catalogue,
                                                       .actions = action_catalogue(),
                                                       .warnings = fixture->warnings };
    fixture->options.inventory = fixture->inventory;
    fixture->options.inventory_config = &fixture->inventory_config;
    fixture->options.modules = &fixture_catalogue;
    fixture->options.connections = &fixture->factory;
    fixture->options.sink = &fixture->sink;
    fixture->options.warnings = fixture->warnings;
    fixture->options.forks = 5;
    return fixture;
}

static inline struct fixture *fixture_new(const char *hosts)
{
    return fixture_new_at(hosts, false);
}

static int fixture_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void fixture_free(struct fixture *fixture)
{
    nftw(fixture->folder, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(fixture->arena);
}

static void fixture_make_folder(struct fixture *fixture, const char *path)
{
    if (path_exists(path))
        return;
    fixture_make_folder(fixture, path_dirname(fixture->arena, path));
    if (mkdir(path, 0755) != 0)
        abort();
}

/* Writes a file beside the playbook; folders are made. */
__attribute__((unused)) static const char *fixture_write(struct fixture *fixture, const char *name, const char *text)
{
    char *path = path_join(fixture->arena, fixture->folder, name);
    FILE *file;

    fixture_make_folder(fixture, path_dirname(fixture->arena, path));
    file = fopen(path, "w");
    if (file == NULL)
        abort();
    fputs(text, file);
    fclose(file);
    return path;
}

static bool fixture_run_file(struct fixture *fixture, const char *path)
{
    const char **paths = arena_new_array(fixture->arena, const char *, 2);

    paths[0] = path;
    fixture->options.playbooks = paths;
    fixture->loader_config.extra_vars = fixture->options.extra_vars;
    fixture->options.loader = playbook_loader_new(fixture->arena, &fixture->loader_config);
    fixture->exit_code = -1;
    fixture->ran = run_playbooks(fixture->arena, &fixture->options, &fixture->exit_code, &fixture->error);
    if (!fixture->ran)
        text_printf(&fixture->log, "error %s\n", fixture->error.text);
    return fixture->ran;
}

__attribute__((unused)) static bool fixture_run(struct fixture *fixture, const char *playbook)
{
    return fixture_run_file(fixture, fixture_write(fixture, "play.yml", playbook));
}
