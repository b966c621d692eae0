/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of recorded machines and release files, held against what ansible-core says of the same files
 * (tests/data/facts). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/facts/fact_group.h"
#include "agent/system/process/process.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/json/json.h"

static const struct value *data_read(struct arena *arena, const char *name)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;
    const char *path = arena_printf(arena, TEST_DATA "/facts/%s", name);

    assert_true(file_read(arena, path, 4 * 1024 * 1024, &data, &length, &err));
    assert_true(json_read(arena, data, length, path, &value, &err));
    return value;
}

static const struct value *facts_of(struct arena *arena, const char *root, const char *subset)
{
    struct system system = { .root = root };
    struct value *facts = value_map(arena), *names = value_list(arena);
    struct error err = ERROR_INIT;

    if (subset) {
        value_list_add(arena, names, value_string(arena, "!all"));
        value_list_add(arena, names, value_string(arena, "!min"));
        value_list_add(arena, names, value_string(arena, subset));
    }
    assert_true(facts_collect(&system, arena, names, facts, &err));
    return facts;
}

/* Maps within lists (mounts) may hold more than is expected; everything else must be equal. */
static bool is_as_expected(const struct value *expected, const struct value *actual)
{
    if (!value_is(expected, VALUE_LIST) || !value_is(value_item(expected, 0), VALUE_MAP))
        return actual && value_equal(expected, actual);
    if (value_count(expected) != value_count(actual))
        return false;
    for (size_t i = 0; i < value_count(expected); i++)
        for (size_t j = 0; j < value_count(value_item(expected, i)); j++) {
            const struct value_pair *pair = value_pair_at(value_item(expected, i), j);
            const struct value *found = value_map_get_value(value_item(actual, i), pair->key);
            if (!found || !value_equal(pair->item, found))
                return false;
        }
    return true;
}

static void compare(struct arena *arena, const char *what, const struct value *expected, const struct value *facts)
{
    assert_true(value_count(expected) > 0);
    for (size_t i = 0; i < value_count(expected); i++) {
        const struct value_pair *pair = value_pair_at(expected, i);
        const struct value *actual = value_map_get_value(facts, pair->key);
        if (!is_as_expected(pair->item, actual))
            fail_msg("%s: %s is %s, should be %s", what, value_text(pair->key),
                     actual ? json_text(arena, actual, JSON_PYTHON) : "absent",
                     json_text(arena, pair->item, JSON_PYTHON));
    }
}

static void recorded_machines_give_ansibles_facts(void **state)
{
    static const char *const names[] = { "debian12", "strix-halo" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        ARENA_SCOPED arena = arena_new();
        const char *root = arena_printf(arena, TEST_DATA "/facts/%s", names[i]);
        compare(arena, names[i], data_read(arena, arena_printf(arena, "%s.json", names[i])),
                facts_of(arena, root, NULL));
    }
}

static void write_file(struct arena *arena, const char *root, const char *path, const char *content)
{
    const char *full = path_join(arena, root, path);
    FILE *file;

    (void)mkdir(path_dirname(arena, full), 0755);
    file = fopen(full, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void distributions_have_ansibles_names(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *all = data_read(arena, "distributions.json");
    struct system host = { .root = "" };
    struct process_result result;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(value_count(all) >= 20);
    for (size_t i = 0; i < value_count(all); i++) {
        const struct value_pair *pair = value_pair_at(all, i);
        const struct value *files = value_map_get(pair->item, "files");
        char root[] = "/tmp/roost-facts-XXXXXX";
        assert_non_null(mkdtemp(root));
        for (size_t j = 0; j < value_count(files); j++)
            write_file(arena, root, value_text(value_pair_at(files, j)->key),
                       value_text(value_pair_at(files, j)->item));
        compare(arena, value_text(pair->key), value_map_get(pair->item, "facts"),
                facts_of(arena, root, "distribution"));
        struct process_request request = PROCESS("rm", "-rf", root);
        assert_true(process_run_ok(&host, arena, &request, &result, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_machines_give_ansibles_facts),
        cmocka_unit_test(distributions_have_ansibles_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
