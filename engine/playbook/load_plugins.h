/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, tests and lookups in Python, for templates (engine/template/template_plugin.h). Internal to engine/playbook. */
#pragma once

#include "engine/playbook/load.h"
#include "engine/template/template_plugin.h"

#define LOAD_PLUGIN_KINDS 3 /* enum template_plugin */

/* Gives the loader's template environment what it needs to find and run them. Nothing is started. */
void load_plugins_offer(struct playbook_loader *loader);
