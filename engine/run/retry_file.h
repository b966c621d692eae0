/* SPDX-License-Identifier: Apache-2.0 */
/* retry_files_enabled: which hosts failed or were lost in a playbook, in a file where the settings want it. */
#pragma once

#include "engine/run/run_state.h"

void retry_file_write(struct run *run, const struct playbook *playbook);
