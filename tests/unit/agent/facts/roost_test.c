/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of recorded AI boxes, whole, against what they must be (tests/data/boxes); and that no content of any
 * file can break them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/agent/system/recorded_tree.h"
#include "agent/facts/fact_group.h"
#include "agent/system/hardware/sysfs.h"
#include "common/json/json.h"

static const char *const boxes[] = { "strix-halo-fedora43", "strix-halo-debian13", "server-ubuntu2404", "dgx-spark",
                                     "discrete-amd" };

static const char *const top_level[] = { "machine",     "kernel",   "cpu",          "memory",       "gpus",
                                         "npus",        "modules",  "kfd_nodes",    "parameters",   "iommu",
                                         "tuned",       "packages", "power",        "temperatures", "fans",
                                         "nics",        "groups",   "device_nodes", "udev_rules",   "thunderbolt",
                                         "engine_units" };

static const struct value *facts_of(struct arena *arena, const char *root, const char *const *subset)
{
    struct system system = { .root = root };
    struct value *facts = value_map(arena), *names = value_list(arena);
    struct error err = ERROR_INIT;

    for (; *subset; subset++)
        value_list_add(arena, names, value_string(arena, *subset));
    assert_true(facts_collect(&system, arena, names, facts, &err));
    return facts;
}

static const struct value *roost_of(struct arena *arena, const char *root)
{
    static const char *const only[] = { "!all", "!min", "roost", NULL };

    return value_map_get(facts_of(arena, root, only), "roost");
}

/* A checkout has its own owners and modes. */
static const struct value *without_owners(struct arena *arena, const struct value *roost)
{
    struct value *map = value_map(arena), *nodes = value_list(arena);
    const struct value *list = value_map_get(roost, "device_nodes");

    for (size_t i = 0; i < value_count(list); i++) {
        struct value *node = value_map(arena);
        assert_non_null(value_map_text(value_item(list, i), "mode"));
        value_map_put_string(arena, node, "path", value_map_text(value_item(list, i), "path"));
        value_list_add(arena, nodes, node);
    }
    for (size_t i = 0; i < value_count(roost); i++)
        value_map_put_value(arena, map, value_pair_at(roost, i)->key, value_pair_at(roost, i)->item);
    value_map_put(arena, map, "device_nodes", nodes);
    return map;
}

static const struct value *expected_of(struct arena *arena, const char *box)
{
    const char *path = arena_printf(arena, TEST_DATA "/boxes/%s.json", box);
    const struct value *value = NULL;
    struct error err = ERROR_INIT;
    size_t length = 0;
    char *data = NULL;

    assert_true(file_read(arena, path, 1 << 20, &data, &length, &err));
    assert_true(json_read(arena, data, length, path, &value, &err));
    return value;
}

static void compare(struct arena *arena, const char *box, const struct value *expected, const struct value *actual)
{
    for (size_t i = 0; i < value_count(actual); i++) {
        const struct value_pair *pair = value_pair_at(actual, i);
        const struct value *wanted = value_map_get_value(expected, pair->key);
        if (!wanted || !value_equal(wanted, pair->item))
            fail_msg("%s: %s is %s, should be %s", box, value_text(pair->key),
                     json_text(arena, pair->item, JSON_PYTHON),
                     wanted ? json_text(arena, wanted, JSON_PYTHON) : "absent");
    }
    assert_int_equal(value_count(actual), value_count(expected));
}

static void recorded_boxes_give_all_their_facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
        ARENA_SCOPED arena = arena_new();
        const struct value *roost = roost_of(arena, arena_printf(arena, TEST_DATA "/boxes/%s", boxes[i]));
        compare(arena, boxes[i], expected_of(arena, boxes[i]), without_owners(arena, roost));
    }
}

static void assert_complete(const struct value *roost)
{
    for (size_t i = 0; i < sizeof top_level / sizeof top_level[0]; i++)
        if (!value_map_get(roost, top_level[i]))
            fail_msg("%s is not there", top_level[i]);
}

static void an_empty_root_has_every_top_level_key(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct value *roost = roost_of(tree.arena, tree.root);

    (void)state;
    assert_complete(roost);
    assert_int_equal(value_count(roost), sizeof top_level / sizeof top_level[0]);
    assert_int_equal(value_count(value_map_get(roost, "gpus")), 0);
    assert_int_equal(value_count(value_map_get(roost, "packages")), 0);
    assert_false(value_map_true(value_map_get(roost, "memory"), "is_unified"));
    assert_null(value_map_get(value_map_get(roost, "memory"), "total_bytes"));
    recorded_tree_free(&tree);
}

static void the_group_is_one_key_that_can_be_left_out(void **state)
{
    static const char *const all[] = { "all", NULL }, *const without[] = { "all", "!roost", NULL };
    static const char *const minimum[] = { "min", "!all", NULL };
    ARENA_SCOPED arena = arena_new();
    const char *root = TEST_DATA "/boxes/dgx-spark";
    const struct value *with = facts_of(arena, root, all), *less = facts_of(arena, root, without);

    (void)state;
    assert_non_null(value_map_get(with, "roost"));
    assert_null(value_map_get(less, "roost"));
    assert_int_equal(value_count(with), value_count(less) + 1);
    assert_null(value_map_get(facts_of(arena, root, minimum), "roost"));
}

/* --- any content --- */

struct content {
    const char *data;
    size_t length;
};

static void tree_fill(struct arena *arena, const char *from, const char *to, const struct content *content)
{
    struct system host = { .root = "" };
    struct sysfs fs = { .system = &host, .arena = arena };
    struct error err = ERROR_INIT;

    assert_true(file_tree_make(arena, to, &err));
    for (const char *const *name = sysfs_names(&fs, from); *name; name++) {
        const char *source = arena_printf(arena, "%s/%s", from, *name),
                   *target = arena_printf(arena, "%s/%s", to, *name);
        struct stat status;
        char link[4096] = "";
        assert_int_equal(lstat(source, &status), 0);
        if (S_ISDIR(status.st_mode)) {
            tree_fill(arena, source, target, content);
        } else if (S_ISLNK(status.st_mode)) {
            assert_true(readlink(source, link, sizeof link - 1) > 0);
            assert_int_equal(symlink(link, target), 0);
        } else {
            FILE *file = fopen(target, "w");
            assert_non_null(file);
            assert_int_equal(fwrite(content->data, 1, content->length, file), content->length);
            assert_int_equal(fclose(file), 0);
        }
    }
}

static void no_content_breaks_the_facts(void **state)
{
    static char big[100 * 1024], binary[256];
    const struct content contents[] = {
        { "", 0 },
        { "\n", 1 },
        { "0", 1 },
        { "-1\n", 3 },
        { "99999999999999999999999999\n", 27 },
        { "0xffffffffffffffff\n", 19 },
        { "options ttm a=\"b\\\noptions \\\n: : :\n=\n\"\n", 38 },
        { "18446744073709551615 x\n", 23 },
        { binary, sizeof binary },
        { big, sizeof big },
    };

    (void)state;
    memset(big, '7', sizeof big);
    for (size_t i = 0; i < sizeof binary; i++)
        binary[i] = (char)(255 - i);
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct recorded_tree tree = recorded_tree_new();
        const char *root = arena_printf(tree.arena, "%s/box", tree.root);
        tree_fill(tree.arena, TEST_DATA "/boxes/strix-halo-fedora43", root, &contents[i]);
        const struct value *roost = roost_of(tree.arena, root);
        assert_complete(roost);
        const char *text = json_text(tree.arena, roost, JSON_PYTHON); /* only what JSON can hold */
        const struct value *back = NULL;
        struct error err = ERROR_INIT;
        assert_true(json_read(tree.arena, text, strlen(text), "facts", &back, &err));
        recorded_tree_free(&tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_boxes_give_all_their_facts),
        cmocka_unit_test(an_empty_root_has_every_top_level_key),
        cmocka_unit_test(the_group_is_one_key_that_can_be_left_out),
        cmocka_unit_test(no_content_breaks_the_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
