/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal on which su asks for its password: without echo, and no key means anything but the end of the line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/value/value.h"

/* This side's end (non-blocking) and the path of the other. */
bool become_terminal_open(int *fd_out, char *path, size_t size, struct error *err);
/* Does what su wrote end in its question? `prompts`: list of texts, or NULL for Ansible's. */
bool become_terminal_asks(const char *messages, const struct value *prompts);
