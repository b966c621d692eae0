/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Facts come from nodes: what is printed of them cannot drive the terminal. */
#include "cli/doctor_report.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/report/paint.h"

void doctor_run_lost(struct doctor_run *run, const char *host, const char *why, bool is_unreachable)
{
    struct value *entry = value_map(run->arena);

    value_map_put_string(run->arena, entry, is_unreachable ? "unreachable" : "failed", why);
    value_map_put(run->arena, run->hosts, host, entry);
}

void doctor_run_host(struct doctor_run *run, const char *host, const struct value *facts)
{
    ARENA_SCOPED scratch = arena_new();
    struct value *entry = value_map(run->arena);
    struct doctor_report report;
    struct error err = ERROR_INIT;

    if (!doctor_examine(scratch, run->env, &run->rules, facts, &report, &err)) {
        doctor_run_lost(run, host, err.text, false);
        return;
    }
    value_map_put(run->arena, entry, "findings", value_copy(run->arena, report.findings));
    value_map_put(run->arena, entry, "undecided", value_copy(run->arena, report.undecided));
    value_map_put(run->arena, entry, "problems", value_copy(run->arena, report.problems));
    value_map_put_string(run->arena, entry, "worst", doctor_severity_name(report.worst));
    value_map_put(run->arena, run->hosts, host, entry);
}

/* --- for people --- */

static enum paint severity_paint(const char *severity)
{
    static const enum paint paints[] = { PAINT_OK, PAINT_VERBOSE, PAINT_WARN, PAINT_ERROR };

    return paints[doctor_severity_of(severity)];
}

static void line_add(struct text *out, const char *line, enum paint paint, bool color)
{
    char *clean = arena_copy(out->arena, line);

    for (char *at = clean; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = ' ';
    paint_add(out, clean, strlen(clean), paint, color ? &palette_default : NULL);
    text_add_char(out, '\n');
}

enum {
    COLUMNS_MIN = 40, /* narrower terminals get whole lines */
    SENTENCE_INDENT = 2,
    REMEDY_INDENT = 4,
    HANGING_INDENT = 2,
};

/* `line` on as many lines as it needs: the first at `indent`, the others further in. */
static void wrapped_add(struct text *out, const char *line, int indent, enum paint paint, struct doctor_look look)
{
    struct text lines = text_new(out->arena);
    char *saved = NULL;

    if (look.columns < COLUMNS_MIN) {
        line_add(out, arena_printf(out->arena, "%*s%s", indent, "", line), paint, look.color);
        return;
    }
    paint_wrap(&lines, line, (size_t)(look.columns - indent - HANGING_INDENT), false);
    for (char *at = strtok_r(lines.data, "\n", &saved); at != NULL; at = strtok_r(NULL, "\n", &saved)) {
        line_add(out, arena_printf(out->arena, "%*s%s", indent, "", at), paint, look.color);
        indent += at == lines.data ? HANGING_INDENT : 0;
    }
}

static void finding_add(struct text *out, const struct value *finding, struct doctor_look look)
{
    struct arena *arena = out->arena;
    const char *severity = value_map_text(finding, "severity");

    wrapped_add(out,
                arena_printf(arena, "%s: %s [%s]", severity, value_map_text(finding, "sentence"),
                             value_map_text(finding, "id")),
                SENTENCE_INDENT, severity_paint(severity), look);
    wrapped_add(out, arena_printf(arena, "remedy: %s", value_map_text(finding, "remedy")), REMEDY_INDENT, PAINT_NONE,
                look);
    /* An address stays whole: terminals let one click it. */
    line_add(out, arena_printf(arena, "    source: %s", value_map_text(finding, "source")), PAINT_NONE, look.color);
}

/* "2 errors, 1 warning" */
static const char *counts_text(struct arena *arena, const struct value *findings)
{
    struct text text = text_new(arena);

    for (enum doctor_severity severity = DOCTOR_ERROR; severity > DOCTOR_NOTHING; severity--) {
        const char *name = severity == DOCTOR_INFO ? "note" : doctor_severity_name(severity);
        size_t count = 0;
        for (size_t i = 0; i < value_count(findings); i++)
            count += doctor_severity_of(value_map_text(value_item(findings, i), "severity")) == severity;
        if (count > 0)
            text_printf(&text, "%s%zu %s%s", text.length > 0 ? ", " : "", count, name, count == 1 ? "" : "s");
    }
    return text.data;
}

void doctor_print_host(struct arena *arena, FILE *out, const char *host, const struct value *entry,
                       struct doctor_look look)
{
    struct text text = text_new(arena);
    const struct value *findings = value_map_get(entry, "findings"), *problems = value_map_get(entry, "problems");
    const char *unreachable = value_map_text(entry, "unreachable"), *failed = value_map_text(entry, "failed");

    if (unreachable != NULL)
        line_add(&text, arena_printf(arena, "%s: unreachable: %s", host, unreachable), PAINT_UNREACHABLE, look.color);
    else if (failed != NULL)
        line_add(&text, arena_printf(arena, "%s: could not be examined: %s", host, failed), PAINT_ERROR, look.color);
    else if (value_count(findings) == 0 && value_count(problems) == 0)
        line_add(&text, arena_printf(arena, "%s: nothing found", host), PAINT_OK, look.color);
    else
        line_add(
            &text,
            arena_printf(arena, "%s: %s", host,
                         value_count(findings) > 0 ? counts_text(arena, findings) : "rules could not be evaluated"),
            severity_paint(value_map_text(entry, "worst")), look.color);
    for (size_t i = 0; i < value_count(findings); i++)
        finding_add(&text, value_item(findings, i), look);
    for (size_t i = 0; i < value_count(problems); i++)
        line_add(&text, arena_printf(arena, "  not evaluated: %s", value_text(value_item(problems, i))), PAINT_ERROR,
                 look.color);
    fwrite(text.data, 1, text.length, out);
}

/* --- for programs --- */

static int entry_code(const struct value *entry)
{
    if (value_map_text(entry, "unreachable") != NULL)
        return DOCTOR_EXIT_UNREACHABLE;
    if (value_map_text(entry, "failed") != NULL || value_count(value_map_get(entry, "problems")) > 0)
        return DOCTOR_EXIT_ERRORS;
    switch (doctor_severity_of(value_map_text(entry, "worst"))) {
    case DOCTOR_ERROR:
        return DOCTOR_EXIT_ERRORS;
    case DOCTOR_WARNING:
        return DOCTOR_EXIT_WARNINGS;
    default:
        return DOCTOR_EXIT_WELL;
    }
}

int doctor_exit_code(const struct value *hosts)
{
    static const int order[] = { DOCTOR_EXIT_ERRORS, DOCTOR_EXIT_UNREACHABLE, DOCTOR_EXIT_WARNINGS };

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        for (size_t host = 0; host < value_count(hosts); host++)
            if (entry_code(value_pair_at(hosts, host)->item) == order[i])
                return order[i];
    return DOCTOR_EXIT_WELL;
}
