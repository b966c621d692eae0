/* SPDX-License-Identifier: Apache-2.0 */
/* Action plugins in Python as the engine sees them: a connection that gives answers, good ones and others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/foreign/foreign.h"
#include "tests/unit/engine/run/run_fixture.h"

#define PLAY "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n"
#define ACTS PLAY "    - acts:\n      ignore_errors: true\n"

/* ansible-core, as far as the engine can tell. */
struct pretended {
    struct foreign_python ops;
    struct fixture *fixture;
    const char *why_absent, *why_unconnected;
    const char *const *answers; /* of the plugin in turn: JSON, or the text with which its process is lost */
    struct text heard;          /* what it was told behind the first call */
};

static struct pretended python;

static bool pretend_ask(struct foreign_python *ops, struct arena *arena, const struct foreign_question *question,
                        const struct value **out, struct error *err)
{
    (void)ops;
    (void)question;
    *out = value_map(arena);
    return python.why_absent == NULL || error_set(err, "%s", python.why_absent);
}

/* No module but Roost's own. */
static bool pretend_find(struct foreign_python *ops, struct arena *arena, const struct foreign_request *request,
                         struct foreign_found *out, struct error *err)
{
    (void)ops;
    (void)arena;
    (void)out;
    return strcmp(request->name, "lost.with.it") != 0 || error_set(err, "Python has ended");
}

static bool pretend_connect(struct foreign_python *ops, struct connection **out, struct error *err)
{
    const struct connection_target target = { .host = "python" };

    (void)ops;
    if (python.why_unconnected != NULL)
        return error_set(err, "%s", python.why_unconnected);
    return fake_open(&python.fixture->factory, &target, out, err);
}

/* `wait` as an answer: there will be none. */
static const struct value *answer(struct fixture *fixture, struct arena *arena, const char *host,
                                  const struct module_call *call, int64_t *delay_ms)
{
    const struct value *body = value_map_get(call->args, "body"), *made = NULL;
    struct error err = ERROR_INIT;
    const char *text;

    (void)fixture;
    if (strcmp(host, "python") != 0)
        return NULL;
    if (value_map_get(body, "answer") != NULL || value_map_get(body, "error") != NULL)
        text_printf(&python.heard, "%s\n", json_text(fixture->arena, body, JSON_COMPACT));
    text = *python.answers++;
    if (strcmp(text, "wait") == 0)
        *delay_ms = 60000;
    if (*delay_ms > 0)
        return NULL;
    return json_read(arena, text, strlen(text), NULL, &made, &err) ? made : value_string(arena, text);
}

static struct fixture *prepared(const char *const *answers)
{
    struct fixture *fixture = fixture_new("a,");

    fixture_write(fixture, "action_plugins/acts.py", "");
    fixture->answer = answer;
    fixture->log_results = true;
    python = (struct pretended){ .ops = { .ask = pretend_ask, .find = pretend_find, .connect = pretend_connect },
                                 .fixture = fixture,
                                 .answers = answers,
                                 .heard = text_new(fixture->arena) };
    fixture->loader_config.python = &python.ops;
    return fixture;
}

static void has(const char *where, const char *text)
{
    if (strstr(where, text) == NULL)
        fail_msg("no '%s' in:\n%s", text, where);
}

static void test_result(void **state)
{
    static const char *const answers[] = { "{\"action\":1,\"ask\":\"module\",\"name\":\"echo\",\"args\":{\"x\":5}}",
                                           "{\"result\":{\"said\":\"done\",\"changed\":true}}" };
    struct fixture *fixture = prepared(answers);

    (void)state;
    assert_true(fixture_run(fixture, ACTS));
    has(fixture->log.data, "  a changed {\"changed\":true,\"said\":\"done\"}");
    has(fixture->calls.data, "a echo {\"x\":5}\n");
    has(python.heard.data, "{\"answer\":{\"x\":5}}\n");
    fixture_free(fixture);
}

/* Each is the failure of its task, and names the plugin. */
static void test_no_result(void **state)
{
    static const struct {
        const char *answer, *message;
    } cases[] = {
        { "{\"action\":1,\"ended\":\"its own process ended\"}", ") has given no result: its own process ended" },
        { "{\"action\":1,\"result\":[1]}", ") has given no result\"" },
        { "{\"action\":1,\"ask\":\"nonsense\"}", ") has given no result\"" },
        { "[]", ") has given no result\"" },
        { "Python has ended", "): Python has ended\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *fixture = prepared(&cases[i].answer);

        assert_true(fixture_run(fixture, ACTS));
        has(fixture->log.data, "  a failed ignored {");
        has(fixture->log.data, "\"the action plugin (");
        has(fixture->log.data, "/action_plugins/acts.py");
        has(fixture->log.data, cases[i].message);
        fixture_free(fixture);
    }
}

/* What cannot be done is told to the plugin, which may go on. */
static void test_plugin_is_told(void **state)
{
    static const struct {
        const char *asked, *told;
    } cases[] = {
        { "{\"action\":1,\"ask\":\"module\"}", "{\"error\":\"a module needs a name\"}" },
        { "{\"action\":1,\"ask\":\"module\",\"name\":\"no.such.module\"}",
          "{\"error\":\"The module no.such.module was not found in configured module paths\"}" },
        { "{\"action\":1,\"ask\":\"module\",\"name\":\"lost.with.it\"}", "{\"error\":\"Python has ended\"}" },
        { "{\"action\":1,\"ask\":\"fetch\",\"src\":\"/x\",\"dest\":\"/nowhere/x\"}",
          "{\"error\":\"cannot write '/nowhere/x'" },
        { "{\"action\":1,\"ask\":\"put\",\"src\":\"/nowhere/x\",\"dest\":\"/y\"}", "{\"error\":\"" },
        { "{\"action\":1,\"ask\":\"put\",\"dest\":\"/y\"}", "{\"error\":\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const answers[] = { cases[i].asked, "{\"result\":{\"went\":\"on\"}}" };
        struct fixture *fixture = prepared(answers);

        assert_true(fixture_run(fixture, ACTS));
        has(python.heard.data == NULL ? "" : python.heard.data, cases[i].told);
        has(fixture->log.data, "\"went\":\"on\"");
        fixture_free(fixture);
    }
}

static void test_time_is_over(void **state)
{
    static const char *const answers[] = { "{\"action\":1,\"ask\":\"module\",\"name\":\"echo\"}", "wait" };
    struct fixture *fixture = prepared(answers);

    (void)state;
    assert_true(fixture_run(fixture, ACTS "      timeout: 1\n    - ping:\n"));
    has(fixture->log.data, "The acts action failed to execute in the expected time frame (1) and was terminated");
    has(fixture->log.data, "task ping\n  a ok");
    assert_int_equal(fixture->in_flight, 0);
    fixture_free(fixture);
}

static void test_without_ansible_core(void **state)
{
    struct fixture *fixture = prepared(NULL);

    (void)state;
    python.why_absent = "no ansible-core";
    assert_false(fixture_run(fixture, ACTS));
    has(fixture->error.text, "couldn't resolve module/action 'acts': its action is a plugin in Python (");
    has(fixture->error.text, "no ansible-core");
    assert_int_equal(fixture->open_count, 0);
    fixture_free(fixture);
    fixture = prepared(NULL);
    python.why_unconnected = "no process can be made";
    fixture_run(fixture, ACTS);
    has(fixture->log.data, "no process can be made");
    fixture_free(fixture);
}

static void test_listed(void **state)
{
    struct fixture *fixture = prepared(NULL);
    const char *paths[] = { fixture_write(fixture, "play.yml", ACTS "    - acts: {again: true}\n"), NULL };
    struct text out = text_new(fixture->arena);
    const char *title = "\nthese actions are plugins that run in Python here:\n      acts\t", *found;

    (void)state;
    fixture->options.playbooks = paths;
    fixture->options.loader = playbook_loader_new(fixture->arena, &fixture->loader_config);
    assert_true(run_list(fixture->arena, &fixture->options, LIST_TASKS, &out, &fixture->error));
    has(out.data, title);
    found = strstr(out.data, title) + strlen(title);
    has(found, "/action_plugins/acts.py\n");
    assert_null(strstr(found, "acts\t")); /* once */
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_no_result),
        cmocka_unit_test(test_plugin_is_told),
        cmocka_unit_test(test_time_is_over),
        cmocka_unit_test(test_without_ansible_core),
        cmocka_unit_test(test_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
