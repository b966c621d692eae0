/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console against recordings: golden/<name>.jsonl holds the events of a run by ansible-core 2.14, golden/<name>.out
 * what its default callback printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the five above first */
#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/report/sinks.h"

#define GOLDEN SOURCE_FOLDER "/tests/unit/engine/report/golden/"

static int find_name(const char *name, const char *(*name_of)(int), int count)
{
    for (int i = 0; i < count; i++) {
        if (name != NULL && strcmp(name, name_of(i)) == 0)
            return i;
    }
    fail_msg("unknown name %s", name == NULL ? "(none)" : name);
    return -1;
}

static const char *kind_name(int kind)
{
    return event_kind_name((enum event_kind)kind);
}

static const char *outcome_name(int outcome)
{
    return event_outcome_name((enum event_outcome)outcome);
}

static int number_of(const struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    return value_is(value, VALUE_INT) ? (int)value->as.integer : 0;
}

static struct event event_read(const struct value *record)
{
    const struct value *stats = value_map_get(record, "stats");
    struct event event = {
        .kind = (enum event_kind)find_name(value_map_text(record, "kind"), kind_name, EVENT_RUN_END + 1),
        .name = value_map_text(record, "name"),
        .host = value_map_text(record, "host"),
        .delegate = value_map_text(record, "delegate"),
        .action = value_map_text(record, "action"),
        .path = value_map_text(record, "path"),
        .line = number_of(record, "line"),
        .task = (uint32_t)number_of(record, "task"),
        .is_handler = value_map_true(record, "is_handler"),
        .ignored = value_map_true(record, "ignored"),
        .no_log = value_map_true(record, "no_log"),
        .check_mode = value_map_true(record, "check_mode"),
        .diff_mode = value_map_true(record, "diff_mode"),
        .free_strategy = value_map_true(record, "free_strategy"),
        .has_items = value_map_true(record, "has_items"),
        .item_label = value_map_text(record, "item_label"),
        .message = value_map_text(record, "message"),
        .result = value_map_get(record, "result"),
        .stats = { number_of(stats, "ok"), number_of(stats, "changed"), number_of(stats, "unreachable"),
                   number_of(stats, "failed"), number_of(stats, "skipped"), number_of(stats, "rescued"),
                   number_of(stats, "ignored") },
    };

    if (value_map_get(record, "outcome") != NULL)
        event.outcome = (enum event_outcome)find_name(value_map_text(record, "outcome"), outcome_name, 5);
    return event;
}

static void first_difference(const char *name, const char *wanted, const char *got)
{
    size_t at = 0, start;

    while (wanted[at] != '\0' && wanted[at] == got[at])
        at++;
    for (start = at; start > 0 && at - start < 200; start--)
        continue;
    fail_msg("%s differs at byte %zu:\n--- wanted\n%.400s\n--- got\n%.400s", name, at, wanted + start, got + start);
}

static void replay(const char *name, struct console_options options)
{
    struct arena *arena = arena_new();
    struct error err = ERROR_INIT;
    char *events = NULL, *wanted = NULL, *got = NULL;
    size_t events_length = 0, wanted_length = 0, got_length = 0, line_length = 0;
    const char *cursor, *line = NULL;
    FILE *out = open_memstream(&got, &got_length), *errors = fopen("/dev/null", "w");
    struct event_sink *sink;

    assert_true(file_read(arena, arena_printf(arena, GOLDEN "%s.jsonl", name), 1 << 24, &events, &events_length, &err));
    assert_true(file_read(arena, arena_printf(arena, GOLDEN "%s.out", name), 1 << 24, &wanted, &wanted_length, &err));
    options.out = out;
    options.errors = errors;
    sink = sink_console(arena, &options);
    cursor = events;
    while (text_line(&cursor, events + events_length, &line, &line_length)) {
        const struct value *record = NULL;
        struct event event;

        assert_true(json_read(arena, line, line_length, name, &record, &err));
        event = event_read(record);
        sink->emit(sink, &event);
    }
    sink->close(sink);
    fclose(out);
    fclose(errors);
    if (got_length != wanted_length || memcmp(got, wanted, got_length) != 0)
        first_difference(name, wanted, got);
    free(got);
    arena_free(arena);
}

#define PLAIN .show_ok = true, .show_skipped = true

static void test_basic(void **state)
{
    (void)state;
    replay("basic", (struct console_options){ PLAIN });
}

static void test_verbose(void **state)
{
    (void)state;
    replay("basic_v", (struct console_options){ PLAIN, .verbosity = 1 });
    replay("basic_vv", (struct console_options){ PLAIN, .verbosity = 2 });
}

static void test_color(void **state)
{
    (void)state;
    replay("basic_color", (struct console_options){ PLAIN, .color = true });
    replay("diff_color", (struct console_options){ PLAIN, .color = true });
}

static void test_diff(void **state)
{
    (void)state;
    replay("diff", (struct console_options){ PLAIN });
    replay("diff_check", (struct console_options){ PLAIN });
}

static void test_unreachable(void **state)
{
    (void)state;
    replay("gone", (struct console_options){ PLAIN });
}

static void test_all_failed(void **state)
{
    (void)state;
    replay("allfail", (struct console_options){ PLAIN });
}

static void test_free_strategy(void **state)
{
    (void)state;
    replay("free", (struct console_options){ PLAIN });
}

static void test_markers(void **state)
{
    (void)state;
    replay("markers", (struct console_options){ PLAIN, .check_markers = true });
}

static void test_hidden(void **state)
{
    (void)state;
    replay("quiet", (struct console_options){ .show_ok = false });
}

static void test_yaml(void **state)
{
    (void)state;
    replay("yaml", (struct console_options){ PLAIN, .format = RESULT_YAML });
}

static void test_roles(void **state)
{
    (void)state;
    replay("roles", (struct console_options){ PLAIN });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basic),         cmocka_unit_test(test_verbose),     cmocka_unit_test(test_color),
        cmocka_unit_test(test_diff),          cmocka_unit_test(test_unreachable), cmocka_unit_test(test_all_failed),
        cmocka_unit_test(test_free_strategy), cmocka_unit_test(test_markers),     cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_yaml),          cmocka_unit_test(test_roles),
    };

    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
