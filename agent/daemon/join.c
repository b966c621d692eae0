/* SPDX-License-Identifier: Apache-2.0 */
/* Joining, step by step. */
#include "agent/daemon/join.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/daemon/controller_call.h"
#include "agent/daemon/join_answer.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/trust/certificate_request.h"
#include "common/trust/private_file.h"

#define POLL_DEFAULT_S 5
#define POLL_MAX_S 300
#define CLOCK_TOLERANCE_S 3600

struct join {
    struct arena *arena;
    const struct join_request *request;
    struct identity_paths paths;
    struct controller_address controller;
    struct join_keeping keeping;
    const char *name, *fingerprint; /* of this node, of its key */
    int64_t clock_behind_s;
    struct error *err;
};

static bool is_interrupted(const struct join *join)
{
    return join->request->interrupted != NULL && *join->request->interrupted != 0;
}

/* --- before anything is sent --- */

static enum join_outcome name_choose(struct join *join)
{
    char host[LIMIT_NODE_NAME + 1] = "";

    if (join->request->name == NULL && gethostname(host, sizeof(host) - 1) != 0)
        host[0] = '\0';
    join->name =
        join->request->name != NULL ? join->request->name : arena_copy_n(join->arena, host, strcspn(host, "."));
    if (node_name_check(join->name, join->err))
        return JOIN_DONE;
    error_prefix(join->err, join->request->name != NULL ? "--name" : "the host name (give another one by --name)");
    return JOIN_OPTIONS;
}

static enum join_outcome address_choose(struct join *join)
{
    const struct join_string *string = join->request->string;
    const char *given = join->request->controller, *port = given == NULL ? NULL : strrchr(given, ':');
    int64_t number = 0;

    if (given == NULL && string->host == NULL) {
        error_set_kind(join->err, ERROR_OPTIONS, "the join string names no controller: give --controller HOST:PORT");
        return JOIN_OPTIONS;
    }
    if (given != NULL && (port == NULL || port == given || !text_to_int(port + 1, &number) || number < 1 ||
                          number > UINT16_MAX || strpbrk(given, "/@ ") != NULL)) {
        error_set_kind(join->err, ERROR_OPTIONS, "--controller '%s': expected HOST:PORT, an IPv6 address in brackets",
                       given);
        return JOIN_OPTIONS;
    }
    if (given == NULL)
        given = arena_printf(join->arena, strchr(string->host, ':') != NULL ? "[%s]:%u" : "%s:%u", string->host,
                             string->port);
    join->controller.address = given;
    return JOIN_DONE;
}

static bool same_file(struct arena *arena, const char *a, const char *b)
{
    struct error ignored = ERROR_INIT;
    char *one = NULL, *other = NULL;
    size_t one_length = 0, other_length = 0;

    return file_read(arena, a, LIMIT_KEY_FILE, &one, &one_length, &ignored) &&
           file_read(arena, b, LIMIT_KEY_FILE, &other, &other_length, &ignored) && one_length == other_length &&
           memcmp(one, other, one_length) == 0;
}

/* A key that a join put in place just before it was cut off is the node's already, and not one for another generation. */
static void leftover_drop(const struct join *join)
{
    struct arena *secrets = arena_new();

    if (same_file(secrets, join->paths.joining_key, join->paths.key)) {
        (void)unlink(join->paths.joining_key);
        (void)unlink(join->paths.joining_ca);
    }
    arena_free_secret(secrets);
}

static enum join_outcome state_prepare(struct join *join)
{
    struct identity identity;
    bool missing = false;

    if (!identity_folder_make(join->arena, join->request->state, join->err))
        return JOIN_FAILED;
    if (!identity_load(join->arena, join->request->state, &identity, &missing, join->err)) {
        if (!join->request->again)
            return JOIN_FAILED;
        error_clear(join->err); /* damaged: --again is how to mend it */
        missing = false;
    } else if (!missing && !join->request->again) {
        error_set(join->err,
                  "this node has joined the controller at %s as '%s' (generation %lld); --again joins anew, with a new "
                  "key",
                  identity.controller, identity.node.name, (long long)identity.node.generation);
        return JOIN_ALREADY;
    }
    if (!missing)
        leftover_drop(join);
    return JOIN_DONE;
}

static bool key_prepare(struct join *join, struct private_key **out)
{
    bool missing = false;

    if (!private_key_load(join->paths.joining_key, out, &missing, join->err))
        return false;
    if (!missing)
        return true;
    return private_key_generate(KEY_ECDSA_P256, out, join->err) &&
           private_key_save(*out, join->paths.joining_key, join->err);
}

/* --- the CA --- */

static enum join_outcome unreachable(struct join *join)
{
    if (is_interrupted(join))
        return JOIN_INTERRUPTED;
    error_prefix(join->err, "not joined");
    return JOIN_UNREACHABLE;
}

static enum join_outcome ca_read(struct join *join, const char *pem, const struct certificate **out)
{
    const char *expected = join->request->string->ca_fingerprint;
    const struct certificate *ca = NULL;

    if (!certificate_read_pem(join->arena, pem, strlen(pem), &ca, join->err)) {
        error_prefix(join->err, "what answers at %s gave no CA", join->controller.address);
        return JOIN_FAILED;
    }
    if (!secret_equal(ca->key.fingerprint, expected)) {
        error_set(
            join->err,
            "what answers at %s is not the controller of this join string: its CA's key is %s, expected %s. Another "
            "controller, or someone in between; the secret was not sent",
            join->controller.address, ca->key.fingerprint, expected);
        return JOIN_WRONG_CA;
    }
    *out = ca;
    return JOIN_DONE;
}

static enum join_outcome clock_wrong(struct join *join, const char *detail)
{
    error_set(join->err, "this machine's clock says %.19sZ, which cannot be: %s. Set the clock, then join again",
              clock_text_utc(join->arena, clock_wall_us()), detail);
    return JOIN_CLOCK;
}

static enum join_outcome ca_fetch(struct join *join)
{
    struct controller_answer answer;
    enum join_outcome outcome;

    if (!controller_ask(join->arena, &join->controller, "/join/v1/ca", NULL, &answer, join->err))
        return unreachable(join);
    if (answer.status != 200) {
        error_set(join->err, "what answers at %s gave no CA: status %d %s", join->controller.address, answer.status,
                  answer.message);
        return JOIN_FAILED;
    }
    join->clock_behind_s = answer.clock_behind_s;
    outcome = ca_read(join, answer.text, &join->keeping.ca);
    if (outcome != JOIN_DONE)
        return outcome;
    if (clock_wall_us() < join->keeping.ca->not_before_us)
        return clock_wrong(join, arena_printf(join->arena, "the CA is valid from %.19sZ on",
                                              clock_text_utc(join->arena, join->keeping.ca->not_before_us)));
    /* anyone can put the right key into a certificate of their own: it must be a CA's, signed by that key */
    if (!certificate_check_ca(join->keeping.ca, join->request->string->ca_fingerprint, clock_wall_us(), join->err)) {
        error_prefix(join->err, "what answers at %s", join->controller.address);
        return JOIN_WRONG_CA;
    }
    join->keeping.ca_pem = certificate_pem(join->arena, join->keeping.ca);
    join->controller.ca_path = join->paths.joining_ca;
    return private_file_write(join->paths.joining_ca, join->keeping.ca_pem, strlen(join->keeping.ca_pem), join->err)
               ? JOIN_DONE
               : JOIN_FAILED;
}

/* --- the token --- */

static const struct value *body_make(struct join *join, const char *request_pem)
{
    struct value *body = value_map(join->arena);

    value_map_put_string(join->arena, body, "token", join->request->string->token_id);
    value_map_put_string(join->arena, body, "secret", secret_reveal(join->request->string->secret));
    value_map_put_string(join->arena, body, "name", join->name);
    value_map_put_string(join->arena, body, "request", request_pem);
    value_map_put_string(join->arena, body, "agent", ROOST_VERSION);
    return body;
}

/* No answer though the CA was fetched a moment ago: whose certificate it was that did not do. */
static enum join_outcome not_verified(struct join *join)
{
    bool is_untrusted = strstr(join->err->text, "certificate is not trusted") != NULL;

    if (is_untrusted && (join->clock_behind_s > CLOCK_TOLERANCE_S || join->clock_behind_s < -CLOCK_TOLERANCE_S))
        return clock_wrong(join, arena_printf(join->arena, "the controller's is %lld minutes %s",
                                              (long long)llabs(join->clock_behind_s) / 60,
                                              join->clock_behind_s > 0 ? "ahead" : "behind"));
    if (!is_untrusted)
        return unreachable(join);
    error_prefix(join->err,
                 "what answers at %s shows the CA of the join string, but no certificate signed by it for the name "
                 "'" CERTIFICATE_SERVER_NAME "'; the secret was not sent",
                 join->controller.address);
    return JOIN_WRONG_CA;
}

static void wait_for_decision(const struct join *join, int64_t seconds)
{
    int64_t end_ms = clock_monotonic_ms() + seconds * 1000;

    while (!is_interrupted(join) && clock_monotonic_ms() < end_ms)
        nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000 * 1000 }, NULL);
}

static void progress_tell(struct join *join, const char *sentence)
{
    if (join->request->progress != NULL)
        join->request->progress(join->request->data, sentence);
}

/* Asks until it is decided. Once the controller has said "pending", it may be away for a while. */
static enum join_outcome token_send(struct join *join, const struct value *body, struct join_grant *grant)
{
    bool is_pending = false;
    int64_t wait_s = POLL_DEFAULT_S;

    while (!is_interrupted(join)) {
        struct controller_answer answer;

        error_clear(join->err);
        if (!controller_ask(join->arena, &join->controller, "/join/v1/join", body, &answer, join->err)) {
            if (!is_pending)
                return not_verified(join);
            progress_tell(join, join->err->text);
        } else if (answer.status == 202) {
            is_pending = true;
            wait_s = join_answer_wait(&answer, POLL_DEFAULT_S, POLL_MAX_S);
            progress_tell(join, arena_printf(join->arena,
                                             "waiting for an operator to approve '%s' at %s; this node's key is %s",
                                             join->name, join->controller.address, join->fingerprint));
        } else {
            if (strcmp(answer.code, "key_refused") == 0)
                (void)unlink(join->paths.joining_key);
            return join_answer_take(join->arena, &answer, grant, join->err);
        }
        wait_for_decision(join, wait_s);
    }
    return JOIN_INTERRUPTED;
}

static enum join_outcome exchange(struct join *join, struct node_identity *out)
{
    PRIVATE_KEY_SCOPED key = NULL;
    struct join_grant grant = { 0 };
    struct identity_new made;
    enum join_outcome outcome;
    char *request_pem = NULL;

    if (!key_prepare(join, &key) || !certificate_request_make(join->arena, key, join->name, &request_pem, join->err))
        return JOIN_FAILED;
    join->fingerprint = private_key_public(key)->fingerprint;
    outcome = ca_fetch(join);
    if (outcome == JOIN_DONE)
        outcome = token_send(join, body_make(join, request_pem), &grant);
    if (outcome != JOIN_DONE)
        return outcome;
    join->keeping.key = private_key_public(key);
    outcome = join_grant_check(join->arena, &join->keeping, &grant, join->err);
    if (outcome != JOIN_DONE)
        return outcome;
    made = (struct identity_new){ .node = grant.node,
                                  .controller = join->controller.address,
                                  .certificate = grant.certificate,
                                  .ca = join->keeping.ca_pem,
                                  .signing_key = grant.signing_key };
    if (!identity_install(join->arena, &join->paths, &made, join->err))
        return JOIN_FAILED;
    *out = grant.node;
    return JOIN_DONE;
}

enum join_outcome join_run(struct arena *arena, const struct join_request *request, struct node_identity *out,
                           struct error *err)
{
    struct join join = {
        .arena = arena, .request = request, .paths = identity_paths(arena, request->state), .err = err
    };
    enum join_outcome outcome = name_choose(&join);

    if (outcome == JOIN_DONE)
        outcome = address_choose(&join);
    if (outcome == JOIN_DONE)
        outcome = state_prepare(&join);
    if (outcome == JOIN_DONE)
        outcome = exchange(&join, out);
    if (outcome == JOIN_INTERRUPTED)
        error_set_kind(err, ERROR_CANCELLED,
                       "interrupted: the same join string goes on where this ended, with the same key");
    return outcome;
}
