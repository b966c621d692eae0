/* SPDX-License-Identifier: Apache-2.0 */
/* The journal and the table of a rebuild: what was done is found again, in order; what was cut is begun again. */
#include "cli/rebuild_journal.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/rebuild_agree.h"
#include "cli/rebuild_hosts.h"
#include "cli/rebuild_progress.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/json/json.h"

struct fixture {
    struct rebuild rebuild;
    struct rebuild_node nodes[3];
    char root[64];
    struct error err;
};

static void rebuild_init(struct fixture *fixture)
{
    static const char *const hosts[] = { "a", "b", "c" };
    struct rebuild *rebuild = &fixture->rebuild;

    *rebuild = (struct rebuild){ .arena = arena_new(),
                                 .journal_arena = arena_new(),
                                 .began_us = clock_wall_us(),
                                 .work_folder = "/tmp",
                                 .nodes = fixture->nodes,
                                 .count = 3,
                                 .is_live = true, /* no lines */
                                 .cluster = { .host = REBUILD_CLUSTER, .name = REBUILD_CLUSTER } };
    for (size_t i = 0; i < 3; i++)
        fixture->nodes[i] = (struct rebuild_node){ .host = hosts[i], .name = hosts[i] };
    fixture->nodes[1].address = "192.0.2.2";
    fixture->nodes[1].wipe = "wipe -P s3cret";
    rebuild->arguments = value_list(rebuild->arena);
    value_list_add(rebuild->arena, value_list(rebuild->arena), value_string(rebuild->arena, "rebuild"));
    pthread_mutex_init(&rebuild->lock, NULL);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->root, sizeof(fixture->root), "/tmp/roost-rebuild-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    setenv("XDG_STATE_HOME", fixture->root, 1);
    rebuild_init(fixture);
    *state = fixture;
    return 0;
}

static void rebuild_end(struct fixture *fixture)
{
    pthread_mutex_destroy(&fixture->rebuild.lock);
    arena_free(fixture->rebuild.arena);
    arena_free(fixture->rebuild.journal_arena);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    rebuild_end(fixture);
    assert_int_equal(nftw(fixture->root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(fixture);
    return 0;
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s", #call, fixture->err.text);                                                              \
    } while (0)

static void steps_do(struct fixture *fixture, struct rebuild_node *node, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rebuild_step *step = &rebuild_node_steps[node->progress.step];

        OK(rebuild_progress_begin(&fixture->rebuild, node, step, &fixture->err));
        OK(rebuild_progress_end(&fixture->rebuild, node, step, step->name, &fixture->err));
    }
}

static void goes_on_where_it_was_cut(void **state)
{
    struct fixture *fixture = *state;
    struct rebuild *rebuild = &fixture->rebuild;
    struct rebuild_call call = { .rebuild = rebuild, .node = &fixture->nodes[1], .arena = rebuild->arena };
    const struct value *journal = NULL, *told = NULL;
    struct stat info;

    OK(rebuild_journal_new(rebuild, &fixture->err));
    assert_int_equal(stat(rebuild->folder, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    steps_do(fixture, &fixture->nodes[0], rebuild_node_steps_count);
    steps_do(fixture, &fixture->nodes[1], 3);
    rebuild_note(&call, "host_key", "ssh-ed25519 AAAA");
    OK(rebuild_progress_begin(rebuild, &fixture->nodes[1], &rebuild_node_steps[3], &fixture->err)); /* cut here */
    assert_int_equal(stat(path_join(rebuild->arena, rebuild->folder, "journal.json"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    rebuild_end(fixture);

    rebuild_init(fixture);
    call.arena = rebuild->arena;
    OK(rebuild_journal_find(rebuild, &journal, &fixture->err));
    assert_string_equal(rebuild->work_folder, "/tmp");
    told = value_map_get(value_map_get(journal, "nodes"), "b"); /* what was agreed to */
    assert_string_equal(value_map_text(told, "address"), "192.0.2.2");
    assert_string_equal(value_map_text(told, "wipe"), rebuild_wipe_digest(rebuild->arena, &fixture->nodes[1]));
    assert_null(value_map_text(value_map_get(value_map_get(journal, "nodes"), "a"), "wipe"));
    assert_null(strstr(json_text(rebuild->arena, journal, JSON_COMPACT), "s3cret"));
    rebuild_journal_restore(rebuild, journal);
    assert_int_equal(fixture->nodes[0].progress.state, REBUILD_DONE);
    assert_int_equal(fixture->nodes[1].progress.step, 3);
    assert_int_equal(fixture->nodes[1].progress.state, REBUILD_WAITING);
    assert_string_equal(fixture->nodes[1].progress.marks[2].sentence, rebuild_node_steps[2].name);
    assert_int_equal(fixture->nodes[2].progress.step, 0);
    assert_string_equal(rebuild_noted(&call, "host_key"), "ssh-ed25519 AAAA");
    assert_null(rebuild_noted(&call, "generation"));
}

static void what_has_ended_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct rebuild *rebuild = &fixture->rebuild;
    const struct value *journal = NULL;

    assert_false(rebuild_journal_find(rebuild, &journal, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "there is no rebuild to go on with"));
    OK(rebuild_journal_new(rebuild, &fixture->err));
    OK(rebuild_journal_write(rebuild, "failed", &fixture->err));
    OK(rebuild_journal_find(rebuild, &journal, &fixture->err)); /* what has failed may be tried again */
    OK(rebuild_journal_write(rebuild, "built", &fixture->err));
    assert_false(rebuild_journal_find(rebuild, &journal, &fixture->err));
}

static void names_and_holders_are_one(void **state)
{
    struct fixture *fixture = *state;
    struct rebuild *rebuild = &fixture->rebuild;
    const char *first = NULL;

    OK(rebuild_journal_new(rebuild, &fixture->err));
    first = rebuild->name;
    OK(rebuild_journal_new(rebuild, &fixture->err)); /* within the same second */
    assert_string_not_equal(rebuild->name, first);
    OK(rebuild_journal_hold(rebuild, &fixture->err));
    assert_false(rebuild_journal_hold(rebuild, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "under way in another process"));
}

/* Nothing is wiped before it is drained, and nothing is trusted before its key was judged. */
static void steps_are_in_order(void **state)
{
    static const char *const order[] = { "drain",   "wipe",   "ssh",    "enrol", "apply",
                                         "restart", "doctor", "models", "units", "serve" };

    (void)state;
    assert_int_equal(rebuild_node_steps_count, sizeof(order) / sizeof(order[0]));
    assert_true(rebuild_node_steps_count <= REBUILD_STEPS_MAX && rebuild_cluster_steps_count <= REBUILD_STEPS_MAX);
    for (size_t i = 0; i < rebuild_node_steps_count; i++)
        assert_string_equal(rebuild_node_steps[i].name, order[i]);
    assert_string_equal(rebuild_cluster_steps[rebuild_cluster_steps_count - 1].name, "record");
}

static void the_table_names_what_matters(void **state)
{
    struct fixture *fixture = *state;
    struct rebuild *rebuild = &fixture->rebuild;
    const struct value *rows = NULL;

    OK(rebuild_journal_new(rebuild, &fixture->err));
    steps_do(fixture, &fixture->nodes[0], 1);
    OK(rebuild_progress_begin(rebuild, &fixture->nodes[2], &rebuild_node_steps[0], &fixture->err));
    rebuild_progress_fail(rebuild, &fixture->nodes[2], &rebuild_node_steps[0], "no way there");
    rows = rebuild_table_rows(rebuild->arena, rebuild, 24);
    assert_int_equal(value_count(rows), 4);
    assert_string_equal(value_map_text(value_item(rows, 2), "step"), "drain FAILED");
    assert_string_equal(value_map_text(value_item(rows, 2), "sentence"), "no way there");
    assert_string_equal(value_map_text(value_item(rows, 3), "node"), REBUILD_CLUSTER);
    rows = rebuild_table_rows(rebuild->arena, rebuild, 3); /* room for one node */
    assert_int_equal(value_count(rows), 3);
    assert_string_equal(value_map_text(value_item(rows, 0), "node"), "c");
    assert_string_equal(value_map_text(value_item(rows, 1), "node"), "2 more");
}

static void batches(void **state)
{
    struct fixture *fixture = *state;
    struct rebuild *rebuild = &fixture->rebuild;

    OK(rebuild_hosts_batches(rebuild, &fixture->err));
    assert_int_equal(rebuild->batches, 1);
    rebuild->options.serial = "2";
    OK(rebuild_hosts_batches(rebuild, &fixture->err));
    assert_int_equal(rebuild->batches, 2);
    assert_int_equal(fixture->nodes[1].batch, 0);
    assert_int_equal(fixture->nodes[2].batch, 1);
    rebuild->options.serial = "10%";
    OK(rebuild_hosts_batches(rebuild, &fixture->err));
    assert_int_equal(rebuild->batches, 3);
    rebuild->options.serial = "0";
    assert_false(rebuild_hosts_batches(rebuild, &fixture->err));
    rebuild->options.serial = "101%";
    assert_false(rebuild_hosts_batches(rebuild, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "--serial is '101%'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_on_where_it_was_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_ended_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_holders_are_one, setup, teardown),
        cmocka_unit_test(steps_are_in_order),
        cmocka_unit_test_setup_teardown(the_table_names_what_matters, setup, teardown),
        cmocka_unit_test_setup_teardown(batches, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
