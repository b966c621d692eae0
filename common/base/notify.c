/* SPDX-License-Identifier: Apache-2.0 */
/* The datagram protocol itself, as systemd documents it for those who do not link its library. */
#include "common/base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"

/* A path, or '@' and a name that lies in no file system. */
static int socket_connect(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t length = strlen(name);
    int fd;

    if ((name[0] != '/' && name[0] != '@') || length >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
                           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
        fd_close(fd);
        return -1;
    }
    return fd;
}

void notify_open(struct notify *out)
{
    const char *name = getenv("NOTIFY_SOCKET"), *watchdog = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t usec = 0, number = 0;

    *out = (struct notify){ .fd = name == NULL ? -1 : socket_connect(name) };
    if (watchdog != NULL && text_to_int(watchdog, &usec) && usec > 0 &&
        (pid == NULL || (text_to_int(pid, &number) && number == getpid())))
        out->watchdog_ms = usec / 1000;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
    fd_close(notify->fd);
    notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *message)
{
    if (notify->fd >= 0)
        (void)!send(notify->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}
