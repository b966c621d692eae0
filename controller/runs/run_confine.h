/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's program may read what programs need, and its own folder; nothing else of the controller's machine, whoever it runs as.
 * Playbooks read and run things at the centre (lookups, files to copy): an operator who may start runs must not get at the
 * controller's keys that way. Holds for everything the program starts. Linux's Landlock does it; no capabilities, and nobody in
 * place of root (run_user.h), see to what it does not look after.
 */
#pragma once

#include <stdbool.h>

#include "common/base/error.h"

/* `folder` can be read and written. Refused where the kernel cannot do it. There is no way back. */
bool run_confine(const char *folder, struct error *err);
