/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each kind of report that means something to the store. */
#include "controller/api/intake.h"

#include <string.h>

#include "common/base/text.h"
#include "common/event/event.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/api/intake_measured.h"
#include "controller/api/intake_pieces.h"
#include "controller/store/store_bundle.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_node.h"
#include "controller/store/store_run_outcome.h"

/* What one report is taken with. */
struct taking {
    struct store_connection *writer;
    struct arena *arena;
    const struct intake_report *in;
    int64_t run_id; /* that has something new */
};

/* --- the fleet's log --- */

static bool tell(struct taking *taking, const char *kind, const struct value *detail, struct error *err)
{
    const struct center_event event = { .kind = kind,
                                        .node_id = taking->in->node_id,
                                        .node = taking->in->node,
                                        .run_id = taking->run_id,
                                        .detail = detail };

    return center_event_add(taking->writer, taking->arena, &event, err);
}

/* A map of the members of the report that are texts, for the log. */
static struct value *some_of(struct taking *taking, const char *const *keys)
{
    struct value *out = value_map(taking->arena);

    for (; *keys != NULL; keys++) {
        const char *text = value_map_text(taking->in->body, *keys);

        if (text != NULL)
            value_map_put_string(taking->arena, out, *keys, text);
    }
    return out;
}

/* --- the node itself --- */

static bool take_hello(struct taking *taking, struct error *err)
{
    const struct intake_report *in = taking->in;
    const char *agent = value_map_text(in->body, "agent"), *boot_id = value_map_text(in->body, "boot_id");
    const char *policy = value_map_text(in->body, "policy");

    if (text_in(policy, ARG_NAMES("report", "repair", "window")) &&
        !store_node_policy_set(taking->writer, in->node_id, policy, err))
        return false;
    return agent == NULL || boot_id == NULL || store_node_hello_set(taking->writer, in->node_id, agent, boot_id, err);
}

static bool take_facts(struct taking *taking, struct error *err)
{
    const struct intake_report *in = taking->in;
    return !value_is(in->body, VALUE_MAP) ||
           store_node_facts_set(taking->writer, in->node_id, in->report->body, in->report->at_us, err);
}

static bool take_status(struct taking *taking, struct error *err)
{
    const struct intake_report *in = taking->in;
    const char *verdict = value_map_text(in->body, "verdict");

    if (text_equal(verdict, "lost") || text_equal(verdict, "pending") || text_equal(verdict, "revoked"))
        verdict = "unknown"; /* those words are the controller's own */
    return verdict == NULL || store_node_verdict_set(taking->writer, in->node_id, verdict,
                                                     value_map_text(in->body, "reason"), in->report->at_us, err);
}

static int64_t count_of(const struct value *body, const char *key)
{
    const struct value *count = value_map_get(body, key);

    return value_is(count, VALUE_INT) && count->as.integer > 0 ? count->as.integer : 0;
}

static enum store_drift_cause cause_of(const struct value *body)
{
    const char *cause = value_map_text(body, "cause");

    if (text_equal(cause, "intentional"))
        return STORE_DRIFT_INTENTIONAL;
    if (text_equal(cause, "corrective"))
        return STORE_DRIFT_CORRECTIVE;
    return text_equal(cause, "external") ? STORE_DRIFT_EXTERNAL : STORE_DRIFT_UNKNOWN;
}

/* One row and one event for all that a node has beyond what is kept of it. */
static bool drift_beyond(struct taking *taking, struct error *err)
{
    const struct store_drift drift = { .node_id = taking->in->node_id,
                                       .resource = STORE_DRIFT_BEYOND,
                                       .cause = STORE_DRIFT_UNKNOWN,
                                       .last_us = taking->in->report->at_us };
    struct value *detail = value_map(taking->arena);
    int64_t id = 0;
    bool is_new = false;

    value_map_put_string(taking->arena, detail, "resource", drift.resource);
    return store_drift_seen(taking->writer, &drift, &id, &is_new, err) &&
           (!is_new || tell(taking, "drift.found", detail, err));
}

/* The diff; where there is none to show, as of units, what the module says is to be done, a line each. */
static const char *drift_text(struct taking *taking)
{
    const char *diff = value_map_text(taking->in->body, "diff");
    const struct value *changes = value_map_get(taking->in->body, "changes");
    struct text text = text_new(taking->arena);

    for (size_t i = 0; diff == NULL && value_is(changes, VALUE_LIST) && i < value_count(changes); i++) {
        const char *sentence = value_text(value_item(changes, i));

        if (sentence != NULL)
            text_printf(&text, "%s\n", sentence);
    }
    return diff != NULL ? diff : text.length > 0 ? text.data : NULL;
}

static bool take_drift(struct taking *taking, struct error *err)
{
    const struct intake_report *in = taking->in;
    const struct store_drift drift = { .node_id = in->node_id,
                                       .resource = value_map_text(in->body, "resource"),
                                       .cause = cause_of(in->body),
                                       .reason = value_map_text(in->body, "reason"),
                                       .diff = drift_text(taking),
                                       .window_from_us = count_of(in->body, "window_from_us"),
                                       .window_to_us = count_of(in->body, "window_to_us"),
                                       .last_us = in->report->at_us };
    int64_t id = 0;
    bool is_new = false, has_room = false;

    if (drift.resource == NULL)
        return true;
    if (!store_drift_has_room(taking->writer, in->node_id, drift.resource, &has_room, err))
        return false;
    if (!has_room)
        return drift_beyond(taking, err);
    return store_drift_seen(taking->writer, &drift, &id, &is_new, err) &&
           (!is_new || tell(taking, "drift.found", some_of(taking, ARG_NAMES("resource", "cause", "reason")), err));
}

static bool take_mended(struct taking *taking, struct error *err)
{
    const struct intake_report *in = taking->in;
    const struct store_drift_resolution resolution = { .node_id = in->node_id,
                                                       .resource = value_map_text(in->body, "resource"),
                                                       .cause = cause_of(in->body) == STORE_DRIFT_UNKNOWN
                                                                    ? (enum store_drift_cause)0
                                                                    : cause_of(in->body),
                                                       .now_us = in->report->at_us };
    int64_t count = 0;

    if (resolution.resource == NULL)
        return true;
    return store_drift_resolve(taking->writer, &resolution, &count, err) &&
           (count == 0 || tell(taking, "drift.mended", some_of(taking, ARG_NAMES("resource", "cause")), err));
}

/* What the node works from: told when it has changed. */
static bool take_bundle(struct taking *taking, struct error *err)
{
    const struct intake_report *in = taking->in;
    const struct value *version = value_map_get(in->body, "version");
    struct value *detail = some_of(taking, (const char *const[]){ "playbook", NULL });

    if (!value_is(version, VALUE_INT) || version->as.integer < 1)
        return true;
    value_map_put(taking->arena, detail, "version", version);
    return store_bundle_taken(taking->writer, in->node_id, version->as.integer, in->report->at_us, err) &&
           tell(taking, "bundle.taken", detail, err);
}

/* --- runs --- */

/* The node's own name of a run, made the store's: names come back after a rebuild, generations do not. */
static const char *run_key(struct taking *taking)
{
    const char *run = value_map_text(taking->in->body, "run");

    return run == NULL ? NULL
                       : arena_printf(taking->arena, "%lld/%lld/%s", (long long)taking->in->node_id,
                                      (long long)taking->in->generation, run);
}

/* *out is NULL when the node never began such a run: what is said of it changes nothing. */
static bool run_find(struct taking *taking, struct store_run **out, struct error *err)
{
    const char *key = run_key(taking);

    *out = NULL;
    if (key != NULL && !store_run_by_key(taking->writer, taking->arena, key, out, err))
        return false;
    if (*out != NULL)
        taking->run_id = (*out)->id;
    return true;
}

static bool take_run_start(struct taking *taking, struct error *err)
{
    const struct intake_report *in = taking->in;
    const char *kind = value_map_text(in->body, "kind"), *playbook = value_map_text(in->body, "playbook");
    const struct store_run run = { .key = run_key(taking),
                                   .kind = kind,
                                   .title = playbook == NULL ? "" : playbook,
                                   .actor = arena_printf(taking->arena, "node:%s", in->node),
                                   .node_id = in->node_id,
                                   .state = STORE_RUN_RUNNING,
                                   .created_us = in->report->at_us,
                                   .started_us = in->report->at_us };
    bool known = false;

    if (run.key == NULL || kind == NULL)
        return true;
    return store_run_add(taking->writer, &run, &taking->run_id, &known, err) &&
           (known || tell(taking, "run.started", some_of(taking, ARG_NAMES("kind", "playbook")), err));
}

static bool take_run_event(struct taking *taking, struct error *err)
{
    const struct value *event = value_map_get(taking->in->body, "event");
    struct store_run_event row = { .at_us = taking->in->report->at_us, .host = value_map_text(event, "host") };
    struct store_run *run = NULL;

    row.kind = value_map_text(event, "event");
    if (!run_find(taking, &run, err))
        return false;
    if (run == NULL || !event_kind_exists(row.kind)) /* the controller's own kinds are not a node's to tell */
        return true;
    row.body = json_text(taking->arena, event, JSON_COMPACT);
    return store_run_event_append(taking->writer, run->id, &row, 1, NULL, err);
}

static enum store_run_state run_state_of(const char *outcome)
{
    if (text_equal(outcome, "ok") || text_equal(outcome, "drift"))
        return STORE_RUN_OK;
    if (text_equal(outcome, "cancelled"))
        return STORE_RUN_CANCELLED;
    return text_equal(outcome, "lost") ? STORE_RUN_LOST : STORE_RUN_FAILED;
}

static struct value *run_detail(struct taking *taking, const struct store_run *run)
{
    static const char *const counts[] = { "ok", "changed", "failed", "skipped", NULL };
    struct value *out = some_of(taking, ARG_NAMES("outcome", "reason"));

    value_map_put_string(taking->arena, out, "kind", run->kind);
    value_map_put_string(taking->arena, out, "title", run->title);
    for (size_t i = 0; counts[i] != NULL; i++)
        value_map_put_int(taking->arena, out, counts[i], count_of(taking->in->body, counts[i]));
    return out;
}

static bool take_run_end(struct taking *taking, struct error *err)
{
    const struct value *body = taking->in->body;
    enum store_run_state state = run_state_of(value_map_text(body, "outcome"));
    const struct store_run_host host = { .host = taking->in->node,
                                         .node_id = taking->in->node_id,
                                         .state = state,
                                         .ok = count_of(body, "ok"),
                                         .changed = count_of(body, "changed"),
                                         .failed = count_of(body, "failed"),
                                         .skipped = count_of(body, "skipped") };
    struct store_run_change change = { .state = state,
                                       .reason = value_map_text(body, "reason"),
                                       .now_us = taking->in->report->at_us };
    static const int drifts = STORE_RUN_EXIT_CHANGES;
    struct store_run *run = NULL;
    bool changed = false;

    if (!run_find(taking, &run, err))
        return false;
    if (run == NULL)
        return true;
    change.id = run->id;
    if (text_equal(value_map_text(body, "outcome"), "drift")) /* as roost-agent check ends with it */
        change.exit_code = &drifts;
    return store_run_host_set(taking->writer, run->id, &host, err) &&
           store_run_change(taking->writer, &change, &changed, err) &&
           (!changed || tell(taking, "run.ended", run_detail(taking, run), err));
}

static bool take_sample(struct taking *taking, struct error *err)
{
    return intake_sample(taking->writer, taking->in, err) &&
           intake_energy_settle(taking->writer, taking->arena, taking->in->node_id, taking->in->node,
                                taking->in->report->at_us - INTAKE_ENERGY_LATE_US, err);
}

static bool take_energy(struct taking *taking, struct error *err)
{
    return intake_energy(taking->writer, taking->arena, taking->in, err);
}

static bool take_fetch(struct taking *taking, struct error *err)
{
    return intake_fetch(taking->writer, taking->arena, taking->in, err);
}

static bool take_models(struct taking *taking, struct error *err)
{
    return intake_models(taking->writer, taking->arena, taking->in, err);
}

static bool take_pieces(struct taking *taking, struct error *err)
{
    return intake_pieces(taking->writer, taking->arena, taking->in, err);
}

static bool take_engines(struct taking *taking, struct error *err)
{
    return intake_engines(taking->writer, taking->arena, taking->in, err);
}

static bool take_memory(struct taking *taking, struct error *err)
{
    return intake_memory(taking->writer, taking->in, err);
}

bool intake_take(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                 int64_t *run_out, struct error *err)
{
    static const struct {
        const char *kind;
        bool (*take)(struct taking *taking, struct error *err);
    } kinds[] = {
        { "hello", take_hello },         { "facts", take_facts },     { "status", take_status },
        { "drift", take_drift },         { "mended", take_mended },   { "run_start", take_run_start },
        { "run_event", take_run_event }, { "run_end", take_run_end }, { "bundle", take_bundle },
        { "sample", take_sample },       { "models", take_models },   { "fetch", take_fetch },
        { "energy", take_energy },       { "pieces", take_pieces },   { "engines", take_engines },
        { "memory", take_memory },
    };
    struct taking taking = { writer, arena, report, 0 };
    bool ok = true;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].kind, report->report->kind) == 0)
            ok = kinds[i].take(&taking, err);
    }
    *run_out = taking.run_id;
    return ok;
}
