/* SPDX-License-Identifier: Apache-2.0 */
/* What the controller answers to a join or a renewal, checked before anything of it is kept. */
#pragma once

#include "agent/daemon/controller_call.h"
#include "agent/daemon/join.h"
#include "common/trust/certificate.h"

struct join_grant {
    struct node_identity node;
    const char *certificate, *signing_key; /* PEM */
};

/* What a grant must fit. */
struct join_keeping {
    const struct certificate *ca;
    const char *ca_pem;
    const struct public_key *key;
};

/* Seconds to wait: of "retry_after_s", within bounds. */
int64_t join_answer_wait(const struct controller_answer *answer, int64_t fallback, int64_t most);
/* A final answer: JOIN_DONE and the grant, or why not. */
enum join_outcome join_answer_take(struct arena *arena, const struct controller_answer *answer, struct join_grant *out,
                                   struct error *err);
/* The certificate is of our key, our name and generation, signed by our CA and valid now; the signing key is one. */
enum join_outcome join_grant_check(struct arena *arena, const struct join_keeping *keeping,
                                   const struct join_grant *grant, struct error *err);
