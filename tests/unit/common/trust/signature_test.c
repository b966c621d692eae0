/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/signature.h"

#include <link.h>

#include "trust_fixture.h"

#define DOMAIN "roost-test-v1"

static struct signed_message message_of(const char *domain, const char *text)
{
    return (struct signed_message){ domain, text, strlen(text) };
}

static void test_there_and_back(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    PRIVATE_KEY_SCOPED other = NULL;
    unsigned char signature[SIGNATURE_BYTES], again[SIGNATURE_BYTES];
    struct signed_message message = message_of(DOMAIN, "hello"), empty = message_of(DOMAIN, "");
    struct signed_message foreign = message_of("roost-bundle-v1", "hello"),
                          shifted = message_of("roost-test-v1h", "ello");

    fixture_must(fixture, private_key_generate(KEY_ED25519, &key, &fixture->err));
    fixture_must(fixture, private_key_generate(KEY_ED25519, &other, &fixture->err));
    fixture_must(fixture, signature_make(key, &message, signature, &fixture->err));
    fixture_must(fixture, signature_make(key, &message, again, &fixture->err));
    assert_memory_equal(signature, again, sizeof(again));
    fixture_must(fixture, signature_verify(private_key_public(key), &message, signature, &fixture->err));
    assert_false(signature_verify(private_key_public(other), &message, signature, &fixture->err));
    assert_false(signature_verify(private_key_public(key), &empty, signature, &fixture->err));
    assert_false(signature_verify(private_key_public(key), &foreign, signature, &fixture->err));
    fixture_refused(
        fixture, signature_verify(private_key_public(key), &shifted, signature, &fixture->err),
        arena_printf(fixture->arena, "the signature is not of the key %.16s...", private_key_public(key)->fingerprint));
    fixture_must(fixture, signature_make(key, &empty, again, &fixture->err));
    fixture_must(fixture, signature_verify(private_key_public(key), &empty, again, &fixture->err));
}

static void test_every_bit_counts(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    unsigned char signature[SIGNATURE_BYTES];
    struct signed_message message = message_of(DOMAIN, "hello");

    fixture_must(fixture, private_key_generate(KEY_ED25519, &key, &fixture->err));
    fixture_must(fixture, signature_make(key, &message, signature, &fixture->err));
    for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
        signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_false(signature_verify(private_key_public(key), &message, signature, &fixture->err));
        signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

static void test_openssl_agrees(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    unsigned char signature[SIGNATURE_BYTES];
    struct signed_message message = message_of(DOMAIN, "hello");

    fixture_must(fixture, private_key_generate(KEY_ED25519, &key, &fixture->err));
    fixture_must(fixture, private_key_save(key, fixture_path(fixture, "key.pem"), &fixture->err));
    fixture_write_text(fixture, "pub.pem", public_key_pem(fixture->arena, private_key_public(key)));
    fixture_write(fixture, "message", DOMAIN "\0hello", sizeof(DOMAIN "\0hello") - 1);
    fixture_must(fixture, signature_make(key, &message, signature, &fixture->err));
    fixture_write(fixture, "signature", signature, sizeof(signature));
    fixture_shell_ok(fixture, "openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -sigfile signature -in message");
    fixture_shell_ok(fixture, "openssl pkeyutl -sign -rawin -inkey key.pem -in message -out theirs");
    assert_memory_equal(fixture_read(fixture, "theirs"), signature, sizeof(signature));
}

static void test_only_ed25519(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    unsigned char signature[SIGNATURE_BYTES] = { 0 };
    struct signed_message message = message_of(DOMAIN, "hello");

    fixture_must(fixture, private_key_generate(KEY_ECDSA_P256, &key, &fixture->err));
    fixture_refused(fixture, signature_make(key, &message, signature, &fixture->err),
                    "signatures need a key of Ed25519, this one is of ECDSA P-256");
    fixture_refused(fixture, signature_verify(private_key_public(key), &message, signature, &fixture->err),
                    "signatures need a key of Ed25519, this one is of ECDSA P-256");
}

static int find_library(struct dl_phdr_info *info, size_t size, void *name)
{
    (void)size;
    return strstr(info->dlpi_name, name) != NULL;
}

/* Runs first: nothing is loaded before it is needed, and signatures do not need GnuTLS. */
static void test_libraries_are_loaded_when_needed(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    PRIVATE_KEY_SCOPED again = NULL;
    const char *path = fixture_path(fixture, "key.pem");
    unsigned char signature[SIGNATURE_BYTES];
    struct signed_message message = message_of(DOMAIN, "hello");
    char gnutls[] = "libgnutls", hogweed[] = "libhogweed", gmp[] = "libgmp";

    assert_int_equal(dl_iterate_phdr(find_library, gnutls), 0);
    assert_int_equal(dl_iterate_phdr(find_library, hogweed), 0);
    assert_int_equal(dl_iterate_phdr(find_library, gmp), 0);
    fixture_must(fixture, private_key_generate(KEY_ED25519, &key, &fixture->err));
    fixture_must(fixture, private_key_save(key, path, &fixture->err));
    fixture_must(fixture, private_key_load(path, &again, NULL, &fixture->err));
    fixture_must(fixture, signature_make(again, &message, signature, &fixture->err));
    fixture_must(fixture, signature_verify(private_key_public(key), &message, signature, &fixture->err));
    assert_int_equal(dl_iterate_phdr(find_library, hogweed), 1);
    assert_int_equal(dl_iterate_phdr(find_library, gnutls), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_libraries_are_loaded_when_needed),
        FIXTURE_TEST(test_there_and_back),
        FIXTURE_TEST(test_every_bit_counts),
        FIXTURE_TEST(test_openssl_agrees),
        FIXTURE_TEST(test_only_ed25519),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
