/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build-time program: links all modules and prints what they declare as C source, so that the control side knows every
 * module's arguments without linking a line of agent code. Usage: roost-catalogue-writer FILE
 */
#include <stdio.h>

#include "agent/task/module.h"

static void write_text(FILE *out, const char *text)
{
    if (!text) {
        fputs("NULL", out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < 32)
            fprintf(out, "\\%03o", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void write_names(FILE *out, const char *field, const char *const *names)
{
    if (!names)
        return;
    fprintf(out, ", .%s = (const char *const[]){ ", field);
    for (; *names; names++) {
        write_text(out, *names);
        fputs(", ", out);
    }
    fputs("NULL }", out);
}

static void write_args(FILE *out, const struct task_spec *spec)
{
    fprintf(out, "static const struct arg_spec args_%s[] = {\n", spec->name);
    for (const struct arg_spec *arg = spec->args; arg && arg->name; arg++) {
        if (arg->internal)
            continue;
        fputs("    { .name = ", out);
        write_text(out, arg->name);
        fprintf(out, ", .type = (enum arg_type)%d, .offset = %zu, .required = %d, .no_log = %d, .default_text = ",
                (int)arg->type, arg->offset, arg->required, arg->no_log);
        write_text(out, arg->default_text);
        write_names(out, "choices", arg->choices);
        write_names(out, "aliases", arg->aliases);
        fputs(", .help = ", out);
        write_text(out, arg->help);
        fputs(" },\n", out);
    }
    fputs("    ARG_END,\n};\n", out);
}

static void write_rules(FILE *out, const struct task_spec *spec)
{
    if (!spec->rules)
        return;
    fprintf(out, "static const struct arg_rule rules_%s[] = {\n", spec->name);
    for (const struct arg_rule *rule = spec->rules; rule->kind != ARG_RULE_END; rule++) {
        fprintf(out, "    { .kind = (enum arg_rule_kind)%d", (int)rule->kind);
        write_names(out, "names", rule->names);
        fputs(", .key = ", out);
        write_text(out, rule->key);
        fputs(", .equals = ", out);
        write_text(out, rule->equals);
        fputs(" },\n", out);
    }
    fputs("    { .kind = ARG_RULE_END },\n};\n", out);
}

static void write_spec(FILE *out, const struct task_spec *spec)
{
    write_args(out, spec);
    write_rules(out, spec);
    fprintf(out, "static const struct task_spec spec_%s = { .name = ", spec->name);
    write_text(out, spec->name);
    write_names(out, "aliases", spec->aliases);
    fputs(", .summary = ", out);
    write_text(out, spec->summary);
    fprintf(out, ", .args = args_%s, .args_size = %zu, .free_form = %d, .any_args = %d", spec->name, spec->args_size,
            spec->free_form, spec->any_args);
    if (spec->rules)
        fprintf(out, ", .rules = rules_%s", spec->name);
    fputs(" };\n", out);
}

int main(int argc, char **argv)
{
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (!out) {
        perror("roost-catalogue-writer");
        return 1;
    }
    fputs("/* Generated from the tables in agent/modules by cmake/catalogue_writer.c. */\n"
          "#include \"common/spec/module_catalogue.h\"\n",
          out);
    for (size_t i = 0; i < module_table_count; i++)
        write_spec(out, &module_table[i]->spec);
    fputs("static const struct task_spec *const specs[] = {\n", out);
    for (size_t i = 0; i < module_table_count; i++)
        fprintf(out, "    &spec_%s,\n", module_table[i]->spec.name);
    fprintf(out, "    NULL,\n};\nconst struct task_catalogue module_catalogue = { specs, %zu };\n", module_table_count);
    return fclose(out) == 0 ? 0 : 1;
}
