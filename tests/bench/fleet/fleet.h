/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the simulated fleet share: nodes with keys that a controller's store knows (seed.c), connections that
 * speak the agents' protocol without blocking (link.c), and what is measured (measure.c).
 */
#pragma once

#include <gnutls/gnutls.h>
#include <sys/types.h>

#include "common/base/clock.h"
#include "common/base/error.h"

/* --- seed.c --- */

struct seed_node {
    char name[24];
    char *certificate, *key; /* PEM */
};

struct seed {
    const char *state;      /* the controller's folder; it must not be there */
    size_t agents;          /* nodes with keys and certificates */
    size_t nodes;           /* in the store, agents included */
    struct seed_node *made; /* `agents` of them */
    char viewer[128];       /* a token */
};

bool seed_make(struct seed *seed, struct error *err);

/* --- link.c --- */

struct link;

/* Status 0: the connection is gone before the answer was whole. */
typedef void link_done(struct link *link, int status, const char *body, size_t length);

enum link_state { LINK_CLOSED, LINK_CONNECTING, LINK_HANDSHAKE, LINK_READY };

struct link {
    void *owner;
    void (*ready)(struct link *link);  /* the handshake is over */
    void (*closed)(struct link *link); /* the connection is gone, `done` has been told */
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t ticket; /* of the session before */
    /* link.c's own */
    enum link_state state;
    int fd;
    gnutls_session_t tls;
    bool wants_write, was_resumed;
    char *out, *in;
    size_t out_size, out_at, in_size, in_room;
    int64_t begun_us;
    link_done *done;
};

struct link_group {
    int epoll_fd, port;
    unsigned connecting, ready, resumed, lost;
};

bool link_open(struct link_group *group, struct link *link, struct error *err);
void link_close(struct link_group *group, struct link *link);
/* One request at a time on a link that is ready. `headers`: whole lines. */
void link_ask(struct link_group *group, struct link *link, const char *method, const char *path, const char *headers,
              const char *body, link_done *done);
/* Moves what can be moved, waits until `until_us` at most for something that can. */
void link_step(struct link_group *group, int64_t until_us);

/* --- measure.c --- */

struct figures {
    int64_t *us;
    size_t count, room;
};

void figures_add(struct figures *figures, int64_t us);
/* Sorts. Part 0.5: the median; in milliseconds. */
double figures_ms(struct figures *figures, double part);
void figures_clear(struct figures *figures);

struct usage {
    int64_t cpu_ms, rss_kb, peak_kb, pss_kb;
};

/* Of a process that runs. */
void usage_read(pid_t pid, struct usage *out);
