/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and their keys. A name stays, a key does not: each new key under a known name counts the generation up and revokes
 * the keys of the one before. Functions that change need the writer's connection (in store_work.run).
 */
#pragma once

#include "controller/store/store.h"

/* Bits, for filters. PENDING: known by name, no key yet. */
enum store_node_state { STORE_NODE_PENDING = 1, STORE_NODE_ACTIVE = 2, STORE_NODE_REVOKED = 4 };

struct store_node {
    int64_t id; /* stays over generations */
    const char *name;
    enum store_node_state state;
    int64_t generation; /* from 1; 0: pending */
    int64_t created_us, seen_us, facts_us, verdict_us;
    const char *agent, *boot_id;  /* of the last hello; NULL: none yet */
    const char *verdict, *reason; /* "ok", "drift", ... and its sentence; NULL: unknown */
    const char *facts;            /* JSON; only from store_node_by_name and _by_id, and store_node_page with_facts */
    int64_t reported;             /* number of the last report of this generation */
    const char *key;              /* fingerprint that is valid now, or NULL */
    const char *policy;           /* "report", "repair", "window", as it last told; or NULL */
    int64_t lost_us;              /* since when it is known that it is silent; 0: it is not (store_node_lost.h) */
};

enum store_enroll { STORE_ENROLLED, STORE_ENROLL_KNOWN, STORE_ENROLL_KEY_TAKEN, STORE_ENROLL_KEY_REVOKED };

struct store_enrollment {
    const char *name, *fingerprint; /* SHA-256 of the SPKI, hex */
    int64_t expires_us;             /* of the first certificate */
    int64_t now_us;
};

/* STORE_ENROLLED: the node is active and seen, with a new generation; work of the one before is dropped. _KNOWN: it has this very key,
 * nothing changed. _KEY_TAKEN by another node or generation, _KEY_REVOKED: nothing changed, id and generation are 0. */
bool store_node_enroll(struct store_connection *writer, const struct store_enrollment *enrollment,
                       enum store_enroll *outcome, int64_t *id_out, int64_t *generation_out, struct error *err);
/* Its keys are worth nothing from the commit on. *found_out: there is such a node. */
bool store_node_revoke(struct store_connection *writer, const char *name, int64_t now_us, bool *found_out,
                       struct error *err);
/* What was under way in the generation that ends: its drift is over, its own runs are lost. */
bool store_node_things_end(struct store_connection *writer, int64_t id, int64_t now_us, struct error *err);
/* A name that is expected: state pending, unless it is there already. */
bool store_node_expect(struct store_connection *writer, const char *name, int64_t now_us, int64_t *id_out,
                       struct error *err);

/* Whether the store has a key of a node or an operator's token: what belongs to one authority and no other. */
bool store_is_in_use(struct store_connection *connection, bool *out, struct error *err);

struct store_node_key {
    const char *fingerprint;
    int64_t node_id;
    const char *node; /* name */
    int64_t generation;
    int64_t created_us, expires_us, revoked_us;
    enum store_node_state node_state;
    int64_t node_generation; /* the node's now: a key of another one is refused */
    int64_t node_lost_us;
};

/* The row behind a certificate, by index. NULL: there is no such key. */
bool store_node_key_find(struct store_connection *connection, struct arena *arena, const char *fingerprint,
                         struct store_node_key **out, struct error *err);
bool store_node_keys(struct store_connection *connection, struct arena *arena, int64_t node_id,
                     struct store_node_key **out, size_t *count_out, struct error *err); /* newest first */
/* A certificate renewed: `fingerprint` may be new, the old key stays valid until it expires. False by error when another node
 * or generation has that key. */
bool store_node_key_renew(struct store_connection *writer, int64_t node_id, const struct store_enrollment *enrollment,
                          struct error *err);

/* What agents tell. Seen: by this machine's clock; what is a little older than what is there changes nothing. Facts and verdicts
 * come in the order of the node's reports, whose clock may be set back between two: the last one counts. */
bool store_node_seen(struct store_connection *writer, int64_t id, int64_t at_us, struct error *err);
bool store_node_hello_set(struct store_connection *writer, int64_t id, const char *agent, const char *boot_id,
                          struct error *err);
bool store_node_policy_set(struct store_connection *writer, int64_t id, const char *policy, struct error *err);
bool store_node_facts_set(struct store_connection *writer, int64_t id, const char *facts, int64_t at_us,
                          struct error *err);
bool store_node_verdict_set(struct store_connection *writer, int64_t id, const char *verdict, const char *reason,
                            int64_t at_us, struct error *err);

/* NULL: there is none. */
bool store_node_by_name(struct store_connection *connection, struct arena *arena, const char *name,
                        struct store_node **out, struct error *err);
bool store_node_by_id(struct store_connection *connection, struct arena *arena, int64_t id, struct store_node **out,
                      struct error *err);

struct store_node_filter {
    unsigned states;     /* bits of store_node_state; 0: all */
    const char *pattern; /* of the name: "ai-*", with * ? [a-z]; NULL: all */
    const char
        *verdict; /* exactly; "unknown": those without; "lost": those that are silent, and only they; NULL: all */
    int64_t seen_before; /* 0: all; else those last seen before (lost nodes) */
    const char *after;   /* name of the last row before; NULL: from the first */
    size_t limit;        /* 0: STORE_PAGE_DEFAULT; at most LIMIT_STORE_PAGE */
    bool with_facts;
};

struct store_node_page {
    struct store_node *nodes; /* by name */
    size_t count;
    const char *next; /* `after` of the next page; NULL: that was all */
};
bool store_node_page(struct store_connection *connection, struct arena *arena, const struct store_node_filter *filter,
                     struct store_node_page *out, struct error *err);

/* For the overview: how many nodes have which state and verdict (NULL: unknown; "lost" stands before any other). */
struct store_node_count {
    enum store_node_state state;
    const char *verdict;
    int64_t nodes;
};
bool store_node_counts(struct store_connection *connection, struct arena *arena, struct store_node_count **out,
                       size_t *count_out, struct error *err);
