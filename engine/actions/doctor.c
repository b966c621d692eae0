/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: the facts of the node against the rules of engine/doctor; fails when a finding is bad enough. Changes nothing. */
#include "engine/actions/action_support.h"
#include "engine/doctor/doctor.h"

struct doctor_args {
    const char *severity, *rules;
    const struct value *ignore;
};

static const struct arg_spec doctor_spec[] = {
    ARG(doctor_args, severity, ARG_STRING, .default_text = "error", .choices = ARG_NAMES("error", "warning", "info"),
        .help = "a finding as bad as this, or worse, fails the host"),
    ARG(doctor_args, ignore, ARG_LIST, .help = "ids of rules to leave out"),
    ARG(doctor_args, rules, ARG_STRING,
        .help = "rule file at the centre, searched in files/ of role and play; the built-in rules without it"),
    ARG_END,
};

static bool rules_of(struct action_call *call, struct doctor_rules *out, struct error *err)
{
    const struct doctor_args *args = call->bound;
    const char *path = args->rules == NULL ? NULL : action_find_file(call, "files", args->rules, err);

    return (args->rules == NULL || path != NULL) &&
           doctor_rules_read(call->arena, call->templates->env, path, out, err) &&
           doctor_rules_ignore(call->arena, out, args->ignore, err);
}

/* Facts of this moment: what was gathered at the beginning of the play may be from before a reboot. */
static bool ask_node(struct action_call *call, enum action_next *next)
{
    static const char *const names[] = { "!all", "min", "roost" };
    struct value *args = value_map(call->arena), *subset = value_list(call->arena);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        value_list_add(call->arena, subset, value_string(call->arena, names[i]));
    value_map_put(call->arena, args, "gather_subset", subset);
    return action_submit(call, next, "setup", args);
}

/* How many of the findings are that bad, and their sentences. */
static size_t bad_findings(const struct value *findings, enum doctor_severity least, struct text *out)
{
    size_t count = 0;

    for (size_t i = 0; i < value_count(findings); i++) {
        const struct value *finding = value_item(findings, i);
        const char *severity = value_map_text(finding, "severity");

        if (doctor_severity_of(severity) < least)
            continue;
        text_printf(out, "%s%s: %s", count == 0 ? "" : "\n", severity, value_map_text(finding, "sentence"));
        count++;
    }
    return count;
}

static bool conclude(struct action_call *call, enum action_next *next, const struct doctor_report *report)
{
    const struct doctor_args *args = call->bound;
    struct text bad = text_new(call->arena);
    size_t all = value_count(report->findings);

    action_put_bool(call, "changed", false);
    action_put(call, "findings", report->findings);
    action_put(call, "undecided", report->undecided);
    action_put_text(call, "worst", doctor_severity_name(report->worst));
    if (value_count(report->problems) > 0) {
        action_put(call, "problems", report->problems);
        return call_fail(call, next, "a rule could not be evaluated: %s", value_text(value_item(report->problems, 0)));
    }
    if (bad_findings(report->findings, doctor_severity_of(args->severity), &bad) > 0)
        return call_fail(call, next, "%s", bad.data);
    action_put_text(call, "msg",
                    all == 0 ? "nothing found"
                             : arena_printf(call->arena, "%zu finding%s, none as bad as '%s'", all, all == 1 ? "" : "s",
                                            args->severity));
    return true;
}

static bool begin(struct action_call *call, enum action_next *next, struct error *err)
{
    struct doctor_rules *rules = arena_new_of(call->arena, struct doctor_rules);

    call->state = rules;
    return rules_of(call, rules, err) ? ask_node(call, next) : call_fail_error(call, next, "", err);
}

static bool doctor_step(struct action_call *call, enum action_next *next, struct error *err)
{
    struct doctor_report report;

    *next = ACTION_DONE;
    if (call->step == 0)
        return begin(call, next, err);
    if (value_map_true(call->reply, "failed")) {
        action_take_reply(call);
        return true;
    }
    if (!doctor_examine(call->arena, call->templates->env, call->state, value_map_get(call->reply, "ansible_facts"),
                        &report, err))
        return error_prefix(err, "doctor");
    return conclude(call, next, &report);
}

ACTION_DEFINE(doctor) = { .spec = { .name = "doctor",
                                    .summary = "Check an AI box against known faults",
                                    .args = doctor_spec,
                                    .args_size = sizeof(struct doctor_args) },
                          .step = doctor_step };
