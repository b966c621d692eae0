/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differential cases: every line of tests/data/template holds a source, its variables, its environment and
 * what Jinja2 or Ansible made of it (out) or the failure (err; text: a part of Ansible's message).
 * With a file as argument only that file is run, and every difference is printed. With --answers FILE nothing is
 * judged: one JSON line per case says what came out (scripts/compat-jinja).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "common/json/json.h"
#include "engine/template/object.h"
#include "engine/template/render.h"

#define LINE_MAX_BYTES (1024 * 1024)

struct run {
    size_t count, failed;
};

static const char *only_file;
static const char *const folders[] = { TEST_DATA "/template/folder", NULL };

/* --- variables --- */

struct context {
    struct template_call *call;
    const struct value *map;
};

static bool context_get(void *data, struct arena *arena, const char *name, size_t length, const struct value **out,
                        struct error *err)
{
    struct context *context = data;
    const struct value *found = value_map_get_n(context->map, name, length);
    struct template_call call = *context->call;
    bool good = true;

    *out = found;
    if (found == NULL || !context->call->env->config.strict_undefined)
        return true;
    call.arena = arena;
    call.depth++;
    context->call->depth++;
    good = template_value(&call, found, out, err);
    context->call->depth--;
    return good;
}

static const struct value *context_names(void *data, struct arena *arena)
{
    struct context *context = data;
    struct value *names = value_list(arena);

    for (size_t i = 0; i < value_count(context->map); i++)
        value_list_add(arena, names, value_pair_at(context->map, i)->key);
    return names;
}

/* --- one case --- */

static struct syntax plain_syntax(const struct value *env)
{
    struct syntax syntax = SYNTAX_DEFAULT;
    const struct {
        const char *key;
        const char **field;
    } texts[] = {
        { "variable_start_string", &syntax.variable_start },
        { "variable_end_string", &syntax.variable_end },
        { "block_start_string", &syntax.block_start },
        { "block_end_string", &syntax.block_end },
        { "comment_start_string", &syntax.comment_start },
        { "comment_end_string", &syntax.comment_end },
        { "line_statement_prefix", &syntax.line_statement },
        { "line_comment_prefix", &syntax.line_comment },
        { "newline_sequence", &syntax.newline },
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (value_map_text(env, texts[i].key) != NULL)
            *texts[i].field = value_map_text(env, texts[i].key);
    syntax.trim_blocks = value_map_true(env, "trim_blocks");
    syntax.lstrip_blocks = value_map_true(env, "lstrip_blocks");
    syntax.keep_trailing_newline = value_map_true(env, "keep_trailing_newline");
    syntax.autoescape = value_is(value_map_get(env, "autoescape"), VALUE_BOOL) && value_map_true(env, "autoescape");
    return syntax;
}

static const struct value *run_plain(struct template_call *call, const struct value *one, struct error *err)
{
    struct syntax syntax = plain_syntax(value_map_get(one, "env"));
    const struct value *source = value_map_get(one, "src");
    struct render render = { .text = source->as.string.data, .length = source->as.string.length, .syntax = &syntax };

    return render_run(call, &render, err);
}

static const struct value *run_ansible(struct template_call *call, const struct value *one, const char *how,
                                       struct error *err)
{
    const struct value *source = value_map_get(one, "src"), *out = NULL;
    struct template_file_options options = TEMPLATE_FILE_OPTIONS;
    bool truth = false;

    if (strcmp(how, "file") == 0)
        return template_text(call, source->as.string.data, source->as.string.length, &options, &out, err) ? out : NULL;
    if (strcmp(how, "condition") == 0)
        return template_condition(call, source, &truth, NULL, err) ? value_bool(truth) : NULL;
    return template_value(call, source, &out, err) ? out : NULL;
}

static bool fails_alike(const struct value *one, const struct error *err)
{
    const char *kind = value_map_text(one, "err"), *text = value_map_text(one, "text");

    if (kind == NULL)
        return false;
    if (strcmp(kind, "UndefinedError") == 0 && err->kind != ERROR_UNDEFINED)
        return false;
    if (strcmp(kind, "ZeroDivisionError") == 0 && strcmp(err->raised, kind) != 0)
        return false;
    return text == NULL || strstr(err->text, text) != NULL;
}

static bool gives_alike(struct arena *arena, const struct value *one, const struct value *made)
{
    const struct value *wanted = value_map_get(one, "out");

    if (value_map_text(one, "err") != NULL)
        return false;
    if (object_is_class(made)) { /* the recorder writes them as text, too */
        struct text text = text_new(arena);

        object_str(&text, made);
        made = value_string(arena, text.data);
    }
    return strcmp(json_text(arena, made, JSON_PYTHON), json_text(arena, wanted, JSON_PYTHON)) == 0;
}

static void report(struct arena *arena, const char *path, size_t line, const struct value *one,
                   const struct value *made, const struct error *err)
{
    print_error("%s:%zu: %s\n", path, line, json_text(arena, value_map_get(one, "src"), JSON_COMPACT));
    if (value_map_text(one, "err") != NULL)
        print_error("    wanted failure %s %s\n", value_map_text(one, "err"),
                    value_map_text(one, "text") == NULL ? "" : value_map_text(one, "text"));
    else
        print_error("    wanted %s\n", json_text(arena, value_map_get(one, "out"), JSON_PYTHON));
    if (made != NULL)
        print_error("    got    %s\n", json_text(arena, made, JSON_PYTHON));
    else
        print_error("    failed %s\n", err->text);
}

static struct template_config config_of(const struct value *env, bool is_plain)
{
    const char *class = value_map_text(env, "cls"), *undefined = value_map_text(env, "undefined");

    return (struct template_config){
        .omit_text = "__omit_place_holder__",
        .extension_do = is_plain,
        .extension_loopcontrols = is_plain,
        .strict_undefined = !is_plain || value_map_true(env, "finalize") ||
                            (undefined != NULL && strcmp(undefined, "StrictUndefined") == 0),
        .native = value_map_true(env, "native") || (class != NULL && strcmp(class, "NativeEnvironment") == 0),
        .level_2_19 = value_map_true(env, "level_2_19"),
    };
}

/* Reads the case in `data` and runs it. NULL: it failed. */
static const struct value *made_of(struct arena *arena, const char *path, size_t line, const char *data,
                                   const struct value **one_out, struct error *err)
{
    const struct value *one = NULL;
    struct template_config config;
    struct template_call call = { .arena = arena, .search_folders = folders };
    struct context context = { .call = &call };
    struct template_vars vars = { &context, context_get, context_names };
    const char *how;

    if (!json_read(arena, data, strlen(data), NULL, &one, err))
        fail_msg("%s:%zu: %s", path, line, err->text);
    *one_out = one = value_mark(arena, one, VALUE_TRUSTED, 0);
    how = value_map_text(value_map_get(one, "env"), "ansible");
    config = config_of(value_map_get(one, "env"), how == NULL);
    call.env = template_env_new(arena, &config);
    call.vars = &vars;
    context.map = value_map_get(one, "ctx");
    return how == NULL ? run_plain(&call, one, err) : run_ansible(&call, one, how, err);
}

static void run_case(struct run *run, const char *path, size_t line, const char *data)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *one = NULL, *made;
    struct error err = ERROR_INIT;

    made = made_of(arena, path, line, data, &one, &err);
    run->count++;
    if (made == NULL ? fails_alike(one, &err) : gives_alike(arena, one, made))
        return;
    run->failed++;
    report(arena, path, line, one, made, &err);
}

static void answer_case(const char *path, size_t line, const char *data)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *one = NULL, *made;
    struct error err = ERROR_INIT;
    struct value *answer = value_map(arena);

    made = made_of(arena, path, line, data, &one, &err);
    value_map_put(arena, answer, "line", value_int(arena, (int64_t)line));
    value_map_put(arena, answer, "alike",
                  value_bool(made == NULL ? fails_alike(one, &err) : gives_alike(arena, one, made)));
    if (made == NULL)
        value_map_put(arena, answer, "failed", value_string(arena, err.text));
    else
        value_map_put(arena, answer, "got", value_string(arena, json_text(arena, made, JSON_PYTHON)));
    printf("%s\n", json_text(arena, answer, JSON_COMPACT));
}

/* `run`: NULL to answer only. */
static void run_file(struct run *run, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = malloc(LINE_MAX_BYTES);

    assert_non_null(file);
    assert_non_null(line);
    for (size_t number = 1; fgets(line, LINE_MAX_BYTES, file) != NULL; number++)
        if (line[0] == '{' && run != NULL)
            run_case(run, path, number, line);
        else if (line[0] == '{')
            answer_case(path, number, line);
    free(line);
    fclose(file);
}

static void test_recorded_cases(void **state)
{
    struct run run = { 0 };
    glob_t files;

    (void)state;
    if (only_file != NULL) {
        run_file(&run, only_file);
    } else {
        assert_int_equal(glob(TEST_DATA "/template/*.jsonl", 0, NULL, &files), 0);
        for (size_t i = 0; i < files.gl_pathc; i++)
            run_file(&run, files.gl_pathv[i]);
        globfree(&files);
        assert_true(run.count > 2500);
    }
    print_message("%zu cases, %zu differ\n", run.count, run.failed);
    assert_int_equal(run.failed, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_recorded_cases) };

    if (argc > 2 && strcmp(argv[1], "--answers") == 0) {
        run_file(NULL, argv[2]);
        return 0;
    }
    only_file = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
