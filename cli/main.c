/* SPDX-License-Identifier: Apache-2.0 */
/* The `roost` program: picks the verb. Verbs are files of this folder; the table is generated. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "common/base/text.h"
#include "controller/transport/transport.h"
#include "engine/run/options_vars.h"

static void print_usage(FILE *out)
{
    fputs("Roost " ROOST_VERSION
          ": provisions and runs small clusters of AI boxes, in Ansible's language, without Python.\n\n"
          "usage: roost VERB [OPTIONS]\n\n",
          out);
    for (size_t i = 0; verb_table[i]; i++)
        fprintf(out, "  %-10s %s\n", verb_table[i]->name, verb_table[i]->summary);
    fputs("\nroost VERB --help tells more of each.\n", out);
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; verb_table[i]; i++)
        if (strcmp(verb_table[i]->name, name) == 0)
            return verb_table[i];
    return NULL;
}

static int unknown_verb(const char *name)
{
    const char *names[64];
    size_t count = 0;
    for (; verb_table[count] && count < 64; count++)
        names[count] = verb_table[count]->name;
    const char *nearest = text_nearest(name, names, count);
    fprintf(stderr, "roost: there is no verb '%s'%s%s%s\n", name,
            nearest ? ", did you mean '" : "; roost --help lists them", nearest ? nearest : "", nearest ? "'?" : "");
    return 5;
}

/* `roost help VERB` is `roost VERB --help`. */
static int verb_help(char *name)
{
    static char help[] = "--help";
    char *words[] = { name, help, NULL };
    const struct verb *verb = find_verb(name);

    return verb ? verb->run(2, words) : unknown_verb(name);
}

/* Under the names of Ansible's programs, roost is these: for scripts that call them. */
static const struct {
    const char *program, *verb;
} other_names[] = {
    { "ansible", "run" },         { "ansible-playbook", "apply" }, { "ansible-inventory", "inventory" },
    { "ansible-vault", "vault" }, { "ansible-config", "config" },  { "ansible-doc", "doc" },
};

static const struct verb *verb_of_program(const char *path)
{
    const char *slash = strrchr(path, '/');
    for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
        if (strcmp(slash ? slash + 1 : path, other_names[i].program) == 0)
            return find_verb(other_names[i].verb);
    return NULL;
}

static int print_other_version(const char *path)
{
    const char *slash = strrchr(path, '/');
    printf("%s [core " OPTIONS_LANGUAGE_LEVEL "] (roost " ROOST_VERSION ")\n", slash ? slash + 1 : path);
    return 0;
}

int main(int argc, char **argv)
{
    if (transport_askpass_answer(argc > 1 ? argv[1] : NULL))
        return 0;
    const struct verb *named = verb_of_program(argc > 0 ? argv[0] : "");
    if (named)
        return argc > 1 && strcmp(argv[1], "--version") == 0 ? print_other_version(argv[0]) : named->run(argc, argv);
    if (argc < 2) {
        print_usage(stderr);
        return 5;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        if (argc > 2)
            return verb_help(argv[2]);
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        puts("roost " ROOST_VERSION);
        return 0;
    }
    const struct verb *verb = find_verb(argv[1]);
    return verb ? verb->run(argc - 1, argv + 1) : unknown_verb(argv[1]);
}
