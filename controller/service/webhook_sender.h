/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside controller/service: deliveries of webhooks, by a thread of their own. Each webhook has one delivery under way at a time,
 * all of them side by side: a receiver that is slow or dead holds up nobody else. What does not arrive is tried again after
 * growing pauses for a day. Signed by `Roost-Signature: t=UNIX,v1=HEX`: HMAC-SHA256 with the webhook's secret over "t.body".
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "controller/store/store.h"

#define WEBHOOK_TIMEOUT_MS 10000
#define WEBHOOK_DAY_US (INT64_C(86400) * 1000000)

struct webhook_sender;

bool webhook_sender_start(struct store *store, struct webhook_sender **out, struct error *err);
/* There may be something to deliver. From any thread, without blocking; NULL is fine. */
void webhook_sender_wake(struct webhook_sender *sender);
void webhook_sender_stop(
    struct webhook_sender *sender); /* before the store; what is under way is tried again. NULL is fine */

/* "t=...,v1=..." */
const char *webhook_signature(struct arena *arena, const char *secret, int64_t unix_s, const char *body);
/* When to try again what was tried `tries` times; 0: it is given up. */
int64_t webhook_next_us(int64_t tries, int64_t created_us, int64_t now_us);
