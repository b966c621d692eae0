/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent facts: a recorded tree that is not there is an error, not a machine without anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/verbs/verb.h"
#include "common/base/arena.h"
#include "tests/unit/cli/verb_output.h"

extern const struct agent_verb agent_verb_facts;

static int facts_of(struct arena *arena, const char *root, char **output_out)
{
    char *words[] = { "facts", "--root", arena_copy(arena, root), "roost", NULL };

    optind = 1;
    return verb_output(arena, agent_verb_facts.run, 4, words, output_out);
}

static void wants_a_folder(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-facts-XXXXXX", *output = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(facts_of(arena, folder, &output), 0);
    assert_non_null(strstr(output, "\"roost\": {"));
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(facts_of(arena, folder, &output), 1);
    assert_string_equal(output, arena_printf(arena, "roost-agent: facts: --root: there is no folder '%s'\n", folder));
    assert_int_equal(facts_of(arena, "/dev/null", &output), 1);
    assert_string_equal(output, "roost-agent: facts: --root: there is no folder '/dev/null'\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(wants_a_folder) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
