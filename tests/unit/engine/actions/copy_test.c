/* SPDX-License-Identifier: Apache-2.0 */
/* copy, template and unarchive: what is sent to the node, in which order, and what comes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/spec/module_catalogue.h"
#include "tests/unit/engine/run/run_fixture.h"

#define PLAY "- name: p\n  hosts: a\n  gather_facts: false\n  tasks:\n"
#define SHA1_HELLO "f572d396fae9206628714fb2ce00f72e94f2258f"
#define SHA256_HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

/* Notes what content was offered; says changed. */
static const struct value *node(struct fixture *fixture, struct arena *arena, const char *host,
                                const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena);

    (void)host;
    (void)delay_ms;
    if (call->content_count == 1) {
        const struct content_source *source = &call->contents[0];

        text_printf(&fixture->calls, "content %s\n", source->path != NULL ? path_basename(source->path) : source->data);
    }
    value_map_put_bool(arena, result, "changed", true);
    return result;
}

static void test_content(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = node;
    assert_true(fixture_run(fixture,
                            PLAY "    - copy:\n        content: \"hello\\n\"\n        dest: /x\n        mode: 0600\n"));
    assert_string_equal(
        fixture->calls.data,
        "a copy {\"dest\":\"/x\",\"mode\":384,\"_content_id\":1,\"_content_size\":6,\"_content_sha256\":\"" SHA256_HELLO
        "\",\"_content_sha1\":\"" SHA1_HELLO "\"}\ncontent hello\n\n");
    assert_non_null(strstr(fixture->log.data, "a changed"));
    fixture_free(fixture);
}

/* A temporary file of the centre, which only its owner reads, is what Ansible makes of it. */
static void test_content_preserves_a_private_mode(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = node;
    assert_true(fixture_run(fixture, PLAY "    - copy: {content: hello, dest: /x, mode: preserve}\n"));
    assert_non_null(strstr(fixture->calls.data, "a copy {\"dest\":\"/x\",\"mode\":\"0600\","));
    fixture_free(fixture);
}

static void test_data_becomes_json(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = node;
    assert_true(fixture_run(fixture, PLAY "    - copy:\n        content: {a: [1, true]}\n        dest: /x\n"));
    assert_non_null(strstr(fixture->calls.data, "content {\"a\": [1, true]}\n"));
    fixture_free(fixture);
}

static void test_file_of_the_play(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = node;
    fixture_write(fixture, "files/greeting", "hello\n");
    assert_true(fixture_run(fixture, PLAY "    - copy: {src: greeting, dest: /d/}\n"));
    assert_non_null(
        strstr(fixture->calls.data,
               arena_printf(fixture->arena,
                            "\"dest\":\"/d/\",\"_content_id\":1,\"_content_size\":6,\"_content_sha256\":\"%s"
                            "\",\"_content_sha1\":\"%s\",\"_content_name\":\"%s/files/greeting\"}",
                            SHA256_HELLO, SHA1_HELLO, fixture->folder)));
    fixture_free(fixture);
}

static void test_folder(void **state)
{
    struct fixture *fixture = fixture_new("a,");
    const char *first, *second, *folder;

    (void)state;
    fixture->answer = node;
    fixture_write(fixture, "files/tree/one", "1");
    fixture_write(fixture, "files/tree/sub/two", "2");
    assert_true(fixture_run(fixture, PLAY "    - copy: {src: tree, dest: /d, directory_mode: '0700'}\n"));
    /* dest ends in /: the module makes what is missing */
    first = strstr(fixture->calls.data, "a copy {\"dest\":\"/d/tree/\"");
    second = strstr(fixture->calls.data, "a copy {\"dest\":\"/d/tree/sub/\"");
    assert_non_null(strstr(fixture->calls.data, "/files/tree/sub/two\"}"));
    folder = strstr(fixture->calls.data, "a file {\"path\":\"/d/tree/sub\",\"state\":\"directory\",\"mode\":\"0700\"}");
    assert_true(first != NULL && second > first && folder > second);
    fixture_free(fixture);
}

static void make_link(struct fixture *fixture, const char *target, const char *name)
{
    assert_int_equal(symlink(target, arena_printf(fixture->arena, "%s/files/tree/%s", fixture->folder, name)), 0);
}

/* Links are what they lead to, under their own name; those that lead nowhere or upwards stay links. */
static void test_links_in_a_folder(void **state)
{
    struct fixture *fixture = fixture_new("a,");
    const char *calls;

    (void)state;
    fixture->answer = node;
    fixture_write(fixture, "files/tree/sub/two", "2");
    fixture_write(fixture, "files/other/three", "3");
    make_link(fixture, "sub/two", "file");
    make_link(fixture, "nosuch", "broken");
    make_link(fixture, "self", "self");
    make_link(fixture, "../other", "out");
    make_link(fixture, "../", "sub/up");
    make_link(fixture, "../../tree", "../other/back");
    assert_true(fixture_run(fixture, PLAY "    - copy: {src: tree, dest: /d}\n"));
    calls = fixture->calls.data;
    assert_non_null(strstr(calls, "/files/tree/file\"}\ncontent file\n"));
    assert_non_null(strstr(calls, "{\"path\":\"/d/tree/broken\",\"state\":\"link\",\"src\":\"nosuch\""));
    assert_non_null(strstr(calls, "{\"path\":\"/d/tree/self\",\"state\":\"link\",\"src\":\"self\""));
    assert_non_null(strstr(calls, "{\"path\":\"/d/tree/sub/up\",\"state\":\"link\",\"src\":\"../\""));
    assert_non_null(strstr(calls, "a copy {\"dest\":\"/d/tree/out/\""));
    assert_non_null(strstr(calls, "{\"path\":\"/d/tree/out\",\"state\":\"directory\""));
    assert_non_null(strstr(calls, "{\"path\":\"/d/tree/out/back\",\"state\":\"link\",\"src\":\"../../tree\""));
    fixture_free(fixture);
}

static const struct value *node_with_diff(struct fixture *fixture, struct arena *arena, const char *host,
                                          const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena), *diff = value_map(arena);

    (void)fixture;
    (void)host;
    (void)call;
    (void)delay_ms;
    value_map_put_string(arena, diff, "before", "");
    value_map_put_string(arena, diff, "after", "x");
    value_map_put(arena, result, "diff", diff);
    return result;
}

static void test_diff_of_text_is_a_list(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = node_with_diff;
    fixture->log_results = true;
    assert_true(fixture_run(fixture, PLAY "    - copy: {content: x, dest: /x}\n      diff: true\n"));
    if (strstr(fixture->log.data, "\"diff\":[{\"after\":\"x\",\"before\":\"\"}]") == NULL)
        fail_msg("%s", fixture->log.data);
    fixture_free(fixture);
}

static void test_vaulted_without_password(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->log_results = true;
    fixture_write(fixture, "files/tree/a/secret", "$ANSIBLE_VAULT;1.1;AES256\n3130\n");
    fixture_write(fixture, "files/tree/secret", "$ANSIBLE_VAULT;1.1;AES256\n3130\n");
    assert_true(fixture_run(fixture, PLAY "    - copy: {src: tree, dest: /x}\n"));
    /* the outermost is met first */
    assert_non_null(strstr(fixture->log.data,
                           arena_printf(fixture->arena,
                                        "A vault password or secret must be specified to decrypt %s/files/tree/secret",
                                        fixture->folder)));
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void expect_failure(const char *task, const char *words)
{
    struct fixture *fixture = fixture_new("a,");

    fixture->log_results = true;
    assert_true(fixture_run(fixture, arena_printf(fixture->arena, "%s%s", PLAY, task)));
    if (strstr(fixture->log.data, words) == NULL)
        fail_msg("%s", fixture->log.data);
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void test_failures(void **state)
{
    (void)state;
    expect_failure("    - copy: {src: a, content: b, dest: /x}\n", "src and content are mutually exclusive");
    expect_failure("    - copy: {dest: /x}\n", "src (or content) is required");
    expect_failure("    - copy: {content: b, dest: /x/}\n", "can not use content with a dir as dest");
    expect_failure("    - copy: {src: nosuch, dest: /x}\n", "Could not find or access 'nosuch'");
    expect_failure("    - template: {src: nosuch.j2, dest: /x}\n", "Could not find or access 'nosuch.j2'");
}

static void test_dest_is_missing(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_false(fixture_run(fixture, PLAY "    - copy: {src: a}\n"));
    assert_non_null(strstr(fixture->error.text, "dest is required: missing required arguments: dest"));
    fixture_free(fixture);
}

static void test_template(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = node;
    fixture_write(fixture, "templates/t.j2",
                  "{{ ansible_managed }} {{ template_path | basename }}\n{% if true %}\n{{ x }}\n{% endif %}\n");
    assert_true(
        fixture_run(fixture, PLAY
                    "    - template: {src: t.j2, dest: /x, trim_blocks: true}\n      vars: {x: '{{ y }}', y: why}\n"));
    assert_non_null(strstr(fixture->calls.data, "content Ansible managed t.j2\nwhy\n\n"));
    assert_non_null(strstr(fixture->calls.data, "a copy {\"dest\":\"/x\",\"_content_id\":1"));
    fixture_free(fixture);
}

static void test_template_undefined(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->log_results = true;
    fixture_write(fixture, "templates/t.j2", "{{ nothing }}");
    assert_true(fixture_run(fixture, PLAY "    - template: {src: t.j2, dest: /x}\n"));
    assert_non_null(strstr(fixture->log.data, "AnsibleUndefinedVariable: 'nothing' is undefined"));
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void test_unarchive(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->loader_config.modules = fixture->options.modules = &module_catalogue;
    fixture->answer = node;
    fixture_write(fixture, "files/a.tgz", "hello\n");
    assert_true(fixture_run(fixture, PLAY "    - unarchive: {src: a.tgz, dest: /d, owner: root}\n"
                                          "    - unarchive: {src: /b.tgz, dest: /d, remote_src: true}\n"
                                          "    - unarchive: {src: /c.tgz, dest: /d, copy: 'no', decrypt: false}\n"));
    assert_non_null(strstr(fixture->calls.data, "\"dest\":\"/d\",\"owner\":\"root\",\"_content_id\":1"));
    assert_non_null(
        strstr(fixture->calls.data, "a unarchive {\"src\":\"/b.tgz\",\"dest\":\"/d\",\"remote_src\":true}\n"));
    assert_non_null(
        strstr(fixture->calls.data, "a unarchive {\"src\":\"/c.tgz\",\"dest\":\"/d\",\"remote_src\":true}\n"));
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_content_preserves_a_private_mode),
        cmocka_unit_test(test_data_becomes_json),
        cmocka_unit_test(test_file_of_the_play),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_links_in_a_folder),
        cmocka_unit_test(test_diff_of_text_is_a_list),
        cmocka_unit_test(test_vaulted_without_password),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_dest_is_missing),
        cmocka_unit_test(test_template),
        cmocka_unit_test(test_template_undefined),
        cmocka_unit_test(test_unarchive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
