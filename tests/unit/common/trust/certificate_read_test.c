/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile certificates, and those of others. */
#include "certificate_fixture.h"

static bool read_pem(struct fixture *fixture, const char *name, const struct certificate **out)
{
    const char *text = fixture_read(fixture, name);

    return certificate_read_pem(fixture->arena, text, strlen(text), out, &fixture->err);
}

static void make(struct fixture *fixture, const char *options)
{
    fixture_shell_ok(fixture, arena_printf(fixture->arena,
                                           "openssl req -x509 -nodes -keyout key.pem -out cert.pem "
                                           "-days 10 %s 2>&1",
                                           options));
}

#define EC "-newkey ec -pkeyopt ec_paramgen_curve:P-256"

static void test_there_and_back(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    const struct certificate *again;
    const char *text;

    test_ca_begin(fixture, &ca);
    text = certificate_pem(fixture->arena, ca.certificate);
    fixture_must(fixture, certificate_read_pem(fixture->arena, text, strlen(text), &again, &fixture->err));
    assert_int_equal(again->der.length, ca.certificate->der.length);
    assert_memory_equal(again->der.data, ca.certificate->der.data, again->der.length);
    assert_string_equal(again->subject, ca.certificate->subject);
}

static void test_certificates_of_openssl(void **state)
{
    struct fixture *fixture = *state;
    const struct certificate *out;

    make(fixture,
         EC " -subj '/CN=box/O=Example' -addext subjectAltName=DNS:a.example,IP:192.0.2.1,email:x@example.org,"
            "URI:https://example.org,URI:roost:node:box:9 -addext extendedKeyUsage=clientAuth,serverAuth,codeSigning");
    fixture_must(fixture, read_pem(fixture, "cert.pem", &out));
    assert_string_equal(out->subject, "CN=box,O=Example");
    assert_string_equal(out->names[0], "a.example");
    assert_string_equal(out->names[1], "192.0.2.1");
    assert_null(out->names[2]);
    assert_string_equal(out->node.name, "box");
    assert_int_equal(out->node.generation, 9);
    assert_int_equal(out->purposes, CERTIFICATE_CLIENT | CERTIFICATE_SERVER);
    assert_true(out->is_ca);
    assert_true(out->not_after_us - out->not_before_us == 10 * DAY_US);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        { "-newkey rsa:2048 -subj /CN=box", "certificate: found an RSA key, expected a key of ECDSA P-256 or Ed25519" },
        { EC " -subj /CN=box -addext subjectAltName=URI:roost:node:a:1,URI:roost:node:b:1",
          "certificate: it names more than one node" },
        { EC " -subj /CN=box -addext subjectAltName=URI:roost:node:a/b:1",
          "certificate: node name: character 2 is none of A-Z a-z 0-9 . - _" },
        { EC " -subj /CN=box -addext subjectAltName=URI:roost:node:a:x",
          "certificate: node 'a': the generation is no whole number from 1" },
    };
    const struct certificate *out;
    struct text many = text_new(fixture->arena);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make(fixture, cases[i][0]);
        fixture_refused(fixture, read_pem(fixture, "cert.pem", &out), cases[i][1]);
    }
    text_add(&many, EC " -subj /CN=box -addext subjectAltName=DNS:h");
    for (int i = 0; i < LIMIT_CERTIFICATE_NAMES; i++)
        text_printf(&many, ",DNS:h%d", i);
    make(fixture, many.data);
    fixture_refused(fixture, read_pem(fixture, "cert.pem", &out), "certificate: it has 64 names or more");
    make(fixture, arena_printf(fixture->arena, EC " -subj /CN=box -addext subjectAltName=DNS:%0300d", 1));
    fixture_refused_with(fixture, read_pem(fixture, "cert.pem", &out), "certificate: its names: ");
    for (int i = 0; i < 400; i++)
        text_printf(&many, ",DNS:a-rather-long-name-of-a-host-%d", i);
    make(fixture, many.data);
    fixture_refused_with(fixture, read_pem(fixture, "cert.pem", &out), "more than");
}

/* The classic: a name that ends early for those who read it as a C string. */
static void test_nul_in_a_name(void **state)
{
    struct fixture *fixture = *state;
    const struct certificate *out;

    make(fixture, EC " -subj /CN=box -addext subjectAltName=DER:30188216726f6f73742d636f6e74726f6c6c6572002e6576696c");
    fixture_refused(fixture, read_pem(fixture, "cert.pem", &out),
                    "certificate: a name in it holds characters that cannot be printed");
}

static void test_truncated_and_mutated(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *node, *out;
    struct certificate_check check = { NOW_US, CERTIFICATE_CLIENT, NULL, 0 };
    unsigned char *bytes;

    test_ca_begin(fixture, &ca);
    node = test_node(fixture, &ca, key);
    for (size_t length = 0; length < node->der.length; length++)
        assert_false(certificate_read_der(fixture->arena, (struct der){ node->der.data, length }, &out, &fixture->err));
    bytes = (unsigned char *)arena_copy_n(fixture->arena, (const char *)node->der.data, node->der.length);
    for (size_t i = 0; i < node->der.length; i++) {
        struct der der = { bytes, node->der.length };

        bytes[i] ^= 1 << i % 8;
        if (certificate_read_der(fixture->arena, der, &out, &fixture->err) &&
            certificate_verify(out, ca.certificate, &check, &fixture->err))
            fail_msg("byte %zu of a certificate may be changed", i);
        bytes[i] = node->der.data[i];
    }
}

static void test_junk(void **state)
{
    struct fixture *fixture = *state;
    const struct certificate *out;
    char *big = arena_alloc(fixture->arena, 1 << 20);

    memset(big, 'A', 1 << 20);
    fixture_refused(fixture, certificate_read_pem(fixture->arena, big, 1 << 20, &out, &fixture->err),
                    "certificate: 1048576 bytes are more than the 16384 that are read at most");
    fixture_refused_with(
        fixture,
        certificate_read_der(fixture->arena, (struct der){ (unsigned char *)big, 1 << 20 }, &out, &fixture->err),
        "certificate: 1048576 bytes are more than the 8192 that a certificate may have");
    fixture_refused_with(
        fixture, certificate_read_der(fixture->arena, (struct der){ (unsigned char *)big, 100 }, &out, &fixture->err),
        "certificate: it is no certificate: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_there_and_back), FIXTURE_TEST(test_certificates_of_openssl),
        FIXTURE_TEST(test_refusals),       FIXTURE_TEST(test_nul_in_a_name),
        FIXTURE_TEST(test_junk),           FIXTURE_TEST(test_truncated_and_mutated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
