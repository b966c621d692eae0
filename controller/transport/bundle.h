/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent bundle: roost-agent, every shared library it needs and the dynamic loader, so that it runs on a node whatever its
 * libc and libraries. Packed once per build into <folder>/agent-<id>.tar.gz, found again by the digest of what went in.
 *
 * Inside: agent/roost-agent, agent/lib/ (the libraries), agent/loader. Started as
 *   loader --inhibit-cache --library-path LIB roost-agent session --self ...
 */
#pragma once

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/hash.h"

struct bundle {
    const char *path; /* the archive */
    int64_t size;
    char sha256[HASH_HEX_MAX]; /* of the archive: what the node verifies */
    const char *id;            /* first 16 hex digits: folder name on the node */
};

/* Builds it if it is not there yet. `folder` is made; two processes at once are safe (rename). */
bool bundle_prepare(struct arena *arena, const char *agent_path, const char *folder, struct bundle *out,
                    struct error *err);
/* roost-agent beside this program, then in PATH. NULL: neither. */
const char *bundle_find_agent(struct arena *arena);
