/* SPDX-License-Identifier: Apache-2.0 */
/* The limit belongs to the process, and so does the memory of what it was. */
#include "common/base/descriptor_limit.h"

#include <stdbool.h>
#include <sys/resource.h>

static struct rlimit before;
static bool is_raised;

static void soft_set(rlim_t soft)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void descriptor_limit_raise(void)
{
    if (is_raised || getrlimit(RLIMIT_NOFILE, &before) != 0 || before.rlim_cur >= before.rlim_max)
        return;
    is_raised = true;
    soft_set(before.rlim_max);
}

void descriptor_limit_lower(void)
{
    if (is_raised)
        soft_set(before.rlim_cur);
}

void descriptor_limit_restore(void)
{
    if (is_raised)
        soft_set(before.rlim_max);
}
