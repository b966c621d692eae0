/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine knows of a host: something that takes module calls and gives back results. Implemented by controller/transport
 * (local, ssh, later uplink) and by fakes in tests. All calls return at once; the run's loop polls the descriptors.
 */
#pragma once

#include <poll.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/* Where a host is and how to get there; strings NULL when not set. From connection variables, already templated. */
struct connection_target {
    const char *host;     /* inventory name, for messages */
    const char *kind;     /* "ssh", "local" */
    const char *address;  /* ansible_host */
    const char *node;     /* roost_node: what the controller calls it, if not `host` */
    const char *folder;   /* "local": where tasks run, as in Ansible beside the playbook; NULL: where we are */
    int port;             /* 0: ssh's own default */
    const char *user;     /* ansible_user / remote_user */
    const char *password; /* ansible_password; SECRET: handed to ssh through SSH_ASKPASS, never in argv */
    const char *private_key_file;
    const char *common_args, *extra_args; /* ansible_ssh_common_args, ansible_ssh_extra_args: shell words */
    const char *executable;               /* ansible_ssh_executable */
    int timeout_s;                        /* connect timeout */
    bool host_key_checking;
    void (*show_command)(const char *host, const char *const *argv); /* told of the program that is started; or NULL */
};

struct become {
    bool active;
    const char *method, *user, *flags, *exe;
    const char *password;        /* SECRET or NULL */
    const struct value *prompts; /* of su: list of texts; or NULL */
    bool same_user;              /* become_allow_same_user: also where it is that user already */
};

/* Content offered to the node: bytes in memory or a file at the centre. Number i+1 of the call. */
struct content_source {
    const char *path; /* NULL: data */
    const char *data;
    size_t length;
};

struct module_call {
    const char *module;
    const struct value *args;        /* map, templated */
    const struct value *environment; /* map of strings or NULL */
    struct become become;
    bool check_mode, diff_mode, no_log;
    bool wants_changes; /* the reply tells under "changes", in sentences, what was or would be changed */
    int verbosity;
    int64_t timeout_ms;       /* 0: none */
    int64_t async_s;          /* above 0: goes on after its answer, this many seconds at most */
    const char *async_folder; /* of job files, on the node */
    const struct content_source *contents;
    size_t content_count;
    int receive_fd; /* content the module sends (fetch) is written here; -1: none expected */
};

enum connection_event {
    CONNECTION_NOTHING,  /* nothing to take now */
    CONNECTION_RESULT,   /* reply.result is a module's result */
    CONNECTION_PROGRESS, /* reply.message */
    CONNECTION_LOST, /* reply.message says why in one sentence: the host is unreachable; every call under way is void */
};

struct connection_reply {
    uint32_t call;              /* number given by submit */
    const struct value *result; /* in the arena given to take */
    const char *message;
    bool is_command; /* of CONNECTION_PROGRESS: the message is a command line that was run on the way, told at -vvvv */
};

struct connection;
struct connection_ops {
    /* Queues a call; `call` and what it points to must live until its result was taken. A call that was cancelled is never
     * answered: its memory must live until the connection is closed. */
    bool (*submit)(struct connection *connection, const struct module_call *call, uint32_t *number_out,
                   struct error *err);
    /* Adds the descriptors to wait for; returns how many (at most 4). 0 and a false `ready` never happen together. */
    size_t (*descriptors)(struct connection *connection, struct pollfd *out);
    /* Reads and writes what is possible without blocking, then gives one event per call. */
    enum connection_event (*take)(struct connection *connection, struct arena *arena, struct connection_reply *out);
    /* Time-outs that need no descriptor: milliseconds until `take` must be called anyway, -1: none. */
    int64_t (*wait_ms)(struct connection *connection);
    void (*cancel)(struct connection *connection, uint32_t call);
    void (*close)(struct connection *connection); /* ends the session politely and frees */
};
struct connection {
    const struct connection_ops *ops;
};

/* Opening does not wait: the first take() tells whether it worked. Errors here are of the configuration. */
struct connection_factory {
    bool (*open)(struct connection_factory *factory, const struct connection_target *target, struct connection **out,
                 struct error *err);
};
