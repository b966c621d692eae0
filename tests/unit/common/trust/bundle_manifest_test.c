/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/bundle_manifest.h"

#include "common/base/hash.h"
#include "trust_fixture.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ABOUT "roost-bundle-v1"
#define CANONICAL                                                                                                      \
    "{\"created_us\":1794000000000000,\"expires_us\":1794086400000000,\"files\":["                                     \
    "{\"mode\":420,\"path\":\"roles/base/tasks/main.yml\",\"sha256\":\"" HASH_B "\",\"size\":20},"                     \
    "{\"mode\":384,\"path\":\"site.yml\",\"sha256\":\"" HASH_A "\",\"size\":10}],"                                     \
    "\"format\":1,\"generation\":2,\"minimum_agent\":\"0.1.0\",\"node\":\"ai-1\",\"version\":7}"

static const struct bundle_file two_files[] = {
    { "site.yml", 10, HASH_A, 0600 },
    { "roles/base/tasks/main.yml", 20, HASH_B, 0644 },
};

struct bundle_world {
    struct fixture *fixture;
    struct private_key *key;
    struct bundle_manifest manifest;
    struct bundle_demand demand;
};

static void world_begin(void **state, struct bundle_world *world)
{
    world->fixture = *state;
    fixture_must(world->fixture, private_key_generate(KEY_ED25519, &world->key, &world->fixture->err));
    world->manifest = (struct bundle_manifest){
        .version = 7,
        .node = { "ai-1", 2 },
        .created_us = NOW_US,
        .expires_us = NOW_US + DAY_US,
        .minimum_agent = "0.1.0",
        .files = two_files,
        .files_count = 2,
    };
    world->demand = (struct bundle_demand){
        .key = private_key_public(world->key),
        .node = { "ai-1", 2 },
        .now_us = NOW_US,
        .agent_version = "0.1.0",
    };
}

static void world_end(struct bundle_world *world)
{
    private_key_free(world->key);
}
#define WORLD_SCOPED __attribute__((cleanup(world_end))) struct bundle_world

static struct der sign(struct bundle_world *world)
{
    struct der out;

    fixture_must(world->fixture,
                 bundle_manifest_sign(world->fixture->arena, &world->manifest, world->key, &out, &world->fixture->err));
    return out;
}

/* Any bytes as the controller would sign them. */
static struct der sign_text(struct bundle_world *world, const char *domain, const char *json, size_t length)
{
    struct text text = text_new(world->fixture->arena);
    unsigned char signature[SIGNATURE_BYTES];

    fixture_must(world->fixture, signature_make(world->key, &(struct signed_message){ domain, json, length }, signature,
                                                &world->fixture->err));
    text_add(&text, ABOUT " ");
    for (size_t i = 0; i < sizeof(signature); i++)
        text_printf(&text, "%02x", signature[i]);
    text_add_char(&text, '\n');
    text_add_n(&text, json, length);
    return (struct der){ (const unsigned char *)text.data, text.length };
}

static bool verify(struct bundle_world *world, struct der text, struct bundle_manifest *out)
{
    return bundle_manifest_verify(world->fixture->arena, text, &world->demand, out, &world->fixture->err);
}

static void refused(struct bundle_world *world, struct der text, const char *why)
{
    struct bundle_manifest out;

    fixture_refused(world->fixture, verify(world, text, &out),
                    arena_printf(world->fixture->arena, "manifest: %s", why));
}

static void refused_text(struct bundle_world *world, const char *json, const char *why)
{
    refused(world, sign_text(world, ABOUT, json, strlen(json)), why);
}

static void test_there_and_back(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct bundle_manifest out;
    char hex[HASH_HEX_MAX];
    struct der text;

    world_begin(state, &world);
    text = sign(&world);
    assert_string_equal(strchr((const char *)text.data, '\n') + 1, CANONICAL);
    fixture_must(world.fixture, verify(&world, text, &out));
    assert_int_equal(out.version, 7);
    assert_string_equal(out.node.name, "ai-1");
    assert_int_equal(out.node.generation, 2);
    assert_true(out.created_us == NOW_US && out.expires_us == NOW_US + DAY_US);
    assert_string_equal(out.minimum_agent, "0.1.0");
    assert_int_equal(out.files_count, 2);
    assert_string_equal(out.files[0].path, "roles/base/tasks/main.yml"); /* sorted */
    assert_int_equal(out.files[0].mode, 0644);
    assert_string_equal(out.files[1].sha256, HASH_A);
    assert_int_equal(out.files[1].size, 10);
    assert_string_equal(out.sha256, hash_hex_of(HASH_SHA256, CANONICAL, strlen(CANONICAL), hex));
    world.manifest.files_count = 0;
    fixture_must(world.fixture, verify(&world, sign(&world), &out));
    assert_int_equal(out.files_count, 0);
}

static void test_every_byte_and_every_length(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct bundle_manifest out;
    struct der text;
    unsigned char *bytes;

    world_begin(state, &world);
    text = sign(&world);
    bytes = (unsigned char *)arena_copy_n(world.fixture->arena, (const char *)text.data, text.length);
    for (size_t i = 0; i < text.length; i++) {
        for (int bit = 0; bit < 8; bit += 3) {
            bytes[i] ^= (unsigned char)(1 << bit);
            if (verify(&world, (struct der){ bytes, text.length }, &out))
                fail_msg("byte %zu of a manifest may be changed", i);
            bytes[i] = text.data[i];
        }
        assert_false(verify(&world, (struct der){ text.data, i }, &out));
    }
    assert_false(verify(&world, (struct der){ text.data, text.length + 1 }, &out)); /* its NUL */
}

static void test_who_signed_and_for_what(void **state)
{
    WORLD_SCOPED world = { 0 };
    PRIVATE_KEY_SCOPED other = NULL;
    struct fixture *fixture;
    char *why;

    world_begin(state, &world);
    fixture = world.fixture;
    why = arena_printf(fixture->arena, "the signature is not of the key %.16s...",
                       private_key_public(world.key)->fingerprint);
    refused(&world, sign_text(&world, "roost-other-v1", CANONICAL, strlen(CANONICAL)), why);
    refused(&world, sign_text(&world, "", CANONICAL, strlen(CANONICAL)), why);
    fixture_must(fixture, private_key_generate(KEY_ED25519, &other, &fixture->err));
    world.demand.key = private_key_public(other);
    refused(&world, sign(&world),
            arena_printf(fixture->arena, "the signature is not of the key %.16s...",
                         private_key_public(other)->fingerprint));
}

static void test_openssl_agrees(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct fixture *fixture;
    struct der text;

    world_begin(state, &world);
    fixture = world.fixture;
    text = sign(&world);
    fixture_write(fixture, "bundle", text.data, text.length);
    fixture_write_text(fixture, "pub.pem", public_key_pem(fixture->arena, private_key_public(world.key)));
    fixture_shell_ok(fixture, "head -n 1 bundle | cut -d ' ' -f 2 | python3 -c 'import sys; "
                              "sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' > signature && "
                              "{ printf 'roost-bundle-v1\\0'; tail -n +2 bundle; } > message && "
                              "openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -sigfile signature -in message");
}

static void test_node_time_and_agent(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct bundle_demand good;
    struct bundle_manifest out;
    struct der text;

    world_begin(state, &world);
    text = sign(&world);
    good = world.demand;
    world.demand.node.name = "ai-2";
    refused(&world, text, "it is for node 'ai-1', this is 'ai-2'");
    world.demand = good;
    world.demand.node.generation = 3;
    refused(&world, text, "it is for generation 2 of node 'ai-1', this is 3");
    world.demand = good;
    world.demand.now_us = NOW_US + DAY_US;
    refused(&world, text, "it has expired at 2026-11-07T21:20:00Z");
    world.demand.now_us = NOW_US - DAY_US; /* a slow clock is no reason */
    fixture_must(world.fixture, verify(&world, text, &out));
    world.demand = good;
    world.manifest.minimum_agent = "0.10.0";
    text = sign(&world);
    world.demand.agent_version = "0.9.9";
    refused(&world, text, "it needs an agent from 0.10.0 on, this is 0.9.9");
    world.demand.agent_version = "1.0.0";
    fixture_must(world.fixture, verify(&world, text, &out));
    world.demand.agent_version = "1.0";
    refused(&world, text, "the version of an agent is three numbers, as 0.1.0");
}

static void test_no_way_back(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct bundle_manifest out;
    struct der text;

    world_begin(state, &world);
    text = sign(&world);
    fixture_must(world.fixture, verify(&world, text, &out));
    world.demand.highest.version = 7;
    memcpy(world.demand.highest.sha256, out.sha256, sizeof(out.sha256));
    fixture_must(world.fixture, verify(&world, text, &out)); /* the same again */
    world.manifest.version = 6;
    refused(&world, sign(&world), "its version 6 is older than 7, which this node has taken");
    world.manifest.version = 7;
    world.manifest.files_count = 1;
    refused(&world, sign(&world), "its version 7 is the one this node has, with another content");
    world.manifest.version = INT64_MAX;
    fixture_must(world.fixture, verify(&world, sign(&world), &out));
    assert_true(out.version == INT64_MAX);
}

/* A manifest with one file that has this path. */
static char *with_path(struct fixture *fixture, const char *path)
{
    return arena_printf(fixture->arena,
                        "{\"created_us\":1,\"expires_us\":1794086400000000,\"files\":[{\"mode\":384,\"path\":\"%s\","
                        "\"sha256\":\"" HASH_A "\",\"size\":10}],\"format\":1,\"generation\":2,"
                        "\"minimum_agent\":\"0.1.0\",\"node\":\"ai-1\",\"version\":7}",
                        path);
}

static void test_paths(void **state)
{
    WORLD_SCOPED world = { 0 };
    static const char *const bad[][2] = {
        { "/etc/passwd", "it begins or ends with '/', or has '//'" },
        { "", "it begins or ends with '/', or has '//'" },
        { "a/", "it begins or ends with '/', or has '//'" },
        { "a//b", "it begins or ends with '/', or has '//'" },
        { "..", "it has the part '..'" },
        { "../a", "it has the part '..'" },
        { "a/../../b", "it has the part '..'" },
        { "a/..", "it has the part '..'" },
        { "./a", "it has the part '.'" },
        { "a/.", "it has the part '.'" },
        { "a\\nb", "it holds a control character" },
        { "a\x7f", "it holds a control character" },
    };
    static const char *const good[] = { "a", "...", ".hidden", "a/..b/c", "sp ace/\xc3\xa4", NULL };
    struct fixture *fixture;
    struct bundle_manifest out;
    char *part;

    world_begin(state, &world);
    fixture = world.fixture;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused_text(&world, with_path(fixture, bad[i][0]), arena_printf(fixture->arena, "file 1: %s", bad[i][1]));
    refused_text(&world, with_path(fixture, "a\\u0000b"), "file 1: its 'path' holds a NUL");
    for (size_t i = 0; good[i] != NULL; i++) {
        const char *json = with_path(fixture, good[i]);

        fixture_must(fixture, verify(&world, sign_text(&world, ABOUT, json, strlen(json)), &out));
        assert_string_equal(out.files[0].path, good[i]);
    }
    part = arena_printf(fixture->arena, "%0256d", 1);
    refused_text(&world, with_path(fixture, part), "file 1: a part of it is longer than 255 bytes");
    part = arena_printf(fixture->arena, "%0250d/%0250d/%0250d/%0250d/%0250d", 1, 1, 1, 1, 1);
    refused_text(&world, with_path(fixture, part), "file 1: it is longer than 1024 bytes");
}

static void test_lists_of_files(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct bundle_file twice[] = { { "a", 1, HASH_A, 0600 }, { "a", 2, HASH_B, 0600 } };
    struct bundle_file within[] = { { "a/b/c", 1, HASH_A, 0600 },
                                    { "a-b", 1, HASH_A, 0600 },
                                    { "a", 1, HASH_B, 0600 } };
    struct bundle_file mode[] = { { "a", 1, HASH_A, 04755 } }, size[] = { { "a", -1, HASH_A, 0600 } };
    struct bundle_file hash[] = { { "a", 1, "ABC", 0600 } }, *many;
    struct fixture *fixture;
    struct der out;
    const struct {
        const struct bundle_file *files;
        size_t count;
        const char *why;
    } cases[] = {
        { twice, 2, "manifest: file 2: it comes twice" },
        { within, 3, "manifest: file 3: 'a' is a file of the list too" },
        { mode, 1, "manifest: file 1: its mode 4755 is not from 0 to 777" },
        { size, 1, "manifest: file 1: its size of -1 is not from 0 to 268435456" },
        { hash, 1, "manifest: file 1: its sha256 is not 64 digits of 0-9 a-f" },
    };

    world_begin(state, &world);
    fixture = world.fixture;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world.manifest.files = cases[i].files;
        world.manifest.files_count = cases[i].count;
        fixture_refused(fixture, bundle_manifest_sign(fixture->arena, &world.manifest, world.key, &out, &fixture->err),
                        cases[i].why);
    }
    many = arena_new_array(fixture->arena, struct bundle_file, LIMIT_BUNDLE_FILES + 1);
    for (int i = 0; i <= LIMIT_BUNDLE_FILES; i++)
        many[i] = (struct bundle_file){ arena_printf(fixture->arena, "f%d", i), 1 << 20, HASH_A, 0600 };
    world.manifest.files = many;
    world.manifest.files_count = LIMIT_BUNDLE_FILES + 1;
    fixture_refused(fixture, bundle_manifest_sign(fixture->arena, &world.manifest, world.key, &out, &fixture->err),
                    "manifest: 20001 files are more than 20000");
    world.manifest.files_count = 1025;
    fixture_refused(fixture, bundle_manifest_sign(fixture->arena, &world.manifest, world.key, &out, &fixture->err),
                    "manifest: its files have 1074790400 bytes, more than 1073741824");
}

static void test_the_largest_one(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct bundle_manifest out;
    struct bundle_file *many;

    world_begin(state, &world);
    many = arena_new_array(world.fixture->arena, struct bundle_file, LIMIT_BUNDLE_FILES);
    for (int i = 0; i < LIMIT_BUNDLE_FILES; i++)
        many[i] =
            (struct bundle_file){ arena_printf(world.fixture->arena, "roles/%d/tasks/main.yml", i), 1, HASH_A, 0600 };
    world.manifest.files = many;
    world.manifest.files_count = LIMIT_BUNDLE_FILES;
    fixture_must(world.fixture, verify(&world, sign(&world), &out));
    assert_int_equal(out.files_count, LIMIT_BUNDLE_FILES);
}

static char *replaced(struct fixture *fixture, const char *what, const char *with)
{
    const char *at = strstr(CANONICAL, what);

    assert_non_null(at);
    return arena_printf(fixture->arena, "%.*s%s%s", (int)(at - CANONICAL), CANONICAL, with, at + strlen(what));
}

/* Signed by the right key, but not what this controller would write: a second reading must be impossible. */
static void test_other_spellings(void **state)
{
    WORLD_SCOPED world = { 0 };
    static const char *const cases[][3] = {
        { "{\"created_us\"", "{ \"created_us\"", "it is not in canonical form" },
        { "\"version\":7}", "\"version\":7}\n", "it is not in canonical form" },
        { "\"version\":7}", "\"version\":7,\"version\":7}", "it is not in canonical form" },
        { "\"version\":7}", "\"unknown\":1,\"version\":7}", "it is not in canonical form" },
        { "\"version\":7}", "\"version\":07}", NULL },
        { "\"version\":7}", "\"version\":7.0}", "its 'version' is a number, expected a whole number" },
        { "\"version\":7}", "\"version\":\"7\"}", "its 'version' is a string, expected a whole number" },
        { "\"version\":7}", "\"version\":9223372036854775808}",
          "its 'version' is a number beyond 64 bits, expected a whole number" },
        { ",\"version\":7", "", "its 'version' is missing, expected a whole number" },
        { "\"version\":7}", "\"version\":0}", "its version 0 is below 1" },
        { "\"node\":\"ai-1\"", "\"node\":\"\\u0061i-1\"", "it is not in canonical form" },
        { "\"format\":1", "\"format\":2", "it is of format 2, this agent reads format 1: upgrade it" },
        { "\"mode\":420", "\"mode\":-1", "it is not in canonical form" },
        { "\"size\":20", "\"size\":NaN", NULL },
        { "1794086400000000", "1794000000000000", "it does not expire after it was created" },
        { "\"files\":[", "\"files\":[1,", "file 1: its 'path' is missing, expected a string" },
    };
    struct fixture *fixture;
    struct bundle_manifest out;

    world_begin(state, &world);
    fixture = world.fixture;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *json = replaced(fixture, cases[i][0], cases[i][1]);

        if (cases[i][2] != NULL)
            refused_text(&world, json, cases[i][2]);
        else
            assert_false(verify(&world, sign_text(&world, ABOUT, json, strlen(json)), &out));
    }
    refused_text(&world, "[]", "it is a list, expected a mapping");
    assert_false(verify(&world, sign_text(&world, ABOUT, "{", 1), &out));
    assert_false(verify(&world, sign_text(&world, ABOUT, "", 0), &out));
    assert_false(verify(&world, sign_text(&world, ABOUT, CANONICAL, sizeof(CANONICAL)), &out)); /* a NUL behind */
}

static void test_first_line_and_size(void **state)
{
    WORLD_SCOPED world = { 0 };
    struct bundle_manifest out;
    unsigned char *big;
    size_t size = LIMIT_BUNDLE_MANIFEST + 1000;

    world_begin(state, &world);
    refused(&world, (struct der){ (const unsigned char *)"", 0 },
            "it does not begin with 'roost-bundle-v1 <signature>'");
    refused(&world, (struct der){ (const unsigned char *)CANONICAL, strlen(CANONICAL) },
            "it does not begin with 'roost-bundle-v1 <signature>'");
    big = arena_alloc(world.fixture->arena, size);
    fixture_refused_with(world.fixture, verify(&world, (struct der){ big, size }, &out), "bytes are more than 8388608");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_there_and_back),
        FIXTURE_TEST(test_every_byte_and_every_length),
        FIXTURE_TEST(test_openssl_agrees),
        FIXTURE_TEST(test_who_signed_and_for_what),
        FIXTURE_TEST(test_no_way_back),
        FIXTURE_TEST(test_node_time_and_agent),
        FIXTURE_TEST(test_paths),
        FIXTURE_TEST(test_lists_of_files),
        FIXTURE_TEST(test_the_largest_one),
        FIXTURE_TEST(test_other_spellings),
        FIXTURE_TEST(test_first_line_and_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
