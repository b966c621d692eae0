/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon is told and what it tells of itself: work, hello, facts, notes. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/daemon/daemon_internal.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define SMALL_FILE_MAX ((size_t)256)

void daemon_log(struct daemon *daemon, const char *format, ...)
{
    ARENA_SCOPED arena = arena_new();
    struct text text = text_new(arena);
    va_list args;

    va_start(args, format);
    text_vprintf(&text, format, args);
    va_end(args);
    daemon->options.log(daemon->options.data, text.data);
}

void daemon_trouble(struct daemon *daemon, const char *sentence)
{
    if (told_is_news(&daemon->told, sentence, clock_monotonic_ms()))
        daemon_log(daemon, "%s", sentence);
}

void daemon_report(struct daemon *daemon, const char *kind, const struct value *body)
{
    struct error err = ERROR_INIT;

    if (spool_add(daemon->spool, kind, clock_wall_us(), body, &err) && spool_sync(daemon->spool, &err))
        return;
    error_prefix(&err, "a report is lost");
    daemon_trouble(daemon, err.text);
}

void daemon_note(struct daemon *daemon, const char *sentence, int64_t work)
{
    ARENA_SCOPED arena = arena_new();
    struct value *body = value_map(arena);

    value_map_put_string(arena, body, "text", sentence);
    if (work > 0)
        value_map_put_int(arena, body, "work", work);
    daemon_report(daemon, "note", body);
}

void daemon_hello(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct value *body = value_map(arena);
    struct error ignored = ERROR_INIT;
    struct utsname kernel;
    char *boot_id = NULL;
    size_t length = 0;

    value_map_put_string(arena, body, "agent", ROOST_VERSION);
    if (file_read(arena, "/proc/sys/kernel/random/boot_id", SMALL_FILE_MAX, &boot_id, &length, &ignored))
        value_map_put_string(arena, body, "boot_id", text_trim(arena, boot_id, length));
    if (uname(&kernel) == 0) {
        value_map_put_string(arena, body, "host", kernel.nodename);
        value_map_put_string(arena, body, "kernel", kernel.release);
        value_map_put_string(arena, body, "machine", kernel.machine);
    }
    value_map_put_string(arena, body, "policy", daemon_policy_name(daemon->config.policy));
    daemon_report(daemon, "hello", body);
}

/* --- work --- */

static bool work_keep(struct daemon *daemon, int64_t number)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = arena_printf(arena, "%" PRId64 "\n", number);
    struct error err = ERROR_INIT;

    if (private_file_write(daemon->identity.paths.work, text, strlen(text), &err))
        return true;
    daemon_log(daemon, "%s", err.text);
    return false;
}

int64_t daemon_work_after(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct der text;
    int64_t number = 0;
    bool missing = false;

    if (!private_file_read(arena, daemon->identity.paths.work, SMALL_FILE_MAX, &text, &missing, &err))
        daemon_log(daemon, "%s", err.text);
    else if (!missing)
        (void)text_to_int(text_trim(arena, (const char *)text.data, text.length), &number);
    return number;
}

/* Work is taken before it is done: an order that brings the daemon down does so once. */
bool daemon_work(void *data, const struct value *work)
{
    static const struct {
        const char *name;
        enum job_kind kind;
    } kinds[] = { { "check", JOB_CHECK },
                  { "apply", JOB_APPLY },
                  { "facts", JOB_FACTS },
                  { "renew", JOB_RENEW },
                  { "bundle", JOB_BUNDLE } };
    struct daemon *daemon = data;
    const char *kind = value_map_text(work, "kind");
    int64_t number = value_map_get(work, "number")->as.integer;

    if (daemon->queued == JOBS_MAX || daemon->is_draining || !work_keep(daemon, number))
        return false;
    if (text_equal(kind, "session")) {
        daemon_session_begin(daemon, value_map_text(value_map_get(work, "body"), "session"), number);
        return true;
    }
    if (text_equal(kind, "placement")) {
        daemon_pieces_ask(daemon);
        return true;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (text_equal(kind, kinds[i].name)) {
            daemon_log(daemon, "the controller asks for %s (work %" PRId64 ")", kind, number);
            return daemon_queue(daemon, &(struct job){ kinds[i].kind, "work", "intentional", number });
        }
    }
    {
        ARENA_SCOPED arena = arena_new();
        const char *sentence = arena_printf(arena, "this agent (%s) does not know work of the kind '%s'", ROOST_VERSION,
                                            kind == NULL ? "" : kind);

        daemon_log(daemon, "%s", sentence);
        daemon_note(daemon, sentence, number);
    }
    return true;
}

/* --- facts --- */

/* What changes by itself says nothing about the machine. */
static const struct value *facts_lasting(struct arena *arena, const struct value *facts)
{
    static const char *const moving[] = {
        "date_time",      "loadavg",         "memfree_mb", "memory_mb",       "swapfree_mb",
        "uptime_seconds", "block_available", "block_used", "inode_available", "inode_used",
        "size_available", "available_bytes", "used_bytes", "free_bytes",      "temperatures",
        "power",          "busy_percent",    "env",        "local",           NULL,
    };
    struct value *out;

    if (facts->kind == VALUE_LIST) {
        out = value_list(arena);
        for (size_t i = 0; i < value_count(facts); i++)
            value_list_add(arena, out, facts_lasting(arena, value_item(facts, i)));
        return out;
    }
    if (facts->kind != VALUE_MAP)
        return facts;
    out = value_map(arena);
    for (size_t i = 0; i < value_count(facts); i++) {
        const struct value_pair *pair = value_pair_at(facts, i);

        if (!text_in(value_text(pair->key), moving))
            value_map_put_value(arena, out, pair->key, facts_lasting(arena, pair->item));
    }
    return out;
}

/* The digest and time of what was told last: "<sha256> <at_us>". */
static bool facts_are_news(struct daemon *daemon, struct arena *arena, const char *hash)
{
    struct error ignored = ERROR_INIT;
    struct der text;
    bool missing = false;
    int64_t at_us = 0, age_us;

    if (!private_file_read(arena, daemon->identity.paths.facts, SMALL_FILE_MAX, &text, &missing, &ignored) || missing ||
        text.length <= SECRET_HASH_LENGTH || memcmp(text.data, hash, SECRET_HASH_LENGTH) != 0 ||
        !text_to_int((const char *)text.data + SECRET_HASH_LENGTH + 1, &at_us))
        return true;
    age_us = clock_wall_us() - at_us;
    return age_us < 0 || age_us >= FACTS_AGE_US;
}

void daemon_facts_take(struct daemon *daemon, const char *text, size_t length, bool is_forced)
{
    ARENA_SCOPED arena = arena_new();
    const struct json_style style = { .sort_keys = true, .compact = true };
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;
    char hash[HASH_HEX_MAX];
    const char *lasting, *state;

    if (!json_read(arena, text, length, NULL, &facts, &err)) {
        daemon_log(daemon, "facts could not be read: %s", err.text);
        return;
    }
    lasting = json_text(arena, facts_lasting(arena, facts), style);
    hash_hex_of(HASH_SHA256, lasting, strlen(lasting), hash);
    if (!is_forced && !facts_are_news(daemon, arena, hash))
        return;
    daemon_report(daemon, "facts", facts);
    state = arena_printf(arena, "%s %" PRId64, hash, clock_wall_us());
    if (!private_file_write(daemon->identity.paths.facts, state, strlen(state), &err))
        daemon_log(daemon, "%s", err.text);
}
