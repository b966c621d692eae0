/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to each node, in order. Every step may be begun again after it was cut at any point: it looks before it acts, or does the
 * same once more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/rebuild_center.h"
#include "cli/rebuild_child.h"
#include "cli/rebuild_models.h"
#include "cli/rebuild_progress.h"
#include "cli/rebuild_reach.h"
#include "cli/rebuild_wipe.h"
#include "common/base/text.h"

#define ENROL_TRIES 3
#define HEARD_S 60
#define DRAIN_S 600 /* at least */
#define RESTART_TIMEOUT "1800"

static const char *node_path(struct rebuild_call *call, const char *rest)
{
    return arena_printf(call->arena, "/api/v1/nodes/%s%s", call->node->name, rest);
}

/* --- out of service --- */

static bool is_empty(struct rebuild_call *call, void *data, const struct value *answer, bool *done_out,
                     struct error *err)
{
    const struct value *pieces = value_map_get(answer, "pieces");
    size_t left = 0;

    (void)data, (void)err;
    for (size_t i = 0; i < value_count(pieces); i++)
        left += !text_equal(value_map_text(value_item(pieces, i), "state"), "gone");
    *done_out = left == 0;
    if (left > 0)
        rebuild_progress_say(call, false, "%zu pieces of workloads are still there", left);
    return true;
}

static bool drain(struct rebuild_call *call, struct error *err)
{
    const struct value *node = NULL;
    const char *path = node_path(call, arena_printf(call->arena, "/drain?why=rebuild%%20%s", call->rebuild->name));
    int64_t wait_s = call->rebuild->options.wait_s; /* models of what starts elsewhere first may be long in coming */

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = node_path(call, ""), .not_found = 404 }, &node, err))
        return false;
    if (node == NULL || !text_equal(value_map_text(node, "state"), "active")) {
        rebuild_tell(call, "is no node yet");
        return true;
    }
    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .method = "POST", .path = path }, NULL, err))
        return false;
    if (text_equal(value_map_text(node, "verdict"), "lost")) {
        rebuild_tell(call, "drained; it is lost, so nothing of it is waited for");
        return true;
    }
    rebuild_tell(call, "nothing runs there");
    return rebuild_center_wait(call,
                               &(struct rebuild_wait){ .path = node_path(call, "/placement"),
                                                       .look = is_empty,
                                                       .timeout_s = wait_s > DRAIN_S ? wait_s : DRAIN_S,
                                                       .what = "it was not empty" },
                               err);
}

static bool undrain(struct rebuild_call *call, struct error *err)
{
    rebuild_tell(call, "takes workloads");
    return rebuild_center_ask(call, &(struct rebuild_ask){ .method = "POST", .path = node_path(call, "/undrain") },
                              NULL, err);
}

/* --- a node again --- */

static bool generation_note(struct rebuild_call *call, struct error *err)
{
    const struct value *node = NULL, *generation = NULL;

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = node_path(call, "") }, &node, err))
        return false;
    generation = value_map_get(node, "generation");
    if (!value_is(generation, VALUE_INT))
        return error_set(err, "the controller's answer makes no sense");
    rebuild_note(call, "generation", arena_printf(call->arena, "%" PRId64, generation->as.integer));
    rebuild_tell(call, "generation %" PRId64, generation->as.integer);
    return true;
}

/* Tried again: the node's join and the desk's questions need the controller, which may be away in the middle of it. */
static bool enrol(struct rebuild_call *call, struct error *err)
{
    const char *const words[] = { call->node->host, "--again", NULL };
    struct rebuild_child_end end = { 0 };

    for (int i = 0; i < ENROL_TRIES; i++) {
        if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = "/api/v1/status" }, NULL, err) ||
            !rebuild_roost(call, "enroll", words, &end, err))
            return false;
        if (end.status == 0)
            return generation_note(call, err);
        rebuild_progress_say(call, true, "trying again: %s", rebuild_child_sentence(call->arena, end.output));
        if (!rebuild_pause(1000))
            return error_set_kind(err, ERROR_CANCELLED, "interrupted");
    }
    return error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
}

/* "ok=26 changed=8" of the node's line in the recap: the other counts of a run that went well say nothing. */
static const char *recap_of(struct rebuild_call *call, const char *output)
{
    const char *recap = strstr(output, "PLAY RECAP"), *counts = recap == NULL ? NULL : strstr(recap, "ok=");
    long ok = 0, changed = 0;

    if (counts == NULL || sscanf(counts, "ok=%ld changed=%ld", &ok, &changed) != 2)
        return "applied";
    return arena_printf(call->arena, "ok=%ld changed=%ld", ok, changed);
}

static bool apply(struct rebuild_call *call, struct error *err)
{
    const struct command_options *options = &call->rebuild->command.options;
    const char *words[2 * (OPTIONS_LIST_MAX + OPTIONS_LIST_MAX) + 8] = { call->rebuild->playbook, "--limit",
                                                                         call->node->host };
    size_t count = 3;
    struct rebuild_child_end end;

    for (size_t i = 0; i < options->tags.count; i++) {
        words[count++] = "--tags";
        words[count++] = options->tags.items[i];
    }
    for (size_t i = 0; i < options->skip_tags.count; i++) {
        words[count++] = "--skip-tags";
        words[count++] = options->skip_tags.items[i];
    }
    if (!rebuild_roost(call, "apply", words, &end, err))
        return false;
    if (end.status != 0)
        return error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
    rebuild_tell(call, "%s", recap_of(call, end.output));
    rebuild_note(call, "recap", recap_of(call, end.output));
    return true;
}

/* --- in order --- */

#define OWED                                                                                                           \
    "test -e /run/reboot-required || { command -v needs-restarting >/dev/null && ! needs-restarting -r >/dev/null; }"

/* A node that is away is on its way back: its restart was begun before the rebuild was cut. */
static bool is_owed(struct rebuild_call *call, bool *out, struct error *err)
{
    const char *const look[] = { call->node->host, "-m", "shell", "-a", OWED, NULL };
    struct rebuild_child_end end;

    if (!rebuild_roost(call, "run", look, &end, err))
        return false;
    if (end.status == RUN_UNREACHABLE) {
        rebuild_progress_say(call, true, "it is away: %s", rebuild_child_sentence(call->arena, end.output));
        if (!rebuild_reach(call, err) || !rebuild_roost(call, "run", look, &end, err))
            return false;
    }
    *out = end.status == 0;
    return *out || end.status == RUN_HOSTS_FAILED ||
           error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
}

static bool restart(struct rebuild_call *call, struct error *err)
{
    const char *const again[] = {
        call->node->host, "-b", "-m", "reboot", "-a", "reboot_timeout=" RESTART_TIMEOUT, NULL
    };
    struct rebuild_child_end end;
    bool owed = false;

    if (!is_owed(call, &owed, err))
        return false;
    rebuild_tell(call, "none is owed");
    if (!owed)
        return true;
    rebuild_progress_say(call, true, "a restart is owed");
    if (!rebuild_roost(call, "run", again, &end, err))
        return false;
    if (end.status != 0)
        return error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
    rebuild_note(call, "restarted", "yes");
    rebuild_tell(call, "restarted");
    return true;
}

static bool doctor(struct rebuild_call *call, struct error *err)
{
    const char *const words[] = { call->node->host, NULL };
    struct rebuild_child_end end;

    if (!rebuild_roost(call, "doctor", words, &end, err))
        return false;
    if (end.status > 1)
        return error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
    rebuild_note(call, "doctor", end.status == 0 ? "no known faults" : "warnings");
    rebuild_tell(call, "%s", end.status == 0 ? "no known faults" : "warnings, see its log");
    return true;
}

/* The units that Roost has made; what else has failed on the node is told, and none of our business. */
#define UNITS                                                                                                          \
    "systemctl is-active --quiet roost-agent || { echo roost-agent.service does not run; exit 1; }; "                  \
    "f=$(systemctl list-units --state=failed --plain --no-legend \"inference-*\" \"roost-*\" | cut -d\" \" -f1); "     \
    "[ -z \"$f\" ] || { echo failed: $f; exit 1; }"

static bool is_heard(struct rebuild_call *call, void *data, const struct value *answer, bool *done_out,
                     struct error *err)
{
    const struct value *reported = value_map_get(answer, "reported");

    (void)call, (void)data, (void)err;
    *done_out = text_equal(value_map_text(answer, "state"), "active") && value_is(reported, VALUE_INT) &&
                reported->as.integer > 0 && !text_equal(value_map_text(answer, "verdict"), "lost");
    return true;
}

static bool units(struct rebuild_call *call, struct error *err)
{
    const char *const words[] = { call->node->host, "-b", "-m", "shell", "-a", UNITS, NULL };
    struct rebuild_child_end end;

    if (!rebuild_roost(call, "run", words, &end, err))
        return false;
    if (end.status != 0)
        return error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
    rebuild_tell(call, "the agent and all units run");
    return rebuild_center_wait(call,
                               &(struct rebuild_wait){ .path = node_path(call, ""),
                                                       .look = is_heard,
                                                       .timeout_s = HEARD_S,
                                                       .what = "the controller has not heard of it" },
                               err);
}

const struct rebuild_step rebuild_node_steps[] = {
    { "drain", drain }, { "wipe", rebuild_wipe }, { "ssh", rebuild_reach }, { "enrol", enrol },
    { "apply", apply }, { "restart", restart },   { "doctor", doctor },     { "models", rebuild_models },
    { "units", units }, { "serve", undrain },
};
const size_t rebuild_node_steps_count = sizeof(rebuild_node_steps) / sizeof(rebuild_node_steps[0]);
