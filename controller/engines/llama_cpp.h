/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of engine llama_cpp share: its options and the pieces of a place. */
#pragma once

#include "controller/engines/engine.h"

struct llama_cpp_options {
    int64_t threads, threads_batch, batch, ubatch, cache_ram, gpu_layers;
    const char *version, *device, *flash_attn, *load_mode, *split_mode, *pooling, *reasoning, *worker_device,
        *rpc_cache_max, *projector;
    bool unified, slots_endpoint, jinja;
};

extern const struct task_spec llama_cpp_spec;

bool llama_cpp_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                      struct error *err);
/* The head names all its devices itself, so that it does not start without one; else its log is to be looked at. */
bool llama_cpp_names_devices(const struct engine_job *job, const struct llama_cpp_options *options);
