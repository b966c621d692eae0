/* SPDX-License-Identifier: Apache-2.0 */
/* `roost inventory` beside what ansible-inventory printed for the same arguments: tests/data/inventory. */
#pragma once

#include <fcntl.h>

#include "cli/verb.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "tests/unit/cli/verb_output.h"

VERB_DECLARE(inventory);

#define RECORDED_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* Standard output alone, with the folder's name masked as in the record. */
static inline char *recorded_output(struct arena *arena, char **argv, int argc, int *code_out)
{
    struct text out = text_new(arena);
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char *printed = NULL, *folder = getcwd(NULL, 0), *at, *found;

    *code_out = verb_output_only(arena, verb_inventory.run, argc, argv, nothing, &printed);
    for (at = printed; (found = strstr(at, folder)) != NULL; at = found + strlen(folder)) {
        text_add_n(&out, at, (size_t)(found - at));
        text_add(&out, "SOURCES");
    }
    text_add(&out, at);
    close(nothing);
    free(folder);
    return out.data;
}

static inline bool recorded_same(struct arena *arena, const struct value *record)
{
    const struct value *env = value_map_get(record, "env"), *words = value_map_get(record, "args");
    char *argv[64] = { (char *)"inventory" }, *printed;
    int argc = 1, code = 0;
    bool same;

    for (size_t i = 0; i < value_count(words) && argc < 63; i++)
        argv[argc++] = arena_copy(arena, value_text(value_item(words, i)));
    for (size_t i = 0; i < value_count(env); i++)
        setenv(value_text(value_pair_at(env, i)->key), value_text(value_pair_at(env, i)->item), 1);
    printed = recorded_output(arena, argv, argc, &code);
    for (size_t i = 0; i < value_count(env); i++)
        unsetenv(value_text(value_pair_at(env, i)->key));
    same = code == value_map_int(record, "code", -1) && text_equal(printed, value_map_text(record, "out"));
    if (!same)
        print_error("%s: exit code %d\n%s\nwanted %d:\n%s\n", value_map_text(record, "name"), code, printed,
                    (int)value_map_int(record, "code", -1), value_map_text(record, "out"));
    return same;
}

static void test_as_recorded(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *data = NULL, *before = getcwd(NULL, 0);
    const char *cursor, *line = NULL;
    size_t length = 0, line_length = 0, count = 0, failed = 0;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(file_read(arena, TEST_DATA "/inventory/recorded.jsonl", RECORDED_BYTES_MAX, &data, &length, &err));
    assert_int_equal(chdir(TEST_DATA "/inventory/sources"), 0);
    setenv("ANSIBLE_CONFIG", TEST_DATA "/inventory/ansible.cfg", 1);
    for (cursor = data; text_line(&cursor, data + length, &line, &line_length); count++) {
        ARENA_SCOPED scratch = arena_new();
        const struct value *record = NULL;

        if (!json_read(scratch, line, line_length, "recorded.jsonl", &record, &err))
            fail_msg("%s", err.text);
        failed += !recorded_same(scratch, record);
    }
    assert_int_equal(chdir(before), 0);
    free(before);
    assert_true(count > 100);
    assert_int_equal(failed, 0);
}
