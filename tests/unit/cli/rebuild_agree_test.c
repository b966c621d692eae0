/* SPDX-License-Identifier: Apache-2.0 */
/* A rebuild that goes on wipes what was agreed to and nothing else; what it shows holds no secret; some machines are never wiped by mistake. */
#include "cli/rebuild_agree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/rebuild_guard.h"
#include "cli/rebuild_words.h"
#include "common/json/json.h"

#define SECRET "ipmi -P s3cret wipe"

struct fixture {
    struct rebuild rebuild;
    struct rebuild_node nodes[3];
    const struct value *journal;
    struct error err;
};

/* As the journal has it: n1 is past its wipe, n2 is not. */
static void begun(struct fixture *fixture)
{
    struct arena *arena = arena_new();
    struct value *journal = value_map(arena), *nodes = value_map(arena);

    *fixture = (struct fixture){ .nodes = { { .host = "n1", .name = "n1", .address = "203.0.113.1", .wipe = SECRET },
                                            { .host = "n2", .name = "n2", .address = "203.0.113.2", .wipe = SECRET },
                                            { .host = "n3", .name = "n3", .address = "203.0.113.3", .wipe = SECRET } },
                                 .err = ERROR_INIT };
    fixture->rebuild = (struct rebuild){ .arena = arena, .name = "r", .batches = 1, .options = { .yes = true } };
    fixture->rebuild.nodes = fixture->nodes;
    fixture->rebuild.count = 3;
    for (size_t i = 0; i < 2; i++) {
        struct value *node = value_map(arena);

        value_map_put_string(arena, node, "address", fixture->nodes[i].address);
        value_map_put_string(arena, node, "wipe", rebuild_wipe_digest(arena, &fixture->nodes[i]));
        value_map_put(arena, nodes, fixture->nodes[i].host, node);
    }
    fixture->nodes[0].progress.step = 2;
    value_map_put(arena, journal, "nodes", nodes);
    fixture->journal = journal;
}

static void ended(struct fixture *fixture)
{
    arena_free(fixture->rebuild.arena);
}

static void nothing_but_what_was_agreed(void **state)
{
    struct fixture at;

    (void)state;
    begun(&at);
    assert_true(rebuild_agree_leave_out(&at.rebuild, at.journal, &at.err));
    assert_int_equal(at.rebuild.count, 2); /* n3 was never agreed to */
    assert_string_equal(at.rebuild.nodes[1].host, "n2");
    assert_true(rebuild_agree(&at.rebuild, at.journal, &at.err));
    at.nodes[0].wipe = "another"; /* it is not run again */
    assert_true(rebuild_agree(&at.rebuild, at.journal, &at.err));
    at.nodes[1].wipe = "another";
    assert_false(rebuild_agree(&at.rebuild, at.journal, &at.err));
    assert_non_null(strstr(at.err.text, "host 'n2': its wipe command is another than was agreed to"));
    at.nodes[1].wipe = SECRET;
    at.nodes[1].address = "203.0.113.9";
    assert_false(rebuild_agree(&at.rebuild, at.journal, &at.err));
    assert_non_null(strstr(at.err.text, "its address"));
    at.nodes[1].wipe = NULL; /* taken as it is */
    assert_false(rebuild_will_wipe(&at.nodes[1]));
    at.rebuild.nodes = &at.nodes[2];
    at.rebuild.count = 1;
    assert_false(rebuild_agree_leave_out(&at.rebuild, at.journal, &at.err));
    ended(&at);
}

/* An older journal, which does not say what was agreed to. */
static void what_is_not_known_was_not_agreed(void **state)
{
    struct fixture at;
    const char *text = "{\"nodes\": {\"n2\": {\"steps\": {}}}}";

    (void)state;
    begun(&at);
    assert_true(json_read(at.rebuild.arena, text, strlen(text), NULL, &at.journal, &at.err));
    assert_true(rebuild_agree_leave_out(&at.rebuild, at.journal, &at.err));
    assert_int_equal(at.rebuild.count, 1);
    assert_false(rebuild_agree(&at.rebuild, at.journal, &at.err));
    ended(&at);
}

static void commands_are_not_shown(void **state)
{
    struct fixture at;
    struct rebuild_node *node = &at.nodes[0];

    (void)state;
    begun(&at);
    assert_string_equal(rebuild_wipe_shown(at.rebuild.arena, &at.rebuild, node),
                        "ipmi ... (roost_wipe_command of the inventory)");
    node->wipe = "P='a s3cret' wipe";
    assert_string_equal(rebuild_wipe_shown(at.rebuild.arena, &at.rebuild, node),
                        "a shell command (roost_wipe_command of the inventory)");
    node->wipe = at.rebuild.options.wipe = " ./wipe";
    assert_string_equal(rebuild_wipe_shown(at.rebuild.arena, &at.rebuild, node), "./wipe (--wipe)");
    ended(&at);
}

static void own_machines(void **state)
{
    struct fixture at;

    (void)state;
    begun(&at);
    assert_true(rebuild_guard(&at.rebuild, "203.0.113.9:8443", &at.err));
    assert_true(rebuild_guard(&at.rebuild, "203.0.113.1:8443", &at.err)); /* it was wiped already */
    assert_false(rebuild_guard(&at.rebuild, "203.0.113.2:8443", &at.err));
    assert_non_null(strstr(at.err.text, "host 'n2' (203.0.113.2) is the controller's own machine"));
    at.nodes[2].address = "2001:0db8::0007";
    assert_false(rebuild_guard(&at.rebuild, "[2001:db8::7]:8443", &at.err));
    at.nodes[2].address = "127.0.0.1";
    assert_false(rebuild_guard(&at.rebuild, "203.0.113.9:8443", &at.err));
    assert_non_null(strstr(at.err.text, "this machine"));
    at.nodes[2].target.port = 2222; /* forwarded */
    assert_true(rebuild_guard(&at.rebuild, "203.0.113.9:8443", &at.err));
    at.nodes[2].target.port = 0;
    at.rebuild.options.wipe_controller = true;
    assert_true(rebuild_guard(&at.rebuild, "203.0.113.2:8443", &at.err));
    ended(&at);
}

static void values_are_not_kept(void **state)
{
    static const char *const begun_with[] = {
        "rebuild", "a.yml",        "-e",    "bmc=s3cret", "--extra-vars={x: s3cret}",
        "-be",     "@secrets.yml", "--yes", "-ey=1",      NULL
    };
    static const char *const again[] = {
        "rebuild", "--resume", "-ebmc=s3cret", "-e", "y=1", "-e", "{x: s3cret}", NULL
    };
    static const char *const other[] = { "rebuild", "--resume", "-e",          "bmc=other", "-e",
                                         "y=1",     "-e",       "{x: s3cret}", NULL };
    static const char *const more[] = { "rebuild", "--resume",    "-e", "bmc=s3cret", "-e", "y=1",
                                        "-e",      "{x: s3cret}", "-e", "z=s3cret",   NULL };
    static const char *const limit[] = { "rebuild", "--resume",    "-e",      "bmc=s3cret", "-e", "y=1",
                                         "-e",      "{x: s3cret}", "--limit", "n9",         NULL };
    struct arena *arena = arena_new();
    const struct value *kept = rebuild_words_keep(arena, 9, begun_with);
    struct error err = ERROR_INIT;
    char **words = NULL;

    (void)state;
    assert_null(strstr(json_text(arena, kept, JSON_COMPACT), "s3cret"));
    assert_non_null(strstr(json_text(arena, kept, JSON_COMPACT), "\"bmc=***\""));
    assert_true(rebuild_words_fill(arena, kept, 7, again, &words, &err));
    assert_null(words[10]);
    assert_string_equal(words[3], "bmc=s3cret");
    assert_string_equal(words[5], "{x: s3cret}");
    assert_string_equal(words[7], "@secrets.yml");
    assert_string_equal(words[9], "y=1");
    assert_false(rebuild_words_fill(arena, kept, 2, again, &words, &err));
    assert_non_null(strstr(err.text, "-e bmc=***, whose value is not kept"));
    assert_false(rebuild_words_fill(arena, kept, 8, other, &words, &err));
    assert_false(rebuild_words_fill(arena, kept, 10, more, &words, &err));
    assert_non_null(strstr(err.text, "'-e z=***' is not wanted"));
    assert_false(rebuild_words_fill(arena, kept, 10, limit, &words, &err));
    assert_non_null(strstr(err.text, "'--limit' is not wanted"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_what_was_agreed), cmocka_unit_test(what_is_not_known_was_not_agreed),
        cmocka_unit_test(commands_are_not_shown),      cmocka_unit_test(own_machines),
        cmocka_unit_test(values_are_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
