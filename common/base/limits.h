/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every maximum in Roost, in one place: sizes in bytes, depths in levels, times in milliseconds.
 * A limit exists so that hostile or broken input ends in a sentence, never in an exhausted machine.
 */
#pragma once

/* common/base */
#define LIMIT_ERROR_TEXT 4096         /* one error message, prefixes included */
#define LIMIT_PATH 4096               /* PATH_MAX of Linux */
#define LIMIT_ARENA_CHUNK (64 * 1024) /* first chunk of an arena; later ones double up to 4 MiB */
#define LIMIT_ARENA_CHUNK_MAX (4 * 1024 * 1024)

/* common/value: trees made in templates can nest without end; what walks them stops here, as Python does */
#define LIMIT_VALUE_DEPTH 1000

/* text files the control side reads: playbooks, roles, inventories, templates, variables */
#define LIMIT_YAML_FILE (64 * 1024 * 1024)
#define LIMIT_YAML_DEPTH 128               /* nested collections */
#define LIMIT_YAML_NODES (8 * 1000 * 1000) /* nodes after aliases are followed: stops "billion laughs" */
#define LIMIT_JSON_DEPTH 256
#define LIMIT_SOURCE_FILE (64 * 1024 * 1024) /* template, INI inventory, vault file */

/* protocol between engine and session */
#define LIMIT_FRAME (32 * 1024 * 1024)   /* payload of one frame; checked before allocation */
#define LIMIT_CONTENT_CHUNK (256 * 1024) /* one chunk of streamed file content */

/* HTTP client */
#define LIMIT_HTTP_TIMEOUT_MS 10000 /* to connect, and without any data; Ansible's default */
#define LIMIT_HTTP_REDIRECTS 10
#define LIMIT_HTTP_HEADERS (256 * 1024)    /* header lines of one transfer, redirects included */
#define LIMIT_HTTP_BODY (64 * 1024 * 1024) /* body that is kept in memory */

/* common/trust */
#define LIMIT_NODE_NAME 64           /* ub-common-name of RFC 5280; HOST_NAME_MAX of Linux */
#define LIMIT_KEY_FILE (4 * 1024)    /* PEM of a private or public key */
#define LIMIT_CERTIFICATE (8 * 1024) /* DER of one certificate or request */
#define LIMIT_CERTIFICATE_NAMES 64   /* alternative names in one certificate */
#define LIMIT_CERTIFICATE_NAME 255   /* one of them, and the subject */
#define LIMIT_JOIN_STRING 512        /* with a host name of full length */
#define LIMIT_BUNDLE_MANIFEST (8 * 1024 * 1024)
#define LIMIT_BUNDLE_FILES 20000
#define LIMIT_BUNDLE_PATH 1024
#define LIMIT_BUNDLE_FILE (256 * 1024 * 1024)   /* one file */
#define LIMIT_BUNDLE_BYTES (1024 * 1024 * 1024) /* all files of one bundle */

/* Jinja2 */
#define LIMIT_TEMPLATE_DEPTH 64  /* nested statements and parentheses in one template */
#define LIMIT_TEMPLATE_CALLS 128 /* macros, includes, variables that need variables */
#define LIMIT_TEMPLATE_OUTPUT (64 * 1024 * 1024)
#define LIMIT_TEMPLATE_STEPS (50 * 1000 * 1000) /* evaluated nodes in one rendering */
#define LIMIT_RANGE (10 * 1000 * 1000)          /* range() and sequences */
#define LIMIT_REGEX_MATCH (10 * 1000 * 1000)    /* PCRE2 match limit */

/* engine */
#define LIMIT_INCLUDE_DEPTH 64   /* nested imports, blocks, role dependencies, folders */
#define LIMIT_INCLUDED_DEPTH 300 /* nested include_tasks and include_role: further than Ansible comes */
#define LIMIT_HOSTS 100000
#define LIMIT_HOST_RANGE 65536 /* hosts that one [a:b] pattern may expand to */
#define LIMIT_GROUP_DEPTH 256  /* groups in groups */
#define LIMIT_INVENTORY_SCRIPT_S 300
#define LIMIT_LOOP_ITEMS (1000 * 1000)
#define LIMIT_COPY_ENTRIES (1000 * 1000) /* files, folders and links of one folder that is copied */

/* processes */
#define LIMIT_PROCESS_OUTPUT (16 * 1024 * 1024) /* stdout or stderr kept from one command */
#define LIMIT_PROCESS_ARGS 4096
#define LIMIT_CONNECT_TIMEOUT_MS 10000 /* default of ansible_ssh_timeout */

/* controller: the HTTP server */
#define LIMIT_API_BODY (1024 * 1024)    /* JSON of one request, where the route does not allow more */
#define LIMIT_API_OVERRUN (1024 * 1024) /* of a body too long: swallowed, so that the answer is read; then cut */
#define LIMIT_API_HEADERS (32 * 1024)   /* memory of one connection: request line and headers */
#define LIMIT_API_CONNECTIONS 16384
#define LIMIT_API_FILES 128         /* open ones that are kept for other things than connections */
#define LIMIT_API_STRANGER_MS 60000 /* without having shown who it is, when others want to come in */
#define LIMIT_API_IDLE_S 75 /* a connection on which nothing moves; longer than the longest wait of a long poll */

/* controller: the gateway */
#define LIMIT_GATEWAY_BODY (8 * 1024 * 1024)    /* JSON of one request, pictures included */
#define LIMIT_GATEWAY_QUICK (64 * 1024)         /* a body larger than this is read by a thread of its own */
#define LIMIT_GATEWAY_DEPTH 32                  /* levels of a body */
#define LIMIT_GATEWAY_NODES 200000              /* values in a body */
#define LIMIT_GATEWAY_MESSAGES 4096             /* of one chat */
#define LIMIT_GATEWAY_TOOLS 128                 /* of one chat; calls of one message */
#define LIMIT_GATEWAY_INPUTS 2048               /* texts of one request for embeddings */
#define LIMIT_GATEWAY_TOKENS (1024 * 1024)      /* that one request may ask for */
#define LIMIT_GATEWAY_QUEUE 256                 /* requests that wait for a slot of one model */
#define LIMIT_GATEWAY_QUEUE_MS 30000            /* each of them, at most */
#define LIMIT_GATEWAY_REQUESTS 4096             /* under way at once, those that wait included */
#define LIMIT_GATEWAY_TRIES 3                   /* engines asked for one request that none began to answer */
#define LIMIT_GATEWAY_CONNECT_MS 5000           /* to reach an engine */
#define LIMIT_GATEWAY_TOTAL_MS (3600 * 1000)    /* one answer, from the first byte asked to the last */
#define LIMIT_GATEWAY_ANSWER (64 * 1024 * 1024) /* an answer that is no stream */
#define LIMIT_GATEWAY_EVENT (1024 * 1024)       /* one event of a stream */
#define LIMIT_GATEWAY_UNREAD (4 * 1024 * 1024)  /* of a stream that its client does not take */
#define LIMIT_GATEWAY_KEY_MODELS 100            /* names of one key */

/* controller: engines */
#define LIMIT_RATE_SECONDS 0.05 /* of work; what was measured in less is no rate to speak of */

/* controller: the store */
#define LIMIT_STORE_QUEUE 16384 /* works that wait for the writer */
#define LIMIT_STORE_BATCH 1024  /* of them in one transaction */
#define LIMIT_STORE_PAGE 1000   /* rows that one read gives */
#define LIMIT_STORE_ROW (16 * 1024 * 1024)
#define LIMIT_STORE_WORK 1000 /* that one node has not fetched */
