/* SPDX-License-Identifier: Apache-2.0 */
/* Who listens where, of a recorded /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/system/network/port_listen.h"
#include "tests/unit/agent/system/recorded_tree.h"

static const char tcp[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0200000A:C384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n"
    "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0\n"
    "   2: 0200000A:C384 0300000A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0\n"
    "   3: broken\n";
static const char tcp6[] =
    "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 4714 1 0 100 0\n";

static void test_tables(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct sysfs fs = { recorded_tree_system(&tree), tree.arena };
    struct port_listener *listeners;
    struct port_holder holder;
    const int64_t pids[] = { 41, 42 };
    size_t count = 0;

    (void)state;
    recorded_tree_put(&tree, "/proc/net/tcp", tcp);
    recorded_tree_put(&tree, "/proc/net/tcp6", tcp6);
    recorded_tree_put(&tree, "/proc/42/comm", "rpc-server\n");
    recorded_tree_put(&tree, "/proc/42/cgroup", "0::/system.slice/llama-rpc.service\n");
    recorded_tree_put(&tree, "/proc/42/fd/x", "");
    assert_int_equal(symlink("socket:[4711]", arena_printf(tree.arena, "%s/proc/42/fd/3", tree.root)), 0);
    listeners = port_listeners(&fs, &count);
    assert_int_equal(count, 3);
    assert_string_equal(listeners[0].address, "10.0.0.2");
    assert_int_equal(listeners[0].port, 50052);

    assert_ptr_equal(port_taken(listeners, count, "10.0.0.2", 50052), &listeners[0]);
    assert_ptr_equal(port_taken(listeners, count, "0.0.0.0", 50052), &listeners[0]);
    assert_null(port_taken(listeners, count, "10.0.0.3", 50052));
    assert_null(port_taken(listeners, count, "10.0.0.2", 50053));
    assert_non_null(port_taken(listeners, count, "10.0.0.2", 22)); /* [::]:22 takes all */

    assert_true(port_holder_find(&fs, 4711, &holder));
    assert_int_equal(holder.pid, 42);
    assert_string_equal(holder.program, "rpc-server");
    assert_string_equal(holder.unit, "llama-rpc.service");
    assert_false(port_holder_find(&fs, 4712, &holder));
    assert_true(port_is_of(&fs, 4711, pids, 2));
    assert_false(port_is_of(&fs, 4711, pids, 1));

    assert_false(
        port_is_connected(&fs, 50052, pids, 2)); /* the connection there is another's, the listener is no connection */
    assert_int_equal(symlink("socket:[4713]", arena_printf(tree.arena, "%s/proc/42/fd/4", tree.root)), 0);
    assert_true(port_is_connected(&fs, 50052, pids, 2));
    assert_false(port_is_connected(&fs, 50052, pids, 1));
    assert_false(port_is_connected(&fs, 40000, pids, 2)); /* the other end's */
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_tables) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
