/* SPDX-License-Identifier: Apache-2.0 */
/* Settings under the names by which lookup('config', NAME) asks for them: what configuration says, else the default. */
#pragma once

#include "engine/command/settings.h"

/* A map of all settings; values have their types. Those of plugins are in CONSTANTS_PLUGINS of engine/template/lookup.h. */
const struct value *constants_of(struct arena *arena, const struct settings *settings);
