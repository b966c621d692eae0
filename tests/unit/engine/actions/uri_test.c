/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri: which files of the centre go along with a request, and which requests are sent as they are. Its arguments are those
 * of the module: what is misspelt is refused before anybody is connected to, what is secret is not shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/spec/module_catalogue.h"
#include "tests/unit/engine/run/run_fixture.h"

#define PLAY "- name: p\n  hosts: a\n  gather_facts: false\n  tasks:\n"
#define SHA256_HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

static const struct value *node(struct fixture *fixture, struct arena *arena, const char *host,
                                const struct module_call *call, int64_t *delay_ms)
{
    (void)host;
    (void)delay_ms;
    for (size_t i = 0; i < call->content_count; i++)
        text_printf(&fixture->calls, "content %s\n", path_basename(call->contents[i].path));
    return value_map(arena);
}

static struct fixture *fixture_with_modules(void)
{
    struct fixture *fixture = fixture_new("a,");

    fixture->loader_config.modules = fixture->options.modules = &module_catalogue;
    fixture->answer = node;
    return fixture;
}

static struct fixture *run(const char *tasks)
{
    struct fixture *fixture = fixture_with_modules();

    fixture->log_results = true;
    fixture_write(fixture, "files/greeting", "hello\n");
    fixture_write(fixture, "files/other.txt", "hello\n");
    assert_true(fixture_run(fixture, arena_printf(fixture->arena, PLAY "%s", tasks)));
    return fixture;
}

static void sends_src(void **state)
{
    struct fixture *fixture = run("    - uri: {url: \"http://x/\", src: greeting}\n");

    (void)state;
    assert_non_null(
        strstr(fixture->calls.data, "\"_content_id\":1,\"_content_size\":6,\"_content_sha256\":\"" SHA256_HELLO));
    assert_non_null(strstr(fixture->calls.data, "\"_content_name\":\"greeting\""));
    assert_non_null(strstr(fixture->calls.data, "content greeting\n"));
    fixture_free(fixture);
}

static void sends_files_of_a_form(void **state)
{
    struct fixture *fixture =
        run("    - uri:\n        url: http://x/\n        body_format: form-multipart\n        body:\n"
            "          a: {filename: greeting}\n"
            "          b: {filename: none.txt, content: here}\n"
            "          c: text\n"
            "          d: {filename: other.txt, content: \"\"}\n");

    (void)state;
    assert_non_null(strstr(fixture->calls.data,
                           "\"_content_files\":[{\"field\":\"a\",\"id\":1,\"size\":6,\"sha256\":\"" SHA256_HELLO
                           "\"},{\"field\":\"d\",\"id\":2,\"size\":6,\"sha256\":\"" SHA256_HELLO "\"}]"));
    assert_non_null(strstr(fixture->calls.data, "content greeting\ncontent other.txt\n"));
    fixture_free(fixture);
}

static void leaves_the_rest_alone(void **state)
{
    struct fixture *fixture = run("    - uri: {url: \"http://x/\", src: /on/the/node, remote_src: yes}\n"
                                  "    - uri: {url: \"http://x/\", body: {a: {filename: none}}, body_format: json}\n"
                                  "    - uri: {url: \"http://x/\"}\n");

    (void)state;
    assert_null(strstr(fixture->calls.data, "_content"));
    assert_non_null(strstr(fixture->calls.data, "\"src\":\"/on/the/node\""));
    fixture_free(fixture);
}

static void says_what_is_missing(void **state)
{
    static const char *const cases[][2] = {
        { "    - uri: {url: \"http://x/\", src: none.txt}\n", "Could not find or access 'none.txt'" },
        { "    - uri: {url: \"http://x/\", body_format: form-multipart, body: {a: {filename: gone}}}\n",
          "Could not find or access 'gone'" },
        { "    - uri: {url: \"http://x/\", body_format: form-multipart, body: [a]}\n",
          "body must be mapping, cannot be type list" },
        { "    - uri: {url: \"http://x/\", body_format: form-multipart}\n",
          "body must be mapping, cannot be type NoneType" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *fixture = run(cases[i][0]);

        assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
        assert_string_equal(fixture->calls.data, "");
        assert_non_null(strstr(fixture->log.data, cases[i][1]));
        fixture_free(fixture);
    }
}

static void refuses_what_the_module_does_not_know(void **state)
{
    static const char *const cases[][2] = {
        { "    - uri: {url: \"http://x/\", return_contents: yes}\n", "(did you mean 'return_content'?)" },
        { "    - uri: {url: \"http://x/\", _content_id: 1}\n", "Unsupported parameters for (uri) module: _content_id" },
        { "    - uri: {url: \"http://x/\", body_format: xml}\n", "body_format must be one of" },
        { "    - uri: {url: \"http://x/\", body: a, src: b}\n", "mutually exclusive" },
        { "    - uri: {src: greeting}\n", "missing required arguments: url" },
        { "    - unarchive: {src: a, dest: /d, exclud: b}\n", "(did you mean 'exclude'?)" },
        { "    - unarchive: {src: a, dest: /d, include: [a], exclude: [b]}\n", "mutually exclusive" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *fixture = fixture_with_modules();

        assert_false(fixture_run(fixture, arena_printf(fixture->arena, PLAY "%s", cases[i][0])));
        assert_non_null(strstr(fixture->error.text, cases[i][1]));
        assert_null(strstr(fixture->error.text, "_content_size"));
        assert_true(text_ends(fixture->error.path, ".yml"));
        assert_int_equal(fixture->error.line, 5);
        assert_string_equal(fixture->calls.data, "");
        fixture_free(fixture);
    }
}

/* What is known only when the task runs is checked then, before the node is asked. */
static void refuses_templated_arguments_too(void **state)
{
    struct fixture *fixture = run("    - uri: \"{{ {'url': 'http://x/', 'return_contents': true} }}\"\n");

    (void)state;
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    assert_non_null(strstr(fixture->log.data, "(did you mean 'return_content'?)"));
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void masks_what_the_module_calls_secret(void **state)
{
    struct fixture *fixture = run("    - block:\n"
                                  "        - uri: {url: \"http://x/\", src: none.txt, user: ada, password: hunter2}\n"
                                  "      rescue:\n"
                                  "        - debug: {msg: \"{{ ansible_failed_task.args }}\"}\n");

    (void)state;
    assert_non_null(strstr(fixture->log.data, "ada"));
    assert_null(strstr(fixture->log.data, "hunter2"));
    fixture_free(fixture);
}

/* An action without a table stands in front of a module; nothing that only actions give is offered to playbooks. */
static void every_table_is_found(void **state)
{
    const struct task_catalogue *actions = action_catalogue();
    size_t inherited = 0;

    (void)state;
    for (size_t i = 0; i < actions->count; i++) {
        if (actions->specs[i]->args != NULL)
            continue;
        assert_non_null(task_catalogue_table(&module_catalogue, actions->specs[i])->args);
        inherited++;
    }
    assert_true(inherited >= 2);
    for (size_t i = 0; i < module_catalogue.count; i++)
        assert_null(arg_find(module_catalogue.specs[i], "_content_id"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_src),
        cmocka_unit_test(sends_files_of_a_form),
        cmocka_unit_test(leaves_the_rest_alone),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(refuses_what_the_module_does_not_know),
        cmocka_unit_test(refuses_templated_arguments_too),
        cmocka_unit_test(masks_what_the_module_calls_secret),
        cmocka_unit_test(every_table_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
