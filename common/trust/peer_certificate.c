/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The leaf out of a session of GnuTLS; the rest of the chain is of no interest, as nothing stands between CA and leaf.
 */
#include "common/trust/peer_certificate.h"

#include "common/trust/gnutls_library.h"

bool peer_certificate_read(struct arena *arena, void *session, const struct certificate **out, struct error *err)
{
    struct gnutls_library gnutls;
    const gnutls_datum_t *chain;
    unsigned count = 0;

    if (!gnutls_library_load(&gnutls, err))
        return false;
    chain = gnutls.certificate_get_peers(session, &count);
    if (chain == NULL || count == 0) {
        *out = NULL;
        return true;
    }
    if (gnutls.certificate_type_get2(session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_X509)
        return error_set(err, "the other side has shown a certificate that is not X.509");
    return certificate_read_der(arena, (struct der){ chain[0].data, chain[0].size }, out, err) ||
           error_prefix(err, "the other side's");
}
