/* SPDX-License-Identifier: Apache-2.0 */
/* GnuTLS without waiting; whether the other side's certificate is worth something says certificate_verify. */
#include "common/trust/tls_stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/trust/certificate.h"
#include "common/trust/certificate_handle.h"
#include "common/trust/peer_certificate.h"
#include "common/trust/private_file.h"
#include "common/trust/tls_library.h"

/* The controller is ours: what is older than TLS 1.3 is never needed. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1"

struct tls_client {
    struct arena *arena;
    struct tls_library tls;
    gnutls_certificate_credentials_t credentials;
    const struct certificate *ca; /* NULL: whoever answers */
    const char *server_name;
    bool is_server, is_between_nodes;
};

struct tls_stream {
    const struct tls_client *client;
    gnutls_session_t session;
    bool is_ready;          /* the handshake is over */
    bool is_broken;         /* nothing more can be said */
    struct error untrusted; /* why the other side's certificate was refused */
};

/* --- the client --- */

static bool ca_read(struct tls_client *client, const char *path, struct error *err)
{
    struct der text;

    return private_file_read(client->arena, path, 2 * LIMIT_CERTIFICATE, &text, NULL, err) &&
           (certificate_read_pem(client->arena, (const char *)text.data, text.length, &client->ca, err) ||
            error_prefix(err, "'%s'", path));
}

static bool key_read(struct tls_client *client, const struct tls_client_options *options, struct error *err)
{
    struct arena *secrets = arena_new();
    struct der certificate, key;
    bool ok = private_file_read(secrets, options->certificate_path, 2 * LIMIT_CERTIFICATE, &certificate, NULL, err) &&
              private_file_read(secrets, options->key_path, LIMIT_KEY_FILE, &key, NULL, err);

    if (ok) {
        gnutls_datum_t shown = certificate_datum(certificate), hidden = certificate_datum(key);
        int code = client->tls.certificate_set_x509_key_mem(client->credentials, &shown, &hidden, GNUTLS_X509_FMT_PEM);

        ok = code >= 0 || error_set(err, "'%s' and '%s' do not make a certificate with its key: %s",
                                    options->certificate_path, options->key_path, client->tls.strerror(code));
    }
    arena_free_secret(secrets);
    return ok;
}

static bool client_fill(struct tls_client *client, const struct tls_client_options *options, struct error *err)
{
    if (!tls_library_load(&client->tls, err))
        return false;
    if (client->tls.certificate_allocate_credentials(&client->credentials) < 0)
        return error_set(err, "no memory");
    return (options->ca_path == NULL || ca_read(client, options->ca_path, err)) &&
           (options->certificate_path == NULL || key_read(client, options, err));
}

bool tls_client_open(const struct tls_client_options *options, struct tls_client **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct tls_client *client = arena_new_of(arena, struct tls_client);

    client->arena = arena;
    client->server_name = arena_copy(arena, options->server_name);
    client->is_between_nodes = options->is_between_nodes;
    if (!client_fill(client, options, err)) {
        tls_client_close(client);
        return false;
    }
    *out = client;
    return true;
}

bool tls_server_open(const struct tls_client_options *options, struct tls_client **out, struct error *err)
{
    struct tls_client_options wanted = *options;

    wanted.server_name = NULL;
    wanted.is_between_nodes = true;
    if (options->ca_path == NULL || options->certificate_path == NULL)
        return error_set(err, "a server between nodes needs a CA and a certificate");
    if (!tls_client_open(&wanted, out, err))
        return false;
    (*out)->is_server = true;
    return true;
}

void tls_client_close(struct tls_client *client)
{
    if (client == NULL)
        return;
    if (client->credentials != NULL)
        client->tls.certificate_free_credentials(client->credentials);
    arena_free(client->arena);
}

/* --- the handshake --- */

static bool peer_check(const struct tls_stream *stream, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct tls_client *client = stream->client;
    const struct certificate *shown = NULL;
    const struct certificate_check check = {
        .now_us = clock_wall_us(),
        .purpose = client->is_between_nodes ? CERTIFICATE_CLIENT : CERTIFICATE_SERVER,
        .name = client->server_name,
    };

    if (!peer_certificate_read(arena, stream->session, &shown, err))
        return false;
    if (shown == NULL)
        return error_set(err, "it has shown none");
    if (client->is_between_nodes && shown->node.name == NULL)
        return error_set(err, "it is no node's");
    return certificate_verify(shown, client->ca, &check, err);
}

/* GnuTLS's callback, before anything of ours is sent; it knows the session only. */
static int peer_verify(gnutls_session_t session)
{
    struct tls_library tls;
    struct error ignored = ERROR_INIT;
    struct tls_stream *stream;

    if (!tls_library_load(&tls, &ignored))
        return GNUTLS_E_CERTIFICATE_ERROR;
    stream = tls.session_get_ptr(session);
    return peer_check(stream, &stream->untrusted) ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static int session_begin(struct tls_stream *stream, int fd)
{
    const struct tls_client *client = stream->client;
    const struct tls_library *tls = &client->tls;
    unsigned side = client->is_server ? GNUTLS_SERVER : GNUTLS_CLIENT;
    int code = tls->init(&stream->session, side | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS);

    if (code >= 0)
        code = tls->priority_set_direct(stream->session, PRIORITIES, NULL);
    if (code >= 0)
        code = tls->credentials_set(stream->session, GNUTLS_CRD_CERTIFICATE, client->credentials);
    if (code >= 0 && client->server_name != NULL)
        code = tls->server_name_set(stream->session, GNUTLS_NAME_DNS, client->server_name, strlen(client->server_name));
    if (code < 0)
        return code;
    tls->session_set_ptr(stream->session, stream);
    if (client->is_server)
        tls->certificate_server_set_request(stream->session, GNUTLS_CERT_REQUIRE);
    if (client->ca != NULL)
        tls->session_set_verify_function(stream->session, peer_verify);
    tls->transport_set_int2(stream->session, fd, fd);
    return 0;
}

bool tls_stream_new(const struct tls_client *client, int fd, struct tls_stream **out, struct error *err)
{
    struct tls_stream *stream = calloc(1, sizeof(*stream));
    int code;

    if (stream == NULL)
        return error_set(err, "no memory");
    stream->client = client;
    code = session_begin(stream, fd);
    if (code < 0) {
        tls_stream_free(stream);
        return error_set(err, "TLS cannot be begun: %s", client->tls.strerror(code));
    }
    *out = stream;
    return true;
}

/* --- what a return code means --- */

/* "...: the other side says 'Certificate is bad'" */
static enum tls_step stream_fail(struct tls_stream *stream, int code, const char *doing, struct error *err)
{
    const struct tls_library *tls = &stream->client->tls;

    stream->is_broken = true;
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
        error_set(err, "%s (the other side says: %s)", doing, tls->alert_get_name(tls->alert_get(stream->session)));
    else
        error_set(err, "%s (%s)", doing, tls->strerror(code));
    return TLS_FAILED;
}

static bool is_passing(const struct tls_stream *stream, ssize_t code)
{
    return code == GNUTLS_E_INTERRUPTED ||
           (code < 0 && code != GNUTLS_E_AGAIN && stream->client->tls.error_is_fatal((int)code) == 0);
}

static enum tls_step stream_wait(const struct tls_stream *stream)
{
    return stream->client->tls.record_get_direction(stream->session) == 1 ? TLS_WANT_WRITE : TLS_WANT_READ;
}

enum tls_step tls_stream_handshake(struct tls_stream *stream, struct error *err)
{
    int code;

    do
        code = stream->client->tls.handshake(stream->session);
    while (is_passing(stream, code));
    if (code == GNUTLS_E_AGAIN)
        return stream_wait(stream);
    if (stream->untrusted.text[0] != '\0') {
        stream->is_broken = true;
        error_set(err, "the %s's certificate is not trusted: %s", stream->client->is_server ? "client" : "server",
                  stream->untrusted.text);
        return TLS_FAILED;
    }
    if (code < 0)
        return stream_fail(stream, code, "the TLS handshake failed", err);
    stream->is_ready = true;
    return TLS_DONE;
}

enum tls_step tls_stream_read(struct tls_stream *stream, void *data, size_t length, size_t *got_out, struct error *err)
{
    ssize_t code;

    do
        code = stream->client->tls.record_recv(stream->session, data, length);
    while (is_passing(stream, code));
    if (code > 0) {
        *got_out = (size_t)code;
        return TLS_DONE;
    }
    if (code == GNUTLS_E_AGAIN)
        return stream_wait(stream);
    if (code == 0 || code == GNUTLS_E_PREMATURE_TERMINATION)
        return TLS_ENDED;
    return stream_fail(stream, (int)code, "the connection broke while receiving", err);
}

enum tls_step tls_stream_write(struct tls_stream *stream, const void *data, size_t length, size_t *written_out,
                               struct error *err)
{
    ssize_t code;

    do
        code = stream->client->tls.record_send(stream->session, data, length);
    while (is_passing(stream, code));
    if (code >= 0) {
        *written_out = (size_t)code;
        return TLS_DONE;
    }
    if (code == GNUTLS_E_AGAIN)
        return stream_wait(stream);
    return stream_fail(stream, (int)code, "the connection broke while sending", err);
}

bool tls_stream_peer(struct arena *arena, const struct tls_stream *stream, const struct certificate **out,
                     struct error *err)
{
    return peer_certificate_read(arena, stream->session, out, err) &&
           (*out != NULL || error_set(err, "the other side has shown no certificate"));
}

bool tls_stream_has_more(const struct tls_stream *stream)
{
    return stream->client->tls.record_check_pending(stream->session) > 0;
}

void tls_stream_free(struct tls_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->is_ready && !stream->is_broken)
        (void)stream->client->tls.bye(stream->session, GNUTLS_SHUT_WR);
    if (stream->session != NULL)
        stream->client->tls.deinit(stream->session);
    free(stream);
}
