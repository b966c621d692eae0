/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/clock.h"

#include "certificate_fixture.h"

static void test_good_ones(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *server;
    struct certificate_check client = { NOW_US, CERTIFICATE_CLIENT, NULL, 0 };
    static const char *const names[] = {
        CERTIFICATE_SERVER_NAME, "controller.example.org", "Controller.Example.ORG", "10.0.0.1", "2001:db8::1", NULL
    };

    test_ca_begin(fixture, &ca);
    fixture_must(fixture, certificate_verify(test_node(fixture, &ca, key), ca.certificate, &client, &fixture->err));
    server = test_server(fixture, &ca, key);
    for (size_t i = 0; names[i] != NULL; i++) {
        struct certificate_check check = { NOW_US, CERTIFICATE_SERVER, names[i], 0 };

        fixture_must(fixture, certificate_verify(server, ca.certificate, &check, &fixture->err));
    }
}

static void test_times(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *node;
    struct certificate_check check = { NOW_US, CERTIFICATE_CLIENT, NULL, 0 };

    test_ca_begin(fixture, &ca);
    node = test_node(fixture, &ca, key);
    check.now_us = NOW_US - DAY_US; /* a clock that is a day slow */
    fixture_must(fixture, certificate_verify(node, ca.certificate, &check, &fixture->err));
    check.now_us = NOW_US + 7 * DAY_US;
    fixture_must(fixture, certificate_verify(node, ca.certificate, &check, &fixture->err));
    assert_false(certificate_is_expired(node, check.now_us));
    check.now_us++;
    assert_true(certificate_is_expired(node, check.now_us));
    check.now_us = NOW_US + 8 * DAY_US;
    fixture_refused(fixture, certificate_verify(node, ca.certificate, &check, &fixture->err),
                    "certificate 'CN=ai-1': it ended at 2026-11-13T21:20:00Z, 24 hours ago");
    check.now_us = NOW_US - 26 * 3600 * SECOND_US;
    fixture_refused(fixture, certificate_verify(node, ca.certificate, &check, &fixture->err),
                    arena_printf(fixture->arena,
                                 "certificate '%s': it is valid from 2026-11-05T20:20:00Z on, and the clock says "
                                 "2026-11-05T19:20:00Z",
                                 ca.certificate->subject));
}

static void test_renewal_after_the_end(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *node;
    struct certificate_check check = { NOW_US + 7 * DAY_US + 90 * DAY_US, CERTIFICATE_CLIENT, NULL, 90 * 86400 };

    test_ca_begin(fixture, &ca);
    node = test_node(fixture, &ca, key);
    check.now_us -= SECOND_US;
    fixture_must(fixture, certificate_verify(node, ca.certificate, &check, &fixture->err));
    check.now_us += SECOND_US;
    fixture_refused_with(fixture, certificate_verify(node, ca.certificate, &check, &fixture->err),
                         "it ended at 2026-11-13T21:20:00Z, 2160 hours ago");
    check.now_us = NOW_US + 3653 * DAY_US; /* the CA itself has no such grace */
    check.expired_allowed_s = INT64_MAX;
    fixture_refused_with(fixture, certificate_verify(node, ca.certificate, &check, &fixture->err),
                         arena_printf(fixture->arena, "certificate '%s': it ended at", ca.certificate->subject));
}

static void test_another_ca(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    TEST_CA_SCOPED other = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *node;
    struct certificate_check check = { NOW_US, CERTIFICATE_CLIENT, NULL, 0 };

    test_ca_begin(fixture, &ca);
    test_ca_begin(fixture, &other);
    node = test_node(fixture, &ca, key);
    fixture_refused(
        fixture, certificate_verify(node, other.certificate, &check, &fixture->err),
        arena_printf(fixture->arena, "certificate 'CN=ai-1': it is not signed by '%s'", other.certificate->subject));
    fixture_refused(fixture, certificate_verify(node, node, &check, &fixture->err),
                    "certificate 'CN=ai-1': 'CN=ai-1', which should have signed it, is no CA");
}

/* The same name and key identifiers as the CA, another key: only the signature tells. And signed by a leaf of ours. */
static void test_forgeries(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *out;
    struct certificate_check check = { clock_wall_us(), CERTIFICATE_CLIENT, NULL, 0 };
    struct error *err = &fixture->err;
    struct certificate_wish wish = { NULL, check.now_us, WEEK_S };
    struct node_identity node = { "ai-1", 1 };
    const char *text;

    test_ca_begin(fixture, &ca);
    fixture_must(fixture, certificate_make_ca(fixture->arena, ca.key, check.now_us, &ca.certificate, err));
    ca.authority.certificate = ca.certificate;
    wish.key = private_key_public(key);
    fixture_must(fixture, certificate_make_node(fixture->arena, &ca.authority, &wish, &node, &out, err));
    fixture_must(fixture, private_key_save(key, fixture_path(fixture, "leaf.key"), err));
    fixture_write_text(fixture, "leaf.pem", certificate_pem(fixture->arena, out));
    fixture_shell_ok(fixture, "openssl ecparam -name prime256v1 -genkey -noout -out evil.key && "
                              "printf 'extendedKeyUsage=clientAuth\n' > ext");
    fixture_shell_ok(fixture, arena_printf(fixture->arena,
                                           "openssl req -x509 -key evil.key -subj '/CN=%s' -out evilca.pem 2>&1 && "
                                           "openssl req -new -key evil.key -subj /CN=ai-1 -out evil.csr",
                                           ca.certificate->subject + 3));
    fixture_shell_ok(fixture, "openssl x509 -req -in evil.csr -CA evilca.pem -CAkey evil.key -extfile ext -days 2 "
                              "-CAcreateserial -out byname.pem 2>&1 && "
                              "openssl x509 -req -in evil.csr -CA leaf.pem -CAkey leaf.key -extfile ext -days 2 "
                              "-CAcreateserial -out byleaf.pem 2>&1");
    for (int i = 0; i < 2; i++) {
        text = fixture_read(fixture, i == 0 ? "byname.pem" : "byleaf.pem");
        fixture_must(fixture, certificate_read_pem(fixture->arena, text, strlen(text), &out, err));
        fixture_refused(
            fixture, certificate_verify(out, ca.certificate, &check, err),
            arena_printf(fixture->arena, "certificate 'CN=ai-1': it is not signed by '%s'", ca.certificate->subject));
    }
}

static void test_purposes_and_names(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    const struct certificate *node, *server;
    struct error *err = &fixture->err;
    struct certificate_check client = { NOW_US, CERTIFICATE_CLIENT, NULL, 0 };
    struct certificate_check good = { NOW_US, CERTIFICATE_SERVER, CERTIFICATE_SERVER_NAME, 0 };
    struct certificate_check bad = { NOW_US, CERTIFICATE_SERVER, "roost-controller.example.org", 0 };

    test_ca_begin(fixture, &ca);
    node = test_node(fixture, &ca, key);
    server = test_server(fixture, &ca, key);
    fixture_refused(fixture, certificate_verify(node, ca.certificate, &good, err),
                    "certificate 'CN=ai-1': it is not for a server");
    fixture_refused(fixture, certificate_verify(server, ca.certificate, &client, err),
                    "certificate 'CN=roost-controller': it is not for a client");
    fixture_refused(fixture, certificate_verify(server, ca.certificate, &bad, err),
                    "certificate 'CN=roost-controller': it is not for the name 'roost-controller.example.org'");
    fixture_refused(fixture, certificate_verify(ca.certificate, ca.certificate, &client, err),
                    arena_printf(fixture->arena, "certificate '%s': it is a CA's, not one of a node or controller",
                                 ca.certificate->subject));
    bad = (struct certificate_check){ NOW_US, CERTIFICATE_CLIENT, CERTIFICATE_SERVER_NAME, 0 };
    fixture_refused(fixture, certificate_verify(node, ca.certificate, &bad, err),
                    "certificate 'CN=ai-1': it is not for the name 'roost-controller'");
}

/* What a node does before it sends its secret. */
static void test_a_ca_that_came_unverified(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    TEST_CA_SCOPED other = { 0 };
    const struct certificate *out;
    struct error *err = &fixture->err;
    const char *fingerprint;
    unsigned char *bytes;
    size_t accepted = 0;

    test_ca_begin(fixture, &ca);
    test_ca_begin(fixture, &other);
    fingerprint = private_key_public(ca.key)->fingerprint;
    fixture_must(fixture, certificate_check_ca(ca.certificate, fingerprint, NOW_US, err));
    fixture_refused(fixture, certificate_check_ca(other.certificate, fingerprint, NOW_US, err),
                    arena_printf(fixture->arena, "the CA's key has the fingerprint %s, expected %s",
                                 private_key_public(other.key)->fingerprint, fingerprint));
    fixture_refused(fixture, certificate_check_ca(test_node(fixture, &other, ca.key), fingerprint, NOW_US, err),
                    "certificate 'CN=ai-1': it is no CA");
    fixture_refused_with(fixture, certificate_check_ca(ca.certificate, fingerprint, NOW_US + 3653 * DAY_US, err),
                         "it ended at");
    /* its key in a certificate that it did not sign */
    bytes = (unsigned char *)arena_copy_n(fixture->arena, (const char *)ca.certificate->der.data,
                                          ca.certificate->der.length);
    for (size_t i = 0; i < ca.certificate->der.length; i++) {
        bytes[i] ^= 1 << i % 8;
        accepted +=
            certificate_read_der(fixture->arena, (struct der){ bytes, ca.certificate->der.length }, &out, err) &&
            certificate_check_ca(out, fingerprint, NOW_US, err);
        bytes[i] = ca.certificate->der.data[i];
    }
    assert_int_equal(accepted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_a_ca_that_came_unverified), FIXTURE_TEST(test_good_ones),  FIXTURE_TEST(test_times),
        FIXTURE_TEST(test_renewal_after_the_end),     FIXTURE_TEST(test_another_ca), FIXTURE_TEST(test_forgeries),
        FIXTURE_TEST(test_purposes_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
