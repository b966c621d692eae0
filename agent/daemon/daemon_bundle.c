/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon makes of bundles: asking for them, telling what was taken, and what a run is to run. */
#include "agent/daemon/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define TOLD_FILE_MAX ((size_t)64)
#define RETRY_MS ((int64_t)5 * 60 * 1000) /* after an attempt that failed */

/* A sentence for the log, for the controller too the first time. */
static void tell_once(struct daemon *daemon, const char *sentence)
{
    if (!told_is_news(&daemon->told, sentence, clock_monotonic_ms()))
        return;
    daemon_log(daemon, "%s", sentence);
    daemon_note(daemon, sentence, 0);
}

/* --- what a run is to run --- */

static bool now_read(struct daemon *daemon, struct arena *arena, struct bundle_now *out)
{
    struct error err = ERROR_INIT;
    bool missing = false;

    if (bundle_now_read(arena, daemon->identity.paths.state, out, &missing, &err))
        return !missing;
    daemon_trouble(daemon, err.text);
    return false;
}

bool daemon_plan(struct daemon *daemon, struct arena *arena, struct daemon_plan *out)
{
    struct bundle_now now;

    if (daemon->config.playbook != NULL) {
        *out = (struct daemon_plan){ .playbook = daemon->config.playbook, .name = daemon->config.playbook };
        return true;
    }
    if (!now_read(daemon, arena, &now) || now.is_withdrawn)
        return false;
    *out = (struct daemon_plan){ .playbook = now.playbook,
                                 .name = now.name,
                                 .inventory = now.inventory,
                                 .vars = now.vars == NULL ? NULL : arena_printf(arena, "@%s", now.vars),
                                 .config = now.config,
                                 .host = now.host };
    if (now.expires_us > clock_wall_us())
        return true;
    out->expired = arena_printf(
        arena, "the bundle of version %" PRId64 " has expired at %.19sZ: it is still checked, but not applied",
        now.version, clock_text_utc(arena, now.expires_us));
    tell_once(daemon, out->expired);
    return true;
}

bool daemon_plan_start(struct daemon *daemon, struct arena *arena, const struct daemon_plan *plan, runner_line *line,
                       struct error *err)
{
    const char *verb = daemon->job.kind == JOB_APPLY ? "apply" : "check";
    const char *argv[16] = { daemon->options.program, verb, plan->playbook, "--output", "jsonl" };
    struct value *environment = value_map(arena);
    size_t count = 5;

    if (plan->inventory != NULL) {
        argv[count++] = "-i";
        argv[count++] = plan->inventory;
        argv[count++] = "-l";
        argv[count++] = plan->host;
    }
    if (plan->vars != NULL) {
        argv[count++] = "-e";
        argv[count++] = plan->vars;
    }
    if (plan->places != NULL) {
        argv[count++] = "--places";
        argv[count++] = plan->places;
    }
    if (plan->config != NULL)
        value_map_put_string(arena, environment, "ANSIBLE_CONFIG", plan->config);
    return runner_start_with(argv, environment, line, daemon, &daemon->runner, err);
}

/* --- what was taken --- */

static const char *told_path(struct daemon *daemon, struct arena *arena)
{
    return path_join(arena, daemon->identity.paths.folder, "bundle_told");
}

/* By the file and not by what the child says: one that was killed after it had put a bundle in place said nothing. */
static bool is_told(struct daemon *daemon, struct arena *arena, int64_t version)
{
    struct error ignored = ERROR_INIT;
    struct der text;
    bool missing = false;
    int64_t told = 0;

    return private_file_read(arena, told_path(daemon, arena), TOLD_FILE_MAX, &text, &missing, &ignored) && !missing &&
           text_to_int(text_trim(arena, (const char *)text.data, text.length), &told) && told == version;
}

static void taken_report(struct daemon *daemon, struct arena *arena, const struct bundle_now *now)
{
    struct value *body = value_map(arena);
    const char *text = arena_printf(arena, "%" PRId64 "\n", now->version);
    struct error err = ERROR_INIT;

    value_map_put_int(arena, body, "version", now->version);
    value_map_put_string(arena, body, "playbook", now->name);
    daemon_report(daemon, "bundle", body);
    if (!private_file_write(told_path(daemon, arena), text, strlen(text), &err))
        daemon_log(daemon, "%s", err.text);
}

static void taken_tell(struct daemon *daemon, struct arena *arena)
{
    struct bundle_now now;

    if (!now_read(daemon, arena, &now) || is_told(daemon, arena, now.version))
        return;
    taken_report(daemon, arena, &now);
    if (now.is_withdrawn)
        daemon_log(daemon, "the bundle was withdrawn (version %" PRId64 ")", now.version);
    else
        daemon_log(daemon, "the bundle of version %" PRId64 " is here: %s, as '%s'", now.version, now.name, now.host);
    if (daemon->config.playbook != NULL && !now.is_withdrawn)
        tell_once(daemon,
                  arena_printf(arena,
                               "the bundle is not used: the configuration of this node names the playbook '%s', "
                               "which goes first",
                               daemon->config.playbook));
    else
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_CHECK, .why = now.has_changed ? "bundle" : "schedule" });
}

void daemon_bundle_finish(struct daemon *daemon, const struct runner_end *end)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *said = NULL;
    struct error ignored = ERROR_INIT;
    const char *text = NULL;

    if (daemon->is_stopping)
        return;
    if (end->status != 0 && daemon->next_bundle_ms > clock_monotonic_ms() + RETRY_MS)
        daemon->next_bundle_ms = clock_monotonic_ms() + RETRY_MS;
    if (end->status != 0 && end->errors[0] != '\0')
        daemon_trouble(daemon, end->errors);
    if (daemon->output.length > 0 &&
        json_read(arena, daemon->output.data, daemon->output.length, NULL, &said, &ignored))
        text = value_map_text(said, "refused");
    if (text != NULL)
        tell_once(daemon, arena_printf(arena, "a bundle is refused: %s", text));
    taken_tell(daemon, arena);
}
