/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a TLS connection over a socket that somebody else has connected. Nothing here waits: what cannot go on
 * says what the socket must become first. Trusted is one CA only, by certificate_verify, with the name that is given whatever
 * address was dialled; the certificates of the system play no part. TLS 1.3.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

/* Who we are and whom we trust, for any number of connections: the files are read once. */
struct tls_client;

struct tls_client_options {
    const char *ca_path;                     /* PEM; NULL: whoever answers is taken */
    const char *certificate_path, *key_path; /* PEM, the key ours and closed to others; NULL: none is shown */
    const char *server_name;                 /* that the server's certificate must have */
    bool is_between_nodes; /* the server is a node, with a node's certificate: which one, says tls_stream_peer */
};

bool tls_client_open(const struct tls_client_options *options, struct tls_client **out, struct error *err);
void tls_client_close(struct tls_client *client); /* after its streams; NULL is fine */

/* The server's end between nodes: who connects must show a node's certificate of the CA; which node, says tls_stream_peer. Of the
 * options the three paths count. Streams are made by tls_stream_new, too. */
bool tls_server_open(const struct tls_client_options *options, struct tls_client **out, struct error *err);

struct tls_stream;
struct certificate;

enum tls_step {
    TLS_DONE,
    TLS_WANT_READ, /* again when the socket can be read; with the same arguments */
    TLS_WANT_WRITE,
    TLS_ENDED,  /* reading only: the other side has closed */
    TLS_FAILED, /* err says why; the stream is good for nothing any more */
};

/* `fd` is a connected, non-blocking socket and stays the caller's. */
bool tls_stream_new(const struct tls_client *client, int fd, struct tls_stream **out, struct error *err);
/* An error that begins with "the server's certificate is not trusted": it came to an answer, by somebody else. */
enum tls_step tls_stream_handshake(struct tls_stream *stream, struct error *err);
enum tls_step tls_stream_read(struct tls_stream *stream, void *data, size_t length, size_t *got_out, struct error *err);
enum tls_step tls_stream_write(struct tls_stream *stream, const void *data, size_t length, size_t *written_out,
                               struct error *err);
/* After the handshake: the certificate of the other side, verified as the options said. In `arena`. */
bool tls_stream_peer(struct arena *arena, const struct tls_stream *stream, const struct certificate **out,
                     struct error *err);
/* Something has been read from the socket already: poll() would not tell. */
bool tls_stream_has_more(const struct tls_stream *stream);
/* Says goodbye if that is possible at once; NULL is fine. */
void tls_stream_free(struct tls_stream *stream);
