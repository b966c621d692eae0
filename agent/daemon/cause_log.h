/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the logs of a machine say that somebody did, and when. Pure functions over texts: each adds what it finds to a list and
 * passes over what it does not understand. Logs tell local time where they tell no zone. Of a command line those words are kept
 * that hold no secret: of apt and dnf no options, assignments and addresses, of sudo only the program and paths.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

/* The better one comes first. */
enum evidence_kind {
    EVIDENCE_RUN,      /* a run of Roost */
    EVIDENCE_PACKAGES, /* apt or dnf, with its command line */
    EVIDENCE_DPKG,     /* packages, without it */
    EVIDENCE_SUDO,
    EVIDENCE_LOGIN, /* somebody was there */
};

struct evidence {
    enum evidence_kind kind;
    int64_t begin_us, end_us; /* INT64_MAX: it goes on */
    const char *text;         /* "apt-get install nginx (by ops)" */
};

#define EVIDENCE_MAX 4000

struct evidence_list {
    struct arena *arena;
    struct evidence *items;
    size_t count, capacity;
};

void evidence_apt_history(struct evidence_list *list, const char *text); /* /var/log/apt/history.log */
void evidence_dpkg(struct evidence_list *list, const char *text);        /* /var/log/dpkg.log */
void evidence_dnf(struct evidence_list *list, const char *text);         /* /var/log/dnf.log: commands */
void evidence_rpm(struct evidence_list *list,
                  const char *text); /* lines "EPOCH NAME": rpm -qa --qf '%{INSTALLTIME} %{NAME}\n' */
void evidence_utmp(struct evidence_list *list, const void *data, size_t length); /* /var/log/wtmp, utmp(5) */
void evidence_session(struct evidence_list *list, const char *text); /* a file of /run/systemd/sessions: goes on */
/* journalctl -o json: sudo's commands, sshd's sessions. */
void evidence_journal(struct evidence_list *list, const char *text);
void evidence_runs(struct evidence_list *list, const char *text); /* agent/session/session_note.h */

struct cause_window {
    int64_t from_us, to_us; /* last seen in order; 0: never. Seen to be different */
    int64_t touched_us;     /* the kernel told that it was touched then; 0: it did not */
};

struct cause {
    const char *cause;  /* "intentional", "external", or NULL: nothing can be said */
    const char *reason; /* a sentence, or NULL */
};

/* The best of what coincides. */
struct cause cause_choose(const struct evidence_list *list, const struct cause_window *window);
