/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How this node fetches models when its controller asks for them: /etc/roost/models.yml, then what `roost models` honours of the
 * environment. A token is the node's own: the controller neither has nor sends one.
 */
#pragma once

#include "common/model/model_settings.h"

#define FETCH_CONFIG_PATH "/etc/roost/models.yml"

/* A missing file gives the defaults. One with a token that others may read is refused. `store` NULL: ROOST_MODELS_STORE, then the default. */
bool fetch_config_read(struct arena *arena, const char *path, const char *store, struct model_settings *out,
                       struct error *err);
