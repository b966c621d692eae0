/* SPDX-License-Identifier: Apache-2.0 */
/* What is wiped is seen by standing in for libc's explicit_bzero. */
#include "common/trust/private_key.h"

#include "common/trust/private_key_parts.h"
#include "trust_fixture.h"

static struct {
    unsigned char needle[ED25519_KEY_BYTES];
    int wiped; /* blocks that held the needle */
} watch;

void explicit_bzero(void *data, size_t length)
{
    unsigned char *volatile bytes = data;

    if (length >= sizeof(watch.needle) && memmem(bytes, length, watch.needle, sizeof(watch.needle)) != NULL)
        watch.wiped++;
    memset(data, 0, length);
    __asm__ __volatile__("" : : "r"(data) : "memory");
}

/* What it becomes with -D_FORTIFY_SOURCE. */
void __explicit_bzero_chk(void *data, size_t length, size_t room); /* NOLINT(bugprone-reserved-identifier): libc's */
void __explicit_bzero_chk(void *data, size_t length, size_t room)
{
    assert_true(length <= room);
    explicit_bzero(data, length);
}

static void check_saved_and_loaded(struct fixture *fixture, enum key_kind kind)
{
    PRIVATE_KEY_SCOPED key = NULL;
    PRIVATE_KEY_SCOPED again = NULL;
    const char *path = fixture_path(fixture, "key.pem");
    struct stat info;

    fixture_must(fixture, private_key_generate(kind, &key, &fixture->err));
    fixture_must(fixture, private_key_save(key, path, &fixture->err));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    fixture_must(fixture, private_key_load(path, &again, NULL, &fixture->err));
    assert_memory_equal(private_key_public(key), private_key_public(again), sizeof(struct public_key));
    assert_int_equal(private_key_public(key)->kind, kind);
    /* openssl takes it, and sees the same public key */
    fixture_shell_ok(fixture, "openssl pkey -in key.pem -check -noout");
    fixture_shell_ok(fixture, "openssl pkey -in key.pem -pubout -out pub.pem");
    assert_string_equal(fixture_read(fixture, "pub.pem"), public_key_pem(fixture->arena, private_key_public(key)));
}

static void test_there_and_back(void **state)
{
    check_saved_and_loaded(*state, KEY_ECDSA_P256);
    check_saved_and_loaded(*state, KEY_ED25519);
}

static void test_keys_differ(void **state)
{
    struct fixture *fixture = *state;

    for (enum key_kind kind = KEY_ECDSA_P256; kind <= KEY_ED25519; kind++) {
        PRIVATE_KEY_SCOPED one = NULL;
        PRIVATE_KEY_SCOPED two = NULL;

        fixture_must(fixture, private_key_generate(kind, &one, &fixture->err));
        fixture_must(fixture, private_key_generate(kind, &two, &fixture->err));
        assert_string_not_equal(private_key_public(one)->fingerprint, private_key_public(two)->fingerprint);
    }
}

static bool load_made_by(struct fixture *fixture, const char *command, struct private_key **out)
{
    fixture_shell_ok(fixture, arena_printf(fixture->arena, "umask 077; %s", command));
    return private_key_load(fixture_path(fixture, "key.pem"), out, NULL, &fixture->err);
}

static void test_keys_of_openssl(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "key.pem");
    struct private_key *key = NULL;
    static const char *const refused[][2] = {
        { "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
          "found an RSA key, expected a key of ECDSA P-256 or Ed25519" },
        { "openssl ecparam -name prime256v1 -genkey -noout -out key.pem",
          "found a 'EC PRIVATE KEY', expected a 'PRIVATE KEY'" },
        { "openssl genpkey -algorithm ED25519 -aes128 -pass pass:x -out key.pem",
          "found a 'ENCRYPTED PRIVATE KEY', expected a 'PRIVATE KEY'" },
    };

    fixture_must(
        fixture,
        load_made_by(fixture, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem", &key));
    assert_int_equal(private_key_public(key)->kind, KEY_ECDSA_P256);
    private_key_free(key);
    fixture_must(fixture, load_made_by(fixture, "openssl genpkey -algorithm ED25519 -out key.pem", &key));
    assert_int_equal(private_key_public(key)->kind, KEY_ED25519);
    private_key_free(key);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        fixture_refused(fixture, load_made_by(fixture, refused[i][0], &key),
                        arena_printf(fixture->arena, "private key '%s': %s", path, refused[i][1]));
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "key.pem");
    PRIVATE_KEY_SCOPED key = NULL;
    struct private_key *other = NULL;
    bool is_missing;

    fixture_must(fixture, private_key_load(path, &other, &is_missing, &fixture->err));
    assert_true(is_missing);
    assert_null(other);
    fixture_refused_with(fixture, private_key_load(path, &other, NULL, &fixture->err), "No such file");
    fixture_must(fixture, private_key_generate(KEY_ECDSA_P256, &key, &fixture->err));
    fixture_must(fixture, private_key_save(key, path, &fixture->err));
    chmod(path, 0644);
    fixture_refused(
        fixture, private_key_load(path, &other, NULL, &fixture->err),
        arena_printf(fixture->arena, "private key: '%s' is open to others (mode 0644): chmod 600 '%s'", path, path));
    chmod(path, 0600);
    for (off_t length = 0; length < 200; length += 7) { /* every way of being cut off is an error */
        fixture_must(fixture, private_key_save(key, path, &fixture->err));
        assert_int_equal(truncate(path, length), 0);
        assert_false(private_key_load(path, &other, NULL, &fixture->err));
    }
    fixture_shell_ok(fixture, "head -c 1048576 /dev/zero > key.pem; chmod 600 key.pem");
    fixture_refused(
        fixture, private_key_load(path, &other, NULL, &fixture->err),
        arena_printf(fixture->arena, "private key: '%s' is larger than the 4096 bytes that are read at most", path));
    fixture_refused_with(fixture, private_key_save(key, "/nonexistent/key.pem", &fixture->err),
                         "cannot write '/nonexistent/key.pem': cannot make a file: No such file or directory");
}

static void test_memory_is_wiped(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "key.pem");
    struct private_key *key = NULL, *again = NULL;

    fixture_must(fixture, private_key_generate(KEY_ED25519, &key, &fixture->err));
    memcpy(watch.needle, private_key_ed25519(key), sizeof(watch.needle));
    watch.wiped = 0;
    fixture_must(fixture, private_key_save(key, path, &fixture->err));
    private_key_free(key);
    assert_int_equal(watch.wiped, 1);
    fixture_must(fixture, private_key_load(path, &again, NULL, &fixture->err));
    assert_int_equal(watch.wiped, 2); /* the arena in which it was decoded */
    private_key_free(again);
    assert_int_equal(watch.wiped, 3);
    private_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_there_and_back), FIXTURE_TEST(test_keys_differ),     FIXTURE_TEST(test_keys_of_openssl),
        FIXTURE_TEST(test_refusals),       FIXTURE_TEST(test_memory_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
