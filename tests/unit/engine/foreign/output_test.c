/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of module a file is, and what a module's output means: expectations are what ansible-core 2.14.18 makes of the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/foreign/foreign.h"

struct kind_case {
    const char *data;
    size_t length; /* 0: the text's */
    enum foreign_kind kind;
    const char *interpreter, *words;
};

static const struct kind_case kind_cases[] = {
    { "#!/bin/bash\necho\n", 0, FOREIGN_WORDS, "/bin/bash", "" },
    { "#! /usr/bin/perl  -w -T \r\nprint", 0, FOREIGN_WORDS, "/usr/bin/perl", " -w -T" },
    { "#!/usr/bin/env ruby\n# WANT_JSON\n", 0, FOREIGN_JSON, "/usr/bin/env", " ruby" },
    { "#!/bin/sh\necho '<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>' WANT_JSON", 0, FOREIGN_FILLED, "/bin/sh", "" },
    { "#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n", 0, FOREIGN_PYTHON, "/usr/bin/python",
      "" },
    { "#!/usr/bin/python\nimport ansible.module_utils.basic as b", 0, FOREIGN_PYTHON, "/usr/bin/python", "" },
    { "from ansible_collections.a.b.plugins.module_utils.c import d", 0, FOREIGN_PYTHON, NULL, "" },
    { "from ..module_utils.c import d # <<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", 0, FOREIGN_PYTHON, NULL, "" },
    { "#!/usr/bin/python\n#<<INCLUDE_ANSIBLE_MODULE_COMMON>>\nmain()", 0, FOREIGN_PYTHON, "/usr/bin/python", "" },
    { "from ansible.module_utils.basic\nimport x", 0, FOREIGN_WORDS, NULL, "" },
    { "#!/usr/bin/python3\nimport json", 0, FOREIGN_WORDS, "/usr/bin/python3", "" },
    { "#!powershell\n#requires -module Ansible.ModuleUtils.Legacy", 0, FOREIGN_POWERSHELL, "powershell", "" },
    { "# POWERSHELL_COMMON", 0, FOREIGN_POWERSHELL, NULL, "" },
    { "\177ELF\2\1\1\0WANT_JSON", 16, FOREIGN_BINARY, NULL, "" },
    { "#!/bin/sh\n\0", 11, FOREIGN_BINARY, "/bin/sh", "" },
    { "#!/bin/sh\n\a\b\t\f\033\377", 0, FOREIGN_WORDS, "/bin/sh", "" },
    { "", 0, FOREIGN_WORDS, NULL, "" },
    { "#!", 0, FOREIGN_WORDS, NULL, "" },
};

static void test_kinds(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(kind_cases) / sizeof(kind_cases[0]); i++) {
        const struct kind_case *one = &kind_cases[i];
        size_t length = one->length > 0 ? one->length : strlen(one->data);
        enum foreign_kind kind = FOREIGN_POWERSHELL;
        const char *interpreter = NULL, *words = NULL;
        struct error err = ERROR_INIT;

        assert_true(foreign_kind_of(arena, one->data, length, &kind, &err));
        foreign_first_line(arena, one->data, length, &interpreter, &words);
        if (kind != one->kind || !text_equal(interpreter, one->interpreter) || !text_equal(words, one->words))
            fail_msg("case %zu: kind %d, interpreter '%s'%s", i, (int)kind, interpreter == NULL ? "-" : interpreter,
                     words);
    }
}

struct output_case {
    const char *output, *errors;
    const char *result;   /* as JSON */
    const char *warnings; /* joined by | */
};

#define FAILED(out_, err_, more_, msg_)                                                                                \
    "{\"failed\": true, \"module_stdout\": \"" out_ "\", \"module_stderr\": \"" err_ "\", " more_ "\"msg\": \"" msg_   \
    "\\nSee stdout/stderr for the exact error\", \"rc\": 7}"
#define FAILURE "MODULE FAILURE"

static const struct output_case output_cases[] = {
    { "{\"a\": 1}", "", "{\"a\": 1}", "" },
    { "motd\n  {\"a\":\n 1}\n\n", "", "{\"a\": 1}", "" },
    { "[1]\n{\"a\": 1}\n", "", "{\"a\": 1}", "" },
    { "{\"a\": 1}\njunk\nmore\n", "", "{\"a\": 1}", "Module invocation had junk after the JSON data: junk\nmore" },
    { "{\"a\": 1}\n \n", "", "{\"a\": 1}", "" },
    { "", "", FAILED("", "", "", FAILURE), "" },
    { "a=1", "", FAILED("a=1", "", "", FAILURE), "" },
    { "{\"a\": }", "", FAILED("{\\\"a\\\": }", "", "", FAILURE), "" },
    { "{\"a\": 1} {\"b\": 2}", "", FAILED("{\\\"a\\\": 1} {\\\"b\\\": 2}", "", "", FAILURE), "" },
    { "{\"a\": 1", "", FAILED("{\\\"a\\\": 1", "", "", FAILURE), "" },
    { "", "Traceback (x)", FAILED("", "Traceback (x)", "\"exception\": \"Traceback (x)\", ", FAILURE), "" },
    { "Traceback y", "", FAILED("Traceback y", "", "\"exception\": \"Traceback y\", ", FAILURE), "" },
    { "", "sh: 1: /bin/nope -x: not found",
      FAILED("", "sh: 1: /bin/nope -x: not found", "",
             "The module failed to execute correctly, you probably need to set the interpreter."),
      "" },
    { "{\"results\": {\"x\": 1}, \"warnings\": [], \"deprecations\": null, \"changed\": true}", "",
      "{\"ansible_module_results\": {\"x\": 1}, \"changed\": true}",
      "Found internal 'results' key in module return, renamed to 'ansible_module_results'." },
    { "{\"results\": [1], \"warnings\": [\"w\"]}", "", "{\"results\": [1], \"warnings\": [\"w\"]}", "" },
    { "{\"_ansible_x\": 1, \"add_host\": {}, \"ok\": 1}", "", "{\"ok\": 1}",
      "Removed unexpected internal key in module return: _ansible_x = 1|"
      "Removed unexpected internal key in module return: add_host = {}" },
    { "{\"ansible_facts\": {\"ansible_become_pass\": \"x\", \"ansible_perl_interpreter\": \"x\", \"ansible_ssh_x\": 1, "
      "\"ansible_ssh_host_key_rsa\": 2, \"ansible_local_bridge\": 3, \"ansible_local\": 4}}",
      "", "{\"ansible_facts\": {\"ansible_ssh_host_key_rsa\": 2, \"ansible_local_bridge\": 3, \"ansible_local\": 4}}",
      "Removed restricted key from module data: ansible_become_pass|"
      "Removed restricted key from module data: ansible_perl_interpreter|"
      "Removed restricted key from module data: ansible_ssh_x" },
    { "{\"ansible_facts\": {\"discovered_interpreter_python\": \"x\", \"f\": 1}}", "",
      "{\"ansible_facts\": {\"f\": 1}}", "" },
};

static const char *joined(struct arena *arena, const struct value *list)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(list); i++)
        text_printf(&out, "%s%s", i == 0 ? "" : "|", value_text(value_item(list, i)));
    return out.data;
}

static void test_output(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(output_cases) / sizeof(output_cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        const struct output_case *one = &output_cases[i];
        struct foreign_output output = { .output = value_string(arena, one->output),
                                         .errors = value_string(arena, one->errors),
                                         .status = 7,
                                         .interpreter = "/bin/nope -x" };
        struct value *warnings = value_list(arena);
        const char *result = json_text(arena, foreign_result(arena, &output, warnings), JSON_PYTHON);

        assert_string_equal(result, one->result);
        assert_string_equal(joined(arena, warnings), one->warnings);
    }
}

/* The reply of a node, of a job and of a module that was waited for. */
static void test_reply(void **state)
{
    static const struct {
        const char *reply, *result, *warnings;
    } cases[] = {
        { "{\"stdout\": \"{}\", \"stderr\": \"e\"}", NULL, "" },
        { "{\"stdout\": \"{}\", \"stderr\": \"e\", \"foreign_interpreter\": \"\"}", "{}", "" },
        { "{\"stdout\": \"x: not found\", \"stderr\": \"\", \"rc\": 7, \"foreign_interpreter\": \"\"}",
          FAILED("x: not found", "", "", FAILURE), "" },
        { "{\"stdout\": \"{}\\njunk\", \"stderr\": \"e\", \"foreign_interpreter\": \"x\", \"ansible_job_id\": \"j1\"}",
          "{\"stderr\": \"e\", \"warnings\": [\"Module invocation had junk after the JSON data: junk\"]}", "" },
        { "{\"stdout\": \"o\", \"stderr\": \"e\", \"foreign_interpreter\": \"x\", \"ansible_job_id\": \"j1\"}",
          "{\"failed\": true, \"cmd\": \"x\", \"data\": \"o\", \"stderr\": \"e\", \"msg\": \"the job printed no JSON "
          "object\"}",
          "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        const struct value *reply = NULL;
        struct value *warnings = value_list(arena);
        struct foreign_output output;
        struct error err = ERROR_INIT;

        assert_true(json_read(arena, cases[i].reply, strlen(cases[i].reply), NULL, &reply, &err));
        assert_int_equal(foreign_output_of(reply, &output), cases[i].result != NULL);
        if (cases[i].result == NULL)
            continue;
        assert_string_equal(json_text(arena, foreign_result(arena, &output, warnings), JSON_PYTHON), cases[i].result);
        assert_string_equal(joined(arena, warnings), cases[i].warnings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_kinds), cmocka_unit_test(test_output),
                                        cmocka_unit_test(test_reply) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
