/* SPDX-License-Identifier: Apache-2.0 */
/* Orders in, a server that keeps to them. */
#include "agent/share/share.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "agent/share/order_input.h"
#include "agent/share/share_server.h"
#include "common/base/text.h"

#define STEP_MS 5000

struct share {
    const struct share_options *options;
    struct order_input input;
    struct tls_client *tls;
    struct share_server *server;
    char address[64];
    int64_t port;
};

static void sentence_print(void *data, const char *sentence)
{
    (void)data;
    fprintf(stderr, "%s\n", sentence);
}

/* Another address is another server. */
static bool order_place(struct share *share, const struct share_order *order, struct error *err)
{
    const struct share_server_options options = { .tls = share->tls,
                                                  .store = share->options->store,
                                                  .tell = sentence_print };

    if (share->server != NULL && (strcmp(share->address, order->address) != 0 || share->port != order->port)) {
        share_server_close(share->server);
        share->server = NULL;
    }
    if (share->server == NULL && !share_server_open(&options, order->address, order->port, &share->server, err))
        return false;
    (void)snprintf(share->address, sizeof(share->address), "%s", order->address);
    share->port = order->port;
    share_server_order(share->server, order);
    return true;
}

static bool orders_take(struct share *share, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *value = NULL;
    struct share_order order;

    order_input_take(&share->input, arena, &value);
    return value == NULL || (share_order_bind(arena, value, &order, err) && order_place(share, &order, err));
}

static bool loop(struct share *share, struct error *err)
{
    while (!share->input.has_ended) {
        struct pollfd ready = { .fd = share->input.fd, .events = POLLIN };
        bool has_order = false;

        if (share->server == NULL)
            has_order = poll(&ready, 1, STEP_MS) > 0;
        else if (!share_server_step(share->server, share->input.fd, STEP_MS, &has_order, err))
            return false;
        if (has_order && !orders_take(share, err))
            return false;
    }
    return true;
}

bool share_run(const struct share_options *options, struct error *err)
{
    const struct tls_client_options tls = { .ca_path = options->ca,
                                            .certificate_path = options->certificate,
                                            .key_path = options->key };
    struct share share = { .options = options };
    bool ok;

    signal(SIGPIPE, SIG_IGN);
    ok = order_input_open(options->input, &share.input, err) && tls_server_open(&tls, &share.tls, err) &&
         loop(&share, err);
    share_server_close(share.server);
    tls_client_close(share.tls);
    order_input_close(&share.input);
    return ok;
}
