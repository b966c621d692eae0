/* SPDX-License-Identifier: Apache-2.0 */
/* Who has not said who it is: how many places that takes, and of whom. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "agent/share/share_server.h"
#include "common/trust/private_file.h"
#include "tests/unit/common/trust/certificate_fixture.h"

#define OF_ADDRESS 8 /* places that one address can have */

static const char *kept(struct fixture *fixture, const char *name, const char *text)
{
    const char *path = fixture_path(fixture, name);

    fixture_must(fixture, private_file_write(path, text, strlen(text), &fixture->err));
    return path;
}

static struct tls_client *tls_make(struct fixture *fixture)
{
    TEST_CA_SCOPED ca;
    struct private_key *key = test_key(fixture);
    struct tls_client_options options = { .ca_path = NULL };
    struct tls_client *tls = NULL;

    test_ca_begin(fixture, &ca);
    options.ca_path = kept(fixture, "ca", certificate_pem(fixture->arena, ca.certificate));
    options.certificate_path =
        kept(fixture, "certificate", certificate_pem(fixture->arena, test_node(fixture, &ca, key)));
    options.key_path = kept(fixture, "key", private_key_pem(fixture->arena, key));
    private_key_free(key);
    fixture_must(fixture, tls_server_open(&options, &tls, &fixture->err));
    return tls;
}

static void tell(void *data, const char *sentence)
{
    (void)data, (void)sentence;
}

static int caller(const struct share_server *server, const char *from)
{
    struct sockaddr_in here = { .sin_family = AF_INET },
                       there = { .sin_family = AF_INET, .sin_port = htons((uint16_t)share_server_port(server)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, from, &here.sin_addr), 1);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &there.sin_addr), 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&here, sizeof(here)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&there, sizeof(there)), 0);
    return fd;
}

static bool is_let_go(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void step(struct fixture *fixture, struct share_server *server)
{
    bool ready = false;

    fixture_must(fixture, share_server_step(server, -1, 5000, &ready, &fixture->err));
}

/* Many from one address: some of them make room, and nobody from elsewhere, though that one has been there for longest. */
static void places_of_one_address(struct fixture *fixture, const char *address)
{
    struct tls_client *tls = tls_make(fixture);
    struct share_server *server = NULL;
    int first, many[OF_ADDRESS + 2], gone = 0;

    fixture_must(fixture, share_server_open(&(struct share_server_options){ tls, fixture->folder, tell, NULL }, address,
                                            0, &server, &fixture->err));
    first = caller(server, "127.0.0.2");
    step(fixture, server);
    for (size_t i = 0; i < OF_ADDRESS + 2; i++) {
        many[i] = caller(server, "127.0.0.1");
        step(fixture, server);
    }
    assert_false(is_let_go(first));
    for (size_t i = 0; i < OF_ADDRESS + 2; i++) {
        gone += is_let_go(many[i]);
        fd_close(many[i]);
    }
    assert_int_equal(gone, 2);
    fd_close(first);
    share_server_close(server);
    tls_client_close(tls);
}

static void strangers_of_one_address(void **state)
{
    places_of_one_address(*state, "127.0.0.1");
}

/* By IPv6's socket, too, where addresses of IPv4 are written in those of IPv6. */
static void strangers_at_an_address_for_all(void **state)
{
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (probe < 0)
        skip(); /* a kernel without IPv6 */
    fd_close(probe);
    places_of_one_address(*state, "::");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(strangers_of_one_address),
        FIXTURE_TEST(strangers_at_an_address_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
