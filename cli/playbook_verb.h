/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs that run plays share: a command with ssh and local connections. Inline, so that the folder stays one file a verb. */
#pragma once

#include "cli/adhoc_play.h"
#include "cli/verb.h"
#include "common/base/text.h"
#include "common/spec/module_catalogue.h"
#include "controller/transport/transport.h"
#include "engine/command/command.h"

#define VERB_DEFAULT_PLAYBOOK                                                                                          \
    "PLAYBOOK: without one, playbooks/site.yml or else site.yml of this folder; a line says which one was taken.\n\n"

/* What a verb's help says besides its options, and the options not worth telling there. */
struct verb_help {
    const char *name, *words, *exit_codes;
    const char *const *hidden;
};

static inline const struct verb_help *verb_help_of(const char *name)
{
    static const char *const none[] = { NULL }, *const check[] = { "check", "diff", "step", NULL };
    static const struct verb_help helps[] = {
        { "apply", VERB_DEFAULT_PLAYBOOK,
          "Exit codes: 0 done, 1 error, 2 a task failed, 4 a host was unreachable or a file could not be read, 5 bad "
          "options,\n99 interrupted.\n",
          none },
        { "check", VERB_DEFAULT_PLAYBOOK,
          "Exit codes: 0 as declared, 1 nothing was checked or error, 2 something differs or a task failed, 4 a host was\n"
          "unreachable or a file could not be read, 5 bad options, 99 interrupted.\n",
          check },
        { "facts",
          "PATTERN: the hosts (default all). FACT: names or globs, with or without ansible_ in front (default all).\n\n",
          "Exit codes: 0 done, 1 there is no such fact, or error, 2 facts could not be gathered, 4 a host was unreachable, "
          "5 bad options.\n",
          none },
        { "publish",
          VERB_DEFAULT_PLAYBOOK
          "  --expires DAYS          how long nodes may go without hearing from the controller (default 30)\n"
          "  --list                  what is published, and what each node has taken\n"
          "  --withdraw PATTERN      nothing is declared for these nodes (ai-*) from then on\n"
          "  --json                  print JSON\n",
          "Exit codes: 0 done, 1 error, 4 a file could not be read, 5 bad options.\n", none },
        { "enroll",
          "PATTERN: hosts; a variable roost_node names one otherwise for the controller. The role roost_agent does the work.\n\n",
          "Exit codes: as apply's; 2 too if the controller has not heard of a node.\n", none },
        { NULL, "", "", none },
    };
    const struct verb_help *help = helps;
    while (help->name && !text_equal(help->name, name))
        help++;
    return help;
}

static inline void verb_print_help(struct arena *arena, const struct verb *verb, unsigned use)
{
    const struct verb_help *help = verb_help_of(verb->name);
    printf("usage: roost %s %s\n\n%s\n\n%s%s%s%s", verb->name, verb->usage, verb->summary, help->words,
           options_help_without(arena, use, help->hidden), *help->exit_codes ? "\n" : "", help->exit_codes);
}

/* -vvvv: the ssh command line, as Ansible's "<host> SSH: EXEC"; the script it runs on the host is left out. */
static inline void verb_show_command(const char *host, const char *const *argv)
{
    printf("<%s> SSH: EXEC", host);
    for (; argv[0] && argv[1]; argv++)
        printf(" %s", argv[0]);
    printf(" '...'\n");
    fflush(stdout);
}

/* Parsed, with connections; false: *exit_out says how it ended (help, version, bad option). */
static inline bool verb_start(struct command *command, const struct verb *verb, int argc, char **argv, unsigned use,
                              int *exit_out)
{
    if (!command_start(command, argc, argv, use, exit_out))
        return false;
    if (command->options.help) {
        verb_print_help(command->arena, verb, use);
        return false;
    }
    struct transport_options transport = { .agent_path = command->options.agent_path,
                                           .show_command = command->options.verbosity >= 4 ? verb_show_command : NULL };
    command->modules = &module_catalogue;
    command->connections = transport_factory_new(command->arena, &transport);
    return true;
}

/* Without a playbook on the command line: the folder's own one, which is named so that nobody has to guess. */
static inline bool verb_default_playbook(struct command *command, struct error *err)
{
    struct options_list *playbooks = &command->options.playbooks;
    if (playbooks->count > 0)
        return true;
    const char *playbook = command_default_playbook();
    if (!playbook)
        return error_set_kind(err, ERROR_OPTIONS,
                              "no playbook was named, and there is no playbooks/site.yml or site.yml here");
    fprintf(stderr, "No playbook was named: taking %s\n", playbook);
    playbooks->items[playbooks->count++] = playbook;
    return true;
}
