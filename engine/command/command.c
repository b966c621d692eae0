/* SPDX-License-Identifier: Apache-2.0 */
/* Assembling a run from options and configuration. */
#include "engine/command/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/descriptor_limit.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/command/ask.h"
#include "engine/command/constants.h"
#include "engine/command/extra_vars.h"
#include "engine/command/interrupt.h"
#include "engine/command/inventory_setup.h"
#include "engine/command/output.h"
#include "engine/command/shared_folder.h"
#include "engine/command/vault_setup.h"
#include "engine/python/python.h"
#include "engine/report/log_file.h"
#include "engine/run/action.h"

#define DEFAULT_FORKS 5
#define RUN_ANSIBLE_USAGE 2
#define DEFAULT_TIMEOUT_S 10
#define PLACES_BYTES_MAX ((size_t)4 * 1024 * 1024)

bool command_start(struct command *command, int argc, char **argv, unsigned use, int *exit_out)
{
    struct error err = ERROR_INIT;
    command->use = use;
    command->out = command->out ? command->out : stdout;
    command->errors = command->errors ? command->errors : stderr;
    command->warnings = value_list(command->arena);
    *exit_out = RUN_OK;
    if (!options_parse(command->arena, argc, argv, use, &command->options, &err)) {
        *exit_out = command_fail_words(command, argv[0], &err);
        return false;
    }
    if (command->options.version) {
        fprintf(command->out, "roost %s\n", ROOST_VERSION);
        return false;
    }
    return true;
}

int command_fail_words(struct command *command, const char *program, const struct error *err)
{
    const char *slash = strrchr(program, '/');
    int code = command_fail(command, err);
    return code == RUN_OPTIONS && text_starts(slash ? slash + 1 : program, "ansible") ? RUN_ANSIBLE_USAGE : code;
}

int command_fail(struct command *command, const struct error *err)
{
    fflush(command->out);
    report_error(command->errors, err, command->color);
    report_error_log(command->log, err);
    switch (err->kind) {
    case ERROR_PARSE:
        return RUN_UNREACHABLE; /* Ansible's code for a parser error is 4 too */
    case ERROR_OPTIONS:
        return RUN_OPTIONS;
    case ERROR_CANCELLED:
        return RUN_INTERRUPTED;
    case ERROR_PARTIAL:
        return RUN_PARTIAL;
    default:
        return RUN_ERROR;
    }
}

void command_print_warnings(struct command *command)
{
    struct console_options console;
    struct error ignored = ERROR_INIT;
    if (!output_console_options(command, &console, &ignored))
        console = (struct console_options){ .out = command->out, .errors = command->errors };
    report_warnings(&console, command->warnings);
    command->warnings->as.list.count = 0;
}

const char *const *command_playbooks(const struct command *command)
{
    static const char *const none[] = { NULL };
    const char *const *words = command->options.playbooks.items;

    return words != NULL && (command->use & (OPTIONS_PLAYBOOK | OPTIONS_OWN | OPTIONS_PUBLISH)) != 0 ? words : none;
}

const char *command_default_playbook(void)
{
    static const char *const candidates[] = { "playbooks/site.yml", "site.yml", NULL };
    for (size_t i = 0; candidates[i]; i++)
        if (path_is_file(candidates[i]))
            return candidates[i];
    return NULL;
}

/* --- inventory --- */

static const char *const *inventory_sources(struct command *command)
{
    const char *configured = settings_text(&command->settings, "inventory");
    if (command->options.inventories.count)
        return command->options.inventories.items;
    if (configured) {
        size_t count = 0;
        char **parts = text_split(command->arena, configured, ',', &count);
        const char **paths = arena_new_array(command->arena, const char *, count + 1);
        for (size_t i = 0; i < count; i++)
            paths[i] = settings_path(&command->settings, command->arena,
                                     text_trim(command->arena, parts[i], strlen(parts[i])));
        return paths;
    }
    static const char *const candidates[] = { "inventory", "inventory.yml", "inventory.ini", "/etc/ansible/hosts",
                                              NULL };
    const char **found = arena_new_array(command->arena, const char *, 2);
    for (size_t i = 0; candidates[i] && !found[0]; i++)
        found[0] = path_exists(candidates[i]) ? candidates[i] : NULL;
    return found;
}

/* --- passwords and become --- */

struct password_source {
    const char *file, *setting, *prompt;
    bool ask;
};

static bool read_password(struct command *command, const struct password_source *source, const char **out,
                          struct error *err)
{
    const char *path = source->file ? source->file : settings_text(&command->settings, source->setting);
    if (path)
        return ask_password_file(command->arena, path, out, err);
    if (!source->ask || ask_terminal(NULL, source->prompt, true, command->arena, out))
        return true;
    return error_set_kind(err, ERROR_OPTIONS, "cannot ask for a password: there is no terminal (use a password file)");
}

static bool prepare_passwords(struct command *command, struct error *err)
{
    const struct command_options *options = &command->options;
    struct run_options *run = &command->run;
    if (options->list_hosts || options->list_tasks || options->list_tags || options->syntax_check)
        return true; /* nobody is asked for what is not needed */
    if (command->given) {
        run->connection_password = command->given->connection_password;
        run->become.password = command->given->become_password;
        return true;
    }
    struct password_source connection = { options->connection_password_file, "connection_password_file",
                                          "SSH password: ", options->ask_connection_password };
    struct password_source become = { options->become_password_file, "become_password_file",
                                      "BECOME password: ", options->ask_become_password };
    if (!read_password(command, &connection, &run->connection_password, err))
        return false;
    if (run->connection_password)
        become.prompt = "BECOME password[defaults to SSH password]: ";
    if (!read_password(command, &become, &run->become.password, err))
        return false;
    if (options->ask_become_password && run->become.password && !*run->become.password)
        run->become.password = run->connection_password;
    return true;
}

static const char *first_text(const char *option, const struct settings *settings, const char *key)
{
    return option ? option : settings_text(settings, key);
}

static void prepare_become(struct command *command)
{
    const struct command_options *options = &command->options;
    struct become *become = &command->run.become;
    become->active = options->become || settings_bool(&command->settings, "become", false);
    become->method = first_text(options->become_method, &command->settings, "become_method");
    become->user = first_text(options->become_user, &command->settings, "become_user");
    become->exe = settings_text(&command->settings, "become_exe");
    become->flags = settings_text(&command->settings, "become_flags");
}

/* --- environment and loader --- */

static const char *const *role_folders(struct command *command)
{
    struct arena *arena = command->arena;
    const char *configured = settings_text(&command->settings, "roles_path");
    size_t count = 0, used = 0;
    char **parts = text_split(
        arena, configured ? configured : "~/.ansible/roles:/usr/share/ansible/roles:/etc/ansible/roles", ':', &count);
    const char **folders = arena_new_array(arena, const char *, count + command->options.role_folders.count + 2);
    for (size_t i = 0; i < command->options.role_folders.count; i++)
        folders[used++] = path_absolute(arena, command->options.role_folders.items[i]);
    for (size_t i = 0; i < count; i++)
        if (*parts[i])
            folders[used++] = settings_path(&command->settings, arena, parts[i]);
    folders[used] = shared_folder(arena, "roles"); /* those that came with the program come last */
    return folders;
}

const char *const *command_folders(struct command *command, const char *key, const char *otherwise)
{
    const char *configured = settings_text(&command->settings, key);
    size_t count = 0, used = 0;
    char **parts = text_split(command->arena, configured ? configured : otherwise, ':', &count);
    const char **folders = arena_new_array(command->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        if (*parts[i])
            folders[used++] = settings_path(&command->settings, command->arena, parts[i]);
    folders[used] = NULL;
    return folders;
}

static const char *const *collection_folders(struct command *command)
{
    const char *key = settings_text(&command->settings, "collections_path") ? "collections_path" : "collections_paths";
    return command_folders(command, key, "~/.ansible/collections:/usr/share/ansible/collections");
}

static const char *const *module_folders(struct command *command)
{
    const char *const *configured =
        command_folders(command, "library", "~/.ansible/plugins/modules:/usr/share/ansible/plugins/modules");
    const struct options_list *given = &command->options.module_folders;
    struct arena *arena = command->arena;
    size_t count = 0, used = 0;
    for (size_t i = 0; i < given->count; i++)
        count += strlen(given->items[i]) + 1;
    for (size_t i = 0; configured[i] != NULL; i++)
        count++;
    const char **folders = arena_new_array(arena, const char *, count + 1);
    for (size_t i = 0; i < given->count; i++)
        for (char **part = text_split(arena, given->items[i], ':', NULL); *part != NULL; part++)
            if (**part != '\0')
                folders[used++] = path_absolute(arena, path_expand_user(arena, *part));
    for (size_t i = 0; configured[i] != NULL; i++)
        folders[used++] = configured[i];
    folders[used] = NULL;
    return folders;
}

static bool has_extension(const struct settings *settings, const char *name)
{
    const char *names = settings_text(settings, "jinja2_extensions");
    return names && strstr(names, name);
}

static struct template_config template_settings(struct command *command)
{
    const struct settings *settings = &command->settings;
    const char *level = settings_text(settings, "language_level");
    return (struct template_config){
        .strict_undefined = true,
        .omit_text = RUN_OMIT_TEXT,
        .managed_text = settings_text(settings, "ansible_managed"),
        .constants = constants_of(command->arena, settings),
        .extension_do = has_extension(settings, "jinja2.ext.do"),
        .extension_loopcontrols = has_extension(settings, "jinja2.ext.loopcontrols"),
        .native = settings_bool(settings, "jinja2_native", false),
        .level_2_19 = level && strcmp(level, "2.19") == 0,
        .allow_broken_conditionals = settings_bool(settings, "allow_broken_conditionals", false),
    };
}

static void prepare_loader(struct command *command)
{
    struct template_config config = template_settings(command);
    command->templates = template_env_new(command->arena, &config);
    command->playbook_config = (struct playbook_config){
        .templates = command->templates,
        .modules = command->modules,
        .actions = action_catalogue(),
        .extra_vars = command->extra_vars,
        .role_folders = role_folders(command),
        .collection_folders = collection_folders(command),
        .module_folders = module_folders(command),
        .action_folders =
            command_folders(command, "action_plugins", "~/.ansible/plugins/action:/usr/share/ansible/plugins/action"),
        .plugin_folders = { command_folders(command, "filter_plugins",
                                            "~/.ansible/plugins/filter:/usr/share/ansible/plugins/filter"),
                            command_folders(command, "test_plugins",
                                            "~/.ansible/plugins/test:/usr/share/ansible/plugins/test"),
                            command_folders(command, "lookup_plugins",
                                            "~/.ansible/plugins/lookup:/usr/share/ansible/plugins/lookup") },
        .python = python_open(command->arena, interrupt_flag()),
        .warnings = command->warnings,
        .notes = command->run.verbosity > 1 ? command->run.notes : NULL,
        .duplicate_keys = settings_text(&command->settings, "duplicate_dict_key"),
        .ignores_group_faults = !settings_bool(&command->settings, "validate_action_group_metadata", true),
        .decrypt = vault_decrypt,
        .decrypt_context = command->vault,
    };
    command->loader = playbook_loader_new(command->arena, &command->playbook_config);
}

static void prepare_options(struct command *command)
{
    const struct command_options *options = &command->options;
    struct run_options *run = &command->run;
    int forks = options->forks ? options->forks : settings_int(&command->settings, "forks", DEFAULT_FORKS);
    run->playbooks = options->playbooks.items;
    run->plays_folder = options->playbook_folder;
    run->inventory = command->inventory;
    run->inventory_config = &command->inventory_config;
    run->templates = command->templates;
    run->loader = command->loader;
    run->modules = command->modules;
    run->connections = command->connections;
    run->limit = options->limit;
    run->tags = options->tags.count ? options->tags.items : NULL;
    run->skip_tags = options->skip_tags.count ? options->skip_tags.items : NULL;
    run->extra_vars = command->extra_vars;
    run->settings = command->settings.values;
    run->check_mode = options->check;
    run->diff_mode = options->diff || settings_bool(&command->settings, "diff.always", false);
    run->force_handlers = options->force_handlers || settings_bool(&command->settings, "force_handlers", false);
    run->step = options->step;
    run->start_at_task = options->start_at_task;
    run->places = command->places;
    run->remote_user = first_text(options->user, &command->settings, "remote_user");
    run->connection_kind = options->connection;
    run->forks = forks > 0 ? forks : DEFAULT_FORKS;
    run->config_file = command->settings.path;
    run->vault = command->vault;
    run->warnings = command->warnings;
    run->interrupted = interrupt_flag();
    run->serial = options->serial;
    run->canary = options->canary;
    run->max_fail_percentage = options->max_fail_percentage;
    run->ask = isatty(STDIN_FILENO) ? ask_terminal : NULL;
    run->ask_debugger = run->ask_step = ask_terminal_or_input;
    if (command->given) {
        run->ask = run->ask_debugger = run->ask_step = command->given->ask;
        run->hold = command->given->hold;
        run->ask_context = run->hold_context = command->given->context;
    }
}

/* What the command line says of connections goes where the engine looks for it: into the settings. */
static void option_settings(struct command *command)
{
    const struct command_options *options = &command->options;
    struct value *map = value_map(command->arena);
    if (options->flush_cache)
        value_map_put_string(command->arena, map, "flush_cache", "true");
    if (options->private_key_file)
        value_map_put_string(command->arena, map, "private_key_file", options->private_key_file);
    if (options->ssh_common_args)
        value_map_put_string(command->arena, map, "ssh_common_args", options->ssh_common_args);
    if (options->ssh_extra_args)
        value_map_put_string(command->arena, map, "ssh_extra_args", options->ssh_extra_args);
    if (options->timeout_s)
        value_map_put_string(command->arena, map, "timeout", arena_printf(command->arena, "%d", options->timeout_s));
    command->settings.values = value_merge(command->arena, command->settings.values, map, false);
}

static bool places_read(struct command *command, struct error *err)
{
    struct arena *arena = command->arena;
    struct value *places = value_list(arena);
    char *text = NULL, **lines;
    size_t length = 0;

    if (command->options.places_file == NULL)
        return true;
    if (!file_read(arena, command->options.places_file, PLACES_BYTES_MAX, &text, &length, err))
        return false;
    lines = text_split(arena, text, '\n', NULL);
    for (; *lines != NULL; lines++)
        if (**lines != '\0')
            value_list_add(arena, places, value_string(arena, *lines));
    command->places = places;
    return true;
}

static bool prepare_vault(struct command *command, struct error *err)
{
    const struct command_options *options = &command->options;
    const struct vault_sources sources = { .ids = options->vault_ids.items,
                                           .files = options->vault_files.items,
                                           .ask = options->ask_vault_password };

    return vault_setup(command->arena, &command->settings, &sources, command->warnings, &command->vault, err);
}

/* A log that cannot be written is told and done without. */
static void prepare_log(struct command *command)
{
    const char *configured = settings_text(&command->settings, "log_path");
    struct error err = ERROR_INIT;
    const char *path;
    if (configured == NULL)
        return;
    path = settings_path(&command->settings, command->arena, configured);
    command->log =
        log_file_open(command->arena, path, settings_text(&command->settings, "log_filter"), command->errors, &err);
    if (command->log == NULL)
        fprintf(command->errors, "[WARNING]: log file at %s is not writeable and we cannot create it, aborting\n\n",
                path);
}

static bool prepare_settings(struct command *command, struct error *err)
{
    if (command->given) {
        command->settings = (struct settings){ .values = command->given->settings };
        command->extra_vars = command->given->extra_vars;
        return true;
    }
    if (!settings_load(command->arena, command->warnings, &command->settings, err))
        return false;
    prepare_log(command);
    bool merges = text_equal(settings_text(&command->settings, "hash_behaviour"), "merge");
    return prepare_vault(command, err) &&
           extra_vars_read(command->arena, command->vault, command->options.extra_vars.items, merges,
                           &command->extra_vars, err);
}

bool command_prepare(struct command *command, struct error *err)
{
    const struct inventory_rules *rules;

    if (!prepare_settings(command, err))
        return false;
    if (!places_read(command, err))
        return false;
    option_settings(command);
    command->color = output_wants_color(command);
    command->run.verbosity =
        command->options.verbosity ? command->options.verbosity : settings_int(&command->settings, "verbosity", 0);
    command->run.notes = value_list(command->arena);
    prepare_loader(command);
    rules = inventory_rules_make(command, err);
    if (rules == NULL)
        return false;
    command->inventory_config = (struct inventory_config){ .warnings = command->warnings,
                                                           .notes = value_list(command->arena),
                                                           .rules = rules,
                                                           .templates = command->templates,
                                                           .python = inventory_python_make(command),
                                                           .decrypt = vault_decrypt,
                                                           .decrypt_context = command->vault };
    if (!inventory_load(command->arena, inventory_sources(command), &command->inventory_config, &command->inventory,
                        err))
        return false;
    prepare_become(command);
    if (!prepare_passwords(command, err))
        return false;
    prepare_options(command);
    descriptor_limit_raise(); /* three pipes for each host */
    return true;
}

/* --- running --- */

static unsigned wanted_lists(const struct command_options *options)
{
    return (options->list_hosts ? LIST_HOSTS : 0u) | (options->list_tasks ? LIST_TASKS : 0u) |
           (options->list_tags ? LIST_TAGS : 0u) | (options->syntax_check ? LIST_SYNTAX : 0u);
}

bool command_only_lists(const struct command *command)
{
    return wanted_lists(&command->options) != 0;
}

static int print_lists(struct command *command, unsigned what)
{
    struct error err = ERROR_INIT;
    struct text text = text_new(command->arena);
    bool ok = run_list(command->arena, &command->run, what, &text, &err);
    command_print_warnings(command);
    if (!ok)
        return command_fail(command, &err);
    fwrite(text.data, 1, text.length, command->out);
    fflush(command->out);
    log_file_add(command->log, text.data, text.length);
    return RUN_OK;
}

int command_run(struct command *command, const struct value *plays)
{
    struct error err = ERROR_INIT;
    int exit_code = RUN_OK;
    unsigned lists = wanted_lists(&command->options);
    command->run.plays = plays;
    if (lists)
        return print_lists(command, lists);
    command_print_warnings(command);
    struct event_sink *sink = NULL;
    if (!output_open(command, &sink, &err))
        return command_fail(command, &err);
    command->run.sink = sink;
    interrupt_watch();
    bool ok = run_playbooks(command->arena, &command->run, &exit_code, &err);
    if (sink->close)
        sink->close(sink);
    command_print_warnings(command);
    python_close(command->playbook_config.python);
    if (command->json_file)
        fclose(command->json_file);
    return ok ? exit_code : command_fail(command, &err);
}
