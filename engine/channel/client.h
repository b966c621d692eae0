/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's end of the conversation with a session, over the pipes of a child process. local.c and ssh.c only differ in how
 * they start the child and in what must be said before the first frame (the bootstrap).
 */
#pragma once

#include "common/protocol/frame.h"
#include "engine/channel/outbox.h"
#include "engine/channel/spawn.h"
#include "engine/run/connection.h"

enum client_state {
    CLIENT_BOOTSTRAP, /* lines on stdout until the session starts */
    CLIENT_GREETING,  /* HELLO is awaited */
    CLIENT_READY,
    CLIENT_ENDING, /* stdout has ended; what the child still says on stderr explains why */
    CLIENT_LOST,
};

#define CLIENT_NOTES 8192 /* last bytes of the child's stderr */

struct client;

/* What comes before frames: gets whole lines of the child's stdout. Sets client->state to CLIENT_GREETING when frames begin. */
typedef bool (*client_bootstrap)(struct client *client, const char *line, struct error *err);
/* Turns an ended child and its stderr into one sentence. */
typedef const char *(*client_explain)(struct client *client, struct arena *arena, int status);

struct client_call {
    uint32_t number;
    const struct module_call *call;
    struct client_call *next;
    bool is_cancelled; /* what it still sends goes nowhere */
};

struct client {
    struct connection base;
    struct arena *arena; /* dies with the connection */
    const struct connection_target *target;
    enum client_state state;
    bool was_ready; /* the session had greeted */
    struct spawned child;
    bool child_ended;
    int child_status;
    struct outbox outbox;  /* what may be sent now */
    struct outbox waiting; /* task frames that wait for READY */
    struct frame_reader *reader;
    uint32_t last_number;
    struct client_call *first, *last; /* calls under way, in order */
    struct client_call *spare;        /* ended ones, used again */
    int content_fd;                   /* file being streamed to the session, or -1 */
    const struct content_source *content;
    size_t content_offset;
    uint32_t content_channel;
    int64_t deadline_ms; /* bootstrap and greeting must be over; 0: none */
    const char *timeout_message;
    char line[4096];
    size_t line_length, noise;
    client_bootstrap bootstrap;
    client_explain explain;
    void *bootstrap_data;
    void (*release)(struct client *client); /* lets go of what opening held; called once, when ready or closed */
    char notes[CLIENT_NOTES + 1];
    size_t notes_length;
    const char *lost; /* the sentence */
};

/* A client in its own arena, with the child's pipes; target strings are copied. */
struct client *client_new(const struct connection_target *target);
void client_start(struct client *client, const struct spawned *child);
/* The last line of the child's stderr that says something, or NULL. */
const char *client_last_note(struct client *client, struct arena *arena);
extern const struct connection_ops client_ops;

/* client_content.c: the file content that the session asked for, and the task frame of a call. */
bool client_encode_call(struct client *client, const struct client_call *item, struct error *err);
bool client_content_begin(struct client *client, const struct client_call *item, int64_t id, struct error *err);
bool client_content_continue(struct client *client, struct error *err);
void client_content_stop(struct client *client);
