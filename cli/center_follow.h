/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following a stream of numbered events of the controller: what breaks is taken up again behind the last number, for as long as
 * it takes.
 */
#pragma once

#include "cli/center_client.h"

struct center_message {
    const char *id;    /* or NULL */
    const char *event; /* "message" when the stream gives none */
    const char *data;  /* lines joined by '\n' */
};

struct center_follow {
    const char *path;
    const char *last_id; /* what was seen before, or NULL */
    /* False: enough. What the message names lives until it returns. */
    bool (*take)(void *data, const struct center_message *message);
    void *data;
    /* Told once for each time that the stream breaks; may be NULL. */
    void (*broken)(void *data, const struct error *err);
};

/* True when `take` had enough, or the controller ended the stream (`until_end`); false: it refused. */
bool center_follow(struct center_client *client, const struct center_follow *follow, bool until_end, struct error *err);
