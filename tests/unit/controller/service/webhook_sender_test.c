/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries arrive, signed; one that fails is tried again; a receiver that says nothing holds up nobody. */
#include "controller/service/webhook_sender.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "controller/store/store_event.h"
#include "controller/store/store_webhook.h"
#include "controller/store/store_writer.h"
#include "tests/unit/controller/store/store_fixture.h"

#define SECRET "0123456789abcdef"

/* --- a receiver --- */

struct receiver {
    int fd, port;
    bool is_mute; /* takes and says nothing */
    const char *answer;
    char got[8192];
    pthread_t thread;
};

static void *receiver_thread(void *data)
{
    struct receiver *receiver = data;
    int fd = accept(receiver->fd, NULL, NULL);
    size_t length = 0;

    while (fd >= 0 && (strstr(receiver->got, "\r\n\r\n") == NULL || receiver->got[length - 1] != '}')) {
        ssize_t got = recv(fd, receiver->got + length, sizeof(receiver->got) - 1 - length, 0);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    if (receiver->is_mute)
        (void)poll(&(struct pollfd){ .fd = fd, .events = POLLRDHUP }, 1, 20000);
    else if (fd >= 0)
        assert_true(send(fd, receiver->answer, strlen(receiver->answer), MSG_NOSIGNAL) > 0);
    fd_close(fd);
    return NULL;
}

static void receiver_start(struct receiver *receiver, const char *answer)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof(address);

    *receiver = (struct receiver){ .is_mute = answer == NULL, .answer = answer };
    receiver->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(receiver->fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(receiver->fd, 4), 0);
    assert_int_equal(getsockname(receiver->fd, (struct sockaddr *)&address, &length), 0);
    receiver->port = ntohs(address.sin_port);
    pthread_create(&receiver->thread, NULL, receiver_thread, receiver);
}

static void receiver_end(struct receiver *receiver)
{
    pthread_join(receiver->thread, NULL);
    fd_close(receiver->fd);
}

/* --- the store --- */

static void hook_new(struct fixture *fixture, const char *name, const struct receiver *receiver)
{
    const struct store_webhook webhook = {
        .name = name,
        .url = arena_printf(fixture->arena, "http://127.0.0.1:%d/hidden-token", receiver->port),
        .secret = SECRET,
        .kinds = "node_lost,run_failed",
        .created_by = "test",
    };
    bool taken = false;

    OK(store_webhook_add(fixture->writer, &webhook, &taken, &fixture->err));
}

static bool lost_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_event event = {
        .at_us = clock_wall_us(), .kind = "node.lost", .node_id = 1, .node = "ai-1", .body = "{\"last_verdict\":\"ok\"}"
    };

    (void)data;
    return store_event_add(writer, &event, NULL, err);
}

static void told(void *data)
{
    webhook_sender_wake(data);
}

/* The newest delivery of a webhook once it was tried. */
static struct store_delivery *delivery_tried(struct fixture *fixture, const char *webhook)
{
    const struct store_delivery_filter filter = { .webhook = webhook };
    struct store_delivery *found = NULL;
    size_t count = 0;

    do {
        usleep(2000);
        OK(store_delivery_read(fixture->writer, fixture->arena, &filter, &found, &count, &fixture->err));
    } while (count == 0 || found[0].tries == 0);
    return &found[0];
}

/* --- tests --- */

static const char *header_of(struct fixture *fixture, const char *request, const char *name)
{
    const char *at = strstr(request, name);

    if (at == NULL)
        fail_msg("no %s in: %s", name, request);
    at += strlen(name);
    return arena_copy_n(fixture->arena, at, strcspn(at, "\r"));
}

static void expect_signed(struct fixture *fixture, const char *request)
{
    const char *body = strstr(request, "\r\n\r\n") + 4;
    const char *signature = header_of(fixture, request, "Roost-Signature: ");
    long long unix_s = 0;

    assert_int_equal(sscanf(signature, "t=%lld,", &unix_s), 1);
    assert_true(llabs(unix_s - clock_wall_us() / 1000000) < 60);
    assert_string_equal(signature, webhook_signature(fixture->arena, SECRET, unix_s, body));
    assert_string_equal(header_of(fixture, request, "Roost-Event: "), "node_lost");
    assert_string_equal(header_of(fixture, request, "Roost-Delivery: "), "1");
    assert_non_null(strstr(body, "\"kind\":\"node_lost\""));
    assert_non_null(strstr(body, "\"node\":\"ai-1\""));
    assert_non_null(strstr(body, "\"detail\":{\"last_verdict\":\"ok\"}"));
}

static void deliveries_arrive_and_nobody_waits_for_the_mute(void **state)
{
    struct fixture *fixture = *state;
    struct receiver good, mute, broken;
    struct webhook_sender *sender = NULL;
    struct store_delivery *delivery = NULL;
    struct store *store = NULL;
    int64_t begin_ms = 0;

    receiver_start(&good, "HTTP/1.1 204 No Content\r\n\r\n");
    receiver_start(&mute, NULL);
    receiver_start(&broken, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    hook_new(fixture, "a-good", &good); /* before the mute one by name and number */
    hook_new(fixture, "b-mute", &mute);
    hook_new(fixture, "c-broken", &broken);
    OK(store_open(fixture->folder, &store, &fixture->err));
    OK(webhook_sender_start(store, &sender, &fixture->err));
    store_events_watch(store, told, sender);
    begin_ms = clock_monotonic_ms();
    OK(store_write_wait(store, lost_run, NULL, &fixture->err));
    delivery = delivery_tried(fixture, "a-good");
    assert_int_equal(delivery->status, 204);
    assert_true(delivery->delivered_us > 0);
    expect_signed(fixture, good.got);
    delivery = delivery_tried(fixture, "c-broken");
    assert_int_equal(delivery->status, 302); /* not followed */
    assert_int_equal(delivery->delivered_us, 0);
    assert_true(delivery->next_us - clock_wall_us() > 8000000);
    assert_true(clock_monotonic_ms() - begin_ms < WEBHOOK_TIMEOUT_MS / 2);
    store_events_watch(store, NULL, NULL);
    webhook_sender_stop(sender); /* with the mute one under way */
    store_close(store);
    receiver_end(&good);
    receiver_end(&mute);
    receiver_end(&broken);
}

static void what_fails_is_kept_without_the_url(void **state)
{
    struct fixture *fixture = *state;
    struct receiver gone;
    struct webhook_sender *sender = NULL;
    struct store *store = NULL;
    struct store_delivery *delivery = NULL;

    receiver_start(&gone, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    shutdown(gone.fd, SHUT_RDWR);
    receiver_end(&gone); /* nobody listens there any more */
    hook_new(fixture, "a", &gone);
    OK(store_open(fixture->folder, &store, &fixture->err));
    OK(store_write_wait(store, lost_run, NULL, &fixture->err)); /* before the thread: found at its start */
    OK(webhook_sender_start(store, &sender, &fixture->err));
    delivery = delivery_tried(fixture, "a");
    assert_int_equal(delivery->status, 0);
    assert_non_null(strstr(delivery->error, "webhook a"));
    assert_null(strstr(delivery->error, "hidden-token"));
    webhook_sender_stop(sender);
    store_close(store);
}

static void pauses_grow_for_a_day(void **state)
{
    int64_t now_us = 1000000, next_us = 0, last_us = 0, tries = 1;

    (void)state;
    for (; (next_us = webhook_next_us(tries, 0, now_us)) != 0; tries++) {
        assert_true(next_us - now_us >= last_us);
        last_us = next_us - now_us;
        now_us = next_us;
    }
    assert_int_equal(last_us, INT64_C(7200) * 1000000);
    assert_true(now_us > WEBHOOK_DAY_US * 9 / 10 && now_us <= WEBHOOK_DAY_US);
    assert_true(tries > 15 && tries < 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deliveries_arrive_and_nobody_waits_for_the_mute, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_fails_is_kept_without_the_url, fixture_setup, fixture_teardown),
        cmocka_unit_test(pauses_grow_for_a_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
