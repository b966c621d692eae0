/* SPDX-License-Identifier: Apache-2.0 */
/* The playground's form, for the controller's own server. */
#pragma once

#include "controller/api/route.h"

extern const struct api_resource api_resource_gateway_playground;
