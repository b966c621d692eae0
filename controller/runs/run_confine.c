/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: a list of what may be read; all else is not there. */
#include "controller/runs/run_confine.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fd.h"

/* What newer kernels know, whatever the headers here do. */
#define ACCESS_TRUNCATE (1ULL << 14)
#define ABI_REFER 2
#define ABI_TRUNCATE 3
#define ABI_SCOPES 6
#define SCOPE_ABSTRACT_SOCKETS (1ULL << 0)
#define SCOPE_SIGNALS (1ULL << 1)

struct ruleset_shape {
    uint64_t files, network, scopes;
};

#define OF_FILES (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE)
#define READING (OF_FILES | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                                                                        \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                  \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |                         \
     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define ALL (READING | WRITING | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)

/* Of /etc only what every program reads: not the passwords, not keys. */
static const char *const readable[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/opt",
    "/proc",
    "/etc/ssl",
    "/etc/pki",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/group",
    "/etc/services",
    "/etc/protocols",
    "/etc/gnutls",
    "/etc/ld.so.cache",
    "/etc/crypto-policies",
    "/etc/alternatives",
    "/etc/os-release",
    "/etc/ca-certificates",
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    NULL,
};

static bool allow(int ruleset, const char *path, uint64_t access, struct error *err)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access };
    struct stat status;
    FD_SCOPED fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0)
        return true; /* what is not there needs no leave */
    if (!S_ISDIR(status.st_mode))
        rule.allowed_access &= OF_FILES | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
    rule.parent_fd = fd;
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
           error_set_errno(err, "cannot keep the run to its folder: %s", path);
}

bool run_confine(const char *folder, struct error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t newer = (abi >= ABI_REFER ? LANDLOCK_ACCESS_FS_REFER : 0) | (abi >= ABI_TRUNCATE ? ACCESS_TRUNCATE : 0);
    struct ruleset_shape shape = { .files = ALL | newer };
    size_t size = sizeof(shape.files);

    if (abi < 1)
        return error_set(err,
                         "this controller's kernel has no Landlock, which keeps a run away from the controller's keys: "
                         "run it from the desk with --via ssh");
    if (abi >= ABI_SCOPES) {
        shape.scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
        size = sizeof(shape);
    }
    FD_SCOPED ruleset = (int)syscall(SYS_landlock_create_ruleset, &shape, size, 0);
    if (ruleset < 0)
        return error_set_errno(err, "cannot keep the run to its folder");
    for (size_t i = 0; readable[i] != NULL; i++) {
        if (!allow(ruleset, readable[i], READING, err))
            return false;
    }
    if (!allow(ruleset, folder, READING | WRITING | newer, err) ||
        !allow(ruleset, "/dev/null", OF_FILES | LANDLOCK_ACCESS_FS_WRITE_FILE | (newer & ACCESS_TRUNCATE), err))
        return false;
    return (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0) ||
           error_set_errno(err, "cannot keep the run to its folder");
}
