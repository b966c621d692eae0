/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's requests to the controller, one at a time: the placement, and lines of logs. */
#include <stdio.h>
#include <string.h>

#include "agent/daemon/pieces_keeper_parts.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define ASK_MS 10000
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS 60000

/* --- what is kept on the disk --- */

static const char *file_path(const struct keeper *keeper, struct arena *arena)
{
    return path_join(arena, keeper->identity.paths.folder, PIECES_KEEPER_FILE);
}

static void file_write(struct keeper *keeper, const struct value *placement)
{
    struct arena *arena = arena_new();
    struct value *map = value_map(arena);
    struct error err = ERROR_INIT;
    const char *text;

    value_map_put_string(arena, map, "controller", keeper->controller);
    value_map_put_string(arena, map, "etag", keeper->etag);
    value_map_put(arena, map, "placement", placement);
    text = json_text(arena, map, JSON_COMPACT);
    if (!private_file_write(file_path(keeper, arena), text, strlen(text), &err))
        keeper_say(keeper, err.text);
    arena_free_secret(arena);
}

bool keeper_file_read(struct keeper *keeper, struct error *err)
{
    struct arena *arena = arena_new();
    const struct value *map = NULL;
    const char *controller;
    struct der text;
    bool missing = false, ok;

    ok = private_file_read(arena, file_path(keeper, arena), PLACEMENT_BYTES_MAX, &text, &missing, err) && !missing &&
         json_read(arena, (const char *)text.data, text.length, NULL, &map, err);
    if (ok) {
        controller = value_map_text(map, "controller");
        (void)snprintf(keeper->controller, sizeof(keeper->controller), "%s", controller == NULL ? "" : controller);
        ok = keeper_take(keeper, value_map_get(map, "placement"), false, err);
    }
    arena_free_secret(arena);
    return ok;
}

/* --- asking --- */

static bool link_open(struct keeper *keeper, struct error *err)
{
    const struct controller_address to = controller_address_of(&keeper->identity);

    if (keeper->link != NULL)
        return true;
    return controller_tls_open(&to, &keeper->tls, err) &&
           controller_link_new(to.address, keeper->tls, &keeper->link, err);
}

void keeper_talk_close(struct keeper *keeper)
{
    controller_link_free(keeper->link);
    tls_client_close(keeper->tls);
    arena_free_secret(keeper->request_arena);
    keeper->link = NULL;
    keeper->tls = NULL;
    keeper->request_arena = NULL;
    keeper->asked = ASKED_NOTHING;
}

/* How often the controller is to be asked because of leases; INT64_MAX: there are none. */
static int64_t lease_ms(const struct keeper *keeper)
{
    const struct placement *placement = pieces_placement(keeper->pieces);

    for (size_t i = 0; placement != NULL && i < placement->pieces_count; i++) {
        if (placement->pieces[i].wrong == NULL && placement->pieces[i].piece.lease)
            return placement->lease_s * 1000 / 4;
    }
    return INT64_MAX;
}

static void retry_later(struct keeper *keeper, const char *sentence)
{
    int64_t wait_ms = RETRY_FIRST_MS, most_ms = lease_ms(keeper) < RETRY_MOST_MS ? lease_ms(keeper) : RETRY_MOST_MS;

    for (int i = 0; i < keeper->failures && wait_ms < most_ms; i++)
        wait_ms *= 2;
    keeper->failures++;
    keeper->ask_at_ms = clock_monotonic_ms() + (wait_ms < most_ms ? wait_ms : most_ms);
    keeper_say(keeper, sentence);
}

static void placement_ask(struct keeper *keeper)
{
    struct http_header *known = arena_new_of(keeper->request_arena, struct http_header);

    *known = (struct http_header){ "If-None-Match", arena_copy(keeper->request_arena, keeper->etag) };
    keeper->asked = ASKED_PLACEMENT;
    keeper->asked_ms = clock_boot_ms();
    keeper->ask_at_ms = INT64_MAX;
    controller_link_start(keeper->link, &(struct link_request){ .arena = keeper->request_arena,
                                                                .path = "/agent/v1/placement",
                                                                .headers = known,
                                                                .header_count = keeper->etag[0] == '\0' ? 0 : 1,
                                                                .limit_bytes = (int64_t)PLACEMENT_BYTES_MAX,
                                                                .deadline_ms = ASK_MS });
}

static bool logs_send(struct keeper *keeper)
{
    const struct value *body = keeper_logs_body(keeper, keeper->request_arena);
    const char *text = body == NULL ? NULL : json_text(keeper->request_arena, body, JSON_COMPACT);

    if (text == NULL)
        return false;
    keeper->asked = ASKED_LOGS;
    controller_link_start(keeper->link, &(struct link_request){ .arena = keeper->request_arena,
                                                                .path = "/agent/v1/logs",
                                                                .body = text,
                                                                .body_length = strlen(text),
                                                                .deadline_ms = ASK_MS });
    return true;
}

void keeper_talk_start(struct keeper *keeper)
{
    bool is_due = clock_monotonic_ms() >= keeper->ask_at_ms;
    struct error err = ERROR_INIT;

    if (keeper->asked != ASKED_NOTHING || (!is_due && keeper->logs.lines == 0))
        return;
    if (!link_open(keeper, &err)) {
        keeper_talk_close(keeper);
        retry_later(keeper, err.text);
        return;
    }
    keeper->request_arena = arena_new();
    if (is_due) {
        placement_ask(keeper);
    } else if (!logs_send(keeper)) {
        arena_free(keeper->request_arena);
        keeper->request_arena = NULL;
    }
}

/* --- answers --- */

static void peer_note(struct keeper *keeper)
{
    const char *peer = keeper->link == NULL ? NULL : controller_link_peer(keeper->link, keeper->request_arena);

    if (peer != NULL)
        (void)snprintf(keeper->controller, sizeof(keeper->controller), "%s", peer);
}

/* False: what is kept is not what the controller wants any more, so leases must not go on because of it. */
static bool placement_take(struct keeper *keeper, const struct controller_answer *answer)
{
    struct error err = ERROR_INIT;

    if (!keeper_take(keeper, answer->body, true, &err)) {
        keeper->etag[0] = '\0';
        retry_later(keeper, err.text);
        return false;
    }
    (void)snprintf(keeper->etag, sizeof(keeper->etag), "%s", answer->etag == NULL ? "" : answer->etag);
    file_write(keeper, answer->body);
    return true;
}

/* Nothing of this node counts any more: its pieces may run elsewhere by now. The daemon asks again when it is let in. */
static void revoked_take(struct keeper *keeper, const char *why)
{
    ARENA_SCOPED arena = arena_new();
    const struct placement *known = pieces_placement(keeper->pieces);
    struct value *empty = value_map(arena);
    struct error err = ERROR_INIT;

    keeper_say(keeper, arena_printf(arena, "this node was revoked, all pieces are ended: %s", why));
    value_map_put_int(arena, empty, "epoch", known == NULL ? 0 : known->epoch);
    value_map_put_int(arena, empty, "lease_s", known == NULL ? PLACEMENT_LEASE_S : known->lease_s);
    value_map_put(arena, empty, "pieces", value_list(arena));
    keeper->etag[0] = '\0';
    if (!keeper_take(keeper, empty, true, &err)) {
        retry_later(keeper, err.text);
        return;
    }
    file_write(keeper, empty);
    keeper->ask_at_ms = INT64_MAX;
}

void keeper_placement_answer(struct keeper *keeper, const struct controller_answer *answer)
{
    ARENA_SCOPED arena = arena_new();
    char before[sizeof(keeper->controller)];

    memcpy(before, keeper->controller, sizeof(before));
    if (answer->status == 200 || answer->status == 304)
        peer_note(keeper);
    if (answer->status == 200) {
        if (!placement_take(keeper, answer))
            return;
    } else if ((answer->status == 401 || answer->status == 403) && text_equal(answer->code, "key_revoked")) {
        revoked_take(keeper, answer->message);
        return;
    } else if (answer->status == 404) {
        return; /* an older controller */
    } else if (answer->status != 304) {
        retry_later(keeper, arena_printf(arena, "the controller does not give the placement (status %d): %s",
                                         answer->status, answer->message));
        return;
    }
    keeper->failures = 0;
    keeper->trouble[0] = '\0';
    pieces_heard(keeper->pieces, keeper->asked_ms);
    if (strcmp(before, keeper->controller) != 0 && answer->status == 304) {
        keeper->etag[0] = '\0'; /* the rules are to name another address: it is taken anew */
        keeper->ask_at_ms = clock_monotonic_ms();
    }
    keeper->round_at_ms = clock_monotonic_ms();
    if (keeper->ask_at_ms == INT64_MAX && lease_ms(keeper) < INT64_MAX)
        keeper->ask_at_ms = clock_monotonic_ms() + lease_ms(keeper);
}

void keeper_talk_step(struct keeper *keeper)
{
    struct error err = ERROR_INIT;
    enum keeper_asked asked = keeper->asked;
    enum link_step step = keeper->link == NULL ? LINK_WAIT : controller_link_step(keeper->link, &err);

    if (step == LINK_WAIT)
        return;
    keeper->asked = ASKED_NOTHING;
    if (step == LINK_FAILED) {
        keeper_talk_close(keeper); /* the certificate may be a new one by now */
        if (asked == ASKED_PLACEMENT)
            retry_later(keeper, err.text);
        return;
    }
    if (asked == ASKED_PLACEMENT) {
        const struct link_answer *came = controller_link_answer(keeper->link);
        struct controller_answer answer;

        controller_answer_read(keeper->request_arena, &came->response, came->body.data, came->body.length, &answer);
        keeper_placement_answer(keeper, &answer);
    }
    arena_free_secret(keeper->request_arena);
    keeper->request_arena = NULL;
}
