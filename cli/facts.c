/* SPDX-License-Identifier: Apache-2.0 */
/* roost facts PATTERN [NAME...]: what the hosts say of themselves, as one JSON object keyed by host. */
#include <fnmatch.h>
#include <string.h>

#include "cli/hosts_none.h"
#include "cli/playbook_verb.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define PREFIX "ansible_"

VERB_DECLARE(facts);

struct facts_sink {
    struct event_sink base;
    struct arena *arena;
    struct value *hosts;
    const char *const *wanted; /* NULL-terminated; empty: all */
    int failed, missing;
};

static const char *short_name(const char *name)
{
    return text_starts(name, PREFIX) ? name + strlen(PREFIX) : name;
}

static void fact_missing(struct facts_sink *self, const char *host, const char *wanted, const struct value *facts)
{
    const char **names = arena_new_array(self->arena, const char *, value_count(facts) + 1);
    size_t count = 0;
    for (size_t i = 0; i < value_count(facts); i++)
        if (value_text(value_pair_at(facts, i)->key))
            names[count++] = short_name(value_text(value_pair_at(facts, i)->key));
    const char *nearest = text_nearest(wanted, names, count);
    fprintf(stderr, "%s: there is no fact '%s'%s%s%s\n", host, wanted, nearest ? ", did you mean '" : "",
            nearest ? nearest : "", nearest ? "'?" : "");
    self->missing = RUN_ERROR;
}

/* The facts of the names or globs that were asked for; a name that matches none is told. */
static const struct value *wanted_facts(struct facts_sink *self, const char *host, const struct value *facts)
{
    if (!*self->wanted)
        return facts;
    struct value *some = value_map(self->arena);
    for (const char *const *wanted = self->wanted; *wanted; wanted++) {
        bool found = false;
        for (size_t i = 0; i < value_count(facts); i++) {
            const char *name = value_text(value_pair_at(facts, i)->key);
            if (!name || fnmatch(short_name(*wanted), short_name(name), 0) != 0)
                continue;
            value_map_put(self->arena, some, short_name(name), value_pair_at(facts, i)->item);
            found = true;
        }
        if (!found)
            fact_missing(self, host, short_name(*wanted), facts);
    }
    return some;
}

static void facts_emit(struct event_sink *sink, const struct event *event)
{
    struct facts_sink *self = (struct facts_sink *)(void *)sink;
    if (event->kind == EVENT_WARNING)
        fprintf(stderr, "[WARNING]: %s\n", event->message);
    if (event->kind != EVENT_RESULT)
        return;
    if (event->outcome == OUTCOME_OK || event->outcome == OUTCOME_CHANGED) {
        const struct value *facts = value_copy(self->arena, value_map_get(event->result, "ansible_facts"));
        value_map_put(self->arena, self->hosts, event->host, wanted_facts(self, event->host, facts));
        return;
    }
    const char *message = value_map_text(event->result, "msg");
    fprintf(stderr, "%s: %s\n", event->host, message ? message : "failed");
    self->failed = event->outcome == OUTCOME_UNREACHABLE ? RUN_UNREACHABLE : RUN_HOSTS_FAILED;
}

static int collect(struct command *command, const char *pattern)
{
    struct error err = ERROR_INIT;
    int exit_code = 0;
    struct facts_sink sink = {
        { .emit = facts_emit }, command->arena, value_map(command->arena), command->options.playbooks.items + 1, 0, 0
    };
    command->run.playbooks = NULL; /* the words are the pattern and the facts */
    command->run.sink = &sink.base;
    command->run.plays = verb_adhoc_play(command->arena, pattern, "setup", value_map(command->arena));
    if (!run_playbooks(command->arena, &command->run, &exit_code, &err))
        return command_fail(command, &err);
    if (value_count(sink.hosts) == 0 && exit_code == 0 && sink.failed == 0) {
        hosts_none(command, pattern, &err);
        err.kind = ERROR_OPTIONS;
        return command_fail(command, &err);
    }
    struct text out = text_new(command->arena);
    struct json_style style = { .indent = 4, .sort_keys = true };
    json_write(&out, sink.hosts, &style);
    printf("%s\n", out.data);
    return exit_code ? exit_code : sink.failed ? sink.failed : sink.missing;
}

static int facts_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    int exit_code = 0;
    if (!verb_start(&command, &verb_facts, argc, argv, OPTIONS_GATHER, &exit_code))
        return exit_code;
    const char *pattern = command.options.playbooks.count ? command.options.playbooks.items[0] : "all";
    if (!command_prepare(&command, &err))
        return command_fail(&command, &err);
    command_print_warnings(&command);
    return collect(&command, pattern);
}

VERB_DEFINE(facts) = { "facts", "Show the facts of hosts", "[PATTERN [FACT...]] [OPTIONS]", facts_run };
