/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many files this process may hold open. A run over many hosts needs more than the usual soft limit; programs that
 * it starts get the limit as it was, because some of them break with a high one (select, loops that close everything).
 */
#pragma once

/* Raises the soft limit to the hard one, for the rest of the process. What cannot be had is not an error. */
void descriptor_limit_raise(void);
/* Around the start of a program: the limit as it was before `raise`, and back. Nothing happens if it was not raised. */
void descriptor_limit_lower(void);
void descriptor_limit_restore(void);
