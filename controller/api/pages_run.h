/* SPDX-License-Identifier: Apache-2.0 */
/* A run's page is two files: the lanes and the log. */
#pragma once

#include "controller/api/pages.h"
#include "controller/store/store_run.h"

/* {sequence, at, class, text}; NULL: the event has nothing to show. */
struct value *page_run_line(struct api_call *call, const struct store_run_event *event);
