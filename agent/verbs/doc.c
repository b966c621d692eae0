/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent doc: the modules this agent has; with a name, that module's arguments as its own table declares them. */
#include <stdio.h>
#include <string.h>

#include "agent/task/module.h"
#include "agent/verbs/verb.h"
#include "common/base/text.h"

static const char *type_text(enum arg_type type)
{
    static const char *const names[] = {
        [ARG_STRING] = "str", [ARG_PATH] = "path",  [ARG_BOOL] = "bool", [ARG_TRI] = "bool",
        [ARG_INT] = "int",    [ARG_REAL] = "float", [ARG_LIST] = "list", [ARG_VALUES] = "list",
        [ARG_MAP] = "dict",   [ARG_RAW] = "raw",    [ARG_MODE] = "mode",
    };
    return names[type];
}

static void print_names(const char *title, const char *const *names)
{
    if (!names)
        return;
    printf("        %s: ", title);
    for (const char *const *name = names; *name; name++)
        printf("%s%s", name == names ? "" : ", ", *name);
    putchar('\n');
}

/* Booleans as true and false, however the table spells them; line breaks as \n. */
static void print_default(const struct arg_spec *arg)
{
    bool truth;

    if (!arg->default_text)
        return;
    if ((arg->type == ARG_BOOL || arg->type == ARG_TRI) && text_to_bool(arg->default_text, &truth))
        printf("        default: %s\n", truth ? "true" : "false");
    else if (strcmp(arg->default_text, "\n") == 0)
        puts("        default: \"\\n\"");
    else
        printf("        default: %s\n", arg->default_text);
}

static void print_module(const struct module *module)
{
    printf("%s: %s\n", module->spec.name, module->spec.summary);
    for (const struct arg_spec *arg = module->spec.args; arg && arg->name; arg++) {
        if (text_starts(arg->name, "_"))
            continue;
        printf("\n    %s (%s%s)\n        %s\n", arg->name, type_text(arg->type), arg->required ? ", required" : "",
               arg->help ? arg->help : "");
        print_default(arg);
        print_names("choices", arg->choices);
        print_names("aliases", arg->aliases);
    }
}

static int doc_run(int argc, char **argv)
{
    if (argc > 1) {
        const struct module *module = module_named(argv[1]);
        if (module)
            print_module(module);
        else
            fprintf(stderr, "roost-agent: no module '%s'\n", argv[1]);
        return module ? 0 : 1;
    }
    for (size_t i = 0; i < module_table_count; i++)
        printf("%-20s %s\n", module_table[i]->spec.name, module_table[i]->spec.summary);
    return 0;
}

AGENT_VERB_DEFINE(doc) = {
    .name = "doc", .summary = "List the modules, or print one module's arguments", .usage = "[MODULE]", .run = doc_run
};
