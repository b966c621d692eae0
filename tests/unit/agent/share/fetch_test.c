/* SPDX-License-Identifier: Apache-2.0 */
/* Real children over the loopback: who gives, who takes, wrong chunks, strangers, what was begun. Nodes are folders; each is a process. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/share/chunk_take.h"
#include "agent/share/fetch.h"
#include "agent/share/share.h"
#include "agent/share/share_talk.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/chunk_map.h"
#include "common/model/model_told.h"
#include "common/model/pull.h"
#include "common/trust/certificate.h"
#include "common/trust/private_file.h"

#define NODES 3
#define SIZE ((size_t)3 * CHUNK_SIZE + 4321)

struct node {
    char name[16];
    const char *folder, *ca, *certificate, *key, *store;
    char fingerprint[PUBLIC_KEY_FINGERPRINT + 1];
    int64_t port;
    pid_t share;
    int orders; /* to the share */
};

struct fixture {
    struct arena *arena;
    char root[40];
    const char *origin, *source;
    char *content;
    char digest[DIGEST_HEX];
    struct private_key *ca_key;
    const struct certificate *ca;
    struct node nodes[NODES];
    const struct value *last; /* what a fetch told last */
};

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static void put(const char *path, const char *text)
{
    struct error err = ERROR_INIT;

    must(private_file_write(path, text, strlen(text), &err), &err);
}

static void node_make(struct fixture *fixture, struct node *node, int number)
{
    struct certificate_authority authority = { fixture->ca, fixture->ca_key };
    const struct certificate *made = NULL;
    struct private_key *key = NULL;
    struct error err = ERROR_INIT;

    snprintf(node->name, sizeof(node->name), "ai-%d", number);
    node->folder = arena_printf(fixture->arena, "%s/%s", fixture->root, node->name);
    must(folder_create(fixture->arena, node->folder, 0700, &err), &err);
    node->ca = path_join(fixture->arena, node->folder, "ca");
    node->certificate = path_join(fixture->arena, node->folder, "certificate");
    node->key = path_join(fixture->arena, node->folder, "key");
    node->store = path_join(fixture->arena, node->folder, "store");
    must(private_key_generate(KEY_ECDSA_P256, &key, &err), &err);
    must(certificate_make_node(
             fixture->arena, &authority,
             &(struct certificate_wish){ private_key_public(key), clock_wall_us(), (int64_t)7 * 24 * 3600 },
             &(struct node_identity){ node->name, 1 }, &made, &err),
         &err);
    must(private_key_save(key, node->key, &err), &err);
    put(node->certificate, certificate_pem(fixture->arena, made));
    put(node->ca, certificate_pem(fixture->arena, fixture->ca));
    memcpy(node->fingerprint, private_key_public(key)->fingerprint, sizeof(node->fingerprint));
    node->port = 20000 + getpid() % 3000 * (NODES + 1) + number; /* below those that the kernel gives */
    private_key_free(key);
}

static int start(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err = ERROR_INIT;
    struct digest digest;
    FILE *file;

    fixture->arena = arena_new();
    snprintf(fixture->root, sizeof(fixture->root), "/tmp/roost-share-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    must(private_key_generate(KEY_ECDSA_P256, &fixture->ca_key, &err), &err);
    must(certificate_make_ca(fixture->arena, fixture->ca_key, clock_wall_us(), &fixture->ca, &err), &err);
    fixture->content = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        fixture->content[i] = (char)((i * 2654435761U) >> 13);
    digest_start(&digest);
    digest_add(&digest, fixture->content, SIZE);
    digest_hex(&digest, fixture->digest);
    fixture->origin = arena_printf(fixture->arena, "%s/model.bin", fixture->root);
    fixture->source = arena_printf(fixture->arena, "file://%s", fixture->origin);
    file = fopen(fixture->origin, "w");
    assert_int_equal(fwrite(fixture->content, 1, SIZE, file), SIZE);
    fclose(file);
    for (int i = 0; i < NODES; i++)
        node_make(fixture, &fixture->nodes[i], i + 1);
    *state = fixture;
    return 0;
}

static void share_end(struct node *node)
{
    if (node->share == 0)
        return;
    close(node->orders);
    assert_int_equal(waitpid(node->share, NULL, 0), node->share);
    node->share = 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < NODES; i++)
        share_end(&fixture->nodes[i]);
    if (fork() == 0) {
        execlp("rm", "rm", "-rf", fixture->root, (char *)NULL);
        _exit(1);
    }
    wait(NULL);
    private_key_free(fixture->ca_key);
    free(fixture->content);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

/* --- children --- */

static void share_start(struct fixture *fixture, struct node *node)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    node->share = fork();
    if (node->share == 0) {
        struct error err = ERROR_INIT;
        const struct share_options options = { ends[0], node->ca, node->certificate, node->key, node->store };

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[1]);
        for (int i = 0; i < NODES; i++) {
            if (&fixture->nodes[i] != node && fixture->nodes[i].share != 0)
                close(fixture->nodes[i].orders); /* or its end would not be seen */
        }
        _exit(share_run(&options, &err) ? 0 : 1);
    }
    close(ends[0]);
    node->orders = ends[1];
}

/* Gives the source to those nodes (a bit each). */
static void share_order(struct fixture *fixture, struct node *node, unsigned to)
{
    struct arena *arena = fixture->arena;
    struct value *order = value_map(arena), *models = value_list(arena), *model = value_map(arena),
                 *nodes = value_list(arena);
    const char *line;

    for (int i = 0; i < NODES; i++) {
        struct value *peer = value_map(arena);

        if ((to & (1U << i)) == 0)
            continue;
        value_map_put_string(arena, peer, "node", fixture->nodes[i].name);
        value_map_put_string(arena, peer, "fingerprint", fixture->nodes[i].fingerprint);
        value_list_add(arena, nodes, peer);
    }
    value_map_put_string(arena, model, "source", fixture->source);
    value_map_put(arena, model, "nodes", nodes);
    value_list_add(arena, models, model);
    value_map_put_string(arena, order, "address", "127.0.0.1");
    value_map_put_int(arena, order, "port", node->port);
    value_map_put(arena, order, "models", models);
    line = arena_printf(arena, "%s\n", json_text(arena, order, JSON_COMPACT));
    assert_int_equal(write(node->orders, line, strlen(line)), strlen(line));
}

/* `peers`: a bit each; `authority`: of them. */
static const char *fetch_line(struct fixture *fixture, const char *role, unsigned peers, unsigned authority)
{
    struct arena *arena = fixture->arena;
    struct value *order = value_map(arena), *list = value_list(arena);

    for (int i = 0; i < NODES; i++) {
        struct value *peer = value_map(arena);

        if ((peers & (1U << i)) == 0)
            continue;
        value_map_put_string(arena, peer, "node", fixture->nodes[i].name);
        value_map_put_string(arena, peer, "address", "127.0.0.1");
        value_map_put_int(arena, peer, "port", fixture->nodes[i].port);
        value_map_put_string(arena, peer, "fingerprint", fixture->nodes[i].fingerprint);
        value_map_put_bool(arena, peer, "is_authority", (authority & (1U << i)) != 0);
        value_list_add(arena, list, peer);
    }
    value_map_put_string(arena, order, "source", fixture->source);
    value_map_put_int(arena, order, "fetch", 7);
    value_map_put_string(arena, order, "role", role);
    value_map_put_bool(arena, order, "is_shared", true);
    value_map_put(arena, order, "peers", list);
    return arena_printf(arena, "%s\n", json_text(arena, order, JSON_COMPACT));
}

/* Runs to its end; its exit code. What it told last is in fixture->last. */
static int fetch(struct fixture *fixture, struct node *node, const char *line)
{
    int orders[2], told[2], status = 0;
    char text[65536];
    size_t length = 0;
    ssize_t got;
    struct error err = ERROR_INIT;
    pid_t child;

    assert_int_equal(pipe(orders) | pipe(told), 0);
    child = fork();
    if (child == 0) {
        struct fetch_options options = { .input = orders[0],
                                         .output = told[1],
                                         .node = node->name,
                                         .ca = node->ca,
                                         .certificate = node->certificate,
                                         .key = node->key,
                                         .lonely_ms = 1500 };

        close(orders[1]);
        options.settings = (struct model_settings){ .store = node->store, .connections = 2, .timeout_ms = 5000 };
        if (!model_settings_complete(fixture->arena, &options.settings, NULL, &err))
            _exit(3);
        _exit(fetch_run(&options, &err));
    }
    close(orders[0]);
    close(told[1]);
    assert_int_equal(write(orders[1], line, strlen(line)), strlen(line));
    while ((got = read(told[0], text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)got;
    text[length > 0 ? length - 1 : 0] = '\0';
    close(told[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(orders[1]);
    fixture->last = NULL;
    char *start_of = strrchr(text, '\n') == NULL ? text : strrchr(text, '\n') + 1;
    if (start_of[0] == '{')
        must(json_read(fixture->arena, arena_copy(fixture->arena, start_of), strlen(start_of), NULL, &fixture->last,
                       &err),
             &err);
    return WEXITSTATUS(status);
}

static int64_t from(const struct fixture *fixture, const char *where)
{
    const struct value *bytes = value_map_get(value_map_get(fixture->last, "from"), where);

    return bytes == NULL ? 0 : bytes->as.integer;
}

static const char *bad(const struct fixture *fixture)
{
    return value_text(value_item(value_map_get(fixture->last, "bad"), 0));
}

static const char *blob(struct fixture *fixture, const struct node *node)
{
    return arena_printf(fixture->arena, "%s/blobs/sha256/%s", node->store, fixture->digest);
}

static void assert_has(struct fixture *fixture, const struct node *node)
{
    struct error err = ERROR_INIT;
    size_t length = 0;
    char *data = NULL;

    must(file_read(fixture->arena, blob(fixture, node), SIZE, &data, &length, &err), &err);
    assert_int_equal(length, SIZE);
    assert_memory_equal(data, fixture->content, SIZE);
}

/* Node 1 has it, from the origin, which is gone then; it gives it to those. */
static void first_has_it(struct fixture *fixture, unsigned to)
{
    assert_int_equal(fetch(fixture, &fixture->nodes[0], fetch_line(fixture, "seed", 0, 0)), 0);
    assert_string_equal(value_map_text(fixture->last, "state"), "ready");
    assert_has(fixture, &fixture->nodes[0]);
    assert_int_equal(unlink(fixture->origin), 0);
    share_start(fixture, &fixture->nodes[0]);
    share_order(fixture, &fixture->nodes[0], to);
}

static void corrupt(struct fixture *fixture, const struct node *node)
{
    const char *path = blob(fixture, node);
    FILE *file;

    assert_int_equal(chmod(path, 0600), 0);
    file = fopen(path, "r+");
    assert_non_null(file);
    for (int i = 0; i < 4; i++) {
        fseek(file, i * (long)CHUNK_SIZE + 99, SEEK_SET);
        fputc('!', file);
    }
    fclose(file);
}

/* --- tests --- */

static void test_taken(void **state)
{
    struct fixture *fixture = *state;

    first_has_it(fixture, 2);
    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 0);
    assert_has(fixture, &fixture->nodes[1]);
    assert_int_equal(from(fixture, "ai-1"), SIZE);
    assert_int_equal(from(fixture, "origin"), 0);
    assert_string_equal(value_map_text(fixture->last, "digest"), fixture->digest);
    assert_null(bad(fixture));
    /* and a second time there is nothing to do */
    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 0);
    assert_int_equal(from(fixture, "ai-1"), 0);
}

/*
 * The chunks of one are wrong: it is named, and they come from the other. Where the other one was so quick that nobody asked it, once more
 * from the beginning.
 */
static void test_liar(void **state)
{
    struct fixture *fixture = *state;
    struct node *taker = &fixture->nodes[2];

    first_has_it(fixture, 2 | 4);
    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 0);
    share_start(fixture, &fixture->nodes[1]);
    share_order(fixture, &fixture->nodes[1], 4);
    corrupt(fixture, &fixture->nodes[1]);
    for (int i = 0; i < 40; i++) {
        taker->store = path_join(fixture->arena, taker->folder, arena_printf(fixture->arena, "store%d", i));
        assert_int_equal(fetch(fixture, taker, fetch_line(fixture, "take", 1 | 2, 1)), 0);
        assert_has(fixture, taker);
        assert_int_equal(from(fixture, "ai-1"), SIZE);
        assert_int_equal(from(fixture, "ai-2"), 0);
        if (bad(fixture) != NULL)
            break;
        assert_int_equal(unlink(blob(fixture, taker)), 0);
    }
    assert_non_null(bad(fixture));
    assert_string_equal(bad(fixture), "ai-2");
}

/* Digests that were made of what is wrong: the whole decides, and the authority is named. */
static void test_lying_authority(void **state)
{
    struct fixture *fixture = *state;
    const struct model_store store = { fixture->arena, fixture->nodes[0].store };
    struct error err = ERROR_INIT;
    struct chunk_map *map = NULL;
    char digest[DIGEST_HEX];
    bool kept = false;
    FILE *file;

    first_has_it(fixture, 2);
    corrupt(fixture, &fixture->nodes[0]);
    must(chunk_map_open(&(struct chunk_map_place){ &store, fixture->digest, "made up", SIZE }, &map, &kept, &err),
         &err);
    file = fopen(blob(fixture, &fixture->nodes[0]), "r");
    for (int64_t i = 0; i < chunk_map_count(map); i++) {
        must(chunk_digest_of(fileno(file), SIZE, i, digest, &err), &err);
        must(chunk_map_have(map, i, digest, &err), &err);
    }
    fclose(file);
    chunk_map_close(map);
    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 1);
    assert_string_equal(value_map_text(fixture->last, "state"), "failed");
    assert_string_equal(value_map_text(fixture->last, "where"), "neighbours");
    assert_string_equal(bad(fixture), "ai-1");
    assert_false(path_exists(blob(fixture, &fixture->nodes[1])));
}

/* Who is not in the order gets nothing, whatever certificate it has; who is taken out of it neither. */
static void test_refused(void **state)
{
    struct fixture *fixture = *state;

    first_has_it(fixture, 2);
    assert_int_equal(fetch(fixture, &fixture->nodes[2], fetch_line(fixture, "take", 1, 1)), 1);
    assert_int_equal(from(fixture, "ai-1"), 0);
    assert_string_equal(value_map_text(fixture->last, "state"), "failed");
    share_order(fixture, &fixture->nodes[0], 4);
    assert_int_equal(fetch(fixture, &fixture->nodes[2], fetch_line(fixture, "take", 1, 1)), 0);
    assert_has(fixture, &fixture->nodes[2]);
    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 1);
}

#define STRANGERS 80 /* more than there are places */

/* One that connects and says nothing; `from`: an address of this machine. */
static int stranger(const struct node *node, const char *from)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)node->port) };
    struct sockaddr_in own = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr) + inet_pton(AF_INET, from, &own.sin_addr), 2);
    assert_int_equal(bind(fd, (const struct sockaddr *)&own, sizeof(own)), 0);
    for (int i = 0; connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0; i++) {
        assert_true(i < 500); /* its child begins */
        usleep(10000);
    }
    return fd;
}

static bool is_open(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Who says nothing takes the places of its own address, not those of others, and gives way when all are taken. */
static void test_strangers(void **state)
{
    struct fixture *fixture = *state;
    int fds[STRANGERS], open = 0;

    first_has_it(fixture, 2);
    for (int i = 0; i < STRANGERS; i++)
        fds[i] = stranger(&fixture->nodes[0], "127.0.0.2");
    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 0);
    assert_int_equal(from(fixture, "ai-1"), SIZE);
    for (int i = 0; i < STRANGERS; i++)
        open += is_open(fds[i]);
    assert_in_range(open, 0, 8);
    for (int i = 0; i < STRANGERS; i++) {
        close(fds[i]);
        fds[i] = stranger(&fixture->nodes[0], arena_printf(fixture->arena, "127.0.1.%d", i + 1));
    }
    assert_int_equal(unlink(blob(fixture, &fixture->nodes[1])), 0);
    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 0);
    assert_int_equal(from(fixture, "ai-1"), SIZE);
    for (int i = 0; i < STRANGERS; i++)
        close(fds[i]);
}

static struct tls_client *tls_of(const struct node *node)
{
    const struct tls_client_options options = {
        .ca_path = node->ca, .certificate_path = node->certificate, .key_path = node->key, .is_between_nodes = true
    };
    struct tls_client *tls = NULL;
    struct error err = ERROR_INIT;

    signal(SIGPIPE, SIG_IGN); /* whoever is let go may write once more */
    must(tls_client_open(&options, &tls, &err), &err);
    return tls;
}

static struct share_peer peer_of(const struct node *node, bool is_authority)
{
    return (struct share_peer){ node->name, "127.0.0.1", node->fingerprint, node->port, is_authority };
}

static bool never(void *data)
{
    (void)data;
    return false;
}

/* To the first node, whose child has begun by then. */
static struct share_talk *talk_with_first(struct fixture *fixture, const struct tls_client *tls)
{
    const struct share_stop stop = { .is_stopped = never };
    const struct share_peer peer = peer_of(&fixture->nodes[0], true);
    struct share_talk *talk = NULL;
    struct error err = ERROR_INIT;

    close(stranger(&fixture->nodes[0], "127.0.0.2"));
    must(share_talk_open(tls, &peer, &stop, &talk, &err), &err);
    return talk;
}

/* It is listened to, and answered at least with a refusal. */
static bool is_heard(struct fixture *fixture, struct share_talk *talk, bool *given_out)
{
    struct arena *arena = fixture->arena;
    struct share_answer answer;
    struct error err = ERROR_INIT;

    if (!share_talk_ask(talk, arena, share_question(arena, "plan", fixture->source, -1), &answer, &err))
        return false;
    *given_out = answer.is_ok;
    return !answer.is_ok ||
           share_talk_read_all(talk, arena_alloc(arena, (size_t)answer.bytes), (size_t)answer.bytes, &err);
}

/* Who is named for nothing is let go before it asks. */
static void test_unnamed(void **state)
{
    struct fixture *fixture = *state;
    struct tls_client *tls = tls_of(&fixture->nodes[2]);
    struct share_talk *talk;
    bool given = false;

    first_has_it(fixture, 2);
    talk = talk_with_first(fixture, tls);
    assert_false(is_heard(fixture, talk, &given));
    share_talk_close(talk);
    tls_client_close(tls);
}

/* Who is not named any more is cut off; until the order is there its questions are answered. */
static void test_revoked(void **state)
{
    struct fixture *fixture = *state;
    struct tls_client *tls = tls_of(&fixture->nodes[1]);
    struct share_talk *talk;
    bool given = false, heard;

    first_has_it(fixture, 2);
    talk = talk_with_first(fixture, tls);
    assert_true(is_heard(fixture, talk, &given));
    assert_true(given);
    share_order(fixture, &fixture->nodes[0], 4);
    do {
        heard = is_heard(fixture, talk, &given);
    } while (heard && given);
    assert_false(heard);
    share_talk_close(talk);
    tls_client_close(tls);
}

/* The second node asks the first one alone, until it has all or the first one has nothing for it. True: it has all. */
static bool takes_all(struct fixture *fixture, struct chunk_map *map, bool is_authority)
{
    const struct share_peer peer = peer_of(&fixture->nodes[0], is_authority);
    struct tls_client *tls = tls_of(&fixture->nodes[1]);
    FILE *file = tmpfile();
    const struct chunk_take_options options = { tls, fixture->source, 0, map, fileno(file), &peer, 1, "ai-2" };
    struct chunk_take_state state = { .is_complete = false };
    struct chunk_take *take = NULL;
    struct error err = ERROR_INIT;

    must(chunk_take_start(&options, &take, &err), &err);
    for (int i = 0; !state.is_complete && !(state.is_idle && state.failed_ms == 0); i++) {
        assert_true(i < 6000);
        usleep(10000);
        chunk_take_look(take, &state);
    }
    chunk_take_end(take);
    tls_client_close(tls);
    fclose(file);
    return chunk_map_front(map) == (int64_t)SIZE;
}

/* Digests of a neighbour that is no authority are not believed: nothing of it can be taken. */
static void test_no_authority(void **state)
{
    struct fixture *fixture = *state;
    const struct model_store store = { fixture->arena, fixture->nodes[1].store };
    struct chunk_map *map = NULL;
    struct error err = ERROR_INIT;
    bool kept = false;

    first_has_it(fixture, 2);
    must(store_prepare(&store, &err), &err);
    must(chunk_map_open(&(struct chunk_map_place){ &store, "url-x", "some", SIZE }, &map, &kept, &err), &err);
    assert_false(takes_all(fixture, map, false));
    for (int64_t i = 0; i < chunk_map_count(map); i++)
        assert_int_equal(chunk_map_state(map, i, NULL), CHUNK_MISSING);
    assert_true(takes_all(fixture, map, true));
    chunk_map_close(map);
}

/* Another node under that address, with a certificate of the same CA: it is not the one that was named. */
static void test_impostor(void **state)
{
    struct fixture *fixture = *state;
    int64_t port = fixture->nodes[0].port;

    first_has_it(fixture, 4);
    fixture->nodes[1].port = port;
    assert_int_equal(fetch(fixture, &fixture->nodes[2], fetch_line(fixture, "take", 2, 2)), 1);
    assert_non_null(strstr(value_map_text(fixture->last, "sentence"), "model.bin"));
    assert_int_equal(from(fixture, "ai-1"), 0);
}

/* All neighbours fail: the origin. */
static void test_lonely(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fetch(fixture, &fixture->nodes[1], fetch_line(fixture, "take", 1, 1)), 0);
    assert_has(fixture, &fixture->nodes[1]);
    assert_int_equal(from(fixture, "ai-1"), 0);
    assert_true(from(fixture, "origin") > 0);
}

/* A node that was begun and is the seed now takes what others have first, by the digests that it knows; here that is all of it. */
static void test_seed_goes_on(void **state)
{
    struct fixture *fixture = *state;
    const struct model_store first = { fixture->arena, fixture->nodes[0].store },
                             third = { fixture->arena, fixture->nodes[2].store };
    struct model_settings settings = { .store = third.root, .connections = 2 };
    const struct model_request request = { .source = fixture->source, .projector = true };
    const struct value *told, *digests = NULL;
    struct chunk_list list = { 0 };
    struct chunk_map *map = NULL;
    struct model_plan plan;
    struct error err = ERROR_INIT;
    bool found = false, kept = false;
    char digest[DIGEST_HEX];

    first_has_it(fixture, 4);
    told = model_told_read(&first, fixture->arena, fixture->source);
    assert_non_null(told);
    must(store_prepare(&third, &err), &err);
    must(model_settings_complete(fixture->arena, &settings, NULL, &err), &err);
    must(model_told_plan(fixture->arena, &(struct model_told){ &settings, &request, told }, &plan, &digests, &err),
         &err);
    assert_int_equal(plan.missing_bytes, SIZE);
    assert_string_equal(value_text(value_item(digests, 0)), fixture->digest);
    must(chunk_list_read(&first, fixture->arena, fixture->digest, &list, &found, &err), &err);
    assert_true(found);
    must(chunk_map_open(&(struct chunk_map_place){ &third, "url-x", "some", SIZE }, &map, &kept, &err), &err);
    for (int64_t i = 0; i < list.count; i++) {
        snprintf(digest, sizeof(digest), "%.64s", chunk_list_digest(&list, i));
        chunk_map_know(map, i, digest);
        assert_int_equal(chunk_map_state(map, i, NULL), CHUNK_KNOWN);
    }
    chunk_map_close(map);
}

static void test_orders(void **state)
{
    ARENA_SCOPED arena = arena_new();
    static const char *const wrong[][2] = {
        { "{\"source\":\"x\",\"role\":\"give\"}", "'role' is take, seed or look" },
        { "{\"role\":\"take\"}", "'source' is missing" },
        { "{\"source\":\"x\",\"role\":\"take\",\"name\":\"../x\"}", "cannot be used for a link" },
        { "{\"source\":\"x\",\"role\":\"take\",\"peers\":[{\"node\":\"a\"}]}", "'fingerprint' of node 'a'" },
    };
    struct fetch_order order;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct value *value = NULL;
        struct error err = ERROR_INIT;

        must(json_read(arena, wrong[i][0], strlen(wrong[i][0]), NULL, &value, &err), &err);
        assert_false(fetch_order_bind(arena, value, &order, &err));
        if (strstr(err.text, wrong[i][1]) == NULL)
            fail_msg("'%s' is not in '%s'", wrong[i][1], err.text);
    }
}

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct fetch_order order_of(struct arena *arena, const char *role, const char *a, const char *b)
{
    const char *text = arena_printf(arena,
                                    "{\"source\":\"x\",\"fetch\":7,\"role\":\"%s\",\"peers\":["
                                    "{\"node\":\"a\",\"address\":\"10.0.0.1\",\"port\":8483,\"fingerprint\":\"" KEY_A
                                    "\",\"is_authority\":%s},{\"node\":\"b\",\"address\":\"10.0.0.2\","
                                    "\"port\":8483,\"fingerprint\":\"" KEY_B "\",\"is_authority\":%s}]}",
                                    role, a, b);
    const struct value *value = NULL;
    struct fetch_order order = { .count = 0 };
    struct error err = ERROR_INIT;

    must(json_read(arena, text, strlen(text), NULL, &value, &err), &err);
    must(fetch_order_bind(arena, value, &order, &err), &err);
    return order;
}

/* A neighbour that becomes ready costs nobody the chunks that are under way. */
static void test_alike(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct fetch_order before = order_of(arena, "take", "true", "false"), after;

    (void)state;
    after = order_of(arena, "take", "true", "true");
    after.is_shared = true;
    assert_true(fetch_order_is_alike(&before, &after));
    after = order_of(arena, "take", "false", "true"); /* nobody's digests that counted do */
    assert_false(fetch_order_is_alike(&before, &after));
    assert_false(fetch_order_is_alike(&after, &before));
    after = order_of(arena, "seed", "true", "false");
    assert_false(fetch_order_is_alike(&before, &after));
    after = order_of(arena, "take", "true", "false");
    after.peers[1].host = "10.0.0.3";
    assert_false(fetch_order_is_alike(&before, &after));
    after.count = 1;
    assert_false(fetch_order_is_alike(&before, &after));
    before = order_of(arena, "take", "false", "false");
    assert_false(fetch_order_is_alike(&before, &before)); /* whoever's count next is news */
}

/* A node is its name and its key, both. */
static void test_allowed(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = "{\"address\":\"10.0.0.1\",\"port\":8483,\"models\":[{\"source\":\"x\","
                       "\"nodes\":[{\"node\":\"a\",\"fingerprint\":\"" KEY_A "\"}]}]}";
    const struct value *value = NULL;
    struct share_order order;
    struct error err = ERROR_INIT;

    (void)state;
    must(json_read(arena, text, strlen(text), NULL, &value, &err), &err);
    must(share_order_bind(arena, value, &order, &err), &err);
    assert_true(share_order_knows(&order, "a", KEY_A));
    assert_false(share_order_knows(&order, "a", KEY_B));
    assert_false(share_order_knows(&order, "b", KEY_A));
    assert_true(share_order_allows(&order, "x", "a", KEY_A));
    assert_false(share_order_allows(&order, "x", "a", KEY_B));
    assert_false(share_order_allows(&order, "y", "a", KEY_A));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_taken, start, end),
        cmocka_unit_test_setup_teardown(test_liar, start, end),
        cmocka_unit_test_setup_teardown(test_lying_authority, start, end),
        cmocka_unit_test_setup_teardown(test_refused, start, end),
        cmocka_unit_test_setup_teardown(test_strangers, start, end),
        cmocka_unit_test_setup_teardown(test_unnamed, start, end),
        cmocka_unit_test_setup_teardown(test_revoked, start, end),
        cmocka_unit_test_setup_teardown(test_no_authority, start, end),
        cmocka_unit_test_setup_teardown(test_impostor, start, end),
        cmocka_unit_test_setup_teardown(test_lonely, start, end),
        cmocka_unit_test_setup_teardown(test_seed_goes_on, start, end),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
