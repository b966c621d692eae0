/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses a public server may not send us to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <arpa/inet.h>

#include "common/http/http_address.h"
#include "common/http/http_transfer.h"

static void test_addresses(void **state)
{
    static const char *const private[] = { "127.0.0.1",
                                           "10.1.2.3",
                                           "172.16.0.1",
                                           "172.31.255.255",
                                           "192.168.1.1",
                                           "169.254.169.254",
                                           "100.64.0.1",
                                           "0.0.0.0",
                                           "224.0.0.1",
                                           "255.255.255.255",
                                           "::1",
                                           "::",
                                           "fe80::1",
                                           "fc00::1",
                                           "fd12::1",
                                           "ff02::1",
                                           "::ffff:127.0.0.1",
                                           "64:ff9b::10.0.0.1",
                                           "2002:7f00:0001::1",
                                           "fec0::1",
                                           "2001:0:7f00:1::1",
                                           "64:ff9b:1::a00:1",
                                           "::ffff:0:127.0.0.1",
                                           "100::1",
                                           "4000::1" };
    static const char *const public[] = { "1.1.1.1",          "172.32.0.1",   "172.15.255.255", "192.167.1.1",
                                          "100.128.0.1",      "11.0.0.1",     "2606:4700::1",   "::ffff:1.1.1.1",
                                          "64:ff9b::8.8.8.8", "2001:4860::8", "example.org" };

    (void)state;
    for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
        assert_true(http_address_is_private(private[i]));
    for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++)
        assert_false(http_address_is_private(public[i]));
}

static void test_hosts(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_true(http_host_is_private(arena, "http://127.0.0.1:80/x"));
    assert_true(http_host_is_private(arena, "http://[::1]:80/x"));
    assert_true(http_host_is_private(arena, "http://localhost/x"));
    assert_true(http_host_is_private(arena, "http://LOCALHOST./x"));
    assert_true(http_host_is_private(arena, "http://a.localhost/x"));
    assert_true(http_host_is_private(arena, "http://user:pw@10.0.0.1/"));
    assert_true(http_host_is_private(arena, "http://2130706433/")); /* 127.0.0.1 as one number */
    assert_true(http_host_is_private(arena, "http://0x7f.1/"));
    assert_true(http_host_is_private(arena, "http://example.org@127.0.0.1/"));
    assert_false(http_host_is_private(arena, "http://127.0.0.1@example.org/"));
    assert_false(http_host_is_private(arena, "https://example.org/127.0.0.1"));
}

/* A request that is for public servers only is refused for literals, and for names when they are connected to. */
static void test_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct http_request request = { .url = "http://127.0.0.1:9/x?signature=s",
                                    .shown = "http://127.0.0.1:9/x",
                                    .public_only = true };
    struct error err = ERROR_INIT;
    struct http_response response;
    struct http_transfer transfer = { .arena = arena, .request = &request, .err = &err };
    struct sockaddr_in inet = { .sin_family = AF_INET, .sin_port = htons(80) };
    struct curl_sockaddr address = { .family = AF_INET, .socktype = SOCK_STREAM, .addrlen = sizeof(inet) };
    curl_socket_t opened;

    (void)state;
    assert_false(http_download(arena, &request, NULL, &response, &err));
    assert_string_equal(err.text,
                        "http://127.0.0.1:9/x: this is a private address, and not where a public server may send us");
    inet.sin_addr.s_addr = inet_addr("10.2.3.4");
    memcpy(&address.addr, &inet, sizeof(inet));
    assert_int_equal(http_open_public(&transfer, CURLSOCKTYPE_IPCXN, &address), CURL_SOCKET_BAD);
    assert_true(transfer.is_failed);
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_string_equal(err.text,
                        "http://127.0.0.1:9/x: refused: a public server sends us to the private address 10.2.3.4");
    inet.sin_addr.s_addr = inet_addr("8.8.8.8");
    memcpy(&address.addr, &inet, sizeof(inet));
    opened = http_open_public(&transfer, CURLSOCKTYPE_IPCXN, &address);
    assert_int_not_equal(opened, CURL_SOCKET_BAD);
    close(opened);
}

/* A proxy for the other scheme is none for this one: the address is looked at then. */
static void test_proxy(void **state)
{
    const struct http_request plain = { .url = "http://example.org/" }, tls = { .url = "HTTPS://example.org/" };

    (void)state;
    assert_false(http_has_proxy(&plain) || http_has_proxy(&tls));
    setenv("https_proxy", "http://proxy.example:1", 1);
    assert_false(http_has_proxy(&plain));
    assert_true(http_has_proxy(&tls));
    unsetenv("https_proxy");
    setenv("http_proxy", "http://proxy.example:1", 1);
    assert_true(http_has_proxy(&plain));
    assert_false(http_has_proxy(&tls));
    unsetenv("http_proxy");
    setenv("all_proxy", "http://proxy.example:1", 1);
    assert_true(http_has_proxy(&plain) && http_has_proxy(&tls));
    unsetenv("all_proxy");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_addresses), cmocka_unit_test(test_hosts),
                                        cmocka_unit_test(test_refused), cmocka_unit_test(test_proxy) };

    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
