/* SPDX-License-Identifier: Apache-2.0 */
/* A session through a TLS server that changes protocols; its other end is this program, which gives back what it gets. */
#include "agent/daemon/session_link.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/session/session_note.h"
#include "common/base/fd.h"
#include "tests/unit/agent/daemon/controller_stub.h"

#define KNOWN "00112233445566778899aabbccddeeff"
#define LARGE ((size_t)1024 * 1024)
#define WAIT_MS 10000

extern char **environ;

struct fixture {
    struct stub *stub;
    struct MHD_Daemon *server;
    pthread_mutex_t lock;
    pthread_cond_t is_open;
    int fd, tcp; /* the engine's end, once there is one, and the connection below it */
    struct MHD_UpgradeResponseHandle *handle;
    char errors[128], id[64];
    pid_t child;
};

/* --- the server --- */

static void upgraded(void *data, struct MHD_Connection *connection, void *request, const char *early,
                     size_t early_length, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct fixture *fixture = data;

    (void)request, (void)early, (void)early_length;
    assert_true(fd_set_nonblocking(fd, false, &(struct error){ 0 }));
    assert_int_equal(write(fd, "early", 5), 5);
    pthread_mutex_lock(&fixture->lock);
    fixture->fd = fd;
    fixture->tcp = dup(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    fixture->handle = handle;
    pthread_cond_signal(&fixture->is_open);
    pthread_mutex_unlock(&fixture->lock);
}

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_length, void **request)
{
    static char refusal[] = "{\"error\": {\"code\": \"session_unknown\", \"message\": \"there is no such session\"}}";
    const char *wish = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Upgrade");
    bool is_known = strcmp(url, "/agent/v1/session/" KNOWN) == 0 && wish != NULL && strcmp(wish, "roost-session") == 0;
    struct MHD_Response *response =
        is_known ? MHD_create_response_for_upgrade(upgraded, data)
                 : MHD_create_response_from_buffer(strlen(refusal), refusal, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    (void)method, (void)version, (void)upload, (void)upload_length, (void)request;
    if (is_known)
        MHD_add_response_header(response, "Upgrade", "roost-session");
    result = MHD_queue_response(connection, is_known ? 101 : 404, response);
    MHD_destroy_response(response);
    return result;
}

static void server_start(struct fixture *fixture, int port)
{
    struct stub *stub = fixture->stub;
    const struct certificate_wish wish = { private_key_public(stub->server_key), clock_wall_us(), DAY_S };
    static const char *const no_names[] = { NULL };
    const struct certificate *certificate = NULL;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct error err = ERROR_INIT;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(certificate_make_server(stub->arena, &stub->authority, &wish, no_names, &certificate, &err), &err);
    fixture->server = MHD_start_daemon(
        MHD_USE_TLS | MHD_ALLOW_UPGRADE | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0,
        NULL, NULL, answer, fixture, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
        MHD_OPTION_HTTPS_MEM_KEY, private_key_pem(stub->arena, stub->server_key), MHD_OPTION_HTTPS_MEM_CERT,
        certificate_pem(stub->arena, certificate), MHD_OPTION_HTTPS_MEM_TRUST, certificate_pem(stub->arena, stub->ca),
        MHD_OPTION_END);
    assert_non_null(fixture->server);
}

static void engine_close(struct fixture *fixture)
{
    if (fixture->handle != NULL) {
        MHD_upgrade_action(fixture->handle, MHD_UPGRADE_ACTION_CLOSE);
        shutdown(fixture->tcp, SHUT_RDWR); /* libmicrohttpd 0.9.75 may sleep over its own action */
        close(fixture->tcp);
    }
    fixture->handle = NULL;
    fixture->fd = -1;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int port;

    fixture->stub = stub_new();
    fixture->fd = -1;
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_cond_init(&fixture->is_open, NULL);
    stub_join_node(fixture->stub, "ai-1");
    port = api_server_port(fixture->stub->server);
    stub_stop(fixture->stub);
    server_start(fixture, port);
    snprintf(fixture->errors, sizeof(fixture->errors), "%s/errors", fixture->stub->folder);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->child > 0) {
        kill(fixture->child, SIGKILL);
        waitpid(fixture->child, NULL, 0);
    }
    engine_close(fixture);
    MHD_stop_daemon(fixture->server);
    fixture->stub->server = NULL;
    pthread_cond_destroy(&fixture->is_open);
    pthread_mutex_destroy(&fixture->lock);
    stub_free(fixture->stub);
    free(fixture);
    return 0;
}

/* --- the node's side --- */

static void session_start(struct fixture *fixture, const char *id)
{
    char *argv[] = { "session_link_test", "--link", fixture->stub->state, fixture->id, NULL };
    posix_spawn_file_actions_t actions;

    snprintf(fixture->id, sizeof(fixture->id), "%s", id);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, fixture->errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_int_equal(posix_spawn(&fixture->child, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
}

static int engine_wait(struct fixture *fixture)
{
    struct timespec until;
    char early[5];
    int fd;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    pthread_mutex_lock(&fixture->lock);
    while (fixture->fd < 0)
        assert_int_equal(pthread_cond_timedwait(&fixture->is_open, &fixture->lock, &until), 0);
    fd = fixture->fd;
    pthread_mutex_unlock(&fixture->lock);
    assert_int_equal(recv(fd, early, sizeof(early), MSG_WAITALL), 5);
    assert_memory_equal(early, "early", 5);
    return fd;
}

/* How it ended; what it said in *said_out. */
static int session_wait(struct fixture *fixture, const char **said_out)
{
    struct error err = ERROR_INIT;
    int status = -1;
    char *said = NULL;

    for (int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
         waitpid(fixture->child, &status, WNOHANG) == 0 && clock_monotonic_ms() < end_ms;)
        usleep(5000);
    fixture->child = 0;
    must(file_read(fixture->stub->arena, fixture->errors, 65536, &said, NULL, &err), &err);
    *said_out = said;
    return status;
}

/* --- tests --- */

static void *send_all(void *data)
{
    struct fixture *fixture = data;
    struct error err = ERROR_INIT;
    char *bytes = malloc(LARGE);

    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)('a' + i % 23);
    must(fd_write_all(fixture->fd, bytes, LARGE, &err), &err);
    free(bytes);
    return NULL;
}

static void test_both_ways(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    char *back = malloc(LARGE);
    const char *said;
    size_t got = 0;
    pthread_t sender;
    int fd;

    session_start(fixture, KNOWN);
    fd = engine_wait(fixture);
    assert_int_equal(pthread_create(&sender, NULL, send_all, fixture), 0);
    must(fd_read_all(fd, back, LARGE, &got, &err), &err);
    pthread_join(sender, NULL);
    assert_int_equal(got, LARGE);
    for (size_t i = 0; i < LARGE; i++) {
        if (back[i] != (char)('a' + i % 23))
            fail_msg("byte %zu is another", i);
    }
    free(back);
    engine_close(fixture);
    assert_int_equal(session_wait(fixture, &said), 0);
    /* how it was started, and that it saw the end: nothing was killed */
    assert_non_null(strstr(said, "echo: session --self "));
    assert_non_null(strstr(said, "echo: for people"));
    assert_non_null(strstr(said, "echo: ended"));
}

static void test_session_ends(void **state)
{
    struct fixture *fixture = *state;
    const char *said;
    char rest[3];
    int fd;

    session_start(fixture, KNOWN);
    fd = engine_wait(fixture);
    assert_int_equal(write(fd, "!", 1), 1); /* makes it end */
    assert_int_equal(recv(fd, rest, sizeof(rest), MSG_WAITALL), 3);
    assert_memory_equal(rest, "bye", 3);
    assert_int_equal(session_wait(fixture, &said), 0);
}

static void test_server_dies(void **state)
{
    struct fixture *fixture = *state;
    const char *said;

    session_start(fixture, KNOWN);
    (void)engine_wait(fixture);
    shutdown(fixture->tcp, SHUT_RDWR); /* no word of goodbye */
    assert_int_equal(session_wait(fixture, &said), 0);
    assert_non_null(strstr(said, "echo: ended"));
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *said;

    session_start(fixture, "ffeeddccbbaa99887766554433221100");
    assert_int_not_equal(session_wait(fixture, &said), 0);
    assert_non_null(strstr(said, "the controller at 127.0.0.1:"));
    assert_non_null(strstr(said, " refuses with status 404: there is no such session"));
    assert_null(strstr(said, "echo:"));
}

static void test_no_id(void **state)
{
    struct fixture *fixture = *state;
    const struct session_link_options options = { .state = fixture->stub->state, .id = "../../x" };
    struct error err = ERROR_INIT;

    assert_false(session_link_run(&options, &err));
    assert_string_equal(err.text, "'../../x' is no session: expected 32 hexadecimal digits");
}

/* --- this program's other roles --- */

static int link_main(char **argv)
{
    const char *const self[] = { "/proc/self/exe", "--echo", NULL };
    const struct session_link_options options = { .state = argv[2], .id = argv[3], .self = self };
    struct error err = ERROR_INIT;

    if (session_link_run(&options, &err))
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}

static int echo_main(char **argv)
{
    struct error err = ERROR_INIT;
    char data[8192];
    ssize_t got;

    fprintf(stderr, "echo: %s %s %s\n", argv[2], argv[3], argv[4]);
    fprintf(stderr, "echo: %s\n", getenv(SESSION_NOTE_DAEMON) == NULL ? "for people" : "for the daemon");
    while ((got = read(0, data, sizeof(data))) > 0) {
        if (data[0] == '!')
            return write(1, "bye", 3) == 3 ? 0 : 1;
        if (!fd_write_all(1, data, (size_t)got, &err))
            break;
    }
    fprintf(stderr, "echo: ended\n");
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_both_ways), TEST(test_session_ends), TEST(test_server_dies), TEST(test_refused), TEST(test_no_id),
    };

    if (argc == 4 && strcmp(argv[1], "--link") == 0)
        return link_main(argv);
    if (argc > 4 && strcmp(argv[1], "--echo") == 0)
        return echo_main(argv);
    signal(SIGPIPE, SIG_IGN);
    setenv(SESSION_NOTE_DAEMON, "1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
