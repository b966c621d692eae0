/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the operator. */
#include "engine/command/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile int interrupted;

static void on_signal(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

const volatile int *interrupt_flag(void)
{
    return &interrupted;
}

void interrupt_watch(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a session that ends is an event, not the end of us */
}
