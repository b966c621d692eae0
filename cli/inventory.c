/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roost inventory: hosts, groups and variables as ansible-inventory prints them. What is printed is made in
 * cli/inventory_show.c; here are the choices of the command line.
 */
#include <errno.h>
#include <string.h>

#include "cli/inventory_show.h"
#include "cli/playbook_verb.h"
#include "common/base/text.h"

VERB_DECLARE(inventory);

static bool options_check(const struct command_options *options, struct error *err)
{
    int used = (options->host != NULL) + options->inventory_graph + options->inventory_list;

    if (used == 0)
        return error_set_kind(err, ERROR_OPTIONS,
                              "No action selected, at least one of --host, --graph or --list needs to be specified.");
    if (used > 1)
        return error_set_kind(
            err, ERROR_OPTIONS,
            "Conflicting options used, only one of --host, --graph or --list can be used at the same time.");
    return true;
}

/* As given: without a newline at the end of JSON. */
static bool file_write(const char *path, const struct text *text, struct error *err)
{
    FILE *file = fopen(path, "we");
    bool ok = file != NULL && fwrite(text->data, 1, text->length, file) == text->length;

    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    return ok || error_set(err, "Unable to write to destination file (%s): [Errno %d] %s: '%s'", path, errno,
                           strerror(errno), path);
}

static bool shown(struct command *command, const struct text *text, struct error *err)
{
    if (command->options.inventory_output != NULL)
        return file_write(command->options.inventory_output, text, err);
    fwrite(text->data, 1, text->length, stdout);
    if (text->length == 0 || text->data[text->length - 1] != '\n')
        fputc('\n', stdout);
    return true;
}

static int inventory_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct text text = text_new(arena);
    struct error err = ERROR_INIT;
    int exit_code = 0;
    bool ok;

    if (!verb_start(&command, &verb_inventory, argc, argv, OPTIONS_INVENTORY, &exit_code))
        return exit_code;
    if (!options_check(&command.options, &err) || !command_prepare(&command, &err)) {
        command_print_warnings(&command);
        return command_fail(&command, &err);
    }
    ok = inventory_show(&command, &text, &err);
    command_print_warnings(&command);
    return ok && shown(&command, &text, &err) ? 0 : command_fail(&command, &err);
}

VERB_DEFINE(inventory) = { "inventory", "Show hosts, groups and variables", "--list|--host HOST|--graph [OPTIONS]",
                           inventory_run };
