/* SPDX-License-Identifier: Apache-2.0 */
/* Asks dpkg's files first: where both are installed, Debian's is the one that installs packages. */
#include "agent/system/package/package_versions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/system/package/package_dpkg.h"
#include "agent/system/package/package_rpm.h"
#include "common/base/text.h"

static bool dpkg_versions(const struct sysfs *fs, const char *const *names, struct value *out)
{
    struct dpkg_status *status = NULL;
    struct error ignored = ERROR_INIT;

    if (!dpkg_status_read(fs->system, fs->arena, &status, &ignored) || dpkg_status_count(status) == 0)
        return false;
    for (; *names != NULL; names++) {
        const struct dpkg_package *package = dpkg_status_find(status, *names);
        bool is_there = package != NULL && package->is_installed && package->version != NULL;
        if (is_there && text_utf8_valid(package->version, strlen(package->version)))
            sysfs_put(fs, out, *names, package->version);
    }
    return true;
}

const char *package_versions(const struct sysfs *fs, const char *const *names, struct value *out)
{
    if (dpkg_versions(fs, names, out))
        return "dpkg";
    return rpm_versions(fs, names, out) ? "rpm" : NULL;
}

int64_t package_version_date(const char *version)
{
    for (const char *at = version; *at != '\0'; at++) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 8 && text_starts(at, "20"))
            return strtoll(at, NULL, 10);
        at += digits > 0 ? digits - 1 : 0;
    }
    return 0;
}
