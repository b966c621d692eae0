/* SPDX-License-Identifier: Apache-2.0 */
/* One task through a helper: its frames go to the engine, the engine's content and cancellation go to it. */
#pragma once

#include "agent/session/become.h"

enum relay_outcome {
    RELAY_ANSWERED,    /* the helper's RESULT was passed on */
    RELAY_HELPER_LOST, /* it ended, or its stream broke: nothing was answered */
    RELAY_ENGINE_LOST, /* the engine's stream broke or ended */
};

/* Sends TASK and passes frames on until the helper's RESULT for `channel`. */
enum relay_outcome relay_task(struct inbox *inbox, int output, uint32_t channel, const struct value *task,
                              struct become_helper *helper, struct error *err);
