/* SPDX-License-Identifier: Apache-2.0 */
/* A controller of a few routes for tests of verbs: TLS with a CA of its own, everybody is let in, and an account that names it. */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/trust/certificate.h"
#include "common/trust/private_file.h"
#include "controller/api/server.h"

struct center_stub {
    struct private_key *ca_key, *key;
    struct api_server *server;
};

static bool center_stub_nobody(void *data, struct arena *arena, const struct api_credentials *credentials,
                               struct api_identity *out, struct error *err)
{
    (void)data, (void)arena, (void)credentials, (void)out, (void)err;
    return true;
}

static inline void center_stub_must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static inline void center_stub_account(struct center_stub *stub, struct arena *arena, const char *folder,
                                       const char *ca_pem)
{
    const char *text = arena_printf(arena, "{\"url\": \"https://127.0.0.1:%d\", \"token\": \"roost_x\"}",
                                    api_server_port(stub->server));
    const char *account = path_join(arena, folder, "account");
    struct error err = ERROR_INIT;

    center_stub_must(private_file_write(path_join(arena, folder, "account.ca.pem"), ca_pem, strlen(ca_pem), &err),
                     &err);
    center_stub_must(private_file_write(account, text, strlen(text), &err), &err);
    setenv("ROOST_CONTROLLER", account, 1);
}

/* The account lies in FOLDER/account, with account.ca.pem; ROOST_CONTROLLER names it. */
static inline void center_stub_start(struct center_stub *stub, struct arena *arena, const char *folder,
                                     const struct api_table *table, void *context)
{
    static const char *const names[] = { NULL };
    const struct certificate *ca = NULL, *certificate = NULL;
    struct api_server_options options = { .listen = "127.0.0.1:0",
                                          .table = *table,
                                          .authenticator = { .identify = center_stub_nobody },
                                          .context = context };
    struct certificate_authority authority;
    struct certificate_wish wish;
    struct error err = ERROR_INIT;

    center_stub_must(private_key_generate(KEY_ECDSA_P256, &stub->ca_key, &err), &err);
    center_stub_must(private_key_generate(KEY_ECDSA_P256, &stub->key, &err), &err);
    center_stub_must(certificate_make_ca(arena, stub->ca_key, clock_wall_us(), &ca, &err), &err);
    authority = (struct certificate_authority){ ca, stub->ca_key };
    wish = (struct certificate_wish){ private_key_public(stub->key), clock_wall_us(), 86400 };
    center_stub_must(certificate_make_server(arena, &authority, &wish, names, &certificate, &err), &err);
    options.certificate_pem = certificate_pem(arena, certificate);
    options.key_pem = private_key_pem(arena, stub->key);
    center_stub_must(api_server_start(&options, &stub->server, &err), &err);
    center_stub_account(stub, arena, folder, certificate_pem(arena, ca));
}

static inline void center_stub_stop(struct center_stub *stub, struct arena *arena, const char *folder)
{
    api_server_stop(stub->server);
    private_key_free(stub->ca_key);
    private_key_free(stub->key);
    unlink(path_join(arena, folder, "account"));
    unlink(path_join(arena, folder, "account.ca.pem"));
    unsetenv("ROOST_CONTROLLER");
}
