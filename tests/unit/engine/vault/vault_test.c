/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes recorded from ansible-vault (with a salt of our choice), and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "engine/vault/data_file.h"
#include "engine/vault/vault.h"

#define PASSWORD "secretpw"
#define SALT "0123456789abcdef0123456789abcdef"

static const struct {
    const char *plain, *id, *envelope;
} recorded[] = {
    { "hunter2", NULL,
      "$ANSIBLE_VAULT;1.1;AES256\n"
      "33303331333233333334333533363337333833393631363236333634363536363330333133323333\n"
      "3334333533363337333833393631363236333634363536360a323662313331373033333838306433\n"
      "37326139373231646535353330386562363233333939303335313165616133323763613164363330\n"
      "6161323038326537300a636361396461383538636261633831306365363034323833323135313037\n"
      "3930\n" },
    { "", "prod",
      "$ANSIBLE_VAULT;1.2;AES256;prod\n"
      "33303331333233333334333533363337333833393631363236333634363536363330333133323333\n"
      "3334333533363337333833393631363236333634363536360a323430333637643935303437363934\n"
      "34636336626264396335666133646431396332653161333130363433393936626337653938656561\n"
      "6365636232356638320a623463636134653166396438656130396437373935623961333834383165\n"
      "3839\n" },
    { "0123456789abcdef", "default",
      "$ANSIBLE_VAULT;1.1;AES256\n"
      "33303331333233333334333533363337333833393631363236333634363536363330333133323333\n"
      "3334333533363337333833393631363236333634363536360a643732613931616633346237343137\n"
      "37343934633463313330356531643863373231623462663138313332303965346632656361663430\n"
      "3038316537316661620a393465643836633264646664636332656666353032616538346233633662\n"
      "66663635363062353835656362623537353131333563623233643732623832303038\n" },
    { "gr\303\274\303\237e\nzwei\n", "lab",
      "$ANSIBLE_VAULT;1.2;AES256;lab\n"
      "33303331333233333334333533363337333833393631363236333634363536363330333133323333\n"
      "3334333533363337333833393631363236333634363536360a663738646565386537363532313335\n"
      "62343636353131643435636432396337313864323563663465623730386536653739376362626635\n"
      "3533623638613836640a633361653737346432613537396631336264316532656533323235623064\n"
      "3961\n" },
};

struct world {
    struct arena *arena;
    struct vault_secrets *secrets;
    struct error err;
};

static int setup(void **state)
{
    static struct world world;

    world = (struct world){ .arena = arena_new(), .secrets = vault_secrets_new() };
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    vault_secrets_free(world->secrets);
    arena_free(world->arena);
    return 0;
}

static void password_add(struct world *world, const char *id, const char *password)
{
    assert_true(vault_secrets_add(world->secrets, id, password, strlen(password), &world->err));
}

static bool opens(struct world *world, const char *envelope, const char *wanted)
{
    const char *plain = NULL;
    size_t length = 0;

    world->err = (struct error)ERROR_INIT;
    return vault_decrypt(world->secrets, envelope, strlen(envelope), &plain, &length, &world->err) &&
           length == strlen(wanted) && memcmp(plain, wanted, length + 1) == 0;
}

static void recorded_envelopes_are_opened_and_made(void **state)
{
    struct world *world = *state;

    password_add(world, "any", "wrong");
    password_add(world, "default", PASSWORD);
    for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
        struct vault_target target = { 1, recorded[i].id, SALT, strlen(SALT) };
        struct text made = text_new(world->arena);

        assert_true(opens(world, recorded[i].envelope, recorded[i].plain));
        assert_true(opens(world, recorded[i].envelope, recorded[i].plain)); /* from memory */
        assert_true(
            vault_encrypt(world->secrets, &target, recorded[i].plain, strlen(recorded[i].plain), &made, &world->err));
        assert_string_equal(made.data, recorded[i].envelope);
    }
}

static void every_length_comes_back(void **state)
{
    struct world *world = *state;
    char plain[40], again[40];

    password_add(world, "default", PASSWORD);
    memset(plain, 0x10, sizeof(plain));
    for (size_t length = 0; length < 34; length += 11) {
        struct vault_target target = { 0 };
        struct text made = text_new(world->arena), opened = { 0 };
        size_t used = 9;

        assert_true(vault_encrypt(world->secrets, &target, plain, length, &made, &world->err));
        assert_true(vault_decrypt_used(world->secrets, made.data, made.length, &opened, &used, &world->err));
        assert_int_equal(used, 0);
        assert_int_equal(opened.length, length);
        memcpy(again, opened.data, length);
        assert_memory_equal(again, plain, length);
    }
}

static void wrong_passwords_open_nothing(void **state)
{
    struct world *world = *state;

    assert_false(opens(world, recorded[0].envelope, "hunter2"));
    assert_string_equal(world->err.text, "Attempting to decrypt but no vault secrets found");
    password_add(world, "prod", "wrong");
    for (int i = 0; i < 2; i++) { /* the second time from memory */
        assert_false(opens(world, recorded[0].envelope, "hunter2"));
        assert_string_equal(world->err.text, "Decryption failed (no vault secrets were found that could decrypt)");
    }
    password_add(world, "other", PASSWORD);
    assert_true(opens(world, recorded[0].envelope, "hunter2"));
    assert_false(vault_secrets_add(world->secrets, "x", "", 0, &world->err));
    assert_string_equal(world->err.text, "Invalid vault password was provided");
}

static void ids_may_have_to_match(void **state)
{
    struct world *world = *state;

    vault_secrets_match(world->secrets, true);
    password_add(world, "dev", PASSWORD);
    assert_false(opens(world, recorded[1].envelope, ""));
    password_add(world, "prod", PASSWORD);
    assert_true(opens(world, recorded[1].envelope, ""));
}

static void broken_envelopes_say_how(void **state)
{
    static const struct {
        const char *envelope, *sentence;
    } rows[] = {
        { "x", "input is not vault encrypted data" },
        { "$ANSIBLE_VAULT;1.1;AES256\n\303\274", "input is not vault encrypted data" },
        { "$ANSIBLE_VAULT", "Vault envelope format error: list index out of range" },
        { "$ANSIBLE_VAULT;1.1;AES\n00", "AES cipher could not be found" },
        { "$ANSIBLE_VAULT;1.1;AES256\n313\n", "Vault format unhexlify error: Odd-length string" },
        { "$ANSIBLE_VAULT;1.1;AES256\n31xy\n", "Vault format unhexlify error: Non-hexadecimal digit found" },
        { "$ANSIBLE_VAULT;1.1;AES256\n",
          "Vault vaulttext format error: not enough values to unpack (expected 3, got 1)" },
        { "$ANSIBLE_VAULT;1.1;AES256\n31310a3131",
          "Vault vaulttext format error: not enough values to unpack (expected 3, got 2)" },
        { "$ANSIBLE_VAULT;1.1;AES256\n310a310a31", "Vault format unhexlify error: Odd-length string" },
        { "$ANSIBLE_VAULT;1.1;AES256\n31310a31310a3131",
          "Decryption failed (no vault secrets were found that could decrypt)" },
    };
    struct world *world = *state;

    password_add(world, "default", PASSWORD);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(opens(world, rows[i].envelope, ""));
        assert_string_equal(world->err.text, rows[i].sentence);
    }
}

/* Cut anywhere, and with any digit changed: never opened, never more than an error. */
static void damage_is_noticed(void **state)
{
    struct world *world = *state;
    const char *whole = recorded[0].envelope;
    size_t length = strlen(whole), head = strcspn(whole, "\n") + 1;

    password_add(world, "default", PASSWORD);
    for (size_t cut = 0; cut + 2 < length; cut += 29)
        assert_false(opens(world, arena_copy_n(world->arena, whole, cut), "hunter2"));
    for (size_t at = head; at < length; at += 17) {
        char *changed = arena_copy(world->arena, whole);

        changed[at] = changed[at] == '3' ? '4' : '3';
        assert_false(opens(world, changed, "hunter2"));
    }
    assert_true(opens(world, whole, "hunter2"));
}

static void heads_are_read(void **state)
{
    static const char text[] = "$ANSIBLE_VAULT;1.2;AES256; my id \r\n00";
    struct world *world = *state;
    struct vault_head head = { 0 };

    assert_true(vault_head_read(world->arena, text, sizeof(text) - 1, &head, &world->err));
    assert_string_equal(head.id, "my id");
    assert_int_equal(head.body, sizeof(text) - 3);
    assert_true(vault_head_read(world->arena, recorded[0].envelope, strlen(recorded[0].envelope), &head, &world->err));
    assert_string_equal(head.id, VAULT_DEFAULT_ID);
}

static void what_was_opened_is_hidden(void **state)
{
    struct world *world = *state;
    struct value *map = value_map(world->arena), *result = value_map(world->arena), *marked;
    const struct vault_door door = { vault_decrypt, world->secrets };
    static const char lines[] = "first\n        of a key, the second line\n";
    const struct value *secret;

    value_map_put_string(world->arena, map, "key", "correct horse");
    value_map_put_string(world->arena, map, "short", "abc");
    value_map_put_bool(world->arena, map, "flag", true);
    secret = vault_secret_values(&door, world->arena, map);
    assert_int_equal(secret->marks & VALUE_SECRET, 0);
    assert_true(value_map_get(secret, "key")->marks & VALUE_SECRET);
    assert_true(value_map_get(secret, "short")->marks & VALUE_SECRET);
    value_map_put_string(world->arena, result, "stdout", "is correct horse, isn't it");
    value_map_put_string(world->arena, result, "msg", "abc");
    value_map_put_string(world->arena, result, "a correct horse", "undefined");
    vault_hide(world->secrets, lines, sizeof(lines) - 1);
    value_map_put_string(world->arena, result, "line", "  - of a key, the second line");
    marked = vault_hidden_marked(world->secrets, world->arena, result);
    assert_true(value_map_get(marked, "line")->marks & VALUE_SECRET); /* whatever its indentation was */
    assert_true(value_pair_at(marked, 2)->key->marks & VALUE_SECRET);
    assert_false(value_pair_at(marked, 0)->key->marks & VALUE_SECRET);
    assert_true(value_map_get(marked, "stdout")->marks & VALUE_SECRET);
    assert_false(value_map_get(marked, "msg")->marks & VALUE_SECRET);
    assert_false(value_has_mark(result, VALUE_SECRET));
}

/* Each of many; and those that begin alike are told apart. */
static void many_are_hidden(void **state)
{
    struct world *world = *state;
    const int count = 20000;

    for (int i = 0; i < count; i++) {
        const char *text = arena_printf(world->arena, i % 2 == 0 ? "<%d>secret" : "secret<%d>", i);

        vault_hide(world->secrets, text, strlen(text));
    }
    for (int i = 0; i <= count; i += 100) {
        struct value *result = value_map(world->arena), *marked;

        value_map_put_string(world->arena, result, "even", arena_printf(world->arena, "it is <%d>secret!", i));
        value_map_put_string(world->arena, result, "odd", arena_printf(world->arena, "secret<%d>", i + 1));
        value_map_put_string(world->arena, result, "none", "secret<1, 0>secret");
        marked = vault_hidden_marked(world->secrets, world->arena, result);
        assert_int_equal(value_has_mark(value_map_get(marked, "even"), VALUE_SECRET), i < count);
        assert_int_equal(value_has_mark(value_map_get(marked, "odd"), VALUE_SECRET), i < count);
        assert_false(value_has_mark(value_map_get(marked, "none"), VALUE_SECRET));
    }
}

/* Numbers are hidden by their digits: in text wherever they are, as numbers where they are the same. */
static void numbers_are_hidden_as_text_is(void **state)
{
    struct world *world = *state;
    struct value *map = value_map(world->arena), *result = value_map(world->arena), *marked;
    const struct vault_door door = { vault_decrypt, world->secrets };
    static const struct {
        const char *text;
        bool is_hidden;
    } rows[] = {
        { "x123456789y", true }, { "pin -654321", true }, { "654321", true }, { "1234.5678", true },
        { "23456789", false },   { "12345", false },      { "12", false },    { "True", false },
    };

    value_map_put_int(world->arena, map, "long", 123456789);
    value_map_put_int(world->arena, map, "negative", -654321);
    value_map_put_int(world->arena, map, "five", 12345);
    value_map_put(world->arena, map, "real", value_real(world->arena, 1234.5678));
    value_map_put_bool(world->arena, map, "flag", true);
    (void)vault_secret_values(&door, world->arena, map);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        value_map_put_string(world->arena, result, "stdout", rows[i].text);
        marked = vault_hidden_marked(world->secrets, world->arena, result);
        if (value_has_mark(marked, VALUE_SECRET) != rows[i].is_hidden)
            fail_msg("%s is %shidden", rows[i].text, rows[i].is_hidden ? "not " : "");
    }
    result = value_map(world->arena);
    value_map_put_int(world->arena, result, "same", 123456789);
    value_map_put_int(world->arena, result, "longer", 1234567890);
    value_map_put_int(world->arena, result, "negative", -654321);
    value_map_put_int(world->arena, result, "short", 12345);
    value_map_put(world->arena, result, "real", value_real(world->arena, 1234.5678));
    marked = vault_hidden_marked(world->secrets, world->arena, result);
    assert_true(value_map_get(marked, "same")->marks & VALUE_SECRET);
    assert_false(value_map_get(marked, "longer")->marks & VALUE_SECRET);
    assert_true(value_map_get(marked, "negative")->marks & VALUE_SECRET);
    assert_false(value_map_get(marked, "short")->marks & VALUE_SECRET);
    assert_true(value_map_get(marked, "real")->marks & VALUE_SECRET);
}

static const struct value *data_of(struct world *world, const char *text)
{
    struct yaml_source source = { .data = text, .length = strlen(text), .path = "vars.json", .trusted = true };
    const struct value *made = NULL;
    struct error err = ERROR_INIT;

    assert_true(data_read(world->arena, &source, &made, &err));
    return made;
}

static void data_is_json_where_it_can_be(void **state)
{
    struct world *world = *state;
    const struct value *made = data_of(world, "{\n\t\"size\": 1e30, \"text\": \"{{ a }}\"}");

    assert_int_equal(value_map_get(made, "size")->kind, VALUE_REAL);
    assert_true(value_map_get(made, "text")->marks & VALUE_TRUSTED);
    assert_int_equal(value_position(value_map_get(made, "text")).line, 2);
    made = data_of(world, "{size: 1e30, 'on': yes}");
    assert_string_equal(value_map_text(made, "size"), "1e30");
    assert_true(value_map_true(made, "on"));
    assert_int_equal(value_count(data_of(world, "---\na: 1\nb: 2\n")), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(recorded_envelopes_are_opened_and_made),
        CASE(every_length_comes_back),
        CASE(wrong_passwords_open_nothing),
        CASE(ids_may_have_to_match),
        CASE(broken_envelopes_say_how),
        CASE(damage_is_noticed),
        CASE(heads_are_read),
        CASE(what_was_opened_is_hidden),
        CASE(many_are_hidden),
        CASE(numbers_are_hidden_as_text_is),
        CASE(data_is_json_where_it_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
