/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments by which an action of the engine says what content it offers with a call: the module compares the hashes
 * and fetches the bytes (task_content_receive) only when it needs them.
 */
#pragma once

#include "common/spec/arg_spec.h"

struct content_arguments {
    int64_t id; /* ARG_INT_UNSET: the engine offers nothing */
    int64_t size;
    const char *sha256, *sha1, *name; /* name: at the engine; may be a path */
};

/* Rows for the table of a module whose argument struct has a `struct content_arguments offer`. */
#define CONTENT_ARGUMENTS(type_)                                                                                       \
    ARG_NAMED("_content_id", type_, offer.id, ARG_INT, .internal = true,                                               \
              .help = "number of the content at the engine"),                                                          \
        ARG_NAMED("_content_size", type_, offer.size, ARG_INT, .internal = true, .help = "its size in bytes"),         \
        ARG_NAMED("_content_sha256", type_, offer.sha256, ARG_STRING, .internal = true, .help = "its SHA-256"),        \
        ARG_NAMED("_content_sha1", type_, offer.sha1, ARG_STRING, .internal = true, .help = "its SHA-1"),              \
        ARG_NAMED("_content_name", type_, offer.name, ARG_STRING, .internal = true,                                    \
                  .help = "its name or path at the engine")
