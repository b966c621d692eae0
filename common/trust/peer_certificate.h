/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that the other side of a TLS connection has shown. The handshake proved that it has the key; whether
 * the certificate is worth something says certificate_verify. */
#pragma once

#include "common/trust/certificate.h"

/* `session` is GnuTLS's (libmicrohttpd gives it as MHD_CONNECTION_INFO_GNUTLS_SESSION), after the handshake. *out is NULL
 * when the other side has shown none. */
bool peer_certificate_read(struct arena *arena, void *session, const struct certificate **out, struct error *err);
