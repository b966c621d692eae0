/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in with an API token. The session is the token itself, in a cookie that no script can read and that only this site
 * gets: revoking the token ends it at once, and there is no second kind of secret to keep.
 */
#include <string.h>

#include "common/base/text.h"
#include "controller/api/pages.h"
#include "controller/pages/pages.h"

#define SESSION_S 43200
#define COOKIE_ATTRIBUTES "Path=/; HttpOnly; Secure; SameSite=Strict"

static void form_reply(struct api_call *call, int status, const char *message, const char *next)
{
    struct value *data = value_map(call->arena);

    value_map_put_string(call->arena, data, "message", message);
    value_map_put_string(call->arena, data, "next", page_path_is_local(next) ? next : "/");
    page_reply(call, status, "login", "Sign in", data);
}

void page_login(struct api_call *call)
{
    form_reply(call, 200, NULL, "/");
}

static void lead_to(struct api_call *call, const char *path)
{
    api_reply_header(call, "Location", path);
    api_reply_bytes(call, 303, "text/plain; charset=utf-8", "", 0);
}

void page_login_post(struct api_call *call)
{
    const struct login_form *form = call->body;
    const char *token = text_trim(call->arena, form->token, strlen(form->token)); /* pasted with a newline */
    const struct api_credentials credentials = { .bearer = token, .peer = call->peer };
    struct api_identity who = { .kind = API_NOBODY };
    struct error err = ERROR_INIT;

    if (!center_identify(center_of(call), call->arena, &credentials, &who, &err))
        center_read_failed(call, &err);
    else if (who.kind != API_IS_OPERATOR) {
        call->identity = who; /* why not, for the audit log */
        center_refused(center_of(call), call, "token");
        form_reply(call, 401, "This token is not known, has expired or was revoked.", form->next);
    } else {
        api_reply_header(
            call, "Set-Cookie",
            arena_printf(call->arena, "%s=%s; Max-Age=%d; " COOKIE_ATTRIBUTES, PAGE_SESSION_COOKIE, token, SESSION_S));
        lead_to(call, page_path_is_local(form->next) ? form->next : "/");
    }
}

void page_logout(struct api_call *call)
{
    api_reply_header(call, "Set-Cookie", PAGE_SESSION_COOKIE "=; Max-Age=0; " COOKIE_ATTRIBUTES);
    lead_to(call, "/login");
}

/* With its hash in the address an asset never changes; without it the ETag tells. */
void page_asset(struct api_call *call)
{
    struct pages_asset asset;
    const char *name = api_path_value(call, "name");

    if (!pages_asset_find(name, &asset)) {
        api_reply_error(call, 404, "asset_unknown", "there is no asset '%s'", name);
        return;
    }
    api_reply_header(call, "Cache-Control", "public, no-cache");
    page_security_headers(call);
    if (!api_not_modified(call, asset.hash))
        api_reply_bytes(call, 200, asset.content_type, asset.bytes, asset.length);
}
