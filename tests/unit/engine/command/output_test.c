/* SPDX-License-Identifier: Apache-2.0 */
/* What the callbacks of a run write, and where to. */
#include "engine/command/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"

struct written {
    char *out, *errors;
};

static void run_shown(const char *style, struct written *written)
{
    ARENA_SCOPED arena = arena_new();
    size_t out_length = 0, errors_length = 0;
    struct command command = { .arena = arena,
                               .use = OPTIONS_PLAYBOOK,
                               .options.output = style,
                               .settings.values = value_map(arena),
                               .out = open_memstream(&written->out, &out_length),
                               .errors = open_memstream(&written->errors, &errors_length) };
    struct event_sink *sink = NULL;
    struct error err = ERROR_INIT;
    struct event end = { .kind = EVENT_RUN_END, .wall_us = clock_wall_us() };

    command.warnings = value_list(arena);
    assert_true(output_open(&command, &sink, &err));
    sink->emit(sink, &end);
    if (sink->close != NULL)
        sink->close(sink);
    fclose(command.out);
    fclose(command.errors);
}

/* A program that reads each line as JSON meets nothing else. */
static void test_times_are_not_among_records(void **state)
{
    static const char *const styles[] = { "jsonl", "json", "ansible.posix.jsonl" };
    static const char *const told[] = { "Playbook run took", "====", "total ---" };

    (void)state;
    setenv("ANSIBLE_CALLBACKS_ENABLED", "timer,profile_tasks,profile_roles", 1);
    for (size_t i = 0; i < 3; i++) {
        struct written written = { NULL, NULL };

        run_shown(styles[i], &written);
        for (size_t k = 0; k < 3; k++) {
            assert_null(strstr(written.out, told[k]));
            assert_non_null(strstr(written.errors, told[k]));
        }
        free(written.out);
        free(written.errors);
    }
}

static void test_times_follow_what_people_read(void **state)
{
    struct written written = { NULL, NULL };

    (void)state;
    setenv("ANSIBLE_CALLBACKS_ENABLED", "timer", 1);
    run_shown("minimal", &written);
    assert_string_equal(written.out, "Playbook run took 0 days, 0 hours, 0 minutes, 0 seconds\n");
    assert_string_equal(written.errors, "");
    free(written.out);
    free(written.errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_times_are_not_among_records),
                                        cmocka_unit_test(test_times_follow_what_people_read) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
