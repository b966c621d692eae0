/* SPDX-License-Identifier: Apache-2.0 */
/* roost rebuild: from a rack of fresh or old nodes to one that serves, with one command (docs/rebuild.md). */
#include "cli/rebuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/center_client.h"
#include "cli/enroll_role.h"
#include "cli/own_option.h"
#include "cli/playbook_verb.h"
#include "cli/rebuild_agree.h"
#include "cli/rebuild_child.h"
#include "cli/rebuild_cluster.h"
#include "cli/rebuild_guard.h"
#include "cli/rebuild_hosts.h"
#include "cli/rebuild_journal.h"
#include "cli/rebuild_run.h"
#include "cli/rebuild_words.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "engine/command/interrupt.h"
#include "engine/command/output.h"

VERB_DECLARE(rebuild);

#define WAIT_S 1800
#define HELP                                                                                                            \
    VERB_DEFAULT_PLAYBOOK                                                                                               \
    "  --wipe COMMAND          makes a node fresh (ROOST_NODE, ROOST_ADDRESS in its environment), in place of the\n"    \
    "                          inventory's roost_wipe_command; without either nodes are taken as they are\n"            \
    "  --serial N|N%%           so many nodes at a time, drained before and serving again after\n"                      \
    "  --keep-models           the wipe command is told to leave models alone (ROOST_KEEP_MODELS=1)\n"                  \
    "  --on-failure go-on|stop what becomes of the others when a node fails (go-on)\n"                                  \
    "  --wait SECONDS          for a node to be empty, and to come back (1800)\n"                                       \
    "  --margin PERCENT        that a benchmark may be slower than before (5); 100: slower ones are taken, too\n"       \
    "  --resume                go on with the last rebuild that has not ended, and with what has failed\n"              \
    "  --yes                   do not ask\n"                                                                            \
    "  --wipe-controller       also where the controller, or this, runs\n%s\n"                                          \
    "Exit codes: 0 built, 1 error and nothing was begun, 2 nodes have failed (they are named), 3 the nodes are built\n" \
    "but a workload does not serve or acceptance failed, 5 bad options, 99 interrupted (--resume goes on).\n"

/* Options of `apply` that mean nothing here. */
static const char *const unfit[] = { "check",
                                     "diff",
                                     "step",
                                     "list-hosts",
                                     "list-tasks",
                                     "list-tags",
                                     "via",
                                     "canary",
                                     "syntax-check",
                                     "ask-pass",
                                     "output",
                                     "ask-become-pass",
                                     "json-lines",
                                     "forks",
                                     "serial",
                                     "max-fail-percentage",
                                     "force-handlers",
                                     "flush-cache",
                                     "connection",
                                     "start-at-task",
                                     NULL };

/* --- options --- */

static bool flag_take(struct rebuild_options *options, const char *word)
{
    bool *flag = strcmp(word, "--keep-models") == 0       ? &options->keep_models
                 : strcmp(word, "--resume") == 0          ? &options->resume
                 : strcmp(word, "--yes") == 0             ? &options->yes
                 : strcmp(word, "--wipe-controller") == 0 ? &options->wipe_controller
                                                          : NULL;

    if (flag != NULL)
        *flag = true;
    return flag != NULL;
}

static bool policy_take(struct rebuild_options *options, const char *policy, struct error *err)
{
    options->stop_on_failure = strcmp(policy, "stop") == 0;
    return options->stop_on_failure || strcmp(policy, "go-on") == 0 ||
           error_set_kind(err, ERROR_OPTIONS, "--on-failure is '%s': expected go-on or stop", policy);
}

static bool wait_take(struct rebuild_options *options, const char *text, struct error *err)
{
    return (text_to_int(text, &options->wait_s) && options->wait_s > 0 && options->wait_s <= 7 * 86400) ||
           error_set_kind(err, ERROR_OPTIONS, "--wait is '%s': expected seconds", text);
}

static bool margin_take(struct rebuild_options *options, const char *text, struct error *err)
{
    return (text_to_int(text, &options->margin) && options->margin >= 0 && options->margin <= 100) ||
           error_set_kind(err, ERROR_OPTIONS, "--margin is '%s': expected a percentage, 0 to 100", text);
}

static bool options_take(struct arena *arena, int argc, char **argv, struct rebuild_options *out, struct error *err)
{
    *out = (struct rebuild_options){ .wait_s = WAIT_S, .margin = -1 };
    out->rest = arena_new_array(arena, char *, (size_t)argc + 1);
    for (int i = 0; i < argc; i++) {
        const char *option = argv[i], *value = NULL;
        bool is_good = true;

        if (flag_take(out, option))
            continue;
        if ((value = own_option_value("--wipe", argc, argv, &i)) != NULL)
            out->wipe = value;
        else if ((value = own_option_value("--serial", argc, argv, &i)) != NULL)
            out->serial = value;
        else if ((value = own_option_value("--on-failure", argc, argv, &i)) != NULL)
            is_good = policy_take(out, value, err);
        else if ((value = own_option_value("--wait", argc, argv, &i)) != NULL)
            is_good = wait_take(out, value, err);
        else if ((value = own_option_value("--margin", argc, argv, &i)) != NULL)
            is_good = margin_take(out, value, err);
        else
            out->rest[out->rest_count++] = argv[i];
        if (value != NULL && *value == '\0')
            return error_set_kind(err, ERROR_OPTIONS, "%s needs a value", option);
        if (!is_good)
            return false;
    }
    return true;
}

/* What would be passed over, or has nobody to ask. */
static bool options_check(const struct command_options *options, struct error *err)
{
    const char *found = options->check                     ? "--check"
                        : options->step                    ? "--step"
                        : options->list_hosts              ? "--list-hosts"
                        : options->list_tasks              ? "--list-tasks"
                        : options->list_tags               ? "--list-tags"
                        : options->syntax_check            ? "--syntax-check"
                        : options->via != NULL             ? "--via"
                        : options->canary != NULL          ? "--canary"
                        : options->connection != NULL      ? "--connection"
                        : options->start_at_task != NULL   ? "--start-at-task"
                        : options->output != NULL          ? "--output"
                        : options->ask_become_password     ? "--ask-become-pass (a file: --become-password-file)"
                        : options->ask_connection_password ? "--ask-pass (a file: --connection-password-file)"
                                                           : NULL;

    return found == NULL || error_set_kind(err, ERROR_OPTIONS, "rebuild does not take %s", found);
}

/* --- what to work on --- */

/* The command line as it is kept: without what says only how it is begun. */
static void arguments_keep(struct rebuild *rebuild, int argc, char **argv)
{
    rebuild->arguments = rebuild_words_keep(rebuild->arena, argc, (const char *const *)argv);
}

/* The command line of the rebuild that goes on, in its folder; whether it is meant is said now. */
static bool resume(struct rebuild *rebuild, int argc, char **argv, const struct value **journal, struct error *err)
{
    bool is_meant = rebuild->options.yes;
    int64_t margin = rebuild->options.margin;
    char **words = NULL;
    int count = 0;

    if (!rebuild_journal_find(rebuild, journal, err) ||
        !rebuild_words_fill(rebuild->arena, rebuild->arguments, argc, (const char *const *)argv, &words, err))
        return false;
    if (chdir(rebuild->work_folder) != 0)
        return error_set_errno(err, "cannot go back to %s, where it was begun", rebuild->work_folder);
    while (words[count] != NULL)
        count++;
    if (!options_take(rebuild->arena, count, words, &rebuild->options, err))
        return false;
    rebuild->options.yes = is_meant;
    if (margin >= 0)
        rebuild->options.margin = margin;
    return true;
}

static const char *own_program(struct arena *arena)
{
    char path[LIMIT_PATH];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    return length <= 0 ? "roost" : arena_copy_n(arena, path, (size_t)length);
}

static bool controller_is_there(struct rebuild *rebuild, struct error *err)
{
    struct center_client *client = NULL;
    const struct value *status = NULL;

    return center_client_open(rebuild->arena, &client, err) &&
           center_client_ask(client, NULL, "/api/v1/status", NULL, &status, err);
}

static bool own_machines_check(struct rebuild *rebuild, struct error *err)
{
    struct center_client *client = NULL;

    return center_client_open(rebuild->arena, &client, err) &&
           rebuild_guard(rebuild, center_client_address(client), err);
}

static bool prepare(struct rebuild *rebuild, struct error *err)
{
    struct command *command = &rebuild->command;

    if (!options_check(&command->options, err) || !verb_default_playbook(command, err))
        return false;
    if (command->options.playbooks.count != 1)
        return error_set_kind(err, ERROR_OPTIONS, "expected one playbook, found %zu", command->options.playbooks.count);
    rebuild->playbook = command->options.playbooks.items[0];
    command->modules = &module_catalogue;
    command->connections = rebuild_hosts_connections(rebuild);
    return command_prepare(command, err) && enroll_role_check(command, err) && rebuild_extra_keep(rebuild, err) &&
           rebuild_hosts_find(rebuild, err) && rebuild_hosts_batches(rebuild, err) &&
           workload_files_read(rebuild->arena, NULL, command->options.inventories.items[0], &rebuild->workloads, err);
}

/* --- going on --- */

/* The hosts that it was begun with, as far as they are there, and no wipe that nobody has agreed to. */
static bool go_on(struct rebuild *rebuild, const struct value *journal, struct error *err)
{
    if (!rebuild_agree_leave_out(rebuild, journal, err) || !rebuild_hosts_batches(rebuild, err))
        return false;
    rebuild_journal_restore(rebuild, journal);
    return own_machines_check(rebuild, err) && rebuild_agree(rebuild, journal, err);
}

static void logs_name(struct rebuild *rebuild)
{
    for (size_t i = 0; i < rebuild->count; i++)
        rebuild->nodes[i].log =
            path_join(rebuild->arena, rebuild->folder, arena_printf(rebuild->arena, "%s.log", rebuild->nodes[i].host));
    rebuild->cluster.log = path_join(rebuild->arena, rebuild->folder, "cluster.log");
}

static bool begin(struct rebuild *rebuild, const struct value *journal, struct error *err)
{
    if (journal == NULL) {
        char folder[LIMIT_PATH];

        rebuild->began_us = clock_wall_us();
        if (getcwd(folder, sizeof(folder)) == NULL)
            return error_set_errno(err, "cannot find out where I am");
        rebuild->work_folder = arena_copy(rebuild->arena, folder);
        if (!controller_is_there(rebuild, err) || !own_machines_check(rebuild, err) ||
            !rebuild_agree(rebuild, NULL, err) || !rebuild_journal_new(rebuild, err))
            return false;
    }
    if (!rebuild_journal_hold(rebuild, err) || (journal != NULL && !go_on(rebuild, journal, err)))
        return false;
    logs_name(rebuild);
    if (journal == NULL && !rebuild_served_note(rebuild, err))
        return false;
    printf("%s %s, logs in %s\n", journal == NULL ? "Rebuild" : "Going on with rebuild", rebuild->name,
           rebuild->folder);
    fflush(stdout);
    return rebuild_journal_write(rebuild, NULL, err);
}

/* --- the verb --- */

static int rebuild_of(struct rebuild *rebuild, int argc, char **argv)
{
    struct command *command = &rebuild->command;
    const struct value *journal = NULL;
    struct error err = ERROR_INIT;
    bool is_resumed = false;
    int exit_code = 0;

    arguments_keep(rebuild, argc, argv);
    if (!options_take(rebuild->arena, argc, argv, &rebuild->options, &err))
        return command_fail(command, &err);
    is_resumed = rebuild->options.resume;
    if (is_resumed && !resume(rebuild, argc, argv, &journal, &err))
        return command_fail(command, &err);
    if (!command_start(command, rebuild->options.rest_count, rebuild->options.rest, OPTIONS_PLAYBOOK, &exit_code))
        return exit_code;
    if (command->options.help) {
        printf("usage: roost rebuild %s\n\n%s\n\n" HELP, verb_rebuild.usage, verb_rebuild.summary,
               options_help_without(rebuild->arena, OPTIONS_PLAYBOOK, unfit));
        return 0;
    }
    if (!prepare(rebuild, &err) || !begin(rebuild, journal, &err))
        return command_fail(command, &err);
    interrupt_watch();
    return rebuild_run(rebuild);
}

static int rebuild_verb(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    ARENA_SCOPED kept = arena_new();
    struct rebuild rebuild = { .arena = arena,
                               .journal_arena = kept,
                               .command = { .arena = arena, .out = stdout, .errors = stderr },
                               .program = own_program(arena),
                               .cluster = { .host = REBUILD_CLUSTER, .name = REBUILD_CLUSTER },
                               .is_live = output_columns(stdout) > 0 };
    int code = 0;

    pthread_mutex_init(&rebuild.lock, NULL);
    pthread_mutex_init(&rebuild.first_login, NULL);
    code = rebuild_of(&rebuild, argc, argv);
    if (rebuild.extra_fd > 0)
        fd_close(rebuild.extra_fd);
    pthread_mutex_destroy(&rebuild.lock);
    pthread_mutex_destroy(&rebuild.first_login);
    return code;
}

VERB_DEFINE(rebuild) = { "rebuild", "From fresh or old nodes to a cluster that serves",
                         "[PLAYBOOK] [-i INVENTORY] [--limit PATTERN] [--serial N] [--wipe COMMAND] [--keep-models] "
                         "[--on-failure go-on|stop] [--resume] [--yes] [OPTIONS]",
                         rebuild_verb };
