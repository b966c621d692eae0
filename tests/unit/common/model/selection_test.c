/* SPDX-License-Identifier: Apache-2.0 */
/* Which files are meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/model/selection.h"

struct choice {
    struct arena *arena;
    struct model_files all, chosen;
    struct error err;
    bool done;
};

static void choose(struct choice *choice, const char *names, const char *path, const char *pattern, bool projector)
{
    struct value *patterns;
    struct model_selector selector = { .path = path, .projector = projector, .shown = "hf://o/r" };
    char *text = NULL, *name;

    memset(choice, 0, sizeof(*choice));
    choice->arena = arena_new();
    text = arena_copy(choice->arena, names);
    for (char *rest = text; (name = strsep(&rest, " ")) != NULL;)
        model_files_add(choice->arena, &choice->all, &(struct model_file){ .path = name });
    patterns = value_list(choice->arena);
    if (pattern != NULL)
        value_list_add(choice->arena, patterns, value_string(choice->arena, pattern));
    selector.patterns = patterns;
    choice->done = model_select(choice->arena, &choice->all, &selector, &choice->chosen, &choice->err);
}

static void check(const char *names, const char *path, const char *pattern, bool projector, const char *wanted)
{
    struct choice choice;
    char got[512] = "";

    choose(&choice, names, path, pattern, projector);
    assert_true(choice.done);
    for (size_t i = 0; i < choice.chosen.count; i++)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i > 0 ? " " : "", choice.chosen.items[i].path);
    assert_string_equal(got, wanted);
    arena_free(choice.arena);
}

static void check_error(const char *names, const char *path, const char *wanted)
{
    struct choice choice;

    choose(&choice, names, path, NULL, true);
    assert_false(choice.done);
    assert_string_equal(choice.err.text, wanted);
    arena_free(choice.arena);
}

#define SPLIT "q/m-00002-of-00002.gguf q/m-00001-of-00002.gguf"

static void test_choose(void **state)
{
    (void)state;
    check("a.gguf b.gguf", "b.gguf", NULL, true, "b.gguf");
    check("a.gguf README.md", "", NULL, true, "a.gguf");
    check(SPLIT " b.gguf", "q/m-00002-of-00002.gguf", NULL, true, "q/m-00001-of-00002.gguf q/m-00002-of-00002.gguf");
    check(SPLIT " b.gguf", "q", NULL, true, "q/m-00001-of-00002.gguf q/m-00002-of-00002.gguf");
    check(SPLIT " b.gguf", "", "*00001*", true, "q/m-00001-of-00002.gguf q/m-00002-of-00002.gguf");
    check(SPLIT " b.gguf", "q/*", NULL, true, "q/m-00001-of-00002.gguf q/m-00002-of-00002.gguf");
    check("a.gguf b.gguf c.json", "", "*.json", true, "c.json");
    check("x/a.gguf y/a.gguf", "x", "a.*", true, "x/a.gguf");
}

static void test_projector(void **state)
{
    (void)state;
    check("a.gguf mmproj-BF16.gguf mmproj-F16.gguf", "a.gguf", NULL, true, "a.gguf mmproj-F16.gguf");
    check("a.gguf mmproj-BF16.gguf mmproj-F16.gguf", "a.gguf", NULL, false, "a.gguf");
    check("q/z.gguf mmproj-BF16.gguf", "q/z.gguf", NULL, true, "q/z.gguf mmproj-BF16.gguf");
    check("q/z.gguf q/mmproj-F32.gguf mmproj-BF16.gguf", "q/z.gguf", NULL, true, "q/z.gguf q/mmproj-F32.gguf");
    check("z.gguf mmproj-a.gguf", "", NULL, true, "z.gguf mmproj-a.gguf");
    check("z.gguf mmproj-F16.gguf mmproj-F32.gguf", "mmproj-F32.gguf", NULL, true, "mmproj-F32.gguf");
    check("README.md mmproj-F16.gguf", "README.md", NULL, true, "README.md");
}

static void test_errors(void **state)
{
    (void)state;
    check_error("a.gguf b.gguf", "", "hf://o/r has 2 models, name one: a.gguf, b.gguf");
    check_error("README.md", "", "hf://o/r has no GGUF file: name a file, a folder or a pattern");
    check_error("qwen.gguf b.gguf", "qwem.gguf", "hf://o/r: there is no such file, did you mean 'qwen.gguf'?");
    check_error("a.gguf", "something-else-entirely", "hf://o/r: no file fits; there is: a.gguf");
    check_error("m-00001-of-00003.gguf m-00003-of-00003.gguf", "m-00001-of-00003.gguf",
                "hf://o/r: the model is split in 3 files, and 'm-00002-of-00003.gguf' is not there");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_choose), cmocka_unit_test(test_projector),
                                        cmocka_unit_test(test_errors) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
