/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with descriptors. Buffers are wiped: what is asked and answered may be a password. */
#include "common/protocol/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/json/json.h"

union ancillary {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int) * CONTROL_DESCRIPTORS)];
};

bool control_pair(int out[2], struct error *err)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out) == 0 ||
           error_set_errno(err, "cannot make a control socket");
}

bool control_send(int fd, const struct control_message *message, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct text text = text_new(scratch);
    union ancillary ancillary;
    struct iovec part = { 0 };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t sent = 0;

    json_write(&text, message->body, &JSON_COMPACT);
    if (text.length > CONTROL_MESSAGE)
        return error_set(err, "a control message of %zu bytes is too long", text.length);
    part = (struct iovec){ .iov_base = text.data, .iov_len = text.length };
    if (message->fd_count > 0) {
        memset(&ancillary, 0, sizeof(ancillary));
        header.msg_control = ancillary.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * message->fd_count);
        ancillary.header.cmsg_level = SOL_SOCKET;
        ancillary.header.cmsg_type = SCM_RIGHTS;
        ancillary.header.cmsg_len = CMSG_LEN(sizeof(int) * message->fd_count);
        memcpy(CMSG_DATA(&ancillary.header), message->fds, sizeof(int) * message->fd_count);
    }
    do
        sent = sendmsg(fd, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    explicit_bzero(text.data, text.length);
    if (sent < 0 && errno == EAGAIN)
        return error_set_kind(err, ERROR_LIMIT, "the other side of the control socket does not read");
    return sent >= 0 || error_set_errno(err, "control socket");
}

static void descriptors_take(struct msghdr *header, struct control_message *out)
{
    const struct cmsghdr *at = CMSG_FIRSTHDR(header);

    if (at == NULL || at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
        return;
    out->fd_count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(out->fds, CMSG_DATA(at), out->fd_count * sizeof(int));
}

enum control_status control_receive(int fd, struct arena *arena, struct control_message *out)
{
    char *buffer = arena_alloc(arena, CONTROL_MESSAGE + 1);
    union ancillary ancillary;
    struct iovec part = { .iov_base = buffer, .iov_len = CONTROL_MESSAGE };
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary.bytes, .msg_controllen = sizeof(ancillary.bytes)
    };
    struct control_message message = { .fds = { -1, -1 } };
    struct error err = ERROR_INIT;
    ssize_t got = 0;
    bool ok = false;

    do
        got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got < 0 && errno == EAGAIN ? CONTROL_AGAIN : CONTROL_END;
    descriptors_take(&header, &message);
    ok = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
         json_read(arena, buffer, (size_t)got, NULL, &message.body, &err) && value_is(message.body, VALUE_MAP);
    explicit_bzero(buffer, (size_t)got);
    if (!ok) {
        control_message_close(&message);
        return CONTROL_END;
    }
    *out = message;
    return CONTROL_READY;
}

void control_message_close(struct control_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++) {
        fd_close(message->fds[i]);
        message->fds[i] = -1;
    }
    message->fd_count = 0;
}

/* --- memory --- */

int control_memory(const char *text, size_t length, struct error *err)
{
    int fd = memfd_create("roost-run", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return error_set_errno(err, "cannot make memory for a run"), -1;
    if (!fd_write_all(fd, text, length, err)) {
        fd_close(fd);
        return -1;
    }
    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL);
    return fd;
}

bool control_memory_read(int fd, struct arena *arena, const char **out, size_t *length_out, struct error *err)
{
    struct stat status;
    size_t got = 0;
    char *text = NULL;

    if (fd < 0 || fstat(fd, &status) != 0 || status.st_size < 0 || (size_t)status.st_size > CONTROL_MEMORY)
        return error_set(err, "a control message came without its memory");
    text = arena_alloc(arena, (size_t)status.st_size + 1);
    if (lseek(fd, 0, SEEK_SET) != 0 || !fd_read_all(fd, text, (size_t)status.st_size, &got, err))
        return error_prefix(err, "memory of a control message");
    *out = text;
    *length_out = got;
    return true;
}
