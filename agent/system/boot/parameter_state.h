/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel parameters that matter to an AI box, three ways: as declared (modprobe.d, what boot entries are made from,
 * the boot entries themselves), on the running command line, and in effect (/sys/module). docs/facts.md has the
 * shape. Only reading; changing is the module kernel_params.
 */
#pragma once

#include "agent/system/kernel/module_options.h"

/* The map `parameters`. `options` are module_options_read(). */
struct value *parameter_states(const struct sysfs *fs, const struct module_options *options);
/* The map `modules`. */
struct value *module_states(const struct sysfs *fs, const struct module_options *options);
