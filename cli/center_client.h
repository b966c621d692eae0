/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller as the operator's verbs see it: an account (address, token, CA) in ~/.config/roost/controller.json (0600), and
 * one request at a time. ROOST_CONTROLLER names another file.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct center_account {
    const char *url; /* https://host:port */
    const char *token;
    const char *ca_pem;
};

/* This machine's name. */
const char *center_host_name(struct arena *arena);
/* No account would be overwritten. */
bool center_account_free(struct arena *arena, struct error *err);
/* Written whole, for this user only; *path_out is where. */
bool center_account_save(struct arena *arena, const struct center_account *account, const char **path_out,
                         struct error *err);

struct center_client;

bool center_client_open(struct arena *arena, struct center_client **out, struct error *err);
/* `body` NULL: none. An answer that is an error becomes one, with its sentence. */
bool center_client_ask(struct center_client *client, const char *method, const char *path, const struct value *body,
                       const struct value **out, struct error *err);
/* All pages of a list: "items" of GET path, followed by `next` through the parameter `cursor` ("after", "before"). */
bool center_client_list(struct center_client *client, const char *path, const char *cursor, const struct value **out,
                        struct error *err);
