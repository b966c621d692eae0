/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile node can send: frames from arbitrary bytes, and their payloads as JSON. */
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/json/json.h"
#include "common/protocol/frame.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    FD_SCOPED fd = memfd_create("frames", MFD_CLOEXEC);
    struct frame_reader *reader = frame_reader_new(fd);
    enum frame_status status = fd_write_all(fd, data, size, &err) ? FRAME_AGAIN : FRAME_BROKEN;

    lseek(fd, 0, SEEK_SET);
    while (status == FRAME_AGAIN || status == FRAME_READY) {
        struct frame frame = { 0 };
        const struct value *value = NULL;

        status = frame_read(reader, &frame, &err);
        if (status == FRAME_READY && json_read(arena, frame.data, frame.length, NULL, &value, &err))
            json_text(arena, value, JSON_COMPACT);
    }
    frame_reader_free(reader);
    return 0;
}
