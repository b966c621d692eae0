/* SPDX-License-Identifier: Apache-2.0 */
/* Settings under the names by which lookup('config', NAME) asks for them: what configuration says, else the default. */
#pragma once

#include "engine/command/settings.h"

/* A map; values have their types. Only settings that mean something to Roost. */
const struct value *constants_of(struct arena *arena, const struct settings *settings);
