/* SPDX-License-Identifier: Apache-2.0 */
/* Wiring of the benchmarks. */
#include "controller/service/center_benches.h"

#include "controller/bench/benches.h"

static void bench_news(void *data, int64_t bench_id)
{
    const struct center *center = data;

    if (center->server != NULL)
        api_wake(center->server, api_topic("bench", bench_id));
}

bool center_benches_open(struct center *center, struct error *err)
{
    const struct benches_options options = {
        .store = center->store, .launcher = center->launcher, .news = bench_news, .data = center
    };

    return benches_open(&options, &center->benches, err);
}

void center_benches_stop(struct center *center)
{
    if (center->benches != NULL)
        benches_stop(center->benches);
}

void center_benches_free(struct center *center)
{
    benches_free(center->benches);
    center->benches = NULL;
}
