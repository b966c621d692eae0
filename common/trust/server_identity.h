/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TLS server shows: its certificate chain and key, which may become others while it runs. Each handshake takes the
 * newest; connections that are open go on.
 */
#pragma once

#include <gnutls/abstract.h>
#include <stdbool.h>

#include "common/base/error.h"

struct server_identity;

/* Empty at first. */
bool server_identity_new(struct server_identity **out, struct error *err);
void server_identity_free(struct server_identity *identity); /* after the last handshake; NULL is fine */
/* From PEM, the leaf first. From any thread. */
bool server_identity_set(struct server_identity *identity, const char *chain_pem, const char *key_pem,
                         struct error *err);

/* Before the session's handshake; whatever was its pointer (gnutls_session_set_ptr) is so no more. */
void server_identity_attach(struct server_identity *identity, gnutls_session_t session);
/* A gnutls_certificate_retrieve_function2, for sessions that one is attached to. */
int server_identity_show(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                         const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain_out,
                         unsigned *count_out, gnutls_privkey_t *key_out);
