/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C and SIGTERM as a flag that a run looks at. The one piece of process-wide state: a signal handler has no other place. */
#pragma once

const volatile int *interrupt_flag(void);
/* From now on the first SIGINT or SIGTERM only sets the flag; the second ends the process at once. */
void interrupt_watch(void);
