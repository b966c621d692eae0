/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole rebuilds with stand-ins: a controller of a few routes, an ssh that shows host keys, and this program in place of the `roost` that
 * steps start (main, stand_in). What happened stands in one log, in order. The rebuild is a process of its own, so that it can be killed.
 */
#include "cli/verb.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "tests/unit/cli/center_stub.h"

VERB_DECLARE(rebuild);

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGH8iMAvqVZ0nMcEicJIjVN4aY79uU5QiYmxB/ByWbsp"
#define OTHER "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH84GC+w86WT/Q+o1wQ475IUtDNRnqOCjgXGH9ynNXdT"
#define SECRET "planted-5ecret"
#define PATIENCE_S 60
#define TEXT_MAX 100000

extern char **environ;

/* --- both sides: files of the scene --- */

static const char *place(struct arena *arena, const char *name)
{
    return path_join(arena, getenv("STAND_IN"), name);
}

/* "" where there is none. */
static char *text_of(struct arena *arena, const char *name)
{
    char *text = NULL;
    size_t length = 0;
    struct error ignored = ERROR_INIT;

    return file_read(arena, place(arena, name), TEXT_MAX, &text, &length, &ignored) ? text : arena_copy(arena, "");
}

static void text_put(struct arena *arena, const char *name, int flags, const char *text)
{
    struct error err = ERROR_INIT;
    FD_SCOPED fd = open(place(arena, name), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0700);

    if (fd < 0 || !fd_write_all(fd, text, strlen(text), &err))
        abort();
}

static void note(struct arena *arena, const char *first, const char *second)
{
    text_put(arena, "log", O_APPEND, arena_printf(arena, "%s %s\n", first, second));
}

/* --- the stand-in of roost --- */

/* Processes with the secret among their words; the rebuild has it where the user wrote it there. */
static void leaks_note(struct arena *arena)
{
    DIR *folder = opendir("/proc");

    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        const char *path = arena_printf(arena, "/proc/%s/cmdline", entry->d_name);
        char words[16384];
        FD_SCOPED fd = entry->d_name[0] > '9' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, words, sizeof(words));
        const char *second = length <= 0 ? NULL : memchr(words, '\0', (size_t)length - 1);

        if (second != NULL && strcmp(second + 1, "rebuild") != 0 &&
            memmem(words, (size_t)length, SECRET, strlen(SECRET)) != NULL)
            note(arena, "leak", entry->d_name);
    }
    closedir(folder);
}

static bool has_word(int argc, char **argv, const char *part)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(argv[i], part) != NULL)
            return true;
    }
    return false;
}

static const char *host_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == 'n' && argv[i][1] >= '1' && argv[i][1] <= '9' && argv[i][2] == '\0')
            return argv[i];
    }
    return "nobody";
}

static const char *what_of(int argc, char **argv)
{
    return strcmp(argv[1], "run") != 0               ? argv[1]
           : has_word(argc, argv, "reboot-required") ? "owed"
           : has_word(argc, argv, "has models")      ? "models"
           : has_word(argc, argv, "is-active")       ? "units"
           : has_word(argc, argv, "reboot_timeout")  ? "reboot"
                                                     : "ping";
}

static void extra_note(struct arena *arena, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *text = NULL;
        size_t length = 0;
        struct error err = ERROR_INIT;

        if (text_starts(argv[i], "-e@") && file_read(arena, argv[i] + 3, TEXT_MAX, &text, &length, &err))
            note(arena, "extra", text);
    }
}

/* A node that restarts is away until it is asked whether it is there again. */
static bool said_away(struct arena *arena, const char *host)
{
    return text_starts(text_of(arena, arena_printf(arena, "%s.owed", host)), "4");
}

/* As the file HOST.WHAT says: "2 words" is an exit code and what is printed; else as it goes well. */
static int stand_in(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    const char *host = host_of(argc, argv), *what = what_of(argc, argv);
    const char *file = arena_printf(arena, "%s.%s", host, what), *said = text_of(arena, file);

    note(arena, host, what);
    leaks_note(arena);
    extra_note(arena, argc, argv);
    if (strcmp(what, "reboot") == 0)
        unlink(place(arena, arena_printf(arena, "%s.owed", host)));
    if (strcmp(what, "apply") == 0)
        (void)rename(place(arena, arena_printf(arena, "%s.goes", host)),
                     place(arena, arena_printf(arena, "%s.owed", host)));
    if (strcmp(what, "ping") == 0 && said_away(arena, host))
        unlink(place(arena, arena_printf(arena, "%s.owed", host)));
    if (strcmp(what, "enroll") == 0)
        text_put(arena, arena_printf(arena, "%s.node", host), O_TRUNC, "1");
    if (*said != '\0') {
        printf("%s\n", said + 2);
        return said[0] - '0';
    }
    if (strcmp(what, "models") == 0)
        printf("has models: 0 files, 0 bytes\n");
    return strcmp(what, "owed") == 0 ? 2 : 0;
}

/* --- the controller --- */

struct scene {
    struct arena *arena;
    struct center_stub stub;
    const char *folder, *output;
    const char *benches, *bench; /* JSON */
    atomic_bool has_chat, is_dark;
    atomic_int dark;    /* so many looks until the workload serves again */
    atomic_int unheard; /* so many looks until nodes whose units were looked at are heard */
};

static void reply_json(struct api_call *call, int status, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(call->arena, text, strlen(text), NULL, &value, &err))
        abort();
    api_reply(call, status, value);
}

static void nothing(struct api_call *call)
{
    reply_json(call, 200, "{\"items\": [], \"pieces\": []}");
}

static void node_get(struct api_call *call)
{
    struct scene *scene = call->context;
    const char *name = api_path_value(call, "name");
    bool is_looked_at = strstr(text_of(call->arena, "log"), arena_printf(call->arena, "%s units\n", name)) != NULL;
    bool is_unheard = is_looked_at && scene->unheard > 0 && scene->unheard-- > 0;

    if (*text_of(call->arena, arena_printf(call->arena, "%s.node", name)) == '\0') {
        api_reply_error(call, 404, "node_unknown", "there is no such node");
        return;
    }
    if (is_looked_at)
        note(call->arena, name, is_unheard ? "unheard" : "heard");
    reply_json(call, 200,
               arena_printf(call->arena,
                            "{\"state\": \"active\", \"generation\": 1, \"reported\": %d, \"verdict\": \"ok\"}",
                            is_unheard ? 0 : 1));
}

static void drain_post(struct api_call *call)
{
    note(call->arena, api_path_value(call, "name"), "drain");
    nothing(call);
}

static void undrain_post(struct api_call *call)
{
    struct scene *scene = call->context;

    note(call->arena, api_path_value(call, "name"), "undrain");
    scene->dark = 2;
    nothing(call);
}

static void workloads_get(struct api_call *call)
{
    struct scene *scene = call->context;
    bool is_dark = scene->is_dark || (scene->dark > 0 && scene->dark-- > 0);

    if (!scene->has_chat) {
        nothing(call);
        return;
    }
    note(call->arena, "chat", is_dark ? "starting" : "serving");
    reply_json(call, 200,
               arena_printf(call->arena, "{\"items\": [{\"name\": \"chat\", \"kind\": \"batch\", \"state\": \"%s\"}]}",
                            is_dark ? "starting" : "serving"));
}

static void models_get(struct api_call *call)
{
    const char *name = strstr(api_path(call), "node=") + strlen("node=");
    const char *there = text_of(call->arena, arena_printf(call->arena, "%s.models", name));

    reply_json(call, 200,
               text_starts(there, "0 has models: 0") || *there == '\0' ? "{\"items\": []}" : "{\"items\": [{}]}");
}

static void benches_get(struct api_call *call)
{
    struct scene *scene = call->context;

    reply_json(call, 200, scene->benches == NULL ? "{\"items\": []}" : scene->benches);
}

static void benches_post(struct api_call *call)
{
    note(call->arena, "bench", json_text(call->arena, call->body_value, JSON_COMPACT));
    reply_json(call, 201, "{\"items\": [{\"id\": 9}]}");
}

static void bench_get(struct api_call *call)
{
    struct scene *scene = call->context;

    reply_json(call, 200, scene->bench);
}

static void plan_post(struct api_call *call)
{
    reply_json(call, 200, "{\"places\": [{\"placed\": false, \"sentence\": \"no iperf3\"}]}");
}

static void records_post(struct api_call *call)
{
    const char *node = value_map_text(call->body_value, "node");

    note(call->arena, arena_printf(call->arena, "record %s", node == NULL ? "cluster" : node),
         value_map_text(call->body_value, "outcome"));
    reply_json(call, 201, "{\"id\": 1}");
}

static const struct arg_spec any_args[] = { ARG_END };
static const struct task_spec any = { .name = "any", .args = any_args, .args_size = 1, .any_args = true };
static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/status", nothing),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/nodes/{name}", node_get),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/nodes/{name}/placement", nothing),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/nodes/{name}/drain", drain_post, .query = &any),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/nodes/{name}/undrain", undrain_post),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/workloads", workloads_get),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/models", models_get, .query = &any),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/models/fetches", nothing),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/benches", benches_get),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/benches", benches_post, .body = &any),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/benches/{id}", bench_get),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/plan", plan_post, .body = &any),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/build-records", records_post, .body = &any),
};
static const struct api_resource resource = { .name = "all",
                                              .routes = routes,
                                              .count = sizeof(routes) / sizeof(routes[0]) };
static const struct api_resource *const resources[] = { &resource };
static const struct api_table table = { resources, 1 };

/* --- the scene --- */

#define SSH                                                                                                            \
    "#!/bin/sh\n"                                                                                                      \
    "for w; do case $w in *203.0.113.*) a=$w ;; UserKnownHostsFile=*) f=${w#*=\\\"} ;; -G) g=1 ;; esac; done\n"        \
    "if [ -n \"$g\" ]; then printf 'hostname %s\\nport 22\\nuserknownhostsfile %s\\nhostkeyalias none\\n' \"$a\" "     \
    "\"$STAND_IN/known_hosts\"; exit; fi\n"                                                                            \
    "echo \"$a $(cat \"$STAND_IN/n${a##*.}.key\")\" >\"${f%\\\"}\"; exit 255\n"
#define WIPE                                                                                                           \
    "#!/bin/sh\n"                                                                                                      \
    "echo \"$ROOST_NODE wipe $ROOST_KEEP_MODELS\" >>\"$STAND_IN/log\"\n"                                               \
    "\"$STAND_IN/roost\" leaks\n"                                                                                      \
    "[ ! -p \"$STAND_IN/hold\" ] || read -r x <\"$STAND_IN/hold\"\n"                                                   \
    "echo it is wiped now\n"                                                                                           \
    "echo \"$ROOST_NODE wiped $TOKEN\" >>\"$STAND_IN/log\"\n"                                                          \
    "echo \"host-key: $(cat \"$STAND_IN/$ROOST_NODE.key\")\"\n"
#define HOSTS                                                                                                          \
    "[nodes]\nn1 ansible_host=203.0.113.1\nn2 ansible_host=203.0.113.2\nn3 ansible_host=203.0.113.3\n[nodes:vars]\n"   \
    "ansible_ssh_executable=%s/ssh\nroost_wipe_command=%s/wipe\n"

static int set_up(void **state)
{
    struct arena *arena = arena_new();
    struct scene *scene = arena_new_of(arena, struct scene);
    const char *folder = mkdtemp(arena_copy(arena, "/tmp/roost-rebuild-XXXXXX"));
    char self[4096] = "";

    assert_non_null(folder);
    scene->arena = arena;
    scene->folder = folder;
    setenv("STAND_IN", folder, 1);
    setenv("XDG_STATE_HOME", path_join(arena, folder, "state"), 1);
    setenv("ANSIBLE_CONFIG", path_join(arena, folder, "ansible.cfg"), 1);
    setenv("ANSIBLE_ROLES_PATH", SOURCE_FOLDER "/roles", 1);
    center_stub_start(&scene->stub, arena, folder, &table, scene);
    text_put(arena, "log", 0, "");
    text_put(arena, "ansible.cfg", 0, "");
    text_put(arena, "ssh", 0, SSH);
    text_put(arena, "wipe", 0, WIPE);
    text_put(arena, "site.yml", 0, "- hosts: nodes\n  tasks: []\n");
    text_put(arena, "hosts.ini", 0, arena_printf(arena, HOSTS, folder, folder));
    text_put(arena, "n1.key", 0, KEY);
    text_put(arena, "n2.key", 0, KEY);
    text_put(arena, "n3.key", 0, KEY);
    self[readlink("/proc/self/exe", self, sizeof(self) - 1)] = '\0';
    assert_int_equal(symlink(self, place(arena, "roost")), 0);
    *state = scene;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    center_stub_stop(&scene->stub, scene->arena, scene->folder);
    assert_int_equal(nftw(scene->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    arena_free(scene->arena);
    return 0;
}

/* What it prints goes to the file `output`. */
static pid_t rebuild_start(struct scene *scene, const char *output, const char *const *words)
{
    const char *argv[24] = { "roost", "rebuild" };
    posix_spawn_file_actions_t actions;
    char *const *writable = NULL;
    size_t count = 2;
    pid_t pid = -1;

    for (; *words != NULL; words++)
        argv[count++] = *words;
    argv[count] = NULL;
    memcpy(&writable, &(const char *const *){ argv }, sizeof(writable));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, place(scene->arena, output), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    assert_int_equal(posix_spawn(&pid, place(scene->arena, "roost"), &actions, NULL, writable, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static int rebuild_end(struct scene *scene, const char *output, pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    scene->output = text_of(scene->arena, output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A rebuild of the scene's inventory, and its exit code. */
#define REBUILD(scene, ...)                                                                                            \
    rebuild_whole(scene, (const char *const[]){ place((scene)->arena, "site.yml"), "-i",                               \
                                                place((scene)->arena, "hosts.ini"), "--yes", __VA_ARGS__ })

static int rebuild_whole(struct scene *scene, const char *const *words)
{
    return rebuild_end(scene, "output", rebuild_start(scene, "output", words));
}

static void file_says(struct scene *scene, const char *file, const char *part)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_S * 1000;

    while (strstr(text_of(scene->arena, file), part) == NULL) {
        if (clock_monotonic_ms() > deadline_ms)
            fail_msg("%s never says '%s':\n%s", file, part, text_of(scene->arena, file));
        (void)poll(NULL, 0, 10);
    }
}

static void says(struct scene *scene, const char *part)
{
    if (strstr(scene->output, part) == NULL)
        fail_msg("'%s' is not in:\n%s\n%s", part, scene->output, text_of(scene->arena, "log"));
}

static void ends(struct scene *scene, int code, int wanted)
{
    if (code != wanted)
        fail_msg("it ended with %d, not %d:\n%s\n%s", code, wanted, scene->output, text_of(scene->arena, "log"));
}

/* Lines of the log in that order, NULL-terminated, others between them. */
static void happened(struct scene *scene, const char *const *lines)
{
    const char *log = text_of(scene->arena, "log"), *at = log;

    for (; *lines != NULL; lines++) {
        at = strstr(at, arena_printf(scene->arena, "%s\n", *lines));
        if (at == NULL)
            fail_msg("'%s' is not where it is expected in:\n%s", *lines, log);
    }
}
#define HAPPENED(scene, ...) happened(scene, (const char *const[]){ __VA_ARGS__, NULL })

static void never_happened(struct scene *scene, const char *part)
{
    if (strstr(text_of(scene->arena, "log"), part) != NULL)
        fail_msg("'%s' is in:\n%s", part, text_of(scene->arena, "log"));
}

/* --- who is meant --- */

static void limit_leaves_the_others_alone(void **state)
{
    struct scene *scene = *state;

    ends(scene, REBUILD(scene, "--limit", "n1,n3", NULL), 0);
    says(scene, "left alone, as --limit does not take them: n2\n");
    says(scene, "2 of 2 nodes are built");
    HAPPENED(scene, "n1 wiped ");
    HAPPENED(scene, "n3 wiped ");
    HAPPENED(scene, "record n3 built", "record cluster built");
    never_happened(scene, "n2");
    ends(scene, REBUILD(scene, "--limit", "n9", NULL), 1);
    says(scene, "no host of the inventory matches 'n9', did you mean 'n1'?");
}

static void one_that_fails_stops_the_rest(void **state)
{
    struct scene *scene = *state;

    text_put(scene->arena, "n1.apply", 0, "2 fatal: [n1]: FAILED! => {\"msg\": \"no room\"}");
    ends(scene, REBUILD(scene, "--serial", "1", "--on-failure", "stop", NULL), 2);
    says(scene, "n1 has failed at apply: no room\n");
    says(scene, "not begun: n2, n3\n");
    says(scene, "0 of 3 nodes are built");
    HAPPENED(scene, "n1 apply", "record n1 failed", "record cluster failed");
    never_happened(scene, "n2");
    never_happened(scene, "n1 undrain");
}

static void one_that_fails_is_tried_again(void **state)
{
    struct scene *scene = *state;

    text_put(scene->arena, "n1.apply", 0, "2 broken");
    ends(scene, REBUILD(scene, "--serial", "1", NULL), 2);
    says(scene, "n1 has failed at apply: broken\n");
    says(scene, "2 of 3 nodes are built");
    HAPPENED(scene, "n1 apply", "n2 wiped ", "n2 undrain", "n3 wiped ", "n3 undrain", "record n1 failed");
    unlink(place(scene->arena, "n1.apply"));
    text_put(scene->arena, "log", O_TRUNC, "");
    ends(scene, rebuild_whole(scene, (const char *const[]){ "--resume", "--yes", NULL }), 0);
    says(scene, "3 of 3 nodes are built");
    HAPPENED(scene, "n1 apply", "n1 undrain", "record cluster built");
    never_happened(scene, "wipe");
}

/* The next batch begins when what served at the beginning serves again. */
static void batches_wait_for_what_served(void **state)
{
    struct scene *scene = *state;

    scene->has_chat = true;
    ends(scene, REBUILD(scene, "--serial", "2", NULL), 0);
    HAPPENED(scene, "n1 enroll", "n1 undrain", "chat starting", "chat starting", "chat serving", "n3 enroll");
    HAPPENED(scene, "n2 undrain", "chat starting", "chat starting", "chat serving", "n3 enroll");
}

/* What was under way is away: what served cannot serve before it is back, and is not waited for. */
static void going_on_waits_for_nobody(void **state)
{
    struct scene *scene = *state;

    scene->has_chat = true;
    text_put(scene->arena, "n2.apply", 0, "2 broken");
    ends(scene, REBUILD(scene, "--limit", "n1,n2", "--serial", "1", NULL), 2);
    unlink(place(scene->arena, "n2.apply"));
    scene->is_dark = true;
    ends(scene, rebuild_whole(scene, (const char *const[]){ "--resume", "--yes", NULL }), 0);
    HAPPENED(scene, "n2 apply", "n2 apply", "n2 undrain");
}

/* --- steps --- */

static void units_that_failed(void **state)
{
    struct scene *scene = *state;

    text_put(scene->arena, "n1.units", 0, "1 failed: inference-chat.service");
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 2);
    says(scene, "n1 has failed at units: failed: inference-chat.service\n");
    never_happened(scene, "n1 undrain");
}

/* That its units run is not enough: the controller has a report of it. */
static void a_node_serves_when_it_was_heard(void **state)
{
    struct scene *scene = *state;

    scene->unheard = 2;
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 0);
    HAPPENED(scene, "n1 units", "n1 unheard", "n1 unheard", "n1 heard", "n1 undrain");
}

static void restarts_and_faults(void **state)
{
    struct scene *scene = *state;

    text_put(scene->arena, "n1.owed", 0, "0 yes");
    text_put(scene->arena, "n2.doctor", 0, "2 [ERROR] gtt_leak: memory that no process holds");
    text_put(scene->arena, "n3.doctor", 0, "1 [WARN] clock");
    ends(scene, REBUILD(scene, NULL), 2);
    says(scene, "n1: restart: restarted");
    says(scene, "n3: doctor: warnings, see its log");
    says(scene, "n2 has failed at doctor: [ERROR] gtt_leak: memory that no process holds\n");
    says(scene, "2 of 3 nodes are built");
    HAPPENED(scene, "n1 owed", "n1 reboot", "n1 doctor", "n1 undrain");
    never_happened(scene, "n2 reboot");
    never_happened(scene, "n2 undrain");
}

/* Cut in the middle of its restart: the node is away at first, and waited for. */
static void a_restart_is_waited_for(void **state)
{
    struct scene *scene = *state;

    text_put(scene->arena, "n1.goes", 0, "4 n1 | UNREACHABLE! => connection refused");
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 0);
    says(scene, "n1: restart: none is owed");
    HAPPENED(scene, "n1 ping", "n1 apply", "n1 owed", "n1 ping", "n1 owed", "n1 doctor");
}

static void models_kept_or_not(void **state)
{
    struct scene *scene = *state;

    text_put(scene->arena, "n1.models", 0, "0 has models: 2 files, 1048576 bytes");
    ends(scene, REBUILD(scene, "--limit", "n1", "--keep-models", NULL), 0);
    ends(scene, REBUILD(scene, "--limit", "n1", "--keep-models", NULL), 0); /* again: it is a node now */
    says(scene, "n1: models: 1.0 MiB there");
    HAPPENED(scene, "n1 wipe 1", "n1 drain", "n1 wipe 1");
    text_put(scene->arena, "wipe", O_TRUNC,
             "#!/bin/sh\necho '0 has models: 0 files, 0 bytes' >\"$STAND_IN/n1.models\"\n"
             "echo \"host-key: $(cat \"$STAND_IN/n1.key\")\"\n");
    ends(scene, REBUILD(scene, "--limit", "n1", "--keep-models", NULL), 0);
    says(scene, "n1: models: none there: the wipe command has not kept them");
}

#define BASELINE                                                                                                       \
    "{\"items\": [{\"id\": 3, \"alike\": \"a\", \"kind\": \"llama_bench\", \"subject\": \"tiny\", \"state\": "         \
    "\"done\", \"nodes\": [\"n1\"], \"nodes_count\": 1, \"settings\": {\"pp\": \"32\", \"kv\": \"q8_0\"}}]}"
#define MEASURED(state, flagged, change)                                                                               \
    "{\"id\": 9, \"kind\": \"llama_bench\", \"subject\": \"tiny\", \"state\": \"" state "\", \"sentence\": "           \
    "\"40 tokens/s\", \"is_flagged\": " flagged ", \"compared\": 3, \"change\": " change "}"

static void measured_against_before(void **state)
{
    struct scene *scene = *state;

    scene->benches = BASELINE;
    scene->bench = MEASURED("done", "true", "-0.2");
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 3);
    says(scene, "(cluster) has failed at accept: llama_bench tiny is slower than bench 3 by 20.0 %, and 5 % are let "
                "pass: 40 tokens/s; --resume measures again, --resume --margin PERCENT lets more pass\n");
    says(scene, "1 of 1 nodes are built, roost rebuild --resume goes on with what is left");
    HAPPENED(scene, "record n1 built", "record cluster failed");
    HAPPENED(scene, "bench {\"kind\":\"llama_bench\",\"model\":\"tiny\",\"nodes\":[\"n1\"],\"kv\":\"q8_0\","
                    "\"options\":{\"pp\":\"32\"},\"counts\":[1]}");
    ends(scene, rebuild_whole(scene, (const char *const[]){ "--resume", "--yes", "--margin", "21", NULL }), 0);
    ends(scene, REBUILD(scene, "--limit", "n1", "--margin=19", NULL), 3);
    says(scene, "and 19 % are let pass");
    ends(scene, REBUILD(scene, "--limit", "n1", "--margin", "101", NULL), 5);
    scene->bench = MEASURED("done", "true", "0.2"); /* faster is no fault */
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 0);
    says(scene, "1 benchmark as before");
    scene->bench = MEASURED("failed", "false", "null");
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 3);
    says(scene, "llama_bench tiny, which was measured before, has failed: 40 tokens/s\n");
}

#define ROW(id, alike, nodes)                                                                                          \
    "{\"id\": " id ", \"alike\": \"" alike "\", \"kind\": \"hpl\", \"state\": \"done\", \"nodes\": " nodes             \
    ", \"nodes_count\": 1, \"settings\": {}}"

/* Of nodes that are gone, that were not built, or that have nothing to do with it, nothing is measured. */
static void measured_where_it_can_be(void **state)
{
    struct scene *scene = *state;

    scene->benches = "{\"items\": [" ROW("5", "a", "[\"n1\", \"n9\"]") ", " ROW("4", "b", "[\"n2\"]") ", " ROW(
        "3", "c", "[\"n1\"]") "]}";
    scene->bench = MEASURED("done", "false", "0.01");
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 0);
    says(scene, "hpl is not measured again: n9 is no node any more");
    says(scene, "1 benchmark as before");
    HAPPENED(scene, "bench {\"kind\":\"hpl\",\"nodes\":[\"n1\"],\"options\":{},\"counts\":[1]}");
    never_happened(scene, "bench {\"kind\":\"hpl\",\"nodes\":[\"n2\"]");
    text_put(scene->arena, "n2.doctor", 0, "2 [ERROR] gtt_leak: memory that no process holds");
    scene->benches = "{\"items\": [" ROW("6", "d", "[\"n1\", \"n2\"]") "]}";
    ends(scene, REBUILD(scene, "--limit", "n1,n2", NULL), 2);
    says(scene, "hpl is not measured again: n2 is not built");
}

/* --- what nobody may read --- */

static void secrets_are_no_words(void **state)
{
    struct scene *scene = *state;
    const char *log = NULL;

    text_put(scene->arena, "hosts.ini", O_TRUNC,
             arena_printf(scene->arena, HOSTS, scene->folder, "TOKEN=" SECRET " $STAND_IN"));
    ends(scene, REBUILD(scene, "--limit", "n1", "-e", "bmc='" SECRET " 2'", "-e", "{n: 1, t: '{{ bmc }}'}", NULL), 0);
    HAPPENED(scene, "nobody leaks", "n1 wiped " SECRET);
    HAPPENED(scene, "n1 apply", "extra bmc: " SECRET " 2\nn: 1\nt: '{{ bmc }}'\n");
    never_happened(scene, "leak ");
    says(scene, "logs in ");
    log = arena_printf(scene->arena, "%.*s/n1.log", (int)strcspn(strstr(scene->output, "logs in ") + 8, "\n"),
                       strstr(scene->output, "logs in ") + 8);
    assert_true(symlink(log, place(scene->arena, "n1.log")) == 0);
    assert_non_null(strstr(text_of(scene->arena, "n1.log"), " enroll -i "));
    assert_non_null(strstr(text_of(scene->arena, "n1.log"), " -e bmc=*** -e *** "));
    assert_null(strstr(text_of(scene->arena, "n1.log"), SECRET));
}

/* --- one wipe at a time --- */

static void a_wipe_outlives_its_rebuild(void **state)
{
    struct scene *scene = *state;
    struct arena *arena = scene->arena;
    pid_t pid = -1;

    assert_int_equal(mkfifo(place(arena, "hold"), 0600), 0);
    pid = rebuild_start(scene, "output",
                        (const char *const[]){ place(arena, "site.yml"), "-i", place(arena, "hosts.ini"), "--yes",
                                               "--limit", "n1", NULL });
    file_says(scene, "log", "n1 wipe ");
    kill(pid, SIGKILL);
    (void)rebuild_end(scene, "output", pid);
    pid = rebuild_start(scene, "again", (const char *const[]){ "--resume", "--yes", NULL });
    file_says(scene, "again", "n1: wipe: a wipe that was begun before still runs: waiting for its end");
    never_happened(scene, "wiped");
    text_put(arena, "hold", 0, "go\n"); /* opens when the first one reads */
    file_says(scene, "log", "n1 wiped \nn1 wipe \n");
    text_put(arena, "hold", 0, "go\n");
    ends(scene, rebuild_end(scene, "again", pid), 0);
    HAPPENED(scene, "n1 wipe ", "n1 wiped ", "n1 wipe ", "n1 wiped ", "n1 enroll");
}

static void ctrl_c_ends_a_wipe(void **state)
{
    struct scene *scene = *state;
    struct arena *arena = scene->arena;
    pid_t pid = -1;

    assert_int_equal(mkfifo(place(arena, "hold"), 0600), 0);
    pid = rebuild_start(scene, "output",
                        (const char *const[]){ place(arena, "site.yml"), "-i", place(arena, "hosts.ini"), "--yes",
                                               "--limit", "n1", NULL });
    file_says(scene, "log", "n1 wipe ");
    kill(pid, SIGINT);
    ends(scene, rebuild_end(scene, "output", pid), 99);
    says(scene, "Interrupted: roost rebuild --resume goes on with it");
    unlink(place(arena, "hold"));
    ends(scene, rebuild_whole(scene, (const char *const[]){ "--resume", "--yes", NULL }), 0);
    HAPPENED(scene, "n1 wipe ", "n1 wipe ", "n1 wiped ");
}

/* --- known_hosts --- */

static void marks_in_known_hosts(void **state)
{
    struct scene *scene = *state;

    text_put(scene->arena, "known_hosts", 0,
             "@cert-authority 203.0.113.1 " OTHER "\n203.0.113.1 " KEY "\n@revoked * " OTHER "\n");
    text_put(scene->arena, "n2.key", O_TRUNC, OTHER);
    ends(scene, REBUILD(scene, "-e", "roost_wipe_command=", NULL), 2);
    says(scene, "n1: ssh: host key SHA256:WcduTWUnLB9O2fSvbbkWlM4QBrnGexeb/cOckjN9cfQ, as known before");
    says(scene, "which known_hosts has as @revoked\n");
    says(scene, "n3: ssh: host key SHA256:WcduTWUnLB9O2fSvbbkWlM4QBrnGexeb/cOckjN9cfQ, pinned on first sight");
    says(scene, "2 of 3 nodes are built");
    never_happened(scene, "n2 enroll");
}

static void an_old_key_that_stays_is_an_error(void **state)
{
    struct scene *scene = *state;
    struct arena *arena = scene->arena;
    const char *path = arena_copy(arena, getenv("PATH"));

    text_put(arena, "known_hosts", 0, "203.0.113.1 " OTHER "\n");
    assert_int_equal(mkdir(place(arena, "bin"), 0700), 0);
    text_put(arena, "bin/ssh-keygen", 0,
             "#!/bin/sh\n[ $1 != -R ] || { echo no room >&2; exit 255; }\n"
             "PATH=${PATH#*:} exec ssh-keygen \"$@\"\n");
    setenv("PATH", arena_printf(arena, "%s:%s", place(arena, "bin"), path), 1);
    ends(scene, REBUILD(scene, "--limit", "n1", NULL), 2);
    setenv("PATH", path, 1);
    says(scene, "n1 has failed at ssh: ssh-keygen -R 203.0.113.1 -f ");
    says(scene, " ended with 255: no room\n");
    assert_null(strstr(text_of(arena, "known_hosts"), KEY));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(units_that_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_node_serves_when_it_was_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limit_leaves_the_others_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_fails_stops_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_fails_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batches_wait_for_what_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(going_on_waits_for_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(restarts_and_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restart_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(models_kept_or_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(measured_against_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(measured_where_it_can_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(secrets_are_no_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wipe_outlives_its_rebuild, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ctrl_c_ends_a_wipe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_in_known_hosts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_key_that_stays_is_an_error, set_up, tear_down),
    };

    if (argc > 1 && strcmp(argv[1], "rebuild") == 0)
        return verb_rebuild.run(argc - 1, argv + 1);
    if (argc > 1)
        return stand_in(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
