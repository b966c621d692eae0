/* SPDX-License-Identifier: Apache-2.0 */
/* A GGUF file of arbitrary bytes, up to the verdict: what is accepted must lie inside the file and be summed without overflow. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/model/memory_need_fit.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    FD_SCOPED fd = memfd_create("gguf", MFD_CLOEXEC);
    struct error err = ERROR_INIT;
    struct gguf *gguf = NULL;
    struct model_shape *shape = NULL;
    struct memory_fit fit;
    struct memory_request request = memory_request_default();
    const struct memory_limits limits = { .gpu_name = "GTT", .gpu = 1U << 30, .ram = 1U << 30, .is_unified = true };

    if (fd < 0 || !fd_write_all(fd, data, size, &err) || !gguf_read_fd(arena, fd, "fuzz.gguf", &gguf, &err))
        return 0;
    for (uint64_t i = 0; i < gguf->tensors_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];
        if (tensor->offset > size || tensor->bytes > size - tensor->offset)
            abort();
    }
    const struct gguf_set set = { &gguf, 1, gguf->tensors_count, gguf->tensor_bytes, gguf->file_bytes };
    if (model_shape_read(arena, &set, &shape, &err))
        memory_fit_judge(arena, shape, &request, &limits, &fit, &err);
    return 0;
}
