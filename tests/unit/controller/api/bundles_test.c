/* SPDX-License-Identifier: Apache-2.0 */
/* Files and bundles over TLS: who may send, publish and fetch what. */
#include "controller/api/bundle_publish.h"

#include "common/base/hash.h"
#include "tests/unit/controller/api/center_fixture.h"

#define OCTETS "application/octet-stream"

static const char *hash_of(struct fixture *fixture, const char *text)
{
    char hex[HASH_HEX_MAX];

    return arena_copy(fixture->arena, hash_hex_of(HASH_SHA256, text, strlen(text), hex));
}

static const char *file_path(struct fixture *fixture, const char *text)
{
    return arena_printf(fixture->arena, "/api/v1/files/%s", hash_of(fixture, text));
}

static struct asked sending(struct fixture *fixture, enum api_access role, const char *text)
{
    return (struct asked){ .method = "PUT", .token = fixture->tokens[role], .body = text, .type = OCTETS };
}

static const char *file_json(struct fixture *fixture, const char *path, const char *text)
{
    return arena_printf(fixture->arena, "{\"path\":\"%s\",\"sha256\":\"%s\",\"bytes\":%zu,\"mode\":420}", path,
                        hash_of(fixture, text), strlen(text));
}

static struct asked publishing(struct fixture *fixture, enum api_access role, const char *common, const char *nodes)
{
    return (struct asked){ .method = "POST",
                           .token = fixture->tokens[role],
                           .body = arena_printf(fixture->arena,
                                                "{\"playbook\":\"site.yml\",\"expires_s\":86400,\"files\":[%s],"
                                                "\"nodes\":[%s]}",
                                                common, nodes) };
}

static const char *node_json(struct fixture *fixture, const char *node, const char *files)
{
    return arena_printf(fixture->arena, "{\"node\":\"%s\",\"files\":[%s]}", node, files);
}

/* The playbook for both, a slice for each. */
static void publish_two(struct fixture *fixture)
{
    static const char *const texts[] = { "- hosts: all", "secret of one", "secret of two" };

    node_in(fixture, "ai-1");
    node_in(fixture, "ai-2");
    for (size_t i = 0; i < 3; i++)
        expect(fixture, file_path(fixture, texts[i]), sending(fixture, API_OPERATOR, texts[i]), 201);
    expect(fixture, "/api/v1/bundles",
           publishing(fixture, API_OPERATOR, file_json(fixture, "site.yml", texts[0]),
                      arena_printf(fixture->arena, "%s,%s",
                                   node_json(fixture, "ai-1", file_json(fixture, "slice.yml", texts[1])),
                                   node_json(fixture, "ai-2", file_json(fixture, "slice.yml", texts[2])))),
           201);
}

static void files_are_verified_before_they_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct asked missing = { .method = "POST", .token = fixture->tokens[API_OPERATOR] };

    missing.body =
        arena_printf(fixture->arena, "{\"sha256\":[\"%s\",\"%s\"]}", hash_of(fixture, "one"), hash_of(fixture, "two"));
    expect(fixture, file_path(fixture, "one"), sending(fixture, API_OPERATOR, "one"), 201);
    expect_code(fixture, file_path(fixture, "two"), sending(fixture, API_OPERATOR, "tow"), 400, "bad_file");
    expect_code(fixture, file_path(fixture, "two"), sending(fixture, API_VIEWER, "two"), 403, "forbidden");
    expect_code(fixture, "/api/v1/files/..part-0", sending(fixture, API_OPERATOR, "x"), 400, "bad_file");
    struct asked json = sending(fixture, API_OPERATOR, "two");
    json.type = NULL;
    expect_code(fixture, file_path(fixture, "two"), json, 415, "wrong_type");
    const struct value *list = value_map_get(expect(fixture, "/api/v1/files/missing", missing, 200).body, "missing");
    assert_int_equal(value_count(list), 1);
    assert_string_equal(value_text(value_item(list, 0)), hash_of(fixture, "two"));
    missing.body = "{\"sha256\":[\"zz\"]}";
    expect_code(fixture, "/api/v1/files/missing", missing, 400, "bad_file");
}

static void a_large_file_goes_to_the_disk(void **state)
{
    struct fixture *fixture = *state;
    size_t length = (size_t)9 * 1024 * 1024;
    char *text = arena_alloc(fixture->arena, length + 1);

    memset(text, 'x', length);
    text[length] = '\0';
    expect(fixture, file_path(fixture, text), sending(fixture, API_OPERATOR, text), 201);
    assert_true(file_store_has(fixture->center.files, hash_of(fixture, text)));
}

static void a_node_fetches_its_own_files_only(void **state)
{
    struct fixture *fixture = *state;
    struct asked one = { .node = "ai-1" };
    const char *own = arena_printf(fixture->arena, "/agent/v1/bundle/%s", hash_of(fixture, "secret of one"));
    const char *other = arena_printf(fixture->arena, "/agent/v1/bundle/%s", hash_of(fixture, "secret of two"));
    const char *nowhere = arena_printf(fixture->arena, "/agent/v1/bundle/%s", hash_of(fixture, "nowhere"));

    publish_two(fixture);
    assert_string_equal(expect(fixture, own, one, 200).text, "secret of one");
    expect_code(fixture, other, one, 404, "file_unknown");
    expect_code(fixture, nowhere, one, 404, "file_unknown");
    expect_code(fixture, "/agent/v1/bundle/.part-0", one, 404, "file_unknown");
    expect_code(fixture, own, (struct asked){ .token = fixture->tokens[API_ADMIN] }, 403, "forbidden");
    expect_code(fixture, own, (struct asked){ .node = NULL }, 401, "unauthenticated");
    expect_code(fixture, "/agent/v1/bundle", (struct asked){ .token = fixture->tokens[API_ADMIN] }, 403, "forbidden");
}

/* As the node verifies it. */
static struct bundle_manifest manifest_of(struct fixture *fixture, const char *node, int64_t generation)
{
    const char *text = expect(fixture, "/agent/v1/bundle", (struct asked){ .node = node }, 200).text;
    struct bundle_demand demand = { .key = private_key_public(fixture->authority->signing_key),
                                    .node = { "ai-1", generation },
                                    .now_us = clock_wall_us(),
                                    .agent_version = "0.1.0" };
    struct bundle_manifest manifest;
    struct error err = ERROR_INIT;

    must(bundle_manifest_verify(fixture->arena, (struct der){ (const unsigned char *)text, strlen(text) }, &demand,
                                &manifest, &err),
         &err);
    return manifest;
}

static void a_manifest_is_signed_and_the_node_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };

    publish_two(fixture);
    struct bundle_manifest manifest = manifest_of(fixture, "ai-1", 1);
    assert_int_equal(manifest.files_count, 2);
    assert_string_equal(manifest.files[0].path, "site.yml");
    assert_int_equal(manifest.expires_us - manifest.created_us, INT64_C(86400) * 1000000);
    const struct value *work =
        value_map_get(expect(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 200).body, "work");
    assert_int_equal(value_count(work), 1);
    assert_string_equal(value_map_text(value_item(work, 0), "kind"), "bundle");
    assert_non_null(
        strstr(expect(fixture, "/api/v1/audit", (struct asked){ .token = fixture->tokens[API_OPERATOR] }, 200).text,
               "bundle.publish"));
    assert_non_null(strstr(expect(fixture, "/api/v1/events", viewer, 200).text, "bundle.published"));
    struct asked taken = { .node = "ai-1",
                           .body =
                               arena_printf(fixture->arena,
                                            "{\"reports\":[{\"sequence\":1,\"at_us\":5,\"kind\":\"bundle\",\"body\":"
                                            "{\"version\":%lld,\"playbook\":\"site.yml\"}}]}",
                                            (long long)manifest.version) };
    assert_string_equal(value_map_text(expect(fixture, "/api/v1/bundles/ai-1", viewer, 200).body, "state"), "waiting");
    expect(fixture, "/agent/v1/reports", taken, 200);
    assert_string_equal(value_map_text(expect(fixture, "/api/v1/bundles/ai-1", viewer, 200).body, "state"), "taken");
    assert_non_null(strstr(expect(fixture, "/api/v1/events", viewer, 200).text, "bundle.taken"));
    assert_int_equal(value_count(value_map_get(expect(fixture, "/api/v1/bundles", viewer, 200).body, "items")), 2);
}

static void withdrawing_is_a_newer_manifest_without_files(void **state)
{
    struct fixture *fixture = *state;
    struct asked withdraw = { .method = "DELETE", .token = fixture->tokens[API_OPERATOR] };

    publish_two(fixture);
    int64_t before = manifest_of(fixture, "ai-1", 1).version;
    expect(fixture, "/api/v1/bundles/ai-1", withdraw, 201);
    struct bundle_manifest manifest = manifest_of(fixture, "ai-1", 1);
    assert_true(manifest.version > before);
    assert_int_equal(manifest.files_count, 0);
    /* told once, of the newest */
    assert_int_equal(value_count(value_map_get(
                         expect(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 200).body, "work")),
                     1);
    expect_code(fixture, arena_printf(fixture->arena, "/agent/v1/bundle/%s", hash_of(fixture, "secret of one")),
                (struct asked){ .node = "ai-1" }, 404, "file_unknown");
    expect_code(fixture, "/api/v1/bundles/ai-1", withdraw, 404, "bundle_none");
    expect_code(fixture, "/api/v1/bundles/ai-9", withdraw, 404, "node_unknown");
}

static void a_rebuilt_node_gets_the_bundle_for_its_generation(void **state)
{
    struct fixture *fixture = *state;

    publish_two(fixture);
    int64_t before = manifest_of(fixture, "ai-1", 1).version;
    struct join_string join = join_token(fixture, "{\"name\": \"ai-1\"}");
    keep_certificate(
        fixture, "new",
        expect(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, "new", "ai-1") }, 200).body);
    struct bundle_manifest manifest = manifest_of(fixture, "new", 2);
    assert_true(manifest.version > before);
    assert_int_equal(manifest.files_count, 2);
}

/* Who comes in under a name gets what was published for it with its secrets: not by a join string for any name, and not at all
 * where the node was revoked. */
static void a_revoked_nodes_bundle_is_nobodys(void **state)
{
    struct fixture *fixture = *state;
    struct asked operator= { .token = fixture->tokens[API_OPERATOR] };
    struct join_string any = join_token(fixture, "{}"), exact = join_token(fixture, "{\"name\": \"ai-1\"}");
    const char *own = arena_printf(fixture->arena, "/agent/v1/bundle/%s", hash_of(fixture, "secret of one"));

    publish_two(fixture);
    int64_t before = manifest_of(fixture, "ai-1", 1).version;
    expect(fixture, "/api/v1/nodes/ai-1", (struct asked){ .method = "DELETE", .token = fixture->tokens[API_ADMIN] },
           200);
    assert_true(value_map_true(expect(fixture, "/api/v1/bundles/ai-1", operator, 200).body, "withdrawn"));
    assert_non_null(strstr(expect(fixture, "/api/v1/audit", operator, 200).text, "bundle.withdraw"));
    expect_code(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &any, "new", "ai-1") }, 403,
                "name_refused");
    keep_certificate(
        fixture, "new",
        expect(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &exact, "new", "ai-1") }, 200)
            .body);
    struct bundle_manifest manifest = manifest_of(fixture, "new", 2);
    assert_true(manifest.version > before);
    assert_int_equal(manifest.files_count, 0);
    expect_code(fixture, own, (struct asked){ .node = "new" }, 404, "file_unknown");
    expect(fixture, "/api/v1/bundles",
           publishing(fixture, API_OPERATOR, file_json(fixture, "site.yml", "- hosts: all"),
                      node_json(fixture, "ai-1", file_json(fixture, "slice.yml", "secret of one"))),
           201);
    assert_string_equal(expect(fixture, own, (struct asked){ .node = "new" }, 200).text, "secret of one");
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct fixture *fixture = *state;

    publish_two(fixture);
    const char *file = file_json(fixture, "site.yml", "- hosts: all");
    const char *node = node_json(fixture, "ai-1", "");
    expect_code(fixture, "/api/v1/bundles", publishing(fixture, API_VIEWER, file, node), 403, "forbidden");
    expect_code(fixture, "/api/v1/bundles", publishing(fixture, API_OPERATOR, file_json(fixture, "x", "unsent"), node),
                409, "file_missing");
    expect_code(fixture, "/api/v1/bundles", publishing(fixture, API_OPERATOR, file, node_json(fixture, "ai-9", "")),
                404, "node_unknown");
    expect_code(fixture, "/api/v1/bundles",
                publishing(fixture, API_OPERATOR, file, arena_printf(fixture->arena, "%s,%s", node, node)), 400,
                "bad_member");
    expect_code(fixture, "/api/v1/bundles", publishing(fixture, API_OPERATOR, file, ""), 400, "bad_member");
    struct answer answer =
        ask(fixture, "/api/v1/bundles",
            publishing(fixture, API_OPERATOR, file_json(fixture, "../site.yml", "- hosts: all"), node));
    assert_int_equal(answer.status, 400);
    assert_non_null(strstr(answer.text, "it has the part '..'"));
}

static void half_of_the_time_over_it_is_signed_anew(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    publish_two(fixture);
    int64_t before = manifest_of(fixture, "ai-1", 1).version, now_us = clock_wall_us();
    must(bundle_step(&fixture->center, now_us + INT64_C(3600) * 1000000, &err), &err);
    assert_int_equal(manifest_of(fixture, "ai-1", 1).version, before);
    must(bundle_step(&fixture->center, now_us + INT64_C(43300) * 1000000, &err), &err);
    struct bundle_manifest manifest = manifest_of(fixture, "ai-1", 1);
    assert_true(manifest.version > before);
    assert_int_equal(manifest.files_count, 2);
    assert_true(manifest.expires_us > now_us + INT64_C(120000) * 1000000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(files_are_verified_before_they_are_kept),
        CASE(a_large_file_goes_to_the_disk),
        CASE(a_node_fetches_its_own_files_only),
        CASE(a_manifest_is_signed_and_the_node_is_told),
        CASE(withdrawing_is_a_newer_manifest_without_files),
        CASE(a_rebuilt_node_gets_the_bundle_for_its_generation),
        CASE(a_revoked_nodes_bundle_is_nobodys),
        CASE(what_makes_no_sense_is_refused),
        CASE(half_of_the_time_over_it_is_signed_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
