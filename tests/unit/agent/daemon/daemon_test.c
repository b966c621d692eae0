/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon as a process of its own (this program, started again), a stand-in for its children, and the real HTTP server. */
#include "agent/daemon/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/daemon/daemon_config.h"
#include "common/base/fd.h"
#include "common/trust/private_file.h"
#include "tests/unit/agent/daemon/controller_stub.h"

extern char **environ;

/* What a child does stands in the file "mode" beside it. */
static const char runner_text[] =
    "#!/bin/sh\n"
    "here=${0%/*}\n"
    "mode=$(cat $here/mode 2>/dev/null)\n"
    "event() { printf '%s\\n' '{\"event\":\"result\",\"name\":\"Motd\",\"host\":\"localhost\",\"action\":\"copy\",\"path\":\"/p.yml\","
    "\"line\":4,\"outcome\":\"'$1'\",\"result\":{\"diff\":{\"before\":\"a\\n\",\"after\":\"b\\n\"},"
    "\"invocation\":{\"module_args\":{\"dest\":\"/etc/motd\"}}}}'; }\n"
    "failure() { echo '{\"event\":\"result\",\"name\":\"'$1'\",\"action\":\"copy\",\"outcome\":\"failed\",\"ignored\":'$2','$3'"
    "\"result\":{\"msg\":\"no room\"}}'; }\n"
    "stats() { echo '{\"event\":\"stats\",\"host\":\"localhost\",\"stats\":{\"ok\":1,\"changed\":'$1',\"failed\":'$2'}}'; }\n"
    "echo \"$*\" >> $here/calls\n"
    "case $1 in\n"
    "facts) echo '{\"hostname\": \"x\", \"uptime_seconds\": '$$'}' ;;\n"
    "join) echo 'not due' ;;\n"
    "session) sleep 60 ;;\n"
    "pieces) [ \"$mode\" = pieces ] || exit 0\n"
    "    told() { echo '{\"report\":\"pieces\",\"body\":{\"epoch\":'$1',\"pieces\":[]}}'; }\n"
    "    trap 'told 2' USR1; trap 'told 3' USR2; trap 'exit 0' TERM\n"
    "    echo '{\"ready\":true}'; told 1; echo '{\"say\":\"a word of the keeper\"}'; echo 'no JSON'\n"
    "    until [ -e $here/die ]; do sleep 0.05; done; rm $here/die; echo 'the last word' >&2; exit 3 ;;\n"
    "check) case $mode in\n"
    "    drift) event changed; stats 1 0; exit 2 ;;\n"
    "    fail) failure ignored true; failure Motd false; failure Other false; stats 0 2; exit 2 ;;\n"
    "    secret) failure Token false '\"no_log\":true,'; stats 0 1; exit 2 ;;\n"
    "    hidden) echo '{\"event\":\"result\",\"action\":\"user\",\"path\":\"/p.yml\",\"line\":4,\"outcome\":\"ok\",\"result\":\"VALUE_HIDDEN\"}';\n"
    "        echo '{\"event\":\"result\",\"action\":\"user\",\"path\":\"/p.yml\",\"line\":5,\"outcome\":\"ok\",\"result\":[[\"x\"]]}'; stats 0 0 ;;\n"
    "    die) event ok; kill -SEGV $$ ;;\n"
    "    hang) event ok; sleep 60 ;;\n"
    "    slow) event ok; until [ -e $here/go ]; do sleep 0.05; done; stats 0 0 ;;\n"
    "    refuse) echo 'ERROR! no such playbook' >&2; exit 1 ;;\n"
    "    *) event ok; stats 0 0 ;;\n"
    "    esac ;;\n"
    "apply) event changed; stats 1 0; echo ok > $here/mode ;;\n"
    "esac\n";

struct fixture {
    struct stub *stub;
    char runner[128], config[128], log[128], notify[100];
    pid_t daemon;
    int notify_fd;
};

static void file_put(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void mode_set(struct fixture *fixture, const char *mode)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/mode", fixture->stub->folder);
    file_put(path, mode, 0600);
}

static void config_set(struct fixture *fixture, const char *policy)
{
    char text[256];

    /* its time depends on the clock: as seldom as can be, so that none falls into a test */
    snprintf(text, sizeof(text), "playbook: /p.yml\ncheck_interval_s: 604800\n%s", policy);
    file_put(fixture->config, text, 0600);
}

static char *log_of(struct fixture *fixture)
{
    struct error err = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;

    must(file_read(fixture->stub->arena, fixture->log, 1 << 20, &text, &length, &err), &err);
    return text;
}

static void daemon_start(struct fixture *fixture)
{
    char *argv[] = { "daemon_test", "--daemon", fixture->stub->state, fixture->config, fixture->runner, NULL };
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, fixture->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    setenv("NOTIFY_SOCKET", fixture->notify, 1);
    setenv("WATCHDOG_USEC", "1000000", 1);
    assert_int_equal(posix_spawn(&fixture->daemon, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    posix_spawn_file_actions_destroy(&actions);
}

static int daemon_end(struct fixture *fixture, int signal_number)
{
    int status = 0;

    if (fixture->daemon <= 0)
        return 0;
    kill(fixture->daemon, signal_number);
    waitpid(fixture->daemon, &status, 0);
    fixture->daemon = 0;
    return status;
}

static int notify_listen(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->stub = stub_new();
    stub_join_node(fixture->stub, "ai-1");
    snprintf(fixture->runner, sizeof(fixture->runner), "%s/runner", fixture->stub->folder);
    snprintf(fixture->config, sizeof(fixture->config), "%s/agent.yml", fixture->stub->folder);
    snprintf(fixture->log, sizeof(fixture->log), "%s/log", fixture->stub->folder);
    snprintf(fixture->notify, sizeof(fixture->notify), "%s/notify", fixture->stub->folder);
    fixture->notify_fd = notify_listen(fixture->notify);
    file_put(fixture->runner, runner_text, 0755);
    config_set(fixture, "");
    *state = fixture;
    return 0;
}

static bool is_mine(const char *pid)
{
    char path[64], text[256] = "", *end = NULL;
    int fd = -1, parent = 0;

    snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && (end = strrchr(text, ')')) != NULL)
        parent = (int)strtol(end + 3, NULL, 10);
    fd_close(fd);
    return parent == getpid();
}

/* The children of a daemon that was killed are this process's now; they would still write into the folder that goes. */
static void orphans_end(void)
{
    pid_t ended;

    while ((ended = waitpid(-1, NULL, WNOHANG)) >= 0) {
        DIR *folder = ended > 0 ? NULL : opendir("/proc");
        const struct dirent *entry;

        while (folder != NULL && (entry = readdir(folder)) != NULL) {
            pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

            if (pid > 1 && is_mine(entry->d_name))
                kill(pid, SIGKILL);
        }
        if (folder != NULL)
            closedir(folder);
        if (ended == 0)
            usleep(2000);
    }
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    daemon_end(fixture, SIGKILL);
    orphans_end();
    close(fixture->notify_fd);
    stub_free(fixture->stub);
    free(fixture);
    return 0;
}

static int count_of(struct stub *stub, const char *what)
{
    int count = 0;

    pthread_mutex_lock(&stub->lock);
    for (const char *at = strstr(stub->last_body, what); at != NULL; at = strstr(at + 1, what))
        count++;
    pthread_mutex_unlock(&stub->lock);
    return count;
}

/* Until the controller has `count` reports that hold the text. */
static void wait_for(struct fixture *fixture, const char *what, int count)
{
    int64_t end_ms = clock_monotonic_ms() + patient_ms(15000);

    while (count_of(fixture->stub, what) < count) {
        if (clock_monotonic_ms() > end_ms)
            fail_msg("no %s in time; log: %s\nreports: %s", what, log_of(fixture), fixture->stub->last_body);
        usleep(20000);
    }
}

static void work_give(struct fixture *fixture, int number, const char *kind)
{
    char text[128];

    snprintf(text, sizeof(text), "[{\"number\": %d, \"kind\": \"%s\", \"body\": null}]", number, kind);
    stub_work_set(fixture->stub, text);
}

static void assert_gapless(struct stub *stub)
{
    struct error err = ERROR_INIT;
    const char *line;

    pthread_mutex_lock(&stub->lock);
    line = arena_copy(stub->arena, stub->last_body);
    pthread_mutex_unlock(&stub->lock);
    for (int64_t expected = 1; *line != '\0'; expected++) {
        const char *end = strchr(line, '\n');
        const struct value *report = NULL;

        must(json_read(stub->arena, line, (size_t)(end - line), NULL, &report, &err), &err);
        assert_int_equal(value_map_get(report, "sequence")->as.integer, expected);
        line = end + 1;
    }
}

/* --- tests --- */

static void test_start(void **state)
{
    struct fixture *fixture = *state;
    char message[2048] = "", all[8192] = "";
    int64_t end_ms;

    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"hello\"", 1);
    wait_for(fixture, "\"kind\":\"facts\"", 1);
    assert_int_equal(count_of(fixture->stub, "\"boot_id\":\""), 1);
    wait_for(fixture, "\"kind\":\"sample\",\"body\":{\"at_us\":", 1);
    wait_for(fixture, "\"kind\":\"models\",\"body\":{\"models\":[", 1);
    work_give(fixture, 1, "facts");
    wait_for(fixture, "\"kind\":\"facts\"", 2);
    end_ms = clock_monotonic_ms() + patient_ms(10000);
    while (strstr(all, "WATCHDOG=1") == NULL && clock_monotonic_ms() < end_ms) {
        ssize_t got = recv(fixture->notify_fd, message, sizeof(message) - 1, 0);

        if (got > 0 && strlen(all) + (size_t)got + 2 < sizeof(all)) {
            message[got] = '\0';
            strncat(all, message, sizeof(all) - strlen(all) - 1);
            strncat(all, "\n", sizeof(all) - strlen(all) - 1);
        } else {
            usleep(20000);
        }
    }
    assert_non_null(strstr(all, "READY=1"));
    assert_non_null(strstr(all, "WATCHDOG=1"));
    assert_int_equal(daemon_end(fixture, SIGTERM), 0);
    assert_non_null(strstr(log_of(fixture), "connected to the controller at 127.0.0.1:"));
    assert_gapless(fixture->stub);
}

/* Facts that only tell the time are not told again by a daemon that starts anew. */
static void test_facts_once(void **state)
{
    struct fixture *fixture = *state;

    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"facts\"", 1);
    daemon_end(fixture, SIGTERM);
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"hello\"", 2);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"kind\":\"run_end\"", 1);
    usleep(300000);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"facts\""), 1);
}

static void test_drift(void **state)
{
    struct fixture *fixture = *state;

    mode_set(fixture, "drift");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"verdict\":\"drift\",\"reason\":\"1 task is not as declared\"", 1);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"drift\",\"body\":{\"resource\":\"copy /etc/motd\""), 1);
    assert_int_equal(count_of(fixture->stub, "-a\\n+b"), 1);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"run_start\""), 1);
    assert_int_equal(count_of(fixture->stub, "\"why\":\"work\",\"work\":1"), 1);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"run_event\""), 2);
    assert_int_equal(count_of(fixture->stub, "module_args"), 0);
    mode_set(fixture, "ok");
    work_give(fixture, 2, "check");
    wait_for(fixture, "\"verdict\":\"ok\"", 1);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"mended\",\"body\":{\"resource\":\"copy /etc/motd\""), 1);
    /* by policy nothing was repaired */
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"apply\""), 0);
}

static void test_repair(void **state)
{
    struct fixture *fixture = *state;

    config_set(fixture, "policy: repair\n");
    mode_set(fixture, "drift");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"verdict\":\"ok\"", 1);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"apply\",\"playbook\":\"/p.yml\",\"why\":\"repair\""), 1);
    assert_int_equal(count_of(fixture->stub, "\"cause\":\"corrective\""), 1);
}

/* What is known to drift does not wait for the next check when the policy becomes one of repairs, which is told. */
static void test_policy_changes(void **state)
{
    struct fixture *fixture = *state;

    mode_set(fixture, "drift");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"verdict\":\"drift\"", 1);
    wait_for(fixture, "\"policy\":\"report\"", 1);
    config_set(fixture, "policy: repair\n");
    kill(fixture->daemon, SIGHUP);
    wait_for(fixture, "\"policy\":\"repair\"", 1);
    wait_for(fixture, "\"kind\":\"apply\",\"playbook\":\"/p.yml\",\"why\":\"repair\"", 1);
    wait_for(fixture, "\"verdict\":\"ok\"", 1);
}

/* A runner whose one task manages `managed`; a look at a few tasks prints `in_part`, after that the events of a whole one. */
static void runner_managing(struct fixture *fixture, const char *managed, const char *in_part)
{
    char text[2048];

    snprintf(
        text, sizeof(text),
        "#!/bin/sh\nhere=${0%%/*}\necho \"$*\" >> $here/calls\n"
        "[ $1 = join ] && { echo not due; exit; }\n[ $1 = facts ] && { echo '{}'; exit; }\n"
        "outcome=ok; [ \"$(cat %s)\" = a ] || outcome=changed\n"
        "[ \"$5\" = --places ] && { cat $6 > $here/places; %s; }\n"
        "echo '{\"event\":\"result\",\"action\":\"copy\",\"path\":\"/p.yml\",\"line\":4,\"outcome\":\"'$outcome'\",\"result\":"
        "{\"invocation\":{\"module_args\":{\"dest\":\"%s\"}}}}'\n"
        "[ \"$5\" = --places ] || echo '{\"event\":\"result\",\"action\":\"copy\",\"path\":\"/p.yml\",\"line\":9,"
        "\"outcome\":\"changed\",\"result\":{\"invocation\":{\"module_args\":{\"dest\":\"/nowhere/else\"}}}}'\n"
        "echo '{\"event\":\"stats\",\"host\":\"localhost\",\"stats\":{\"ok\":1,\"changed\":1,\"failed\":0}}'\n",
        managed, in_part, managed);
    file_put(fixture->runner, text, 0755);
}

/* A managed file is touched: its task is looked at within two seconds, and no other; nothing is said of those. */
static void test_touched(void **state)
{
    struct fixture *fixture = *state;
    char managed[160], places[160], *text = NULL;
    struct error err = ERROR_INIT;
    size_t length = 0;
    int64_t begin_ms;

    snprintf(managed, sizeof(managed), "%s/managed", fixture->stub->folder);
    snprintf(places, sizeof(places), "%s/places", fixture->stub->folder);
    file_put(managed, "a", 0600);
    runner_managing(fixture, managed, ":");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"kind\":\"run_end\"", 1);
    wait_for(fixture, "\"resource\":\"copy /nowhere/else\"", 1);
    begin_ms = clock_monotonic_ms();
    file_put(managed, "b", 0600);
    wait_for(fixture,
             "\"kind\":\"drift\",\"body\":{\"resource\":\"copy "
             "/tmp",
             1);
    assert_true(clock_monotonic_ms() - begin_ms < patient_ms(2000));
    wait_for(fixture, "2 tasks are not as declared", 1);
    must(file_read(fixture->stub->arena, places, 4096, &text, &length, &err), &err);
    assert_string_equal(text, "/p.yml:4\n");
    assert_int_equal(count_of(fixture->stub, "\"why\":\"touched\""), 1);
    /* which cause it is depends on what else this machine does; the other was never seen in order, so nothing is said of it */
    assert_int_equal(count_of(fixture->stub, "\"window_to_us\":"), 1);
    /* the same right afterwards, by a daemon that knows from its disk what is managed */
    daemon_end(fixture, SIGTERM);
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"hello\"", 2);
    begin_ms = clock_monotonic_ms();
    file_put(managed, "a", 0600);
    wait_for(fixture, "\"kind\":\"mended\"", 1);
    assert_true(clock_monotonic_ms() - begin_ms < patient_ms(2000));
    wait_for(fixture, "1 task is not as declared", 1);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"mended\",\"body\":{\"resource\":\"copy /nowhere/else"), 0);
}

/* What the looking itself touches brings a few further looks, not one without end. */
static void test_touched_by_itself(void **state)
{
    struct fixture *fixture = *state;
    char managed[160], touching[200];
    int64_t end_ms;

    snprintf(managed, sizeof(managed), "%s/managed", fixture->stub->folder);
    snprintf(touching, sizeof(touching), "touch %s", managed);
    file_put(managed, "a", 0600);
    runner_managing(fixture, managed, touching);
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"kind\":\"run_end\"", 1);
    file_put(managed, "a", 0600);
    wait_for(fixture, "\"why\":\"touched\"", 3);
    end_ms = clock_monotonic_ms() + 5000;
    while (clock_monotonic_ms() < end_ms && count_of(fixture->stub, "\"why\":\"touched\"") < 4)
        usleep(50000);
    assert_int_equal(count_of(fixture->stub, "\"why\":\"touched\""), 3);
}

/* The chosen tasks need others: everything is looked at, and the next time at once. */
static void test_touched_too_few(void **state)
{
    struct fixture *fixture = *state;
    char managed[160], calls[160], *text = NULL;
    struct error err = ERROR_INIT;
    size_t length = 0;

    snprintf(managed, sizeof(managed), "%s/managed", fixture->stub->folder);
    snprintf(calls, sizeof(calls), "%s/calls", fixture->stub->folder);
    file_put(managed, "a", 0600);
    runner_managing(fixture, managed, "echo 'ERROR! they need others' >&2; exit 6");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"kind\":\"run_end\"", 1);
    file_put(managed, "b", 0600);
    wait_for(fixture, "\"outcome\":\"cancelled\",\"reason\":\"ERROR! they need others\"", 1);
    wait_for(fixture, "\"kind\":\"run_end\"", 3);
    assert_int_equal(count_of(fixture->stub, "\"verdict\":\"failed\""), 0);
    file_put(managed, "a", 0600);
    wait_for(fixture, "\"kind\":\"run_end\"", 4);
    must(file_read(fixture->stub->arena, calls, 65536, &text, &length, &err), &err);
    text = strstr(text, "--places");
    assert_non_null(text);
    assert_null(strstr(text + 1, "--places"));
}

static void test_window_closed(void **state)
{
    struct fixture *fixture = *state;

    config_set(fixture, "policy: window\nwindow: never\n");
    mode_set(fixture, "drift");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"verdict\":\"drift\"", 1);
    usleep(500000);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"apply\""), 0);
    work_give(fixture, 2, "apply");
    wait_for(fixture, "\"cause\":\"intentional\"", 1);
}

static void test_failures(void **state)
{
    struct fixture *fixture = *state;

    mode_set(fixture, "die");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"outcome\":\"failed\",\"reason\":\"the runner died of signal 11 (Segmentation fault)\"", 1);
    mode_set(fixture, "fail");
    work_give(fixture, 2, "check");
    wait_for(fixture, "\"outcome\":\"failed\",\"reason\":\"task 'Motd' failed: no room (2 tasks failed)\"", 1);
    wait_for(fixture, "\"verdict\":\"failed\",\"reason\":\"task 'Motd' failed: no room (2 tasks failed)\"", 1);
    mode_set(fixture, "secret");
    work_give(fixture, 5, "check");
    wait_for(fixture, "\"reason\":\"task 'Token' failed (its result is hidden)\"", 2);
    mode_set(fixture, "refuse");
    work_give(fixture, 6, "check");
    wait_for(fixture, "\"reason\":\"the runner ended with status 1: ERROR! no such playbook\"", 1);
    work_give(fixture, 7, "dance");
    wait_for(fixture, "does not know work of the kind 'dance'", 1);
    wait_for(fixture, "\"verdict\":\"failed\"", 4);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"drift\""), 0);
}

/* What a task's result is, is its module's word: a list, or a text in its place, brings nobody down. */
static void test_odd_results(void **state)
{
    struct fixture *fixture = *state;

    mode_set(fixture, "hidden");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"outcome\":\"ok\"", 1);
    wait_for(fixture, "\"result\":[[\"x\"]]", 1);
    wait_for(fixture, "\"result\":\"VALUE_HIDDEN\"", 1);
}

static void test_stop(void **state)
{
    struct fixture *fixture = *state;
    int64_t begin_ms;

    mode_set(fixture, "hang");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"kind\":\"run_event\"", 1);
    begin_ms = clock_monotonic_ms();
    assert_int_equal(daemon_end(fixture, SIGTERM), 0);
    assert_true(clock_monotonic_ms() - begin_ms < patient_ms(5000));
    daemon_start(fixture);
    wait_for(fixture, "\"outcome\":\"cancelled\"", 1);
    assert_int_equal(count_of(fixture->stub, "\"outcome\":\"lost\""), 0);
}

/* An upgrade: what is under way is finished and told by the daemon that began it, what comes meanwhile is for the next. */
static void test_drain(void **state)
{
    struct fixture *fixture = *state;
    char go[160];
    int status = -1;

    snprintf(go, sizeof(go), "%s/go", fixture->stub->folder);
    mode_set(fixture, "slow");
    daemon_start(fixture);
    work_give(fixture, 1, "check");
    wait_for(fixture, "\"kind\":\"run_event\"", 1);
    kill(fixture->daemon, SIGUSR1);
    while (strstr(log_of(fixture), "told to begin anew: after what is under way") == NULL)
        usleep(20000);
    work_give(fixture, 2, "facts");
    usleep(500000);
    assert_int_equal(waitpid(fixture->daemon, &status, WNOHANG), 0);
    file_put(go, "", 0600);
    assert_int_equal(waitpid(fixture->daemon, &status, 0), fixture->daemon);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_null(strstr(log_of(fixture), "work 2"));
    daemon_start(fixture);
    wait_for(fixture, "\"verdict\":\"ok\"", 1);
    wait_for(fixture, "\"kind\":\"hello\"", 2);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"run_end\""), 1);
    assert_int_equal(count_of(fixture->stub, "lost"), 0);
    assert_gapless(fixture->stub);
    /* idle: at once */
    kill(fixture->daemon, SIGUSR1);
    assert_int_equal(waitpid(fixture->daemon, &status, 0), fixture->daemon);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fixture->daemon = 0;
}

static void test_killed(void **state)
{
    struct fixture *fixture = *state;

    mode_set(fixture, "hang");
    daemon_start(fixture);
    work_give(fixture, 7, "check");
    wait_for(fixture, "\"kind\":\"run_event\"", 1);
    daemon_end(fixture, SIGKILL);
    mode_set(fixture, "ok");
    daemon_start(fixture);
    wait_for(fixture, "\"outcome\":\"lost\"", 1);
    wait_for(fixture, "\"kind\":\"hello\"", 2);
    /* work that was taken is not done twice, and that is told to the controller */
    for (int64_t end_ms = clock_monotonic_ms() + patient_ms(5000);
         fixture->stub->asked_after != 7 && clock_monotonic_ms() < end_ms;)
        usleep(20000);
    assert_int_equal(fixture->stub->asked_after, 7);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"run_start\""), 1);
    assert_gapless(fixture->stub);
}

static void test_alone(void **state)
{
    struct fixture *fixture = *state;
    int port = api_server_port(fixture->stub->server);

    api_server_stop(fixture->stub->server);
    fixture->stub->server = NULL;
    daemon_start(fixture);
    for (int64_t end_ms = clock_monotonic_ms() + patient_ms(5000);
         strstr(log_of(fixture), "no connection") == NULL && clock_monotonic_ms() < end_ms;)
        usleep(20000);
    assert_non_null(strstr(log_of(fixture), "no connection"));
    stub_listen(fixture->stub, &fixture->stub->authority, port);
    wait_for(fixture, "\"kind\":\"facts\"", 1);
    assert_gapless(fixture->stub);
}

/* A node that was off for longer than its certificate lives comes back by itself. */
static void test_expired(void **state)
{
    struct fixture *fixture = *state;
    struct stub *stub = fixture->stub;
    const struct certificate *ended = NULL;
    struct private_key *key = NULL;
    struct identity identity;
    struct error err = ERROR_INIT;
    char text[512], self[256] = "";
    bool missing = false;
    const char *pem;

    must(identity_load(stub->arena, stub->state, &identity, &missing, &err), &err);
    must(private_key_load(identity.paths.key, &key, NULL, &err), &err);
    must(certificate_make_node(
             stub->arena, &stub->authority,
             &(struct certificate_wish){ private_key_public(key), clock_wall_us() - 8 * DAY_US, 7 * DAY_S },
             &identity.node, &ended, &err),
         &err);
    private_key_free(key);
    pem = certificate_pem(stub->arena, ended);
    must(private_file_write(identity.paths.certificate, pem, strlen(pem), &err), &err);
    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    /* the look at the start finds nothing to do: what counts is that the controller refuses */
    snprintf(text, sizeof(text),
             "#!/bin/sh\n[ $1 = facts ] && { echo '{}'; exit; }\n"
             "case \"$*\" in *--when-due*) echo not due ;; join*) exec %s --renew \"$4\" ;; esac\n",
             self);
    file_put(fixture->runner, text, 0755);
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"hello\"", 1);
    assert_int_equal(stub->renewals, 1);
    assert_non_null(strstr(log_of(fixture), "refuses with status 403: the certificate of node ai-1 has run out"));
    assert_non_null(strstr(log_of(fixture), "the certificate was renewed"));
}

/* An engine in the controller asks for a session: beside whatever runs, and no more than four. */
static void test_sessions(void **state)
{
    struct fixture *fixture = *state;
    static const char id[] = "00112233445566778899aabbccddeeff";
    struct error err = ERROR_INIT;
    char text[1024] = "[", calls[160], *said = NULL;

    for (int i = 1; i <= 6; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "%s{\"number\": %d, \"kind\": \"session\", \"body\": {\"session\": \"%s\"}}", i == 1 ? "" : ", ", i,
                 i == 1 ? "x" : id);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "]");
    daemon_start(fixture);
    stub_work_set(fixture->stub, text);
    wait_for(fixture, "no session: 4 are open already, which is the most\",\"work\":6", 1);
    wait_for(fixture, "no session: 'x' is no session: expected 32 hexadecimal digits\",\"work\":1", 1);
    snprintf(calls, sizeof(calls), "%s/calls", fixture->stub->folder);
    for (int64_t end_ms = clock_monotonic_ms() + patient_ms(5000);
         (said == NULL || strstr(said, id) == NULL) && clock_monotonic_ms() < end_ms;) {
        usleep(20000);
        (void)file_read(fixture->stub->arena, calls, 65536, &said, NULL, &err);
    }
    snprintf(text, sizeof(text), "session %s --state %s --self %s", id, fixture->stub->state, fixture->runner);
    assert_non_null(strstr(said, text));
    assert_int_equal(daemon_end(fixture, SIGTERM), 0);
}

/* Pieces are looked after by a child that is told of news, heard, and started again when it dies; the daemon's end is its end. */
static void test_pieces(void **state)
{
    struct fixture *fixture = *state;
    char die[160];

    mode_set(fixture, "pieces");
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"pieces\",\"body\":{\"epoch\":1", 1);
    work_give(fixture, 1, "placement");
    wait_for(fixture, "\"kind\":\"pieces\",\"body\":{\"epoch\":2", 1);
    work_give(fixture, 2, "apply"); /* programs may have come */
    wait_for(fixture, "\"kind\":\"pieces\",\"body\":{\"epoch\":3", 1);
    mode_set(fixture, "pieces"); /* the run has set another one */
    snprintf(die, sizeof(die), "%s/die", fixture->stub->folder);
    file_put(die, "", 0600);
    wait_for(fixture, "\"kind\":\"pieces\",\"body\":{\"epoch\":1", 2);
    assert_non_null(strstr(log_of(fixture), "a word of the keeper"));
    assert_non_null(strstr(log_of(fixture), "said what is no JSON"));
    assert_non_null(strstr(log_of(fixture), "pieces are not looked after for a moment: the last word"));
    assert_int_equal(daemon_end(fixture, SIGTERM), 0);
    assert_gapless(fixture->stub);
}

/* An operator's run over ssh leaves word of its end: programs are looked for and models told, not at the next timed look only. */
static void test_brought(void **state)
{
    struct fixture *fixture = *state;
    char runs[160], store[160], folder[] = "/tmp/roost-brought-XXXXXX";

    assert_non_null(mkdtemp(folder));
    snprintf(runs, sizeof(runs), "%s/runs", folder);
    snprintf(store, sizeof(store), "%s/store", fixture->stub->folder);
    setenv("ROOST_RUN_FOLDER", folder, 1);
    setenv("ROOST_MODELS_STORE", store, 1);
    mode_set(fixture, "pieces");
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"pieces\",\"body\":{\"epoch\":1", 1);
    wait_for(fixture, "\"kind\":\"models\"", 1); /* there are none */
    for (const char *const *make = (const char *const[]){ "", "/names", "/names/file", "/names/file/k", NULL };
         *make != NULL; make++) {
        char path[200];

        snprintf(path, sizeof(path), "%s%s", store, *make);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    {
        char link[200], blob[100] = "../../../blobs/sha256/";

        memset(blob + strlen(blob), 'a', 64);
        snprintf(link, sizeof(link), "%s/names/file/k/m.gguf", store);
        assert_int_equal(symlink(blob, link), 0);
    }
    file_put(runs, "1 2 root -\n1 2 root - end\n", 0600);
    wait_for(fixture, "\"kind\":\"pieces\",\"body\":{\"epoch\":3", 1);
    wait_for(fixture, "\"kind\":\"models\"", 2);
    assert_int_equal(daemon_end(fixture, SIGTERM), 0);
    unsetenv("ROOST_RUN_FOLDER");
    unsetenv("ROOST_MODELS_STORE");
    (void)unlink(runs);
    (void)rmdir(folder);
}

static void log_nothing(void *data, const char *sentence)
{
    (void)data;
    (void)sentence;
}

static void test_not_joined(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    char folder[128];

    snprintf(folder, sizeof(folder), "%s/other", fixture->stub->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_false(
        daemon_run(&(struct daemon_options){ .state = folder, .config_path = "/none", .log = log_nothing }, &err));
    assert_non_null(strstr(err.text, "this node has not joined a controller"));
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"hello\"", 1);
    assert_false(daemon_run(
        &(struct daemon_options){ .state = fixture->stub->state, .config_path = "/none", .log = log_nothing }, &err));
    assert_non_null(strstr(err.text, "another daemon works in"));
}

static void config_fails(struct fixture *fixture, const char *text, const char *sentence)
{
    struct error err = ERROR_INIT;
    struct daemon_config config;

    file_put(fixture->config, text, 0600);
    assert_false(daemon_config_read(fixture->stub->arena, fixture->config, &config, &err));
    if (strstr(err.text, sentence) == NULL)
        fail_msg("%s", err.text);
}

static void test_config(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct daemon_config config;

    must(daemon_config_read(fixture->stub->arena, "/none", &config, &err), &err);
    assert_int_equal(config.policy, POLICY_REPORT);
    assert_int_equal(config.check_interval_us, (int64_t)1800 * 1000000);
    file_put(fixture->config, "policy: window\nwindow: \"22:00-06:00\"\ncheck_interval_s: 600\n", 0600);
    must(daemon_config_read(fixture->stub->arena, fixture->config, &config, &err), &err);
    assert_int_equal(config.policy, POLICY_WINDOW);
    assert_int_equal(config.windows.count, 1);
    config_fails(fixture, "policy: mend\n", "policy");
    config_fails(fixture, "polcy: repair\n", "polcy");
    config_fails(fixture, "policy: window\n", "policy 'window' needs a window");
    config_fails(fixture, "window: always\n", "window means something with policy 'window' only");
    config_fails(fixture, "playbook: site.yml\n", "is no absolute path");
    config_fails(fixture, "check_interval_s: 1\n", "check_interval_s is 1");
    config_fails(fixture, "- a\n", "not a mapping");
}

/* --- the daemon's own process --- */

static void log_print(void *data, const char *sentence)
{
    (void)data;
    fprintf(stderr, "%s\n", sentence);
}

static int renew_main(const char *state)
{
    struct arena *arena = arena_new();
    struct error err = ERROR_INIT;
    bool renewed = false;

    if (!join_renew(arena, state, false, &renewed, &err))
        fprintf(stderr, "%s\n", err.text);
    else
        puts("renewed");
    arena_free(arena);
    return renewed ? 0 : 1;
}

static int daemon_main(char **argv)
{
    struct daemon_options options = { .state = argv[2], .config_path = argv[3], .program = argv[4], .log = log_print };
    struct error err = ERROR_INIT;

    if (daemon_run(&options, &err))
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* --- a bundle that was taken --- */

static void bundle_put(struct fixture *fixture, int64_t expires_us)
{
    const char *folder = arena_printf(fixture->stub->arena, "%s/bundle", fixture->stub->state);
    struct error err = ERROR_INIT;

    must(file_tree_make(fixture->stub->arena, folder, &err), &err);
    file_put(arena_printf(fixture->stub->arena, "%s/info.json", folder),
             arena_printf(fixture->stub->arena,
                          "{\"version\":7,\"created_us\":1,\"expires_us\":%lld,\"changed\":true,\"name\":\"site.yml\","
                          "\"host\":\"box-7\",\"playbook\":\"project/site.yml\",\"inventory\":\"inventory.yml\","
                          "\"vars\":\"vars.yml\",\"config\":\"ansible.cfg\"}",
                          (long long)expires_us),
             0600);
}

static char *calls_of(struct fixture *fixture)
{
    char *text = NULL;
    struct error err = ERROR_INIT;

    must(file_read(fixture->stub->arena, arena_printf(fixture->stub->arena, "%s/calls", fixture->stub->folder), 65536,
                   &text, NULL, &err),
         &err);
    return text;
}

static void test_bundle_is_run(void **state)
{
    struct fixture *fixture = *state;
    const char *files = arena_printf(fixture->stub->arena, "%s/bundle/files", fixture->stub->state);

    file_put(fixture->config, "policy: report\n", 0600);
    bundle_put(fixture, clock_wall_us() + DAY_US);
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"bundle\",\"body\":{\"version\":7,\"playbook\":\"site.yml\"}", 1);
    wait_for(fixture, "\"kind\":\"run_end\"", 1);
    assert_int_equal(count_of(fixture->stub, "\"why\":\"bundle\""), 1);
    assert_non_null(
        strstr(calls_of(fixture),
               arena_printf(fixture->stub->arena,
                            "check %s/project/site.yml --output jsonl -i %s/inventory.yml -l box-7 -e @%s/vars.yml",
                            files, files, files)));
    daemon_end(fixture, SIGTERM);
    daemon_start(fixture);
    wait_for(fixture, "\"kind\":\"hello\"", 2);
    work_give(fixture, 1, "bundle");
    work_give(fixture, 2, "check");
    wait_for(fixture, "\"kind\":\"run_end\"", 2);
    assert_int_equal(count_of(fixture->stub, "\"kind\":\"bundle\""), 1); /* told once */
}

static void test_bundle_has_expired(void **state)
{
    struct fixture *fixture = *state;

    file_put(fixture->config, "policy: repair\n", 0600);
    mode_set(fixture, "drift");
    bundle_put(fixture, clock_wall_us() - DAY_US);
    daemon_start(fixture);
    wait_for(fixture, "\"verdict\":\"drift\"", 1);
    work_give(fixture, 1, "apply");
    wait_for(fixture, "it is still checked, but not applied\",\"work\":1", 1);
    assert_null(strstr(calls_of(fixture), "apply "));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start),
        TEST(test_facts_once),
        TEST(test_drift),
        TEST(test_repair),
        TEST(test_policy_changes),
        TEST(test_window_closed),
        TEST(test_touched),
        TEST(test_touched_by_itself),
        TEST(test_touched_too_few),
        TEST(test_failures),
        TEST(test_odd_results),
        TEST(test_stop),
        TEST(test_killed),
        TEST(test_alone),
        TEST(test_not_joined),
        TEST(test_config),
        TEST(test_drain),
        TEST(test_expired),
        TEST(test_sessions),
        TEST(test_pieces),
        TEST(test_brought),
        TEST(test_bundle_is_run),
        TEST(test_bundle_has_expired),
    };

    if (argc == 3 && strcmp(argv[1], "--renew") == 0)
        return renew_main(argv[2]);
    if (argc == 5 && strcmp(argv[1], "--daemon") == 0)
        return daemon_main(argv);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
