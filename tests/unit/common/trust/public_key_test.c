/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/public_key.h"

#include "trust_fixture.h"

static bool read_pem(struct fixture *fixture, const char *name, struct public_key *out)
{
    const char *text = fixture_read(fixture, name);

    return public_key_read_pem(text, strlen(text), out, &fixture->err);
}

/* The fingerprint is what openssl and sha256sum compute. */
static void check_same_as_openssl(struct fixture *fixture, const char *options, enum key_kind kind)
{
    struct public_key key;
    char *digest;

    fixture_shell_ok(fixture, arena_printf(fixture->arena,
                                           "openssl genpkey %s -out key.pem && "
                                           "openssl pkey -in key.pem -pubout -out pub.pem",
                                           options));
    fixture_must(fixture, read_pem(fixture, "pub.pem", &key));
    assert_int_equal(key.kind, kind);
    assert_int_equal(
        fixture_shell(fixture, "openssl pkey -pubin -in pub.pem -outform DER | sha256sum | tr -d ' -'", &digest), 0);
    assert_memory_equal(key.fingerprint, digest, PUBLIC_KEY_FINGERPRINT);
    assert_string_equal(public_key_pem(fixture->arena, &key), fixture_read(fixture, "pub.pem"));
}

static void test_kinds_that_are_taken(void **state)
{
    struct fixture *fixture = *state;

    check_same_as_openssl(fixture, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", KEY_ECDSA_P256);
    check_same_as_openssl(fixture, "-algorithm ED25519", KEY_ED25519);
}

static void test_kinds_that_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        { "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "found an RSA key" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "found a P-384 key" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "found a P-521 key" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
          "found an elliptic curve key of another curve or form" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
          "found an elliptic curve key of another curve or form" },
        { "-algorithm ED448", "found an Ed448 key" },
        { "-algorithm X25519", "found something else" },
    };
    struct public_key key;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_shell_ok(fixture, arena_printf(fixture->arena, "openssl genpkey %s | openssl pkey -pubout -out pub.pem",
                                               cases[i][0]));
        fixture_refused(fixture, read_pem(fixture, "pub.pem", &key),
                        arena_printf(fixture->arena, "%s, expected a key of ECDSA P-256 or Ed25519", cases[i][1]));
    }
}

static void test_raw_ed25519(void **state)
{
    struct public_key key, again;
    unsigned char raw[ED25519_KEY_BYTES];

    (void)state;
    memset(raw, 0x5a, sizeof(raw));
    public_key_from_ed25519(raw, &key);
    assert_int_equal(key.kind, KEY_ED25519);
    assert_memory_equal(public_key_ed25519(&key), raw, sizeof(raw));
    assert_true(public_key_read_der((struct der){ key.spki, key.length }, &again, NULL));
    assert_memory_equal(&again, &key, sizeof(key));
    assert_false(public_key_read_der((struct der){ key.spki, key.length - 1 }, &again, NULL));
    assert_false(public_key_read_der((struct der){ key.spki, 0 }, &again, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_kinds_that_are_taken),
        FIXTURE_TEST(test_kinds_that_are_refused),
        FIXTURE_TEST(test_raw_ed25519),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
