/* SPDX-License-Identifier: Apache-2.0 */
/* roost doc [MODULE...]: what a module is for and what it takes, from the same tables that check and bind its arguments. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "common/base/text.h"
#include "common/spec/module_catalogue.h"
#include "engine/run/action.h"

static const char *type_name(enum arg_type type)
{
    switch (type) {
    case ARG_STRING:
        return "string";
    case ARG_PATH:
        return "path";
    case ARG_BOOL:
    case ARG_TRI:
        return "boolean";
    case ARG_INT:
        return "integer";
    case ARG_REAL:
        return "number";
    case ARG_LIST:
        return "list of strings";
    case ARG_VALUES:
        return "list";
    case ARG_MAP:
        return "mapping";
    case ARG_RAW:
        return "any";
    case ARG_MODE:
        return "file mode";
    }
    return "?";
}

static void print_names(const char *title, const char *const *names)
{
    if (!names || !*names)
        return;
    printf("        %s: ", title);
    for (size_t i = 0; names[i]; i++)
        printf("%s%s", i ? ", " : "", names[i]);
    putchar('\n');
}

/* Booleans as true and false, however the table spells them; text that would not be seen is quoted. */
static void print_default(const struct arg_spec *arg)
{
    bool truth;
    if (!arg->default_text)
        return;
    fputs("        default: ", stdout);
    if ((arg->type == ARG_BOOL || arg->type == ARG_TRI) && text_to_bool(arg->default_text, &truth)) {
        puts(truth ? "true" : "false");
        return;
    }
    if (*arg->default_text && !strpbrk(arg->default_text, "\n\t\r")) {
        puts(arg->default_text);
        return;
    }
    putchar('"');
    for (const char *at = arg->default_text; *at; at++)
        fputs(*at == '\n' ? "\\n" : *at == '\t' ? "\\t" : *at == '\r' ? "\\r" : (const char[]){ *at, '\0' }, stdout);
    puts("\"");
}

static void print_argument(const struct arg_spec *arg)
{
    if (arg->name[0] == '_')
        return;
    printf("  %s (%s%s)\n", arg->name, type_name(arg->type), arg->required ? ", required" : "");
    if (arg->help)
        printf("        %s\n", arg->help);
    print_names("choices", arg->choices);
    print_names("aliases", arg->aliases);
    print_default(arg);
}

static void print_spec(const struct task_spec *spec)
{
    printf("%s: %s\n", spec->name, spec->summary);
    print_names("also called", spec->aliases);
    if (spec->free_form)
        puts("        takes free-form text");
    putchar('\n');
    for (const struct arg_spec *arg = spec->args; arg && arg->name; arg++)
        print_argument(arg);
    if (task_catalogue_find(&module_catalogue, spec->name))
        printf("\nMore: docs/modules/%s.md of Roost's sources\n", spec->name);
    putchar('\n');
}

static void print_list(const struct task_catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++)
        printf("%-22s %s\n", catalogue->specs[i]->name, catalogue->specs[i]->summary);
}

static int unknown(const char *name)
{
    const char *nearest = task_catalogue_nearest(&module_catalogue, name);
    if (!nearest)
        nearest = task_catalogue_nearest(action_catalogue(), name);
    fprintf(stderr, "roost doc: there is no module '%s'%s%s%s\n", name, nearest ? ", did you mean '" : "",
            nearest ? nearest : "", nearest ? "'?" : "");
    return 1;
}

/* An option besides the first word, or one that is none. */
static const char *option_refused(int argc, char **argv)
{
    static const char *const first[] = { "--help", "-h", "--list", "-l", NULL };
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '-' && (i > 1 || !text_in(argv[i], first)))
            return argv[i];
    return NULL;
}

static int doc_run(int argc, char **argv)
{
    int exit_code = 0;
    const char *refused = option_refused(argc, argv);
    if (refused) {
        fprintf(stderr, "roost doc: unrecognized option '%s'; --help lists them\n", refused);
        return 5;
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        puts("usage: roost doc [MODULE...]\n\nWithout a name, or with --list: the list of all modules.");
        return 0;
    }
    if (argc < 2 || strcmp(argv[1], "-l") == 0 || strcmp(argv[1], "--list") == 0) {
        if (argc > 2) {
            fputs("roost doc: --list takes no names\n", stderr);
            return 5;
        }
        puts("Modules (run on the node):");
        print_list(&module_catalogue);
        puts("\nActions (run at the centre, or prepare a module call there):");
        print_list(action_catalogue());
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        const struct task_spec *spec = task_catalogue_find(action_catalogue(), argv[i]);
        if (!spec || !spec->args || !spec->args->name)
            spec = task_catalogue_find(&module_catalogue, argv[i]) ? task_catalogue_find(&module_catalogue, argv[i])
                                                                   : spec;
        if (spec)
            print_spec(spec);
        else
            exit_code = unknown(argv[i]);
    }
    return exit_code;
}

VERB_DEFINE(doc) = { "doc", "Describe modules and their arguments", "[MODULE...]", doc_run };
