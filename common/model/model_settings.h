/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for everything that is fetched in one run: where to, from whom, how fast, and who wants to hear of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define MODEL_STORE_DEFAULT "/var/lib/roost/models"
#define MODEL_CONNECTIONS_DEFAULT 4
#define MODEL_CONNECTIONS_MAX 32
#define MODEL_RETRIES_DEFAULT 10
#define MODEL_ENDPOINT_DEFAULT "https://huggingface.co"

struct model_watch {
    void *data;
    bool (*is_cancelled)(void *data);
    /* Often; `text` is a line for people: how much of what, how fast, until when. */
    void (*progress)(void *data, const char *text);
    void (*note)(void *data, const char *text); /* something worth a line of its own */
};

struct model_settings {
    const char *store;    /* root folder */
    const char *endpoint; /* of the hub, without final slash */
    const char *token;    /* NULL: none. Goes to the endpoint's host only, never into a text */
    bool offline;         /* nothing may be asked over the network */
    int connections;      /* per file */
    int64_t rate_bytes;   /* per second over all connections; 0: no limit */
    int timeout_ms;       /* to connect, and without any data */
    int retries;          /* tries without any progress before it is given up */
    int64_t wait_ms;      /* how long to wait at most when a server says "later" */
    struct model_watch watch;
};

/* A variable of the environment: `lookup` first (a task's own environment), then the process's. NULL when empty. */
struct model_environment {
    const char *(*lookup)(void *data, const char *name);
    void *data;
};

/* Fills endpoint, token and offline where they are not set: HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME,
 * HF_HUB_OFFLINE and the token file that `hf auth login` leaves. Checks them. */
bool model_settings_complete(struct arena *arena, struct model_settings *settings,
                             const struct model_environment *environment, struct error *err);
/* A token file's first line. */
bool model_token_read(struct arena *arena, const char *path, const char **out, struct error *err);

bool model_is_cancelled(const struct model_settings *settings);
void model_note(const struct model_settings *settings, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Waits, unless cancelled meanwhile (kind ERROR_CANCELLED). */
bool model_pause(const struct model_settings *settings, int64_t milliseconds, struct error *err);
/* "1.5 GiB"; "3 min 20 s" */
char *model_size_text(struct arena *arena, int64_t bytes);
char *model_time_text(struct arena *arena, int64_t seconds);
/* "10M", "1.5GiB": units are powers of 1024; false: it is no size. */
bool model_size_read(const char *text, int64_t *out);
