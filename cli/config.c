/* SPDX-License-Identifier: Apache-2.0 */
/* roost config: the settings as they are now, all there are, the file, and a file to begin with; as ansible-config prints them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/config_print.h"
#include "cli/own_option.h"
#include "cli/verb.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/report/sinks.h"
#include "engine/run/run.h"

#define EXIT_USAGE 2 /* of Python's argparse */

static const char usage[] =
    "usage: roost config dump|list|view|init [OPTIONS] [PLUGIN...]\n\n"
    "  dump                 every setting, where it comes from and what it is\n"
    "  list                 every setting there is: type, default, places\n"
    "  view                 the configuration file that is in use\n"
    "  init                 a configuration file with every default\n\n"
    "  -c, --config FILE    this file instead of the one that is found\n"
    "  -t, --type TYPE      base (default), all, or become, cache, callback, connection, inventory, shell, vars: options of\n"
    "                       plugins, of the named ones or of each\n"
    "  -f, --format FORMAT  dump: display (default), json, yaml; list: yaml, json; init: ini (default), env, vars\n"
    "      --only-changed   dump: what is not a default\n"
    "      --disabled       init: every line a comment\n\n"
    "Exit codes: 0 done, 1 error, 2 no such option, 5 a wrong value.\n";

static bool option_value(const char *name, const char *letter, struct cursor_words *words, const char **out)
{
    const char *value = own_option_value(name, words->argc, words->argv, &words->at);

    if (value == NULL)
        value = own_option_value(letter, words->argc, words->argv, &words->at);
    if (value != NULL)
        *out = value;
    return value != NULL;
}

static bool flag_read(const char *word, struct config_options *out)
{
    static const char *const changed[] = { "--only-changed", "--changed-only", NULL };
    static const char *const help[] = { "--help", "-h", NULL };

    if (text_in(word, changed))
        out->only_changed = true;
    else if (text_in(word, help))
        out->help = true;
    else if (strcmp(word, "--disabled") == 0)
        out->disabled = true;
    else
        return word[0] == '-' && word[1] == 'v' && strspn(word + 1, "v") == strlen(word + 1);
    return true;
}

static bool options_read(int argc, char **argv, struct config_options *out, struct error *err)
{
    static const char *const names[] = { "--config", "--type", "--format", "--only-changed", "--disabled", "--help" };
    struct cursor_words words = { argc, 1, argv };

    for (; words.at < argc; words.at++) {
        const char *word = argv[words.at], *nearest;

        if (option_value("--config", "-c", &words, &out->file) || option_value("--type", "-t", &words, &out->type) ||
            option_value("--format", "-f", &words, &out->format) || flag_read(word, out))
            continue;
        nearest = text_nearest(word, names, sizeof(names) / sizeof(names[0]));
        if (word[0] == '-')
            return error_set_kind(err, ERROR_OPTIONS, "unrecognized arguments: %s%s%s%s", word,
                                  nearest == NULL ? "" : ", did you mean '", nearest == NULL ? "" : nearest,
                                  nearest == NULL ? "" : "'?");
        if (out->action == NULL)
            out->action = word;
        else if (out->plugin_count < CONFIG_PLUGINS_MAX)
            out->plugins[out->plugin_count++] = word;
    }
    return true;
}

static bool check_word(const char *what, const char *word, const char *const *choices, struct error *err)
{
    const char *nearest;
    size_t count = 0;

    while (choices[count] != NULL)
        count++;
    if (word != NULL && text_in(word, choices))
        return true;
    nearest = word == NULL ? NULL : text_nearest(word, choices, count);
    return error_set_kind(err, ERROR_OPTIONS, "argument %s: invalid choice: '%s'%s%s%s", what, word == NULL ? "" : word,
                          nearest == NULL ? "" : ", did you mean '", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "'?");
}

static bool options_check(struct config_options *options, struct error *err)
{
    static const char *const actions[] = { "dump", "list", "view", "init", NULL };
    static const char *const types[] = { "base",    "all",        "become",  "cache",     "callback",
                                         "cliconf", "connection", "httpapi", "inventory", "lookup",
                                         "netconf", "shell",      "vars",    NULL };
    static const char *const dump[] = { "display", "json", "yaml", NULL }, *const list[] = { "yaml", "json", NULL },
                             *const init[] = { "ini", "env", "vars", NULL }, *const none[] = { "", NULL };
    const char *const *formats = none;

    if (!check_word("action", options->action, actions, err))
        return false;
    formats = strcmp(options->action, "dump") == 0   ? dump
              : strcmp(options->action, "list") == 0 ? list
              : strcmp(options->action, "init") == 0 ? init
                                                     : none;
    options->format = options->format == NULL ? formats[0] : options->format;
    options->type = options->type == NULL ? "base" : options->type;
    return check_word("--type", options->type, types, err) && check_word("--format", options->format, formats, err);
}

static bool settings_read(struct config_job *job, struct error *err)
{
    const char *path = job->options->file;

    if (path == NULL)
        return settings_load(job->arena, job->warnings, &job->settings, err);
    path = path_absolute(job->arena, path_expand_user(job->arena, path));
    if (!path_is_file(path) || access(path, R_OK) != 0)
        return error_set_kind(err, ERROR_OPTIONS, "The provided configuration file is missing or not accessible: %s",
                              path);
    return settings_load_from(job->arena, path, job->warnings, &job->settings, err);
}

static bool view(struct config_job *job, struct error *err)
{
    char *data = NULL;
    size_t length = 0;

    if (job->settings.path == NULL)
        return error_set(err, "Invalid or no config file was supplied");
    if (!file_read(job->arena, job->settings.path, LIMIT_SOURCE_FILE, &data, &length, err))
        return false;
    text_add_n(&job->out, data, length);
    return true;
}

static bool act(struct config_job *job, struct error *err)
{
    const char *action = job->options->action;

    if (!settings_read(job, err))
        return false;
    if (strcmp(action, "dump") == 0)
        return config_dump(job, err);
    if (strcmp(action, "list") == 0)
        return config_list(job, err);
    return strcmp(action, "view") == 0 ? view(job, err) : config_init(job, err);
}

static int fail(const struct error *err)
{
    report_error(stderr, err, isatty(STDERR_FILENO) == 1);
    return err->kind == ERROR_OPTIONS ? RUN_OPTIONS : RUN_ERROR;
}

static int config_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct config_options *options = arena_new_of(arena, struct config_options);
    struct config_job job = {
        .arena = arena, .options = options, .warnings = value_list(arena), .out = text_new(arena)
    };
    struct error err = ERROR_INIT;
    bool ok = options_read(argc, argv, options, &err);

    if (ok && options->help) {
        fputs(usage, stdout);
        return RUN_OK;
    }
    if (!ok || !options_check(options, &err)) {
        fail(&err);
        return EXIT_USAGE;
    }
    ok = act(&job, &err);
    for (size_t i = 0; i < value_count(job.warnings); i++)
        fprintf(stderr, "[WARNING]: %s\n", value_text(value_item(job.warnings, i)));
    if (!ok)
        return fail(&err);
    if (job.out.length == 0 || job.out.data[job.out.length - 1] != '\n')
        text_add_char(&job.out, '\n');
    fwrite(job.out.data, 1, job.out.length, stdout);
    return RUN_OK;
}

VERB_DEFINE(config) = { "config", "Show settings, and where they come from, as ansible-config does",
                        "dump|list|view|init [OPTIONS]", config_run };
