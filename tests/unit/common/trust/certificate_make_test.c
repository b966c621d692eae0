/* SPDX-License-Identifier: Apache-2.0 */
/* What is made, as we read it and as openssl and certtool see it. */
#include "common/base/clock.h"

#include "certificate_fixture.h"

static const char *openssl_text(struct fixture *fixture, const struct certificate *certificate)
{
    char *output;

    fixture_write_text(fixture, "shown.pem", certificate_pem(fixture->arena, certificate));
    assert_int_equal(fixture_shell(fixture, "openssl x509 -in shown.pem -noout -text", &output), 0);
    return output;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in: %s", part, text);
}

static void test_ca(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    const char *text;

    test_ca_begin(fixture, &ca);
    assert_true(ca.certificate->is_ca);
    assert_string_equal(ca.certificate->subject,
                        arena_printf(fixture->arena, "CN=Roost CA %.8s", private_key_public(ca.key)->fingerprint));
    assert_memory_equal(&ca.certificate->key, private_key_public(ca.key), sizeof(struct public_key));
    assert_true(ca.certificate->not_before_us == NOW_US - 25 * 3600 * SECOND_US);
    assert_true(ca.certificate->not_after_us == NOW_US + 3652 * DAY_US);
    assert_int_equal(ca.certificate->purposes, 0);
    assert_null(ca.certificate->node.name);
    text = openssl_text(fixture, ca.certificate);
    assert_holds(text, "CA:TRUE, pathlen:0");
    assert_holds(text, "X509v3 Basic Constraints: critical");
    assert_holds(text, "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign");
    assert_holds(text, "ecdsa-with-SHA256");
    assert_holds(text, "NIST CURVE: P-256");
}

static void test_node_certificate(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *node;
    const char *text;

    test_ca_begin(fixture, &ca);
    node = test_node(fixture, &ca, key);
    assert_string_equal(node->subject, "CN=ai-1");
    assert_string_equal(node->node.name, "ai-1");
    assert_int_equal(node->node.generation, 3);
    assert_int_equal(node->purposes, CERTIFICATE_CLIENT);
    assert_false(node->is_ca);
    assert_null(node->names[0]);
    assert_string_equal(node->key.fingerprint, private_key_public(key)->fingerprint);
    assert_true(node->not_after_us == NOW_US + 7 * DAY_US);
    assert_true(certificate_renew_at_us(node) == NOW_US + 7 * DAY_US / 2);
    text = openssl_text(fixture, node);
    assert_holds(text, "CA:FALSE");
    assert_holds(text, "TLS Web Client Authentication");
    assert_null(strstr(text, "TLS Web Server Authentication"));
    assert_holds(text, "URI:roost:node:ai-1:3");
    assert_holds(text, "X509v3 Key Usage: critical\n                Digital Signature");
}

static void test_server_certificate(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *server;

    test_ca_begin(fixture, &ca);
    server = test_server(fixture, &ca, key);
    assert_string_equal(server->subject, "CN=roost-controller");
    assert_string_equal(server->names[0], "roost-controller");
    assert_string_equal(server->names[1], "controller.example.org");
    assert_string_equal(server->names[2], "10.0.0.1");
    assert_string_equal(server->names[3], "2001:db8::1");
    assert_null(server->names[4]);
    assert_int_equal(server->purposes, CERTIFICATE_SERVER);
    assert_null(server->node.name);
    assert_holds(openssl_text(fixture, server), "DNS:roost-controller, DNS:controller.example.org, "
                                                "IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1");
}

/* 16 bytes, 126 of their bits random. */
static void test_serials(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    char *one, *two;

    test_ca_begin(fixture, &ca);
    fixture_write_text(fixture, "one.pem", certificate_pem(fixture->arena, test_node(fixture, &ca, key)));
    fixture_write_text(fixture, "two.pem", certificate_pem(fixture->arena, test_node(fixture, &ca, key)));
    fixture_shell(fixture, "openssl x509 -in one.pem -noout -serial", &one);
    fixture_shell(fixture, "openssl x509 -in two.pem -noout -serial", &two);
    assert_string_not_equal(one, two);
    assert_int_equal(strlen(one), strlen("serial=\n") + 32);
    assert_int_equal(strlen(two), strlen("serial=\n") + 32);
}

static void test_openssl_verifies(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    char *at =
        arena_printf(fixture->arena, "-x509_strict -attime %lld -CAfile ca.pem", (long long)(NOW_US / SECOND_US));

    test_ca_begin(fixture, &ca);
    fixture_write_text(fixture, "ca.pem", certificate_pem(fixture->arena, ca.certificate));
    fixture_write_text(fixture, "node.pem", certificate_pem(fixture->arena, test_node(fixture, &ca, key)));
    fixture_write_text(fixture, "server.pem", certificate_pem(fixture->arena, test_server(fixture, &ca, key)));
    fixture_shell_ok(fixture, arena_printf(fixture->arena, "openssl verify %s ca.pem", at));
    fixture_shell_ok(fixture, arena_printf(fixture->arena, "openssl verify %s -purpose sslclient node.pem", at));
    fixture_shell_ok(fixture, arena_printf(fixture->arena,
                                           "openssl verify %s -purpose sslserver "
                                           "-verify_hostname roost-controller server.pem",
                                           at));
    fixture_shell_ok(fixture, arena_printf(fixture->arena, "openssl verify %s -verify_ip 2001:db8::1 server.pem", at));
    assert_int_not_equal(
        fixture_shell(fixture, arena_printf(fixture->arena, "openssl verify %s -purpose sslserver node.pem", at), NULL),
        0);
    assert_int_not_equal(
        fixture_shell(fixture, arena_printf(fixture->arena, "openssl verify %s -purpose sslclient server.pem", at),
                      NULL),
        0);
}

/* certtool verifies at the present time only. */
static void test_certtool_verifies(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    struct certificate_wish wish = { private_key_public(key), clock_wall_us(), WEEK_S };
    struct node_identity node = { "ai-1", 1 };
    const struct certificate *out;

    if (fixture_shell(fixture, "command -v certtool", NULL) != 0) {
        print_message("certtool is not installed (gnutls-bin, gnutls-utils): its verdict is not asked for\n");
        return;
    }
    test_ca_begin(fixture, &ca);
    fixture_must(fixture, certificate_make_ca(fixture->arena, ca.key, wish.now_us, &ca.certificate, &fixture->err));
    ca.authority.certificate = ca.certificate;
    fixture_must(fixture, certificate_make_node(fixture->arena, &ca.authority, &wish, &node, &out, &fixture->err));
    fixture_write_text(fixture, "ca.pem", certificate_pem(fixture->arena, ca.certificate));
    fixture_write_text(fixture, "node.pem", certificate_pem(fixture->arena, out));
    fixture_shell_ok(fixture, "certtool --load-ca-certificate ca.pem --verify --infile node.pem "
                              "--verify-purpose 1.3.6.1.5.5.7.3.2");
    assert_int_not_equal(fixture_shell(fixture,
                                       "certtool --load-ca-certificate ca.pem --verify --infile node.pem "
                                       "--verify-purpose 1.3.6.1.5.5.7.3.1",
                                       NULL),
                         0);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    TEST_CA_SCOPED foreign = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    PRIVATE_KEY_SCOPED ed25519 = NULL;
    struct certificate_wish wish = { private_key_public(key), NOW_US, WEEK_S }, bad = wish;
    struct node_identity node = { "ai-1", 1 }, zero = { "ai-1", 0 }, odd = { "a/b", 1 };
    const struct certificate *out;
    struct error *err = &fixture->err;
    struct arena *arena = fixture->arena;

    test_ca_begin(fixture, &ca);
    test_ca_begin(fixture, &foreign);
    fixture_must(fixture, private_key_generate(KEY_ED25519, &ed25519, err));
    fixture_refused(fixture, certificate_make_ca(arena, ed25519, NOW_US, &out, err),
                    "a CA needs a key of ECDSA P-256, this one is of Ed25519");
    bad.key = private_key_public(ed25519);
    fixture_refused(fixture, certificate_make_node(arena, &ca.authority, &bad, &node, &out, err),
                    "making the certificate of node 'ai-1': it needs a key of ECDSA P-256, this one is of Ed25519");
    fixture_refused(fixture, certificate_make_node(arena, &ca.authority, &wish, &zero, &out, err),
                    "the generation of node 'ai-1' is below 1");
    fixture_refused(fixture, certificate_make_node(arena, &ca.authority, &wish, &odd, &out, err),
                    "node name: character 2 is none of A-Z a-z 0-9 . - _");
    fixture_refused(fixture,
                    certificate_make_node(arena, &(struct certificate_authority){ ca.certificate, foreign.key }, &wish,
                                          &node, &out, err),
                    arena_printf(arena, "making the certificate of node 'ai-1': the key is not that of '%s'",
                                 ca.certificate->subject));
    fixture_refused(fixture,
                    certificate_make_node(arena, &(struct certificate_authority){ test_node(fixture, &ca, key), key },
                                          &wish, &node, &out, err),
                    "making the certificate of node 'ai-1': 'CN=ai-1' is no CA");
    bad = wish;
    bad.life_s = 0;
    fixture_refused(fixture,
                    certificate_make_server(arena, &ca.authority, &bad, (const char *const[]){ NULL }, &out, err),
                    "making the server's certificate: its life must be longer than nothing");
    fixture_refused(
        fixture, certificate_make_server(arena, &ca.authority, &wish, (const char *const[]){ "a b", NULL }, &out, err),
        "making the server's certificate: 'a b' is neither a host name nor an address");
}

static void test_bounds_of_life_and_names(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    struct certificate_wish wish = { private_key_public(key), NOW_US, INT64_MAX };
    struct node_identity node = { "ai-1", 1 };
    const char *names[LIMIT_CERTIFICATE_NAMES + 1];
    const struct certificate *out;

    test_ca_begin(fixture, &ca);
    fixture_must(fixture, certificate_make_node(fixture->arena, &ca.authority, &wish, &node, &out, &fixture->err));
    assert_true(out->not_after_us == ca.certificate->not_after_us);
    wish.now_us = ca.certificate->not_after_us + SECOND_US;
    fixture_refused(
        fixture, certificate_make_node(fixture->arena, &ca.authority, &wish, &node, &out, &fixture->err),
        arena_printf(fixture->arena, "making the certificate of node 'ai-1': '%s' has ended", ca.certificate->subject));
    wish = (struct certificate_wish){ private_key_public(key), NOW_US, WEEK_S };
    for (size_t i = 0; i < LIMIT_CERTIFICATE_NAMES; i++)
        names[i] = arena_printf(fixture->arena, "host-%zu", i);
    names[LIMIT_CERTIFICATE_NAMES] = NULL;
    fixture_refused(fixture, certificate_make_server(fixture->arena, &ca.authority, &wish, names, &out, &fixture->err),
                    "making the server's certificate: more than 62 names");
    names[LIMIT_CERTIFICATE_NAMES - 2] = NULL;
    fixture_must(fixture, certificate_make_server(fixture->arena, &ca.authority, &wish, names, &out, &fixture->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_ca),       FIXTURE_TEST(test_node_certificate),         FIXTURE_TEST(test_server_certificate),
        FIXTURE_TEST(test_serials),  FIXTURE_TEST(test_openssl_verifies),         FIXTURE_TEST(test_certtool_verifies),
        FIXTURE_TEST(test_refusals), FIXTURE_TEST(test_bounds_of_life_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
