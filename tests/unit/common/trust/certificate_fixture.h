/* SPDX-License-Identifier: Apache-2.0 */
/* A CA, and what it signs, for tests. */
#pragma once

#include "common/trust/certificate.h"
#include "trust_fixture.h"

#define WEEK_S (7 * 86400)

struct test_ca {
    struct private_key *key;
    const struct certificate *certificate;
    struct certificate_authority authority;
};

static inline void test_ca_begin(struct fixture *fixture, struct test_ca *ca)
{
    fixture_must(fixture, private_key_generate(KEY_ECDSA_P256, &ca->key, &fixture->err));
    fixture_must(fixture, certificate_make_ca(fixture->arena, ca->key, NOW_US, &ca->certificate, &fixture->err));
    ca->authority = (struct certificate_authority){ ca->certificate, ca->key };
}

static inline void test_ca_end(struct test_ca *ca)
{
    private_key_free(ca->key);
}
#define TEST_CA_SCOPED __attribute__((cleanup(test_ca_end))) struct test_ca

static inline const struct certificate *test_node(struct fixture *fixture, const struct test_ca *ca,
                                                  const struct private_key *key)
{
    struct certificate_wish wish = { private_key_public(key), NOW_US, WEEK_S };
    struct node_identity node = { "ai-1", 3 };
    const struct certificate *certificate;

    fixture_must(fixture,
                 certificate_make_node(fixture->arena, &ca->authority, &wish, &node, &certificate, &fixture->err));
    return certificate;
}

static inline const struct certificate *test_server(struct fixture *fixture, const struct test_ca *ca,
                                                    const struct private_key *key)
{
    static const char *const names[] = { "controller.example.org", "10.0.0.1", "2001:db8::1", NULL };
    struct certificate_wish wish = { private_key_public(key), NOW_US, WEEK_S };
    const struct certificate *certificate;

    fixture_must(fixture,
                 certificate_make_server(fixture->arena, &ca->authority, &wish, names, &certificate, &fixture->err));
    return certificate;
}

static inline struct private_key *test_key(struct fixture *fixture)
{
    struct private_key *key;

    fixture_must(fixture, private_key_generate(KEY_ECDSA_P256, &key, &fixture->err));
    return key;
}
