/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/api: what lives as long as a TCP connection, and who has come in without saying who they are. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/* A connection on which nobody has been identified yet. */
struct guest {
    int fd;
    int64_t since_ms;
    bool is_stranger;
    struct guest *next, *previous;
};

/* Strangers in the order in which they came; of the HTTP thread alone. */
struct door {
    struct guest *oldest, *newest;
    unsigned strangers, most;
};

/* MHD_OPTION_NOTIFY_CONNECTION, with the server as its data. */
void server_connection(void *data, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode what);
struct api_memory *server_memory(struct MHD_Connection *connection); /* NULL: there is none */

void server_identified(struct MHD_Connection *connection); /* it is no stranger any more */

/* --- door.c --- */
/* May end connections of those who were here before. */
void door_enter(struct door *door, struct guest *guest, int fd);
void door_leave(struct door *door, struct guest *guest); /* gone, or known; one that has left already: nothing */
