/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of nftables, by a stand-in for nft: what somebody changes is loaded again, and what cannot be guarded is ended. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/pieces/piece_made.h"
#include "agent/pieces/pieces_parts.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

/* Keeps the one table in /table, as it was given; fails while there is /broken. */
#define NFT                                                                                                            \
    "[ ! -e $ROOT/broken ] || { echo 'no room in the kernel' >&2; exit 1; }\n"                                         \
    "case \"$*\" in\n"                                                                                                 \
    "'-f -') cat >$ROOT/given; tail -n +3 $ROOT/given >$ROOT/table; [ -s $ROOT/table ] || rm $ROOT/table;;\n"          \
    "'list tables') [ ! -e $ROOT/table ] || echo 'table inet roost';;\n"                                               \
    "'-s list table inet roost') cat $ROOT/table 2>/dev/null;;\n"                                                      \
    "*) exit 9;;\n"                                                                                                    \
    "esac\n"
#define PLACED                                                                                                         \
    "{\"epoch\": 1, \"pieces\": [{\"name\": \"open\", \"program\": \"/bin/true\"},"                                    \
    " {\"name\": \"w\", \"program\": \"/bin/true\", \"ports\": [{\"port\": 7000, \"address\": \"10.0.0.1\"}]}]}"

struct fixture {
    struct recorded_tree tree;
    struct pieces *pieces;
    struct pieces_round out;
    int64_t now_ms;
    struct error err;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *const none[] = { NULL };
    const struct value *map = NULL;

    (void)signal(SIGPIPE, SIG_IGN); /* as the agent does: nft may not read what it is given */
    fixture->tree = recorded_tree_new();
    fixture->pieces = pieces_new(&(struct pieces_options){ .system = recorded_tree_system(&fixture->tree) });
    fixture->now_ms = 1000000;
    recorded_tree_program(&fixture->tree, "nft", NFT);
    assert_true(json_read(fixture->tree.arena, PLACED, strlen(PLACED), NULL, &map, &fixture->err));
    assert_true(pieces_set(fixture->pieces, map, NULL, &fixture->err));
    assert_true(entries_collect(fixture->pieces, none));
    for (size_t i = 0; i < fixture->pieces->entries_count; i++) {
        struct piece_entry *entry = &fixture->pieces->entries[i];

        entry->now = (struct piece_now){ .is_loaded = true, .active = "active", .sub = "running", .result = "" };
        entry_state_set(entry, PIECE_RUNNING, NULL);
    }
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    pieces_free(fixture->pieces);
    recorded_tree_free(&fixture->tree);
    free(fixture);
    return 0;
}

static struct round round_of(struct fixture *fixture)
{
    fixture->out = (struct pieces_round){ .due_ms = INT64_MAX };
    return (struct round){ .pieces = fixture->pieces,
                           .arena = fixture->tree.arena,
                           .system = &fixture->tree.system,
                           .fs = { &fixture->tree.system, fixture->tree.arena },
                           .out = &fixture->out,
                           .now_ms = fixture->now_ms };
}

static bool guard(struct fixture *fixture)
{
    struct round round = round_of(fixture);

    fixture->err = (struct error)ERROR_INIT;
    return round_guard(&round, &fixture->err);
}

static size_t calls(struct fixture *fixture, const char *which)
{
    const char *at = recorded_tree_get(&fixture->tree, "/calls");
    size_t count = 0;

    for (; at != NULL && (at = strstr(at, which)) != NULL; at++)
        count++;
    return count;
}

static bool is_closed(struct fixture *fixture)
{
    const char *table = recorded_tree_get(&fixture->tree, "/table");

    return table != NULL && strstr(table, "tcp dport 7000 tcp flags") != NULL;
}

static size_t drops(struct fixture *fixture)
{
    const char *at = recorded_tree_get(&fixture->tree, "/table");
    size_t count = 0;

    for (; at != NULL && (at = strstr(at, " drop\n")) != NULL; at++)
        count++;
    return count;
}

static void what_somebody_changed_is_loaded_again(void **state)
{
    struct fixture *fixture = *state;

    assert_true(guard(fixture));
    assert_true(is_closed(fixture));
    assert_true(pieces_is_guarding(fixture->pieces));
    assert_int_equal(calls(fixture, "nft -f -"), 1);
    fixture->now_ms += 1000;
    recorded_tree_put(&fixture->tree, "/table", "table inet roost {\n\tchain pieces {\n\t}\n}\n"); /* flushed */
    assert_true(guard(fixture));
    assert_false(is_closed(fixture)); /* it has just been looked at, and nobody has told */
    pieces_guard_doubt(fixture->pieces);
    assert_true(guard(fixture));
    assert_true(is_closed(fixture));
    assert_non_null(strstr(fixture->out.trouble, "somebody has changed the rules"));
    assert_int_equal(calls(fixture, "nft -f -"), 2);
    pieces_guard_doubt(fixture->pieces); /* our own change is told, too */
    assert_true(guard(fixture));
    assert_null(fixture->out.trouble);
    assert_int_equal(calls(fixture, "nft -f -"), 2);
    assert_int_equal(unlink(arena_printf(fixture->tree.arena, "%s/table", fixture->tree.root)), 0);
    fixture->now_ms += 30000; /* not told: it is found in time */
    assert_true(guard(fixture));
    assert_true(is_closed(fixture));
}

/* What was made of it is what is placed: no rule stands there twice, and nothing is loaded because it was started. */
static void each_is_closed_once(void **state)
{
    struct fixture *fixture = *state;
    struct piece_entry *worker = entry_find(fixture->pieces, "w");
    const struct system *system = &fixture->tree.system;

    worker->now.active = "inactive";
    assert_true(guard(fixture));
    assert_true(piece_made_write(system, fixture->tree.arena, worker->piece, "[Service]\n", &fixture->err));
    worker->now.active = "active";
    pieces_guard_doubt(fixture->pieces);
    assert_true(guard(fixture));
    assert_int_equal(drops(fixture), 1);
    assert_int_equal(calls(fixture, "nft -f -"), 1);
    /* what runs is another one than what is to be: both */
    recorded_tree_put(
        &fixture->tree, PIECES_MADE "/w/piece.json",
        "{\"name\": \"w\", \"program\": \"/bin/true\", \"ports\": [{\"port\": 7001, \"address\": \"10.0.0.1\"}]}");
    assert_true(guard(fixture));
    assert_int_equal(drops(fixture), 2);
    assert_int_equal(calls(fixture, "nft -f -"), 2);
    /* refused what it is to be: what runs stays closed */
    worker->state = PIECE_REFUSED;
    assert_true(guard(fixture));
    assert_int_equal(drops(fixture), 1);
    assert_false(is_closed(fixture));
}

static void nothing_to_close_is_no_table(void **state)
{
    struct fixture *fixture = *state;

    assert_true(guard(fixture));
    for (size_t i = 0; i < fixture->pieces->entries_count; i++) {
        fixture->pieces->entries[i].is_placed = false;
        fixture->pieces->entries[i].now.active = "inactive";
    }
    assert_true(guard(fixture));
    assert_null(recorded_tree_get(&fixture->tree, "/table"));
    assert_false(pieces_is_guarding(fixture->pieces));
    assert_int_equal(fixture->out.due_ms, INT64_MAX);
}

static void what_cannot_be_guarded_is_ended(void **state)
{
    struct fixture *fixture = *state;
    struct piece_entry *open = entry_find(fixture->pieces, "open"), *worker = entry_find(fixture->pieces, "w"),
                       *ended[ENTRIES_MAX];
    size_t count = 0;
    int tries = 0;

    assert_true(guard(fixture));
    recorded_tree_put(&fixture->tree, "/broken", "");
    pieces_guard_doubt(fixture->pieces);
    while (count == 0 && tries < 50) {
        struct round round = round_of(fixture);

        assert_int_equal(worker->state, PIECE_RUNNING);
        assert_false(guard(fixture));
        count = round_guard_failed(&round, fixture->err.text, ended);
        assert_true(fixture->out.due_ms <= fixture->now_ms + 2000);
        assert_non_null(strstr(worker->sentence, "its ports cannot be closed to others: nft"));
        fixture->now_ms += 500; /* rounds come for other reasons, too */
        tries++;
    }
    assert_in_range(tries, 4 * 4 + 1, 4 * 5); /* 8 to 10 s */
    assert_int_equal(count, 1);
    assert_ptr_equal(ended[0], worker);
    assert_int_equal(worker->state, PIECE_STOPPING);
    assert_int_equal(open->state, PIECE_RUNNING); /* it has no port */
    assert_string_equal(open->sentence, "");
    /* it works again: all is loaded anew, whatever is there */
    recorded_tree_put(&fixture->tree, "/table", "table inet roost {\n}\n");
    assert_int_equal(unlink(arena_printf(fixture->tree.arena, "%s/broken", fixture->tree.root)), 0);
    assert_true(guard(fixture));
    assert_true(is_closed(fixture));
    assert_int_equal(fixture->pieces->guard_failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_somebody_changed_is_loaded_again, setup, teardown),
        cmocka_unit_test_setup_teardown(each_is_closed_once, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_to_close_is_no_table, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_guarded_is_ended, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
