/* SPDX-License-Identifier: Apache-2.0 */
/* A list of what was shown, newest first: those before stay for handshakes that are under way. The functions are found at run
 * time, as all of GnuTLS (gnutls_library.h). */
#include "common/trust/server_identity.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/trust/library_symbols.h"

#define CHAIN_MAX 4

struct library {
    __typeof__(gnutls_strerror) *strerror;
    __typeof__(gnutls_pcert_list_import_x509_raw) *pcert_list_import_x509_raw;
    __typeof__(gnutls_pcert_deinit) *pcert_deinit;
    __typeof__(gnutls_privkey_init) *privkey_init;
    __typeof__(gnutls_privkey_deinit) *privkey_deinit;
    __typeof__(gnutls_privkey_import_x509_raw) *privkey_import_x509_raw;
    __typeof__(gnutls_session_get_ptr) *session_get_ptr;
    __typeof__(gnutls_session_set_ptr) *session_set_ptr;
};

struct shown {
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned count;
    gnutls_privkey_t key;
    struct shown *older;
};

struct server_identity {
    struct library gnutls;
    pthread_mutex_t mutex;
    struct shown *newest; /* under the mutex */
};

#define SYMBOL(field)                                                                                                  \
    {                                                                                                                  \
        "gnutls_" #field, offsetof(struct library, field)                                                              \
    }

static bool library_load(struct library *out, struct error *err)
{
    static const struct library_symbol symbols[] = {
        SYMBOL(strerror),       SYMBOL(pcert_list_import_x509_raw), SYMBOL(pcert_deinit),    SYMBOL(privkey_init),
        SYMBOL(privkey_deinit), SYMBOL(privkey_import_x509_raw),    SYMBOL(session_get_ptr), SYMBOL(session_set_ptr),
    };

    return library_symbols_load("libgnutls.so.30", symbols, sizeof(symbols) / sizeof(symbols[0]), out, err);
}

bool server_identity_new(struct server_identity **out, struct error *err)
{
    struct server_identity *identity = calloc(1, sizeof(*identity));

    if (identity == NULL)
        return error_set_errno(err, "cannot keep a certificate");
    if (!library_load(&identity->gnutls, err)) {
        free(identity);
        return false;
    }
    pthread_mutex_init(&identity->mutex, NULL);
    *out = identity;
    return true;
}

static void shown_free(const struct library *gnutls, struct shown *shown)
{
    for (unsigned i = 0; i < shown->count; i++)
        gnutls->pcert_deinit(&shown->chain[i]);
    if (shown->key != NULL)
        gnutls->privkey_deinit(shown->key);
    free(shown);
}

void server_identity_free(struct server_identity *identity)
{
    struct shown *older = NULL;

    if (identity == NULL)
        return;
    for (struct shown *at = identity->newest; at != NULL; at = older) {
        older = at->older;
        shown_free(&identity->gnutls, at);
    }
    pthread_mutex_destroy(&identity->mutex);
    free(identity);
}

/* --- setting --- */

/* GnuTLS reads only, but its type does not say so. */
static gnutls_datum_t datum_of(const char *text)
{
    union {
        const char *text;
        unsigned char *data;
    } bytes = { .text = text };

    return (gnutls_datum_t){ bytes.data, (unsigned)strlen(text) };
}

static bool shown_read(const struct library *gnutls, struct shown *shown, const char *chain_pem, const char *key_pem,
                       struct error *err)
{
    const gnutls_datum_t chain = datum_of(chain_pem), key = datum_of(key_pem);
    unsigned count = CHAIN_MAX;
    int code = gnutls->pcert_list_import_x509_raw(shown->chain, &count, &chain, GNUTLS_X509_FMT_PEM, 0);

    if (code < 0)
        return error_set(err, "the server's certificate: %s", gnutls->strerror(code));
    shown->count = count;
    code = gnutls->privkey_init(&shown->key);
    if (code >= 0)
        code = gnutls->privkey_import_x509_raw(shown->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    return code >= 0 || error_set(err, "the server's key: %s", gnutls->strerror(code));
}

bool server_identity_set(struct server_identity *identity, const char *chain_pem, const char *key_pem,
                         struct error *err)
{
    struct shown *shown = calloc(1, sizeof(*shown));

    if (shown == NULL)
        return error_set_errno(err, "cannot keep a certificate");
    if (!shown_read(&identity->gnutls, shown, chain_pem, key_pem, err)) {
        shown_free(&identity->gnutls, shown);
        return false;
    }
    pthread_mutex_lock(&identity->mutex);
    shown->older = identity->newest;
    identity->newest = shown;
    pthread_mutex_unlock(&identity->mutex);
    return true;
}

/* --- showing --- */

void server_identity_attach(struct server_identity *identity, gnutls_session_t session)
{
    identity->gnutls.session_set_ptr(session, identity);
}

static struct server_identity *attached(gnutls_session_t session)
{
    struct library gnutls;
    struct error err = ERROR_INIT;

    return library_load(&gnutls, &err) ? gnutls.session_get_ptr(session) : NULL;
}

int server_identity_show(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                         const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain_out,
                         unsigned *count_out, gnutls_privkey_t *key_out)
{
    struct server_identity *identity = attached(session);
    struct shown *shown = NULL;

    (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    if (identity == NULL)
        return -1;
    pthread_mutex_lock(&identity->mutex);
    shown = identity->newest;
    pthread_mutex_unlock(&identity->mutex);
    if (shown == NULL)
        return -1;
    *chain_out = shown->chain;
    *count_out = shown->count;
    *key_out = shown->key;
    return 0;
}
