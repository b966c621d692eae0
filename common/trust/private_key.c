/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, reading and keeping private keys. Ed25519 has a PKCS#8 of fixed shape and needs libhogweed only; P-256 is left
 * to GnuTLS.
 */
#include "common/trust/private_key.h"

#include <stdlib.h>
#include <string.h>

#include "common/trust/certificate_handle.h"
#include "common/trust/hogweed_library.h"
#include "common/trust/private_file.h"
#include "common/trust/private_key_parts.h"
#include "common/trust/secret.h"

#define LABEL "PRIVATE KEY"
/* RFC 8410, section 7: version 0, id-Ed25519, an OCTET STRING in an OCTET STRING. */
#define ED25519_HEAD "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
#define ED25519_HEAD_LENGTH (sizeof(ED25519_HEAD) - 1)
#define ED25519_LENGTH (ED25519_HEAD_LENGTH + ED25519_KEY_BYTES)

static struct private_key *key_new(void)
{
    struct private_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        abort();
    return key;
}

void private_key_free(struct private_key *key)
{
    if (key == NULL)
        return;
    explicit_bzero(key, sizeof(*key));
    free(key);
}

void private_key_guard(struct private_key **key)
{
    private_key_free(*key);
}

const struct public_key *private_key_public(const struct private_key *key)
{
    return &key->public;
}

const unsigned char *private_key_ed25519(const struct private_key *key)
{
    return key->pkcs8 + ED25519_HEAD_LENGTH;
}

static bool ed25519_complete(struct private_key *key, struct error *err)
{
    struct hogweed_library hogweed;
    unsigned char raw[ED25519_KEY_BYTES];

    if (!hogweed_library_load(&hogweed, err))
        return false;
    hogweed.public_key(raw, private_key_ed25519(key));
    public_key_from_ed25519(raw, &key->public);
    return true;
}

static bool ed25519_generate(struct private_key *key, struct error *err)
{
    memcpy(key->pkcs8, ED25519_HEAD, ED25519_HEAD_LENGTH);
    key->length = ED25519_LENGTH;
    return random_fill(key->pkcs8 + ED25519_HEAD_LENGTH, ED25519_KEY_BYTES, err) && ed25519_complete(key, err);
}

static bool public_of_privkey(const struct gnutls_library *gnutls, gnutls_x509_privkey_t from, struct public_key *out,
                              struct error *err)
{
    CERTIFICATE_HANDLE_SCOPED handle = { 0 };
    gnutls_privkey_t whole = NULL;
    int code;

    if (!certificate_handle_begin(&handle, err))
        return false;
    code = gnutls->privkey_init(&whole);
    if (code >= 0)
        code = gnutls->privkey_import_x509(whole, from, 0);
    if (code >= 0)
        code = gnutls->pubkey_import_privkey(handle.key, whole, 0, 0);
    if (whole != NULL)
        gnutls->privkey_deinit(whole);
    return gnutls_library_ok(gnutls, code, "cannot compute the public key", err) &&
           certificate_handle_key(&handle, out, err);
}

/* Fills the key from a handle, in our own encoding. */
static bool p256_complete(struct private_key *key, const struct gnutls_library *gnutls, gnutls_x509_privkey_t from,
                          struct error *err)
{
    int code;

    if (!public_of_privkey(gnutls, from, &key->public, err))
        return false;
    if (key->public.kind != KEY_ECDSA_P256)
        return error_set(err, "a key of Ed25519 in an unusual form");
    key->length = sizeof(key->pkcs8);
    code =
        gnutls->x509_privkey_export_pkcs8(from, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, key->pkcs8, &key->length);
    return gnutls_library_ok(gnutls, code, "cannot encode the key", err);
}

static bool p256_generate(struct private_key *key, struct error *err)
{
    struct gnutls_library gnutls;
    gnutls_x509_privkey_t made = NULL;
    int code;
    bool ok;

    if (!gnutls_library_load(&gnutls, err))
        return false;
    code = gnutls.x509_privkey_init(&made);
    if (code >= 0)
        code = gnutls.x509_privkey_generate(made, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    ok = gnutls_library_ok(&gnutls, code, "cannot generate a key", err) && p256_complete(key, &gnutls, made, err);
    if (made != NULL)
        gnutls.x509_privkey_deinit(made);
    return ok;
}

bool private_key_generate(enum key_kind kind, struct private_key **out, struct error *err)
{
    struct private_key *key = key_new();

    if (kind == KEY_ED25519 ? !ed25519_generate(key, err) : !p256_generate(key, err)) {
        private_key_free(key);
        return false;
    }
    *out = key;
    return true;
}

static bool der_to_gnutls(struct der der, const struct gnutls_library *gnutls, gnutls_x509_privkey_t *out,
                          struct error *err)
{
    gnutls_datum_t datum = certificate_datum(der);
    gnutls_x509_privkey_t handle = NULL;
    int code = gnutls->x509_privkey_init(&handle);

    if (code >= 0)
        code = gnutls->x509_privkey_import(handle, &datum, GNUTLS_X509_FMT_DER);
    if (code < 0 && handle != NULL)
        gnutls->x509_privkey_deinit(handle);
    if (!gnutls_library_ok(gnutls, code, "cannot decode the key", err))
        return false;
    *out = handle;
    return true;
}

bool private_key_to_gnutls(const struct private_key *key, const struct gnutls_library *gnutls,
                           gnutls_x509_privkey_t *out, struct error *err)
{
    return der_to_gnutls((struct der){ key->pkcs8, key->length }, gnutls, out, err);
}

static bool read_der(struct private_key *key, struct der der, struct error *err)
{
    struct gnutls_library gnutls;
    gnutls_x509_privkey_t handle;
    bool ok;

    if (der.length == ED25519_LENGTH && memcmp(der.data, ED25519_HEAD, ED25519_HEAD_LENGTH) == 0) {
        memcpy(key->pkcs8, der.data, der.length);
        key->length = der.length;
        return ed25519_complete(key, err);
    }
    if (!gnutls_library_load(&gnutls, err) || !der_to_gnutls(der, &gnutls, &handle, err))
        return false;
    ok = p256_complete(key, &gnutls, handle, err);
    gnutls.x509_privkey_deinit(handle);
    return ok;
}

char *private_key_pem(struct arena *secrets, const struct private_key *key)
{
    return pem_text(secrets, LABEL, (struct der){ key->pkcs8, key->length });
}

bool private_key_save(const struct private_key *key, const char *path, struct error *err)
{
    struct arena *secrets = arena_new();
    const char *pem = private_key_pem(secrets, key);
    bool ok = private_file_write(path, pem, strlen(pem), err);

    arena_free_secret(secrets);
    return ok;
}

static bool load_into(struct private_key *key, const char *path, bool *missing_out, struct error *err)
{
    struct arena *secrets = arena_new();
    struct der text, der;
    bool ok = private_file_read(secrets, path, LIMIT_KEY_FILE, &text, missing_out, err);

    if (!ok)
        error_prefix(err, "private key");
    if (ok && (missing_out == NULL || !*missing_out)) {
        ok = pem_read(secrets, LABEL, text, LIMIT_KEY_FILE, &der, err) && read_der(key, der, err);
        if (!ok)
            error_prefix(err, "private key '%s'", path);
    }
    arena_free_secret(secrets);
    return ok;
}

bool private_key_load(const char *path, struct private_key **out, bool *missing_out, struct error *err)
{
    struct private_key *key = key_new();
    bool ok = load_into(key, path, missing_out, err);

    if (!ok || (missing_out != NULL && *missing_out)) {
        private_key_free(key);
        key = NULL;
    }
    if (ok)
        *out = key;
    return ok;
}
