/* SPDX-License-Identifier: Apache-2.0 */
/* Real handshakes over a pair of sockets in one thread, both sides by GnuTLS, which is found at run time as in the product. */
#include "common/trust/peer_certificate.h"

#include <dlfcn.h>
#include <sys/socket.h>

#include "certificate_fixture.h"
#include "common/trust/gnutls_library.h"

struct tls_library {
    __typeof__(gnutls_init) *init;
    __typeof__(gnutls_deinit) *deinit;
    __typeof__(gnutls_set_default_priority) *set_default_priority;
    __typeof__(gnutls_transport_set_int2) *transport_set_int2;
    __typeof__(gnutls_handshake) *handshake;
    __typeof__(gnutls_credentials_set) *credentials_set;
    __typeof__(gnutls_certificate_allocate_credentials) *allocate;
    __typeof__(gnutls_certificate_free_credentials) *release;
    __typeof__(gnutls_certificate_set_x509_key_mem) *set_key;
    __typeof__(gnutls_certificate_server_set_request) *set_request;
};

static void *symbol(const char *name)
{
    void *library = dlopen("libgnutls.so.30", RTLD_NOW | RTLD_LOCAL);
    void *found = library == NULL ? NULL : dlsym(library, name);

    assert_non_null(found);
    dlclose(library);
    return found;
}

#define TAKE(field, name)                                                                                              \
    do {                                                                                                               \
        void *found = symbol(name);                                                                                    \
        memcpy(&tls->field, &found, sizeof(found));                                                                    \
    } while (0)

static void tls_library_load(struct tls_library *tls)
{
    TAKE(init, "gnutls_init");
    TAKE(deinit, "gnutls_deinit");
    TAKE(set_default_priority, "gnutls_set_default_priority");
    TAKE(transport_set_int2, "gnutls_transport_set_int2");
    TAKE(handshake, "gnutls_handshake");
    TAKE(credentials_set, "gnutls_credentials_set");
    TAKE(allocate, "gnutls_certificate_allocate_credentials");
    TAKE(release, "gnutls_certificate_free_credentials");
    TAKE(set_key, "gnutls_certificate_set_x509_key_mem");
    TAKE(set_request, "gnutls_certificate_server_set_request");
}

struct side {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

/* `certificate` NULL: the side shows none. */
static void side_begin(struct fixture *fixture, const struct tls_library *tls, struct side *side, unsigned flags,
                       int fd, const struct certificate_authority *certificate)
{
    assert_int_equal(tls->init(&side->session, flags | GNUTLS_NONBLOCK), 0);
    assert_int_equal(tls->set_default_priority(side->session), 0);
    assert_int_equal(tls->allocate(&side->credentials), 0);
    if (certificate != NULL) {
        char *pem = certificate_pem(fixture->arena, certificate->certificate);
        char *key = private_key_pem(fixture->arena, certificate->key);
        gnutls_datum_t pem_datum = { (unsigned char *)pem, (unsigned)strlen(pem) };
        gnutls_datum_t key_datum = { (unsigned char *)key, (unsigned)strlen(key) };

        assert_int_equal(tls->set_key(side->credentials, &pem_datum, &key_datum, GNUTLS_X509_FMT_PEM), 0);
    }
    assert_int_equal(tls->credentials_set(side->session, GNUTLS_CRD_CERTIFICATE, side->credentials), 0);
    tls->transport_set_int2(side->session, fd, fd);
}

static void handshake(const struct tls_library *tls, struct side *client, struct side *server)
{
    int client_code = GNUTLS_E_AGAIN, server_code = GNUTLS_E_AGAIN;

    for (int i = 0; i < 100 && (client_code == GNUTLS_E_AGAIN || server_code == GNUTLS_E_AGAIN); i++) {
        if (client_code == GNUTLS_E_AGAIN)
            client_code = tls->handshake(client->session);
        if (server_code == GNUTLS_E_AGAIN)
            server_code = tls->handshake(server->session);
    }
    assert_int_equal(client_code, 0);
    assert_int_equal(server_code, 0);
}

static void end(const struct tls_library *tls, struct side *side)
{
    tls->deinit(side->session);
    tls->release(side->credentials);
}

/* What the server and the client see of each other; `node` NULL: the client shows nothing. */
static void meet(struct fixture *fixture, const struct test_ca *ca, const struct certificate_authority *node,
                 const struct certificate **client_out, const struct certificate **server_out)
{
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    struct certificate_authority controller = { test_server(fixture, ca, key), key };
    struct side client, server;
    struct tls_library tls;
    int pair[2];

    tls_library_load(&tls);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    side_begin(fixture, &tls, &server, GNUTLS_SERVER, pair[0], &controller);
    tls.set_request(server.session, GNUTLS_CERT_REQUEST);
    side_begin(fixture, &tls, &client, GNUTLS_CLIENT, pair[1], node);
    handshake(&tls, &client, &server);
    fixture_must(fixture, peer_certificate_read(fixture->arena, server.session, client_out, &fixture->err));
    fixture_must(fixture, peer_certificate_read(fixture->arena, client.session, server_out, &fixture->err));
    end(&tls, &client);
    end(&tls, &server);
    close(pair[0]);
    close(pair[1]);
}

static void test_both_sides(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    PRIVATE_KEY_SCOPED key = test_key(fixture);
    struct certificate_authority node = { NULL, key };
    const struct certificate *of_client = NULL, *of_server = NULL;
    struct certificate_check client = { NOW_US, CERTIFICATE_CLIENT, NULL, 0 };
    struct certificate_check server = { NOW_US, CERTIFICATE_SERVER, CERTIFICATE_SERVER_NAME, 0 };

    test_ca_begin(fixture, &ca);
    node.certificate = test_node(fixture, &ca, key);
    meet(fixture, &ca, &node, &of_client, &of_server);
    assert_string_equal(of_client->node.name, "ai-1");
    assert_string_equal(of_client->key.fingerprint, private_key_public(key)->fingerprint);
    fixture_must(fixture, certificate_verify(of_client, ca.certificate, &client, &fixture->err));
    fixture_must(fixture, certificate_verify(of_server, ca.certificate, &server, &fixture->err));
}

static void test_nobody_shown(void **state)
{
    struct fixture *fixture = *state;
    TEST_CA_SCOPED ca = { 0 };
    const struct certificate *of_client = (const struct certificate *)1, *of_server = NULL;

    test_ca_begin(fixture, &ca);
    meet(fixture, &ca, NULL, &of_client, &of_server);
    assert_null(of_client);
    assert_non_null(of_server);
}

int main(void)
{
    const struct CMUnitTest tests[] = { FIXTURE_TEST(test_both_sides), FIXTURE_TEST(test_nobody_shown) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
