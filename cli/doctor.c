/* SPDX-License-Identifier: Apache-2.0 */
/* roost doctor [PATTERN]: what is wrong with the hosts' GPUs, memory and drivers, and what to do about it (docs/doctor.md). */
#include <string.h>

#include "cli/doctor_report.h"
#include "cli/own_option.h"
#include "cli/playbook_verb.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/command/output.h"

VERB_DECLARE(doctor);

#define FACTS_FILE_MAX ((size_t)64 * 1024 * 1024)
#define HELP                                                                                                           \
    "\nOf its own:\n"                                                                                                  \
    "  --rules FILE          another rule file instead of the built-in one\n"                                          \
    "  --ignore ID[,ID]      leave rules out; may be repeated\n"                                                       \
    "  --facts FILE          examine recorded facts (JSON of `roost facts`) instead of hosts; may be repeated\n"       \
    "  --show-rules          print the built-in rules and do nothing else\n"                                           \
    "  --json                print JSON\n\n"                                                                           \
    "Exit code: 0 nothing or only notes, 1 warnings, 2 errors or a host that could not be examined,\n"                 \
    "4 a host unreachable and no errors.\n"

struct doctor_options {
    const char *rules;
    struct value *facts, *ignore; /* lists of strings */
    bool json, show_rules;
    char **rest; /* what the connection to hosts takes */
    int rest_count;
};

/* --- options: ours are taken out, the rest is as for `roost facts` --- */

static void ignore_add(struct arena *arena, struct value *ignore, const char *ids)
{
    size_t count = 0;
    char **parts = text_split(arena, ids, ',', &count);

    for (size_t i = 0; i < count; i++)
        value_list_add(arena, ignore, value_string(arena, text_trim(arena, parts[i], strlen(parts[i]))));
}

static bool options_take(struct arena *arena, int argc, char **argv, struct doctor_options *out, struct error *err)
{
    *out = (struct doctor_options){ .facts = value_list(arena), .ignore = value_list(arena) };
    out->rest = arena_new_array(arena, char *, (size_t)argc + 1);
    for (int i = 0; i < argc; i++) {
        const char *option = argv[i], *value = NULL;

        if (strcmp(option, "--json") == 0) {
            out->json = true;
            continue;
        }
        if (strcmp(option, "--show-rules") == 0) {
            out->show_rules = true;
            continue;
        }
        if ((value = own_option_value("--rules", argc, argv, &i)) != NULL)
            out->rules = value;
        else if ((value = own_option_value("--facts", argc, argv, &i)) != NULL)
            value_list_add(arena, out->facts, value_string(arena, value));
        else if ((value = own_option_value("--ignore", argc, argv, &i)) != NULL)
            ignore_add(arena, out->ignore, value);
        else
            out->rest[out->rest_count++] = argv[i];
        if (value != NULL && *value == '\0')
            return error_set_kind(err, ERROR_OPTIONS, "%s needs a value", option);
    }
    return true;
}

/* --- facts of files --- */

static bool facts_file(struct doctor_run *run, const char *path, struct error *err)
{
    const struct value *document = NULL, *hosts = NULL;
    char *data = NULL;
    size_t length = 0;
    char *name = arena_copy(run->arena, path_basename(path));

    if (!file_read(run->arena, path, FACTS_FILE_MAX, &data, &length, err) ||
        !json_read(run->arena, data, length, path, &document, err))
        return false;
    if (text_ends(name, ".json"))
        name[strlen(name) - strlen(".json")] = '\0';
    if (!doctor_facts_of(run->arena, document, name, &hosts, err))
        return error_prefix(err, "%s", path);
    for (size_t i = 0; i < value_count(hosts); i++)
        doctor_run_host(run, value_text(value_pair_at(hosts, i)->key), value_pair_at(hosts, i)->item);
    return true;
}

static bool facts_files(struct command *command, const struct doctor_options *options, struct doctor_run *run,
                        struct error *err)
{
    if (command->options.playbooks.count > 0)
        return error_set_kind(err, ERROR_OPTIONS, "--facts examines files, not hosts: '%s' is not wanted then",
                              command->options.playbooks.items[0]);
    for (size_t i = 0; i < value_count(options->facts); i++)
        if (!facts_file(run, value_text(value_item(options->facts, i)), err))
            return false;
    return true;
}

/* --- facts of hosts --- */

struct doctor_sink {
    struct event_sink base;
    struct doctor_run *run;
};

static void doctor_emit(struct event_sink *sink, const struct event *event)
{
    struct doctor_run *run = ((struct doctor_sink *)(void *)sink)->run;

    if (event->kind == EVENT_WARNING)
        fprintf(stderr, "[WARNING]: %s\n", event->message);
    if (event->kind != EVENT_RESULT)
        return;
    if (event->outcome == OUTCOME_OK || event->outcome == OUTCOME_CHANGED) {
        doctor_run_host(run, event->host, value_map_get(event->result, "ansible_facts"));
        return;
    }
    const char *message = value_map_text(event->result, "msg");
    doctor_run_lost(run, event->host, message != NULL ? message : "its facts could not be read",
                    event->outcome == OUTCOME_UNREACHABLE);
}

static const struct value *gather_play(struct arena *arena, const char *pattern)
{
    static const char *const names[] = { "!all", "min", "roost" };
    struct value *args = value_map(arena), *subset = value_list(arena);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        value_list_add(arena, subset, value_string(arena, names[i]));
    value_map_put(arena, args, "gather_subset", subset);
    return verb_adhoc_play(arena, pattern, "setup", args);
}

static void sort_hosts(struct doctor_run *run, const struct inventory *inventory)
{
    struct value *sorted = value_map(run->arena);

    for (size_t i = 0; i < inventory->host_count; i++) {
        const struct value *entry = value_map_get(run->hosts, inventory->hosts[i]->name);
        if (entry != NULL)
            value_map_put(run->arena, sorted, inventory->hosts[i]->name, entry);
    }
    for (size_t i = 0; i < value_count(run->hosts); i++) /* none is lost */
        value_map_put_value(run->arena, sorted, value_pair_at(run->hosts, i)->key, value_pair_at(run->hosts, i)->item);
    run->hosts = sorted;
}

static bool examine_hosts(struct command *command, struct doctor_run *run, struct error *err)
{
    const char *pattern = command->options.playbooks.count > 0 ? command->options.playbooks.items[0] : "all";
    struct doctor_sink sink = { { .emit = doctor_emit }, run };
    int exit_code = 0;

    if (command->options.playbooks.count > 1)
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is too much: doctor takes one pattern",
                              command->options.playbooks.items[1]);
    if (!command_prepare(command, err))
        return false;
    command_print_warnings(command);
    command->run.playbooks = NULL; /* the word is the pattern */
    command->run.sink = &sink.base;
    command->run.plays = gather_play(command->arena, pattern);
    if (!run_playbooks(command->arena, &command->run, &exit_code, err))
        return false;
    if (exit_code == RUN_INTERRUPTED)
        return error_set_kind(err, ERROR_CANCELLED, "interrupted");
    if (exit_code != RUN_OK && exit_code != RUN_HOSTS_FAILED && exit_code != RUN_UNREACHABLE)
        return error_set(err, "not all hosts could be asked");
    if (value_count(run->hosts) == 0)
        return error_set_kind(err, ERROR_OPTIONS, "no host matches '%s'", pattern);
    sort_hosts(run, command->inventory);
    return true;
}

/* --- the verb --- */

static int print(struct command *command, const struct doctor_run *run, bool json)
{
    struct text out = text_new(run->arena);
    struct json_style style = { .indent = 4, .sort_keys = true };
    struct doctor_look look = { .color = output_wants_color(command), .columns = output_columns(stdout) };

    if (json) {
        json_write(&out, run->hosts, &style);
        printf("%s\n", out.data);
    }
    for (size_t i = 0; !json && i < value_count(run->hosts); i++) {
        const struct value_pair *pair = value_pair_at(run->hosts, i);
        doctor_print_host(run->arena, stdout, value_text(pair->key), pair->item, look);
    }
    return doctor_exit_code(run->hosts);
}

/* 1 says "warnings" here. */
static int fail(struct command *command, const struct error *err)
{
    int code = command_fail(command, err);

    return code == RUN_ERROR ? DOCTOR_EXIT_ERRORS : code;
}

static int doctor_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena, .out = stdout, .errors = stderr };
    struct template_config config = { .strict_undefined = true, .omit_text = RUN_OMIT_TEXT };
    struct doctor_run run = { .arena = arena, .env = template_env_new(arena, &config), .hosts = value_map(arena) };
    struct doctor_options options;
    struct error err = ERROR_INIT;
    int exit_code = 0;

    if (!options_take(arena, argc, argv, &options, &err))
        return fail(&command, &err);
    if (!verb_start(&command, &verb_doctor, options.rest_count, options.rest, OPTIONS_GATHER, &exit_code)) {
        if (command.options.help)
            printf("%s", HELP);
        return exit_code;
    }
    if (options.show_rules) {
        printf("%s", doctor_rules_builtin());
        return DOCTOR_EXIT_WELL;
    }
    if (!doctor_rules_read(arena, run.env, options.rules, &run.rules, &err) ||
        !doctor_rules_ignore(arena, &run.rules, options.ignore, &err))
        return fail(&command, &err);
    bool is_file = value_count(options.facts) > 0;
    if (is_file ? !settings_load(arena, value_list(arena), &command.settings, &err) ||
                      !facts_files(&command, &options, &run, &err)
                : !examine_hosts(&command, &run, &err))
        return fail(&command, &err);
    return print(&command, &run, options.json);
}

VERB_DEFINE(doctor) = { "doctor", "Check hosts against the known faults of AI boxes",
                        "[PATTERN] [--rules FILE] [--ignore ID] [--facts FILE] [--json] [OPTIONS]", doctor_run };
