/* SPDX-License-Identifier: Apache-2.0 */
/* Which units are told, what they start, and what the files beside the program tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/unit/engine_unit.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void assert_units(struct recorded_tree *tree, const char *expected)
{
    struct sysfs fs = { .system = recorded_tree_system(tree), .arena = tree->arena };

    assert_string_equal(json_text(tree->arena, engine_units(&fs), JSON_PYTHON), expected);
}

static void a_unit_and_its_program(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/etc/systemd/system/chat.service",
                      "[Unit]\nDescription=ExecStart=/opt/no/llama-server\n[Service]\nExecStartPre=/bin/true\n"
                      "ExecStart = -/opt/llama-b10100/llama-server -m x\n");
    recorded_tree_put(&tree, "/etc/systemd/system/ssh.service", "[Service]\nExecStart=/usr/sbin/sshd -D\n");
    recorded_tree_put(&tree, "/etc/systemd/system/chat.timer", "[Service]\nExecStart=/opt/x/llama-server\n");
    recorded_tree_put(&tree, "/opt/llama-b10100/llama-server", "");
    recorded_tree_put(&tree, "/opt/llama-b10100/libggml-hip.so", "");
    assert_units(&tree, "[{\"unit\": \"chat.service\", \"file\": \"/etc/systemd/system/chat.service\", \"program\": "
                        "\"/opt/llama-b10100/llama-server\", \"exists\": true, \"build\": 10100, \"backends\": "
                        "[\"hip\"]}]");
    recorded_tree_free(&tree);
}

static void drop_ins_and_precedence(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/usr/local/lib/systemd/system/rpc.service", "[Service]\nExecStart=/old/rpc-server\n");
    recorded_tree_put(&tree, "/usr/local/lib/systemd/system/ollama.service",
                      "[Service]\nExecStart=/old/ollama serve\n");
    recorded_tree_put(&tree, "/etc/systemd/system/ollama.service", "[Service]\nExecStart=\"/my/ollama\" serve\n");
    recorded_tree_put(&tree, "/etc/systemd/system/rpc.service.d/10.conf",
                      "[Service]\nExecStart=\nExecStart=@/usr/local/bin/ggml-rpc-server x\n");
    recorded_tree_put(&tree, "/usr/local/lib/libllama.so.0.0.9900", "");
    assert_units(&tree,
                 "[{\"unit\": \"ollama.service\", \"file\": \"/etc/systemd/system/ollama.service\", \"program\": "
                 "\"/my/ollama\", \"exists\": false}, {\"unit\": \"rpc.service\", \"file\": "
                 "\"/usr/local/lib/systemd/system/rpc.service\", \"program\": \"/usr/local/bin/ggml-rpc-server\", "
                 "\"exists\": false, \"build\": 9900}]");
    recorded_tree_free(&tree);
}

static void what_has_no_fixed_program_is_left_out(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/etc/systemd/system/a.service", "[Service]\nExecStart=llama-server\n");
    recorded_tree_put(&tree, "/etc/systemd/system/b.service", "[Service]\nExecStart=/opt/%i/llama-server\n");
    recorded_tree_put(&tree, "/etc/systemd/system/c.service", "[Service]\nExecStart=/usr/bin/env llama-server\n");
    recorded_tree_put(&tree, "/etc/systemd/system/d.service", "[Service]\nExecStart=\n");
    recorded_tree_put(&tree, "/etc/systemd/system/e.service", "[Service]\nExecStart=/a/llama-server\nExecStart=\n");
    assert_units(&tree, "[]");
    recorded_tree_free(&tree);
}

static void no_number_is_no_build(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/etc/systemd/system/a.service", "[Service]\nExecStart=/opt/b12x/bin/llama-server\n");
    recorded_tree_put(&tree, "/opt/b12x/bin/libllama.so.0.0.99999999999999", "");
    recorded_tree_put(&tree, "/opt/b12x/lib/libllama.so.0.1.0", "");
    assert_units(&tree, "[{\"unit\": \"a.service\", \"file\": \"/etc/systemd/system/a.service\", \"program\": "
                        "\"/opt/b12x/bin/llama-server\", \"exists\": false}]");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_and_its_program),
        cmocka_unit_test(drop_ins_and_precedence),
        cmocka_unit_test(what_has_no_fixed_program_is_left_out),
        cmocka_unit_test(no_number_is_no_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
