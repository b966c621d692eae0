/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory plugins in Python as the loading sees them: what they are told, what is made of good answers and of others. */
#include "engine/inventory/inventory_python.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json/json.h"

/* ansible-core, as far as the loading can tell. */
struct pretended {
    const char *answer; /* to "parse": JSON, or why there is none; NULL: there is no such plugin */
    const char *asked;  /* what was asked last */
};

static bool pretend(void *context, struct arena *arena, const char *verb, struct value *question,
                    const struct value **out, struct error *err)
{
    struct pretended *python = context;
    struct value *found = value_map(arena);
    struct error no_json = ERROR_INIT;

    value_map_put_bool(arena, found, "found", python->answer != NULL);
    *out = found;
    if (strcmp(verb, "has") == 0)
        return true;
    python->asked = json_text(arena, question, JSON_COMPACT);
    return json_read(arena, python->answer, strlen(python->answer), NULL, out, &no_json) ||
           error_set(err, "%s", python->answer);
}

struct loaded {
    struct inventory *inventory;
    const char *warnings, *asked;
    struct error err;
    bool ok;
};

/* A list of two hosts, then a file for the plugin. */
static struct loaded load(struct arena *arena, const char *answer, bool with_python)
{
    char path[] = "/tmp/roost-inventory-python-XXXXXX.yml";
    int fd = mkstemps(path, 4);
    struct pretended python = { answer, NULL };
    const struct inventory_python ops = { &python, pretend };
    struct inventory_config config = { .warnings = value_list(arena), .python = with_python ? &ops : NULL };
    const char *sources[] = { "one,two,", path, NULL };
    struct text warnings = text_new(arena);
    struct loaded loaded = { .err = ERROR_INIT };

    assert_true(fd >= 0);
    assert_int_equal(dprintf(fd, "plugin: own.kind.plugin\n"), 24);
    close(fd);
    loaded.ok = inventory_load(arena, sources, &config, &loaded.inventory, &loaded.err);
    unlink(path);
    for (size_t i = 0; i < value_count(config.warnings); i++)
        text_printf(&warnings, "%s\n", value_text(value_item(config.warnings, i)));
    loaded.warnings = warnings.length == 0 ? "" : warnings.data;
    loaded.asked = python.asked;
    return loaded;
}

static void test_answer_is_taken(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct loaded loaded =
        load(arena,
             "{\"warnings\":[\"take care\"],\"hosts\":{\"one\":{\"a\":1},\"three\":{}},"
             "\"groups\":{\"web\":{\"hosts\":[\"three\"],\"children\":[\"part\"],\"vars\":{\"x\":{\"__ansible_unsafe\":"
             "\"{{ y }}\"}}}}}",
             true);
    const struct inventory_group *web;

    (void)state;
    assert_true(loaded.ok);
    assert_string_equal(loaded.warnings, "take care\n");
    assert_int_equal(loaded.inventory->host_count, 3);
    assert_int_equal(value_map_int(inventory_find_host(loaded.inventory, "one")->vars, "a", 0), 1);
    web = inventory_find_group(loaded.inventory, "web");
    assert_non_null(web);
    assert_int_equal(web->child_count, 1);
    assert_string_equal(value_map_text(web->vars, "x"), "{{ y }}");
    assert_int_equal(value_map_get(web->vars, "x")->marks & VALUE_TRUSTED, 0);
    assert_non_null(strstr(loaded.asked, "\"two\":{\"vars\":{"));
}

/* Each is a warning that says why; the other source counts. */
static void test_no_answer(void **state)
{
    static const struct {
        const char *answer, *warning;
    } cases[] = {
        { "the plugin has raised something", "the plugin has raised something" },
        { "an answer took longer than 300 s", "took longer" },
        { "{\"declined\":true}", "could not be verified by inventory plugin 'own.kind.plugin'" },
        { "{\"groups\":{\"web\":{\"hosts\":[5]}}}", "is not understood" },
        { "{\"groups\":{\"web\":{\"children\":[null]}}}", "is not understood" },
        { "{\"groups\":{\"web\":{\"children\":[\"web\"]}}}", "can't add group 'web' to itself" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct loaded loaded = load(arena, cases[i].answer, true);

        assert_true(loaded.ok);
        assert_int_equal(loaded.inventory->host_count, 2);
        if (strstr(loaded.warnings, cases[i].warning) == NULL)
            fail_msg("no '%s' in: %s", cases[i].warning, loaded.warnings);
    }
}

/* Answers that hold nothing of use add nothing. */
static void test_empty_answers(void **state)
{
    static const char *const answers[] = { "{}", "[]", "5", "{\"hosts\":[1],\"groups\":\"x\"}",
                                           "{\"hosts\":{\"one\":7},\"groups\":{\"web\":null},\"warnings\":[3]}" };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct loaded loaded = load(arena, answers[i], true);

        assert_true(loaded.ok);
        assert_string_equal(loaded.warnings, "");
        assert_int_equal(loaded.inventory->host_count, 2);
    }
}

static void test_no_plugin(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct loaded loaded = load(arena, NULL, true);

    (void)state;
    assert_false(loaded.ok);
    assert_non_null(strstr(loaded.err.text, "inventory plugin 'own.kind.plugin' is not available"));
    assert_non_null(strstr(loaded.err.text, "ansible-core has none of that name either"));
    assert_int_equal(loaded.err.line, 1);
    loaded = load(arena, NULL, false);
    assert_false(loaded.ok);
    assert_non_null(strstr(loaded.err.text, "plugins in Python are not to be had here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_answer_is_taken), cmocka_unit_test(test_no_answer),
                                        cmocka_unit_test(test_empty_answers), cmocka_unit_test(test_no_plugin) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
