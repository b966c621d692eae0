/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes over netlink, held against what every Linux machine has: loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "agent/system/network/network.h"

static void lists_loopback(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct network_address *addresses = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0, found = 0;

    (void)state;
    assert_true(network_addresses(arena, &addresses, &count, &err));
    for (size_t i = 0; i < count; i++) {
        const struct network_address *address = &addresses[i];
        assert_true(address->family == AF_INET || address->family == AF_INET6);
        if (strcmp(address->address, "127.0.0.1") != 0)
            continue;
        found++;
        assert_int_equal(address->prefix, 8);
        assert_string_equal(address->label, "lo");
        assert_string_equal(address->scope, "host");
        assert_string_equal(address->broadcast, "");
        assert_false(address->has_peer);
        assert_false(address->is_secondary);
    }
    assert_int_equal(found, 1);
}

static void refuses_what_is_no_address(void **state)
{
    struct network_route route;
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(network_route_to(AF_INET, "example", &route, &err));
    assert_string_equal(err.text, "'example' is no address");
    assert_false(network_route_to(AF_INET6, "1.2.3.4", &route, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_loopback),
        cmocka_unit_test(refuses_what_is_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
