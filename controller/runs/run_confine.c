/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: a list of what may be read; all else is not there. And no capabilities, whoever started the controller: with them
 * kernel modules, the network and the memory of others would lie beside what Landlock looks after.
 */
#include "controller/runs/run_confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "controller/runs/run_user.h"

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

/* Also what programs that root starts would get again. Who is not root and has none cannot get any, as there are no new ones. */
static bool bounds_drop(void)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && geteuid() == 0)
            return false;
    }
    return true;
}

static bool capabilities_drop(struct error *err)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct had[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

    if (!bounds_drop())
        return error_set_errno(err, "cannot take the controller's capabilities from the run");
    if (!run_user_become(err))
        return false;
    if (syscall(SYS_capget, &header, had) != 0)
        return error_set_errno(err, "cannot take the controller's capabilities from the run");
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* goes with the inheritable ones anyway */
    /* not called for nothing: the controller's unit forbids it, and has none */
    return memcmp(had, none, sizeof(none)) == 0 || syscall(SYS_capset, &header, none) == 0 ||
           error_set_errno(err, "cannot take the controller's capabilities from the run");
}

bool run_confine(const char *folder, struct error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t newer = (abi >= ABI_REFER ? LANDLOCK_ACCESS_FS_REFER : 0) | (abi >= ABI_TRUNCATE ? ACCESS_TRUNCATE : 0);
    struct ruleset_shape shape = { .files = ALL | newer };
    size_t size = sizeof(shape.files);

    if (abi < 1)
        return error_set(
            err, "this controller's kernel has no Landlock (or its unit forbids it), which keeps a run away from "
                 "the controller's keys: run it from the desk with --via ssh");
    if (abi >= ABI_SCOPES) {
        shape.scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
        size = sizeof(shape);
    }
    if (!run_user_prepare(folder, err))
        return false;
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
    if (!capabilities_drop(err))
        return false;
    return (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0) ||
           error_set_errno(err, "cannot keep the run to its folder");
}
