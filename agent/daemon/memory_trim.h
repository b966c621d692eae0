/* SPDX-License-Identifier: Apache-2.0 */
/* Giving back what an idle daemon does not need. */
#pragma once

/*
 * Free memory of the heap, and this process's hold on program text that only the start or a run's report needed: pages of files that nobody
 * has changed, which stay in the system's cache and are mapped again when they are called. Data is never touched.
 */
void memory_trim(void);
