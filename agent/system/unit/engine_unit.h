/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of systemd, written on this node, that start an inference engine (llama.cpp, distributed-llama, Ollama, Lemonade, vLLM, exo):
 * what they start, whether it is there, and what its files tell about the build. No program is run. docs/facts.md: engine_units.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* A list of maps; never NULL. */
struct value *engine_units(const struct sysfs *fs);
