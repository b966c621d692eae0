/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/certificate_request.h"

#include "common/base/hash.h"
#include "trust_fixture.h"

#define EC "-newkey ec -pkeyopt ec_paramgen_curve:P-256"

static bool read_text(struct fixture *fixture, const char *text, struct public_key *out)
{
    return certificate_request_read(text, strlen(text), out, &fixture->err);
}

static char *make(struct fixture *fixture, const char *options)
{
    fixture_shell_ok(
        fixture,
        arena_printf(fixture->arena, "openssl req -new -nodes -keyout key.pem -out request.pem %s 2>&1", options));
    return fixture_read(fixture, "request.pem");
}

static char *make_own(struct fixture *fixture, struct private_key **key)
{
    char *text;

    fixture_must(fixture, private_key_generate(KEY_ECDSA_P256, key, &fixture->err));
    fixture_must(fixture, certificate_request_make(fixture->arena, *key, "ai-1", &text, &fixture->err));
    return text;
}

static void test_there_and_back(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    struct public_key out;
    char *text = make_own(fixture, &key), *shown;

    fixture_must(fixture, read_text(fixture, text, &out));
    assert_memory_equal(&out, private_key_public(key), sizeof(out));
    fixture_write_text(fixture, "request.pem", text);
    fixture_shell_ok(fixture, "openssl req -in request.pem -verify -noout");
    fixture_shell(fixture, "openssl req -in request.pem -subject -noout", &shown);
    assert_string_equal(shown, "subject=CN = ai-1\n");
}

/* What an attacker may wish for is not even looked at: only the key comes out. */
static void test_one_of_openssl_with_wishes(void **state)
{
    struct fixture *fixture = *state;
    struct public_key out;
    char *text = make(fixture, EC " -subj '/CN=controller/O=Evil' -addext subjectAltName=DNS:roost-controller "
                                  "-addext basicConstraints=CA:TRUE -addext extendedKeyUsage=serverAuth");
    char *digest;

    fixture_must(fixture, read_text(fixture, text, &out));
    fixture_shell(fixture, "openssl pkey -in key.pem -pubout -outform DER | sha256sum", &digest);
    assert_memory_equal(out.fingerprint, digest, PUBLIC_KEY_FINGERPRINT);
}

static void test_other_keys_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        { "-newkey rsa:2048 -subj /CN=x",
          "certificate request: found an RSA key, expected a key of ECDSA P-256 or Ed25519" },
        { "-newkey rsa:4096 -subj /CN=x",
          "certificate request: found an RSA key, expected a key of ECDSA P-256 or Ed25519" },
        { "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -subj /CN=x",
          "certificate request: found a P-384 key, expected a key of ECDSA P-256 or Ed25519" },
        { "-newkey ed25519 -subj /CN=x", "certificate request: found a key of Ed25519, expected one of ECDSA P-256" },
    };
    PRIVATE_KEY_SCOPED key = NULL;
    struct public_key out;
    char *text;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        fixture_refused(fixture, read_text(fixture, make(fixture, cases[i][0]), &out), cases[i][1]);
    fixture_must(fixture, private_key_generate(KEY_ED25519, &key, &fixture->err));
    fixture_refused(fixture, certificate_request_make(fixture->arena, key, "ai-1", &text, &fixture->err),
                    "certificate request: found a key of Ed25519, expected one of ECDSA P-256");
}

/* Proof of possession: a request for somebody else's key, signed with one's own. */
static void test_a_stolen_key(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    PRIVATE_KEY_SCOPED victim = NULL;
    struct public_key out;
    char *text = make_own(fixture, &key), *stolen;
    struct der der;
    unsigned char *at;

    make_own(fixture, &victim);
    fixture_must(fixture, pem_read(fixture->arena, "CERTIFICATE REQUEST",
                                   (struct der){ (unsigned char *)text, strlen(text) }, 4096, &der, &fixture->err));
    at = memmem(der.data, der.length, private_key_public(key)->spki, PUBLIC_KEY_SPKI_MAX);
    assert_non_null(at);
    memcpy(at, private_key_public(victim)->spki, PUBLIC_KEY_SPKI_MAX);
    stolen = pem_text(fixture->arena, "CERTIFICATE REQUEST", der);
    fixture_refused_with(fixture, read_text(fixture, stolen, &out),
                         "certificate request: it is not signed by its own key: ");
}

static void test_truncated_mutated_and_large(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    struct public_key out;
    char *text = make_own(fixture, &key), *big = arena_alloc(fixture->arena, 1 << 20);
    struct der der;
    unsigned char *bytes;

    for (size_t length = 0; length < strlen(text) - 1; length++)
        assert_false(certificate_request_read(text, length, &out, &fixture->err));
    fixture_must(fixture, pem_read(fixture->arena, "CERTIFICATE REQUEST",
                                   (struct der){ (unsigned char *)text, strlen(text) }, 4096, &der, &fixture->err));
    bytes = (unsigned char *)arena_copy_n(fixture->arena, (const char *)der.data, der.length);
    for (size_t i = 0; i < der.length; i++) {
        bytes[i] ^= 1 << i % 8;
        if (read_text(fixture, pem_text(fixture->arena, "CERTIFICATE REQUEST", (struct der){ bytes, der.length }),
                      &out))
            fail_msg("byte %zu of a request may be changed", i);
        bytes[i] = der.data[i];
    }
    memset(big, '\n', 1 << 20);
    fixture_refused(fixture, certificate_request_read(big, 1 << 20, &out, &fixture->err),
                    "certificate request: 1048576 bytes are more than the 16384 that are read at most");
    fixture_refused(fixture, read_text(fixture, "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n", &out),
                    "certificate request: found a 'CERTIFICATE', expected a 'CERTIFICATE REQUEST'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_there_and_back),
        FIXTURE_TEST(test_one_of_openssl_with_wishes),
        FIXTURE_TEST(test_other_keys_are_refused),
        FIXTURE_TEST(test_a_stolen_key),
        FIXTURE_TEST(test_truncated_mutated_and_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
