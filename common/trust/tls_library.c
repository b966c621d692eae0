/* SPDX-License-Identifier: Apache-2.0 */
/* Finding them; the library itself is the one that gnutls_library.c loads. */
#include "common/trust/tls_library.h"

#include "common/trust/library_symbols.h"

#define SYMBOL(field)                                                                                                  \
    {                                                                                                                  \
        "gnutls_" #field, offsetof(struct tls_library, field)                                                          \
    }

static const struct library_symbol symbols[] = {
    SYMBOL(strerror),
    SYMBOL(error_is_fatal),
    SYMBOL(alert_get),
    SYMBOL(alert_get_name),
    SYMBOL(certificate_allocate_credentials),
    SYMBOL(certificate_free_credentials),
    SYMBOL(certificate_set_x509_key_mem),
    SYMBOL(init),
    SYMBOL(deinit),
    SYMBOL(priority_set_direct),
    SYMBOL(credentials_set),
    SYMBOL(server_name_set),
    SYMBOL(session_set_ptr),
    SYMBOL(session_get_ptr),
    SYMBOL(session_set_verify_function),
    SYMBOL(transport_set_int2),
    SYMBOL(handshake),
    SYMBOL(record_send),
    SYMBOL(record_recv),
    SYMBOL(record_get_direction),
    SYMBOL(record_check_pending),
    SYMBOL(bye),
    SYMBOL(certificate_server_set_request),
};

bool tls_library_load(struct tls_library *out, struct error *err)
{
    return library_symbols_load("libgnutls.so.30", symbols, sizeof(symbols) / sizeof(symbols[0]), out, err);
}
