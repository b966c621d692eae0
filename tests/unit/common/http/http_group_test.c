/* SPDX-License-Identifier: Apache-2.0 */
/* Several transfers at once: of files, and from sockets of the test's own. */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/http/http_group.h"

struct taken {
    char text[64];
    size_t length;
    bool is_begun, refuse;
};

static bool take_begin(void *data, const struct http_response *head, struct error *err)
{
    struct taken *taken = data;

    (void)head;
    assert_int_equal(taken->length, 0);
    taken->is_begun = true;
    return !taken->refuse || error_set(err, "not wanted");
}

static bool take_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct taken *taken = data;

    (void)err;
    assert_true(taken->is_begun && taken->length + length < sizeof(taken->text));
    memcpy(taken->text + taken->length, bytes, length);
    taken->length += length;
    return true;
}

static const char *file_url(struct arena *arena, const char *folder, const char *name, const char *text)
{
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return arena_printf(arena, "file://%s", path);
}

static void start(struct http_group *group, const char *url, struct taken *taken)
{
    struct http_job job = { .request = { .url = url }, .sink = { take_write, taken }, .begin = take_begin };
    struct error err = ERROR_INIT;

    assert_true(http_group_start(group, &job, &err));
}

static void test_three(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-group-XXXXXX";
    struct taken one = { 0 }, two = { .refuse = true }, three = { 0 };
    struct http_group *group = NULL;
    struct error err = ERROR_INIT;
    struct http_done done;
    int ended = 0;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(http_group_new(&group, &err));
    start(group, file_url(arena, folder, "one", "first"), &one);
    start(group, file_url(arena, folder, "two", "second"), &two);
    start(group, "file:///nonexistent/x", &three);
    while (ended < 3) {
        assert_true(http_group_step(group, 100, &err));
        while (http_group_next(group, &done)) {
            ended++;
            assert_int_equal(done.is_ok, done.data == &one);
            if (done.data == &two)
                assert_string_equal(done.error->text, "not wanted");
            if (done.data == &three)
                assert_string_equal(done.error->text, "file:///nonexistent/x: the file cannot be read");
        }
    }
    assert_string_equal(one.text, "first");
    assert_int_equal(two.length, 0);
    start(group, "file:///etc/hostname", &(struct taken){ 0 }); /* ended with the group */
    http_group_free(group);
    assert_int_equal(unlink(arena_printf(arena, "%s/one", folder)) + unlink(arena_printf(arena, "%s/two", folder)) +
                         rmdir(folder),
                     0);
}

/* A port on which somebody listens and never answers. */
static int silent_listen(int *port_out)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port_out = ntohs(address.sin_port);
    return fd;
}

static int accepted(struct http_group *group, int listen_fd)
{
    struct pollfd other = { .fd = listen_fd, .events = POLLIN };
    struct error err = ERROR_INIT;

    while ((other.revents & POLLIN) == 0)
        assert_true(http_group_wait(group, &other, 1, 1000, &err));
    return accept(listen_fd, NULL, NULL);
}

/* One of two is ended: its connection is closed at once, nobody is told, the other goes on. */
static void test_end(void **state)
{
    ARENA_SCOPED arena = arena_new();
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    struct taken one = { 0 }, two = { 0 };
    struct http_group *group = NULL;
    struct error err = ERROR_INIT;
    struct http_done done;
    int port = 0, listen_fd = silent_listen(&port), first = -1, second = -1;
    char data[1024];

    (void)state;
    assert_true(http_group_new(&group, &err));
    start(group, arena_printf(arena, "http://127.0.0.1:%d/one", port), &one);
    first = accepted(group, listen_fd);
    start(group, arena_printf(arena, "http://127.0.0.1:%d/two", port), &two);
    second = accepted(group, listen_fd);
    http_group_end(group, &one);
    while (recv(first, data, sizeof(data), 0) > 0)
        continue; /* its request, if it was sent, and then the end */
    assert_int_equal(send(second, answer, sizeof(answer) - 1, 0), sizeof(answer) - 1);
    do
        assert_true(http_group_step(group, 1000, &err));
    while (!http_group_next(group, &done));
    assert_ptr_equal(done.data, &two);
    assert_true(done.is_ok);
    http_group_end(group, &two); /* one that was told of: forgotten */
    assert_false(http_group_next(group, &done));
    assert_string_equal(two.text, "hi");
    assert_int_equal(one.length, 0);
    http_group_free(group);
    close(first);
    close(second);
    close(listen_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_three), cmocka_unit_test(test_end) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
