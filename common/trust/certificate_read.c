/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a certificate says, taken out of it with bounds. Text that could mislead (control characters, NUL) is refused.
 */
#include "common/trust/certificate.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/text.h"
#include "common/trust/certificate_handle.h"

#define LABEL "CERTIFICATE"
#define SECOND_US INT64_C(1000000)
#define OID_MAX 64
#define PURPOSES_MAX 8

static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return text_utf8_valid(text, length);
}

static bool read_subject(struct arena *arena, struct certificate_handle *handle, struct certificate *out,
                         struct error *err)
{
    char subject[LIMIT_CERTIFICATE_NAME + 1];
    size_t length = sizeof(subject);
    int code = handle->gnutls.x509_crt_get_dn(handle->crt, subject, &length);

    if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        length = 0;
    else if (!gnutls_library_ok(&handle->gnutls, code, "its subject", err))
        return false;
    if (length > 0 && subject[length - 1] == '\0')
        length--;
    if (!is_printable(subject, length))
        return error_set(err, "its subject holds characters that cannot be printed");
    out->subject = arena_copy_n(arena, subject, length);
    return true;
}

static bool read_times(struct certificate_handle *handle, struct certificate *out, struct error *err)
{
    time_t from = handle->gnutls.x509_crt_get_activation_time(handle->crt);
    time_t until = handle->gnutls.x509_crt_get_expiration_time(handle->crt);

    if (from == (time_t)-1 || until == (time_t)-1 || until < from)
        return error_set(err, "its times cannot be read");
    out->not_before_us = from * SECOND_US;
    out->not_after_us = until * SECOND_US;
    return true;
}

static bool read_constraints(struct certificate_handle *handle, struct certificate *out, struct error *err)
{
    unsigned is_critical = 0, is_ca = 0;
    int path_length = 0;
    int code = handle->gnutls.x509_crt_get_basic_constraints(handle->crt, &is_critical, &is_ca, &path_length);

    if (code != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE &&
        !gnutls_library_ok(&handle->gnutls, code, "its basic constraints", err))
        return false;
    out->is_ca = code >= 0 && is_ca != 0;
    return true;
}

static bool read_purposes(struct certificate_handle *handle, struct certificate *out, struct error *err)
{
    for (unsigned i = 0; i <= PURPOSES_MAX; i++) {
        char oid[OID_MAX];
        size_t length = sizeof(oid);
        int code = handle->gnutls.x509_crt_get_key_purpose_oid(handle->crt, i, oid, &length, NULL);

        if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return true;
        if (!gnutls_library_ok(&handle->gnutls, code, "its purposes", err))
            return false;
        if (text_equal(oid, GNUTLS_KP_TLS_WWW_CLIENT))
            out->purposes |= CERTIFICATE_CLIENT;
        if (text_equal(oid, GNUTLS_KP_TLS_WWW_SERVER))
            out->purposes |= CERTIFICATE_SERVER;
    }
    return error_set_kind(err, ERROR_LIMIT, "it has more than %d purposes", PURPOSES_MAX);
}

static bool read_address(struct arena *arena, const char *data, size_t length, const char **out, struct error *err)
{
    char text[INET6_ADDRSTRLEN];

    if (length != 4 && length != 16)
        return error_set(err, "an address in it has %zu bytes", length);
    (void)inet_ntop(length == 4 ? AF_INET : AF_INET6, data, text, sizeof(text));
    *out = arena_copy(arena, text);
    return true;
}

/* One alternative name: *name_out stays NULL for kinds that we do not use. */
static bool read_name(struct arena *arena, int type, struct der name, struct certificate *out, const char **name_out,
                      struct error *err)
{
    const char *text = (const char *)name.data;

    if (type == GNUTLS_SAN_IPADDRESS)
        return read_address(arena, text, name.length, name_out, err);
    if (type != GNUTLS_SAN_DNSNAME && type != GNUTLS_SAN_URI)
        return true;
    if (!is_printable(text, name.length))
        return error_set(err, "a name in it holds characters that cannot be printed");
    text = arena_copy_n(arena, text, name.length);
    if (type == GNUTLS_SAN_DNSNAME) {
        *name_out = text;
        return true;
    }
    if (!node_identity_is_uri(text))
        return true;
    if (out->node.name != NULL)
        return error_set(err, "it names more than one node");
    return node_identity_read(arena, text, &out->node, err);
}

static bool read_names(struct arena *arena, struct certificate_handle *handle, struct certificate *out,
                       struct error *err)
{
    const char **names = arena_new_array(arena, const char *, LIMIT_CERTIFICATE_NAMES + 1);
    size_t count = 0;

    out->names = names;
    for (unsigned i = 0; i <= LIMIT_CERTIFICATE_NAMES; i++) {
        char name[LIMIT_CERTIFICATE_NAME + 1];
        size_t length = sizeof(name);
        const char *found = NULL;
        int type = handle->gnutls.x509_crt_get_subject_alt_name(handle->crt, i, name, &length, NULL);

        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return true;
        if (!gnutls_library_ok(&handle->gnutls, type, "its names", err) ||
            !read_name(arena, type, (struct der){ (unsigned char *)name, length }, out, &found, err))
            return false;
        if (found != NULL)
            names[count++] = found;
        if (count == LIMIT_CERTIFICATE_NAMES)
            break;
    }
    return error_set_kind(err, ERROR_LIMIT, "it has %d names or more", LIMIT_CERTIFICATE_NAMES);
}

static bool read_facts(struct arena *arena, struct certificate_handle *handle, struct certificate *out,
                       struct error *err)
{
    return gnutls_library_ok(&handle->gnutls, handle->gnutls.pubkey_import_x509(handle->key, handle->crt, 0),
                             "its public key", err) &&
           certificate_handle_key(handle, &out->key, err) && read_subject(arena, handle, out, err) &&
           read_times(handle, out, err) && read_constraints(handle, out, err) && read_purposes(handle, out, err) &&
           read_names(arena, handle, out, err);
}

bool certificate_read_der(struct arena *arena, struct der der, const struct certificate **out, struct error *err)
{
    CERTIFICATE_HANDLE_SCOPED handle = { 0 };
    struct certificate *certificate = arena_new_of(arena, struct certificate);

    if (!certificate_handle_import(&handle, der, err) || !read_facts(arena, &handle, certificate, err))
        return error_prefix(err, "certificate");
    certificate->der.data = (const unsigned char *)arena_copy_n(arena, (const char *)der.data, der.length);
    certificate->der.length = der.length;
    *out = certificate;
    return true;
}

bool certificate_read_pem(struct arena *arena, const char *text, size_t length, const struct certificate **out,
                          struct error *err)
{
    struct der der;

    if (!pem_read(arena, LABEL, (struct der){ (const unsigned char *)text, length }, 2 * LIMIT_CERTIFICATE, &der, err))
        return error_prefix(err, "certificate");
    return certificate_read_der(arena, der, out, err);
}

char *certificate_pem(struct arena *arena, const struct certificate *certificate)
{
    return pem_text(arena, LABEL, certificate->der);
}
