/* SPDX-License-Identifier: Apache-2.0 */
/* One table of options; parsing by it. Long options may be shortened as long as they stay unique, as in Ansible. */
#include "engine/command/options.h"

#include <stddef.h>
#include <string.h>

#include "common/base/text.h"

enum option_kind { OPTION_FLAG, OPTION_COUNT, OPTION_TEXT, OPTION_LIST, OPTION_WORDS /* comma list */, OPTION_NUMBER };

struct option_row {
    const char *long_name;
    const char *other_name; /* second long name */
    char short_name;
    enum option_kind kind;
    unsigned use;
    size_t offset;
    const char *value, *help;
};

/* A row is only for verbs where it has an effect, or is one of the same verb in Ansible: elsewhere it is refused. */
#define PLAYS (OPTIONS_PLAYBOOK | OPTIONS_OWN)
#define RUNS (PLAYS | OPTIONS_ADHOC)
#define ASKS (RUNS | OPTIONS_GATHER | OPTIONS_ENROLL)                                 /* something is run on hosts */
#define CONNECTS (OPTIONS_PLAYBOOK | OPTIONS_ADHOC | OPTIONS_GATHER | OPTIONS_ENROLL) /* over ssh, perhaps */
#define ALL (ASKS | OPTIONS_INVENTORY | OPTIONS_PUBLISH)
#define AT(field) offsetof(struct command_options, field)

static const struct option_row rows[] = {
    { "inventory", "inventory-file", 'i', OPTION_LIST, ALL, AT(inventories), "FILE",
      "inventory file, folder, or comma separated host list" },
    { "limit", NULL, 'l', OPTION_TEXT, ASKS | OPTIONS_PUBLISH | OPTIONS_INVENTORY, AT(limit), "SUBSET",
      "only these hosts of the pattern" },
    { "extra-vars", NULL, 'e', OPTION_LIST, ALL, AT(extra_vars), "VARS", "key=value, YAML or JSON text, or @file" },
    { "verbose", NULL, 'v', OPTION_COUNT, ALL, AT(verbosity), NULL, "more output; -vv, -vvv ..." },
    { "tags", NULL, 't', OPTION_WORDS, PLAYS, AT(tags), "TAGS", "only plays and tasks with these tags" },
    { "skip-tags", NULL, 0, OPTION_WORDS, PLAYS, AT(skip_tags), "TAGS", "not the plays and tasks with these tags" },
    { "check", NULL, 'C', OPTION_FLAG, RUNS, AT(check), NULL, "change nothing, say what would change" },
    { "diff", NULL, 'D', OPTION_FLAG, RUNS, AT(diff), NULL, "show the differences of changed files" },
    { "forks", NULL, 'f', OPTION_NUMBER, ASKS, AT(forks), "N", "hosts worked on at once (default 5)" },
    { "become", NULL, 'b', OPTION_FLAG, ASKS, AT(become), NULL, "run as another user" },
    { "become-user", NULL, 0, OPTION_TEXT, ASKS, AT(become_user), "USER", "that user (default root)" },
    { "become-method", NULL, 0, OPTION_TEXT, ASKS, AT(become_method), "METHOD", "sudo (default), su or doas" },
    { "ask-become-pass", NULL, 'K', OPTION_FLAG, ASKS, AT(ask_become_password), NULL, "ask for the become password" },
    { "become-password-file", "become-pass-file", 0, OPTION_TEXT, ASKS, AT(become_password_file), "FILE",
      "file that holds it" },
    { "user", NULL, 'u', OPTION_TEXT, CONNECTS, AT(user), "USER", "connect as this user" },
    { "ask-pass", NULL, 'k', OPTION_FLAG, CONNECTS, AT(ask_connection_password), NULL, "ask for the ssh password" },
    { "connection-password-file", "conn-pass-file", 0, OPTION_TEXT, CONNECTS, AT(connection_password_file), "FILE",
      "file that holds it" },
    { "connection", NULL, 'c', OPTION_TEXT, CONNECTS, AT(connection), "KIND", "ssh (default) or local" },
    { "timeout", NULL, 'T', OPTION_NUMBER, CONNECTS, AT(timeout_s), "SECONDS", "connection timeout (default 10)" },
    { "private-key", "key-file", 0, OPTION_TEXT, CONNECTS, AT(private_key_file), "FILE", "ssh key" },
    { "ssh-common-args", NULL, 0, OPTION_TEXT, CONNECTS, AT(ssh_common_args), "ARGS", "words for every ssh" },
    { "ssh-extra-args", NULL, 0, OPTION_TEXT, CONNECTS, AT(ssh_extra_args), "ARGS", "more words for ssh" },
    { "scp-extra-args", NULL, 0, OPTION_TEXT, OPTIONS_PLAYBOOK | OPTIONS_ADHOC, AT(scp_extra_args), "ARGS",
      "as in Ansible; nothing goes over scp here" },
    { "sftp-extra-args", NULL, 0, OPTION_TEXT, OPTIONS_PLAYBOOK | OPTIONS_ADHOC, AT(sftp_extra_args), "ARGS",
      "as in Ansible; nothing goes over sftp here" },
    { "vault-id", NULL, 0, OPTION_LIST, ALL, AT(vault_ids), "ID",
      "password of vaults: [LABEL@]FILE, [LABEL@]PROGRAM or [LABEL@]prompt" },
    { "vault-password-file", "vault-pass-file", 0, OPTION_LIST, ALL, AT(vault_files), "FILE",
      "file that holds it, or program that prints it" },
    { "ask-vault-password", "ask-vault-pass", 'J', OPTION_FLAG, ALL, AT(ask_vault_password), NULL,
      "ask for the vault password" },
    { "list-hosts", NULL, 0, OPTION_FLAG, RUNS, AT(list_hosts), NULL, "print the matching hosts, do nothing" },
    { "list-tasks", NULL, 0, OPTION_FLAG, PLAYS, AT(list_tasks), NULL, "print all tasks, do nothing" },
    { "list-tags", NULL, 0, OPTION_FLAG, PLAYS, AT(list_tags), NULL, "print all tags, do nothing" },
    { "syntax-check", NULL, 0, OPTION_FLAG, RUNS, AT(syntax_check), NULL,
      "check everything that can be known, do nothing" },
    { "start-at-task", NULL, 0, OPTION_TEXT, PLAYS, AT(start_at_task), "NAME", "begin at the task of this name" },
    { "step", NULL, 0, OPTION_FLAG, PLAYS, AT(step), NULL, "ask before each task" },
    { "force-handlers", NULL, 0, OPTION_FLAG, PLAYS, AT(force_handlers), NULL, "run handlers even if a task fails" },
    { "flush-cache", NULL, 0, OPTION_FLAG, RUNS, AT(flush_cache), NULL, "forget the facts kept by fact_caching" },
    { "module-name", NULL, 'm', OPTION_TEXT, OPTIONS_ADHOC, AT(module_name), "MODULE",
      "module to run (default command)" },
    { "args", NULL, 'a', OPTION_TEXT, OPTIONS_ADHOC, AT(module_args), "ARGS", "its arguments: k=v, JSON or free form" },
    { "one-line", NULL, 'o', OPTION_FLAG, OPTIONS_ADHOC, AT(one_line), NULL, "one line a host" },
    { "background", NULL, 'B', OPTION_TEXT, OPTIONS_ADHOC, AT(background), "SECONDS",
      "run in the background, end it after so long" },
    { "poll", NULL, 'P', OPTION_TEXT, OPTIONS_ADHOC, AT(poll), "SECONDS",
      "look so often whether that is over (default 15; 0: do not wait)" },
    { "task-timeout", NULL, 0, OPTION_TEXT, OPTIONS_ADHOC, AT(task_timeout), "SECONDS", "end the task after so long" },
    { "tree", NULL, 't', OPTION_TEXT, OPTIONS_ADHOC, AT(tree_folder), "DIR", "a file of each host's result in DIR" },
    { "playbook-dir", NULL, 0, OPTION_TEXT, OPTIONS_ADHOC | OPTIONS_GATHER | OPTIONS_INVENTORY, AT(playbook_folder),
      "DIR", "folder of group_vars, host_vars, roles" },
    { "roles-path", NULL, 0, OPTION_LIST, RUNS | OPTIONS_ENROLL | OPTIONS_PUBLISH, AT(role_folders), "DIR",
      "more folders of roles" },
    { "module-path", NULL, 'M', OPTION_LIST, RUNS, AT(module_folders), "DIR[:DIR]",
      "more folders of modules that are not Roost's own" },
    { "list", NULL, 0, OPTION_FLAG, OPTIONS_INVENTORY, AT(inventory_list), NULL,
      "all hosts and their variables, as JSON" },
    { "host", NULL, 0, OPTION_TEXT, OPTIONS_INVENTORY, AT(host), "HOST", "variables of one host" },
    { "graph", NULL, 0, OPTION_FLAG, OPTIONS_INVENTORY, AT(inventory_graph), NULL, "groups as a tree" },
    { "vars", NULL, 0, OPTION_FLAG, OPTIONS_INVENTORY, AT(inventory_vars), NULL, "with their variables" },
    { "yaml", NULL, 'y', OPTION_FLAG, OPTIONS_INVENTORY, AT(inventory_yaml), NULL, "YAML instead of JSON" },
    { "export", NULL, 0, OPTION_FLAG, OPTIONS_INVENTORY, AT(inventory_export), NULL,
      "keep variables with their groups" },
    { "toml", NULL, 0, OPTION_FLAG, OPTIONS_INVENTORY, AT(inventory_toml), NULL, "TOML instead of JSON" },
    { "output", NULL, 0, OPTION_TEXT, OPTIONS_INVENTORY, AT(inventory_output), "FILE", "into a file" },
    { "output", NULL, 0, OPTION_TEXT, RUNS, AT(output), "STYLE",
      "default, minimal, oneline, json, yaml, jsonl ... (docs/output.md)" },
    { "json-lines", NULL, 0, OPTION_TEXT, RUNS, AT(json_file), "FILE",
      "also write every event to FILE, one JSON record a line" },
    { "serial", NULL, 0, OPTION_TEXT, OPTIONS_PLAYBOOK, AT(serial), "N|N%",
      "so many hosts at a time, in place of the plays' own serial" },
    { "canary", NULL, 0, OPTION_TEXT, OPTIONS_PLAYBOOK, AT(canary), "N|HOST",
      "so many hosts, or this one, go first; the others follow only when all went well" },
    { "max-fail-percentage", NULL, 0, OPTION_TEXT, OPTIONS_PLAYBOOK, AT(max_fail_percentage), "N",
      "stop when more than N percent of a batch have failed, in place of the plays' own" },
    { "via", NULL, 0, OPTION_TEXT, OPTIONS_PLAYBOOK, AT(via), "WAY",
      "ssh (default) or controller: who reaches the hosts" },
    { "again", NULL, 0, OPTION_FLAG, OPTIONS_ENROLL, AT(again), NULL,
      "also machines that are not the node that the controller knows by that name: rebuilt, or of another controller" },
    { "approval", NULL, 0, OPTION_FLAG, OPTIONS_ENROLL, AT(approval), NULL,
      "each node waits until it is let in: roost joins approve" },
    { "address", NULL, 0, OPTION_TEXT, OPTIONS_ENROLL, AT(address), "HOST:PORT",
      "how these nodes reach the controller, where its own address is not right for them" },
    { "agent", NULL, 0, OPTION_TEXT, ASKS, AT(agent_path), "FILE", "roost-agent to use (default: beside roost)" },
    { "places", NULL, 0, OPTION_TEXT, OPTIONS_OWN, AT(places_file), "FILE",
      "only the tasks at these places (PATH:LINE, one a line); exit 6: they need others" },
    { "decrypt", NULL, 0, OPTION_FLAG, OPTIONS_PUBLISH, AT(decrypt), NULL,
      "variables out of vaults go in plain into their hosts' bundles" },
    { "help", NULL, 'h', OPTION_FLAG, ALL, AT(help), NULL, "this text" },
    { "version", NULL, 0, OPTION_FLAG, ALL, AT(version), NULL, "version of Roost" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static bool list_add(struct options_list *list, const char *item, const char *what, struct error *err)
{
    if (list->count >= OPTIONS_LIST_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "more than %d values for %s", OPTIONS_LIST_MAX, what);
    list->items[list->count++] = item;
    return true;
}

static bool add_words(struct arena *arena, struct options_list *list, const char *value, const char *what,
                      struct error *err)
{
    for (char **part = text_split(arena, value, ',', NULL); *part; part++) {
        const char *word = text_trim(arena, *part, strlen(*part));
        if (*word && !list_add(list, word, what, err))
            return false;
    }
    return true;
}

static bool store(struct arena *arena, const struct option_row *row, const char *value, struct command_options *out,
                  struct error *err)
{
    char *target = (char *)out + row->offset;
    int64_t number = 0;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)target = true;
        return true;
    case OPTION_COUNT:
        ++*(int *)(void *)target;
        return true;
    case OPTION_TEXT:
        *(const char **)(void *)target = value;
        return true;
    case OPTION_LIST:
        return list_add((struct options_list *)(void *)target, value, row->long_name, err);
    case OPTION_WORDS:
        return add_words(arena, (struct options_list *)(void *)target, value, row->long_name, err);
    case OPTION_NUMBER:
        if (!text_to_int(value, &number) || number < 0 || number > 1000000)
            return error_set_kind(err, ERROR_OPTIONS, "--%s wants a number from 0 to 1000000, not '%s'", row->long_name,
                                  value);
        if (number == 0 && text_equal(row->long_name, "forks"))
            return error_set_kind(err, ERROR_OPTIONS, "The number of processes (--forks) must be >= 1");
        *(int *)(void *)target = (int)number;
        return true;
    }
    return false;
}

static bool takes_value(const struct option_row *row)
{
    return row->kind != OPTION_FLAG && row->kind != OPTION_COUNT;
}

/* The row of a whole name that is for other verbs, or NULL. */
static const struct option_row *find_elsewhere(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (text_equal(rows[i].long_name, name) || text_equal(rows[i].other_name, name) ||
            (name[0] && !name[1] && name[0] == rows[i].short_name))
            return &rows[i];
    return NULL;
}

static bool unknown_option(const char *name, unsigned use, struct error *err)
{
    const char *names[ROW_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].use & use)
            names[count++] = rows[i].long_name;
    if (find_elsewhere(name))
        return error_set_kind(err, ERROR_OPTIONS,
                              "unrecognized option '--%s': other verbs have it; --help lists those of this one", name);
    const char *nearest = text_nearest(name, names, count);
    if (nearest)
        return error_set_kind(err, ERROR_OPTIONS, "unrecognized option '--%s', did you mean '--%s'?", name, nearest);
    return error_set_kind(err, ERROR_OPTIONS, "unrecognized option '--%s'; --help lists them", name);
}

static const struct option_row *find_short(char name, unsigned use, struct error *err)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].short_name == name && (rows[i].use & use))
            return &rows[i];
    const struct option_row *other = find_elsewhere((const char[]){ name, '\0' });
    if (other)
        error_set_kind(err, ERROR_OPTIONS,
                       "unrecognized option '-%c': other verbs have it (--%s); --help lists those of this one", name,
                       other->long_name);
    else
        error_set_kind(err, ERROR_OPTIONS, "unrecognized option '-%c'; --help lists them", name);
    return NULL;
}

/* Whole name, or the only one that starts with it. */
static const struct option_row *find_long(const char *name, unsigned use, struct error *err)
{
    const struct option_row *found = NULL;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &rows[i];
        if (!(row->use & use))
            continue;
        if (text_equal(row->long_name, name) || text_equal(row->other_name, name))
            return row;
        if (!text_starts(row->long_name, name))
            continue;
        if (found) {
            error_set_kind(err, ERROR_OPTIONS, "option '--%s' is not clear: --%s or --%s", name, found->long_name,
                           row->long_name);
            return NULL;
        }
        found = row;
    }
    if (!found)
        unknown_option(name, use, err);
    return found;
}

struct cursor {
    struct arena *arena;
    int argc, at;
    char **argv;
    unsigned use;
};

static bool parse_long(struct cursor *cursor, const char *text, struct command_options *out, struct error *err)
{
    size_t length = strcspn(text, "=");
    const struct option_row *row = find_long(arena_copy_n(cursor->arena, text, length), cursor->use, err);
    const char *value = text[length] ? text + length + 1 : NULL;
    if (!row)
        return false;
    if (!takes_value(row) && value)
        return error_set_kind(err, ERROR_OPTIONS, "--%s takes no value", row->long_name);
    if (takes_value(row) && !value) {
        if (cursor->at + 1 >= cursor->argc)
            return error_set_kind(err, ERROR_OPTIONS, "--%s wants a value: %s", row->long_name, row->value);
        value = cursor->argv[++cursor->at];
    }
    return store(cursor->arena, row, value, out, err);
}

static bool parse_short(struct cursor *cursor, const char *letters, struct command_options *out, struct error *err)
{
    for (; *letters; letters++) {
        const struct option_row *row = find_short(*letters, cursor->use, err);
        const char *value = NULL;
        if (!row)
            return false;
        if (takes_value(row)) {
            value = letters[1] ? letters + 1 : cursor->at + 1 < cursor->argc ? cursor->argv[++cursor->at] : NULL;
            if (!value)
                return error_set_kind(err, ERROR_OPTIONS, "-%c wants a value: %s", *letters, row->value);
            return store(cursor->arena, row, value, out, err);
        }
        if (!store(cursor->arena, row, NULL, out, err))
            return false;
    }
    return true;
}

static bool one_of(bool asks, bool has_file, const char *ask, const char *file, struct error *err)
{
    return !asks || !has_file || error_set_kind(err, ERROR_OPTIONS, "%s is not allowed with %s", file, ask);
}

/* A password is asked for, or is in a file. */
static bool passwords_check(const struct command_options *options, struct error *err)
{
    return options->help || (one_of(options->ask_vault_password, options->vault_files.count > 0, "--ask-vault-password",
                                    "--vault-password-file", err) &&
                             one_of(options->ask_connection_password, options->connection_password_file != NULL,
                                    "--ask-pass", "--connection-password-file", err) &&
                             one_of(options->ask_become_password, options->become_password_file != NULL,
                                    "--ask-become-pass", "--become-password-file", err));
}

bool options_parse(struct arena *arena, int argc, char **argv, unsigned use, struct command_options *out,
                   struct error *err)
{
    struct cursor cursor = { arena, argc, 1, argv, use };
    bool only_words = false;
    *out = (struct command_options){ 0 };
    for (; cursor.at < argc; cursor.at++) {
        const char *word = argv[cursor.at];
        bool ok = true;
        if (!only_words && text_equal(word, "--"))
            only_words = true;
        else if (!only_words && text_starts(word, "--"))
            ok = parse_long(&cursor, word + 2, out, err);
        else if (!only_words && word[0] == '-' && word[1])
            ok = parse_short(&cursor, word + 1, out, err);
        else
            ok = list_add(&out->playbooks, word, "arguments", err);
        if (!ok)
            return false;
    }
    return passwords_check(out, err);
}

const char *options_help(struct arena *arena, unsigned use)
{
    static const char *const none[] = { NULL };

    return options_help_without(arena, use, none);
}

const char *options_help_without(struct arena *arena, unsigned use, const char *const *hidden)
{
    struct text out = text_new(arena);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &rows[i];
        if (!(row->use & use) || text_in(row->long_name, hidden))
            continue;
        const char *name = row->short_name ? arena_printf(arena, "  -%c, --%s%s%s", row->short_name, row->long_name,
                                                          row->value ? " " : "", row->value ? row->value : "")
                                           : arena_printf(arena, "      --%s%s%s", row->long_name,
                                                          row->value ? " " : "", row->value ? row->value : "");
        text_printf(&out, "%-34s %s\n", name, row->help);
    }
    return out.data;
}
