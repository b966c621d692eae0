/* SPDX-License-Identifier: Apache-2.0 */
/* Logs as a Debian 12 machine wrote them (and dnf's and rpm's form), and what is told of them. */
#include "agent/daemon/cause_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utmp.h>

#include <cmocka.h>

#include "agent/daemon/cause.h"
#include "common/base/fd.h"

#define SECOND ((int64_t)1000000)
#define AT(seconds) ((int64_t)(seconds)*SECOND)

/* 2026-11-21 00:00:00 UTC */
#define DAY ((int64_t)1795219200)
#define CLOCK(h, m, s) AT(DAY + (h)*3600 + (m)*60 + (s))

static const char apt_history[] =
    "\nStart-Date: 2026-11-21  11:17:12\n"
    "Commandline: apt-get install -y cron\n"
    "Install: netbase:amd64 (6.4, automatic), cron:amd64 (3.0pl1-162), liblockfile1:amd64 (1.17-1+b1, automatic)\n"
    "End-Date: 2026-11-21  11:17:14\n"
    "\nStart-Date: 2026-11-21  11:19:07\n"
    "Commandline: apt-get remove -y -q -o Acquire::http::Proxy=http://u:p@h:1 tree\n"
    "Requested-By: ops (1001)\n"
    "Remove: tree:amd64 (2.1.0-1)\n"
    "End-Date: 2026-11-21  11:19:07\n"
    "\nStart-Date: 2026-11-21  11:30:00\n"
    "Commandline: /usr/bin/unattended-upgrade\n";

static const char dpkg_log[] = "2026-11-21 11:17:35 startup archives unpack\n"
                               "2026-11-21 11:17:35 install tree:amd64 <none> 2.1.0-1\n"
                               "2026-11-21 11:17:35 status half-installed tree:amd64 2.1.0-1\n"
                               "2026-11-21 11:17:35 status installed tree:amd64 2.1.0-1\n"
                               "2026-11-21 11:19:07 startup packages remove\n"
                               "2026-11-21 11:19:07 remove tree:amd64 2.1.0-1 <none>\n"
                               "2026-11-21 11:19:07 remove cron:amd64 3.0pl1-162 <none>\n"
                               "2026-11-21 11:19:08 remove a:amd64 1 <none>\n"
                               "2026-11-21 11:19:08 remove b:all 1 <none>\n"
                               "2026-11-21 11:19:08 remove c:all 1 <none>\n";

static const char journal[] =
    "{\"__REALTIME_TIMESTAMP\":\"1795259931174922\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"_PID\":\"1107\",\"MESSAGE\":"
    "\"Accepted publickey for ops from 10.79.0.1 port 46160 ssh2: ED25519 SHA256:pcBdhJXzSctfHq\"}\n"
    "{\"MESSAGE\":\"     ops : PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/sh -c 'echo y >> /etc/motd'\",\"_PID\":\"1127\","
    "\"__REALTIME_TIMESTAMP\":\"1795259931708640\",\"SYSLOG_IDENTIFIER\":\"sudo\"}\n"
    "{\"MESSAGE\":\"     ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/htpasswd -b /etc/nginx/users ops geheim\","
    "\"_PID\":\"1128\",\"__REALTIME_TIMESTAMP\":\"1795259931709640\",\"SYSLOG_IDENTIFIER\":\"sudo\"}\n"
    "{\"MESSAGE\":\"pam_unix(sudo:session): session opened for user root(uid=0) by (uid=1001)\",\"_PID\":\"1127\","
    "\"SYSLOG_IDENTIFIER\":\"sudo\",\"__REALTIME_TIMESTAMP\":\"1795259931708980\"}\n"
    "{\"MESSAGE\":\"pam_unix(sudo:session): session closed for user root\",\"_PID\":\"1127\","
    "\"SYSLOG_IDENTIFIER\":\"sudo\",\"__REALTIME_TIMESTAMP\":\"1795259931711648\"}\n"
    "not json\n{\"MESSAGE\":[1,2]}\n"
    "{\"MESSAGE\":\"pam_unix(sshd:session): session closed for user ops\",\"_PID\":\"1107\","
    "\"__REALTIME_TIMESTAMP\":\"1795259931714363\",\"SYSLOG_IDENTIFIER\":\"sshd\"}\n"
    "{\"__REALTIME_TIMESTAMP\":\"1795259940000000\",\"SYSLOG_IDENTIFIER\":\"sshd-session\",\"_PID\":\"2000\",\"MESSAGE\":"
    "\"Accepted password for root from fe80::1 port 1 ssh2\"}\n";

static const char session_file[] = "# This is private data. Do not parse.\nUID=1001\nUSER=ops\nACTIVE=1\nSTATE=active\n"
                                   "REMOTE=1\nTYPE=tty\nCLASS=user\nREMOTE_HOST=10.79.0.1\nSERVICE=sshd\nLEADER=1177\n"
                                   "REALTIME=1795259948276067\nMONOTONIC=37896845916\n";

static struct evidence_list list;

static int setup(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    list = (struct evidence_list){ .arena = arena_new() };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(list.arena);
    return 0;
}

static void expect(size_t index, enum evidence_kind kind, int64_t begin_us, int64_t end_us, const char *text)
{
    assert_true(index < list.count);
    assert_string_equal(list.items[index].text, text);
    assert_int_equal(list.items[index].kind, kind);
    assert_int_equal(list.items[index].begin_us, begin_us);
    assert_int_equal(list.items[index].end_us, end_us);
}

static void test_apt(void **state)
{
    (void)state;
    evidence_apt_history(&list, apt_history);
    assert_int_equal(list.count, 3);
    expect(0, EVIDENCE_PACKAGES, CLOCK(11, 17, 12), CLOCK(11, 17, 14), "apt-get install cron");
    expect(1, EVIDENCE_PACKAGES, CLOCK(11, 19, 7), CLOCK(11, 19, 7), "apt-get remove tree (by ops)");
    expect(2, EVIDENCE_PACKAGES, CLOCK(11, 30, 0), INT64_MAX, "unattended-upgrade");
}

static void test_apt_broken(void **state)
{
    (void)state;
    evidence_apt_history(
        &list, "Commandline: apt install x\nEnd-Date: 2026-11-21  11:17:14\nStart-Date: rubbish\nCommandline: y\n");
    assert_int_equal(list.count, 0);
    evidence_apt_history(&list, "");
    evidence_dpkg(&list, "2026-11-21 11:17:35 install\ninstall\n\n");
    assert_int_equal(list.count, 0);
}

static void test_dpkg(void **state)
{
    (void)state;
    evidence_dpkg(&list, dpkg_log);
    assert_int_equal(list.count, 2);
    expect(0, EVIDENCE_DPKG, CLOCK(11, 17, 35), CLOCK(11, 17, 35), "dpkg install tree");
    expect(1, EVIDENCE_DPKG, CLOCK(11, 19, 7), CLOCK(11, 19, 8), "dpkg remove tree, cron, a and 2 more");
}

static void test_dnf(void **state)
{
    (void)state;
    evidence_dnf(&list, "2026-11-21T11:00:00+0000 DEBUG DNF version: 4.14.0\n"
                        "2026-11-21T11:00:00+0000 DDEBUG Command: dnf -y install nginx \n"
                        "2026-11-21T11:00:09+0000 DDEBUG Cleaning up.\n"
                        "2026-11-21T12:00:00+0000 DDEBUG Command: dnf list installed\n"
                        "2026-11-21T13:30:00+0100 DDEBUG Command: dnf remove nginx\n");
    assert_int_equal(list.count, 2);
    expect(0, EVIDENCE_PACKAGES, CLOCK(11, 0, 0), CLOCK(11, 0, 9), "dnf install nginx");
    expect(1, EVIDENCE_PACKAGES, CLOCK(12, 30, 0), CLOCK(12, 30, 0), "dnf remove nginx");
}

static void test_rpm(void **state)
{
    (void)state;
    evidence_rpm(&list, "1795260000 nginx\n1795200000 bash\n1795260001 nginx-core\nrubbish\n");
    assert_int_equal(list.count, 2);
    expect(0, EVIDENCE_DPKG, AT(1795200000), AT(1795200000), "rpm: installed bash");
    expect(1, EVIDENCE_DPKG, AT(1795260000), AT(1795260001), "rpm: installed nginx, nginx-core");
}

/* No word that may be a secret is kept. */
static void test_journal(void **state)
{
    (void)state;
    evidence_journal(&list, journal);
    assert_int_equal(list.count, 4);
    expect(0, EVIDENCE_SUDO, 1795259931708640, 1795259931711648, "sudo of ops: sh /etc/motd");
    expect(1, EVIDENCE_SUDO, 1795259931709640, INT64_MAX, "sudo of ops: htpasswd /etc/nginx/users");
    expect(2, EVIDENCE_LOGIN, 1795259931174922, 1795259931714363, "a login session of ops from 10.79.0.1");
    expect(3, EVIDENCE_LOGIN, 1795259940000000, INT64_MAX, "a login session of root from fe80::1");
}

static void test_session(void **state)
{
    (void)state;
    evidence_session(&list, session_file);
    evidence_session(&list, "USER=ops\nSTATE=closing\nREALTIME=5\n");
    evidence_session(&list, "USER=ops\nCLASS=manager\nREALTIME=5\n");
    assert_int_equal(list.count, 1);
    expect(0, EVIDENCE_LOGIN, 1795259948276067, INT64_MAX, "a login session of ops from 10.79.0.1");
}

static struct utmp record(short type, const char *line, const char *user, const char *host, int seconds)
{
    struct utmp out = { .ut_type = type };

    strncpy(out.ut_line, line, sizeof(out.ut_line) - 1);
    strncpy(out.ut_user, user, sizeof(out.ut_user) - 1);
    strncpy(out.ut_host, host, sizeof(out.ut_host) - 1);
    out.ut_tv.tv_sec = seconds;
    return out;
}

static void test_utmp(void **state)
{
    const struct utmp records[] = {
        record(USER_PROCESS, "pts/0", "ops", "10.79.0.1", 100),
        record(USER_PROCESS, "pts/1", "root", "", 110),
        record(DEAD_PROCESS, "pts/0", "", "", 120),
        record(USER_PROCESS, "tty1", "admin", "", 130),
        record(BOOT_TIME, "~", "reboot", "6.1.0", 200),
        record(USER_PROCESS, "pts/0", "ops", "10.79.0.2", 300),
    };

    (void)state;
    evidence_utmp(&list, records, sizeof(records));
    assert_int_equal(list.count, 4);
    expect(0, EVIDENCE_LOGIN, AT(100), AT(120), "a login session of ops from 10.79.0.1");
    expect(1, EVIDENCE_LOGIN, AT(110), AT(200), "a login session of root");
    expect(2, EVIDENCE_LOGIN, AT(130), AT(200), "a login session of admin");
    expect(3, EVIDENCE_LOGIN, AT(300), INT64_MAX, "a login session of ops from 10.79.0.2");
}

static void choose(const struct cause_window *window, const char *cause, const char *reason)
{
    struct cause found = cause_choose(&list, window);

    if (cause == NULL)
        assert_null(found.cause);
    else
        assert_string_equal(found.cause, cause);
    if (reason == NULL)
        assert_null(found.reason);
    else
        assert_string_equal(found.reason, reason);
}

static void test_choice(void **state)
{
    struct cause_window window = { .from_us = CLOCK(11, 0, 0), .to_us = CLOCK(11, 25, 0) };

    (void)state;
    choose(&window, "external", NULL);
    evidence_session(&list, session_file); /* since 11:19:08 */
    setenv("TZ", "Etc/GMT-1", 1);          /* the node's own time is told nowhere */
    choose(&window, "external", "a login session of ops from 10.79.0.1, there since 11:19:08 UTC");
    setenv("TZ", "UTC", 1);
    choose(&window, "external", "a login session of ops from 10.79.0.1, there since 11:19:08 UTC");
    evidence_dpkg(&list, dpkg_log);
    evidence_apt_history(&list, apt_history);
    choose(&window, "external", "apt-get remove tree (by ops) at 11:19:07 UTC");
    /* the kernel told when: what happened then counts, and nothing else */
    window.touched_us = CLOCK(11, 17, 13);
    choose(&window, "external", "apt-get install cron at 11:17:12 UTC");
    window.touched_us = CLOCK(11, 10, 0);
    choose(&window, "external", NULL);
    /* an operator's run is no stranger */
    evidence_runs(&list, "1795259400000000 55 ops 10.79.0.1\n1795259410000000 55 root -\nrubbish\n");
    choose(&window, "intentional", "a run of Roost by ops from 10.79.0.1 at 11:10:00 UTC");
    /* it was never in order: nothing can be said */
    window = (struct cause_window){ .to_us = CLOCK(11, 25, 0) };
    choose(&window, NULL, NULL);
    /* another day */
    window = (struct cause_window){ .from_us = CLOCK(11, 17, 12), .to_us = CLOCK(11, 17, 13) + AT(86400) };
    list.count = 0;
    evidence_dpkg(&list, dpkg_log);
    choose(&window, "external", "dpkg remove tree, cron, a and 2 more at 2026-11-21 11:19:07 UTC");
}

/* What was touched after a run had ended is not its doing. */
static void test_runs(void **state)
{
    struct cause_window window = { .from_us = 1, .to_us = CLOCK(11, 25, 0), .touched_us = CLOCK(11, 10, 4) };

    (void)state;
    evidence_runs(&list, "1795259400000000 55 ops 10.79.0.1\n1795259402000000 77 root -\n"
                         "1795259403000000 55 ops 10.79.0.1 end\n");
    assert_int_equal(list.count, 2);
    expect(0, EVIDENCE_RUN, CLOCK(11, 10, 0), CLOCK(11, 10, 3) + SECOND / 10, "a run of Roost by ops from 10.79.0.1");
    expect(1, EVIDENCE_RUN, CLOCK(11, 10, 2), CLOCK(11, 10, 17), "a run of Roost by root");
    choose(&window, "intentional", "a run of Roost by root at 11:10:02 UTC");
    list.count = 1;
    choose(&window, "external", NULL);
    window.touched_us = CLOCK(11, 10, 3);
    choose(&window, "intentional", "a run of Roost by ops from 10.79.0.1 at 11:10:00 UTC");
}

/* Who was there while it was done. */
static void test_choice_with_login(void **state)
{
    struct cause_window window = { .from_us = CLOCK(11, 0, 0),
                                   .to_us = CLOCK(11, 25, 0),
                                   .touched_us = 1795259931709000 };

    (void)state;
    evidence_journal(&list, journal);
    choose(
        &window, "external",
        "sudo of ops: sh /etc/motd at 11:18:51 UTC; a login session of ops from 10.79.0.1, 11:18:51 to 11:18:51 UTC");
    /* a command that was begun and goes on; and one that was over */
    window.touched_us = CLOCK(11, 20, 0);
    choose(
        &window, "external",
        "sudo of ops: htpasswd /etc/nginx/users at 11:18:51 UTC; a login session of ops from 10.79.0.1, 11:18:51 to 11:18:51 UTC");
    list.items[1].end_us = list.items[1].begin_us;
    choose(&window, "external", "a login session of root from fe80::1, there since 11:19:00 UTC");
}

/* From files, as they lie on a machine. */
static void test_find(void **state)
{
    char root[] = "/tmp/roost-cause-XXXXXX";
    const struct cause_sources sources = { .root = root };
    const struct cause_window window = { .from_us = CLOCK(11, 0, 0),
                                         .to_us = CLOCK(11, 25, 0),
                                         .touched_us = CLOCK(11, 19, 8) };
    struct error err = ERROR_INIT;
    const char *folder, *path;
    struct cause cause;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(root));
    cause_gather(&list, &sources, &window);
    assert_int_equal(list.count, 0);
    folder = arena_printf(list.arena, "%s/var/log/apt", root);
    assert_true(folder_create(list.arena, folder, 0755, &err));
    path = arena_printf(list.arena, "%s/history.log", folder);
    file = fopen(path, "w");
    fputs(apt_history, file);
    fclose(file);
    cause_gather(&list, &sources, &window);
    cause = cause_choose(&list, &window);
    assert_string_equal(cause.reason, "apt-get remove tree (by ops) at 11:19:07 UTC");
    remove(path);
    remove(folder);
    remove(arena_printf(list.arena, "%s/var/log", root));
    remove(arena_printf(list.arena, "%s/var", root));
    assert_int_equal(remove(root), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_apt),    TEST(test_apt_broken),        TEST(test_dpkg),    TEST(test_dnf),
        TEST(test_rpm),    TEST(test_journal),           TEST(test_session), TEST(test_utmp),
        TEST(test_choice), TEST(test_choice_with_login), TEST(test_runs),    TEST(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
