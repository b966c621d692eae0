/* SPDX-License-Identifier: Apache-2.0 */
/* What rpm has installed, read by one `rpm -qa`; rpm's order of versions; names of packages taken apart. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/system/host/system.h"

struct rpm_package {
    const char *name, *epoch, *version, *release, *arch; /* epoch "0" when there is none */
    bool has_epoch;
};

struct rpm_packages {
    struct rpm_package *items;
    size_t count;
};

/* `root`: another root folder than "/", or NULL. False where there is no rpm. */
bool rpm_packages_read(const struct system *system, struct arena *arena, const char *root, struct rpm_packages *out,
                       struct error *err);
/* Lines of name|epoch|version|release|arch; "(none)" stands for no epoch. */
void rpm_packages_parse(struct arena *arena, const char *text, struct rpm_packages *out);
#define RPM_QUERY_FORMAT "%{NAME}|%{EPOCH}|%{VERSION}|%{RELEASE}|%{ARCH}\\n"

/* <0, 0, >0 as rpm orders versions, ~ and ^ included. */
int rpm_version_compare(const char *a, const char *b);
int rpm_package_compare(const struct rpm_package *a, const struct rpm_package *b); /* epoch, version, release */
/* "name-1.0-1", "name-2:1.0-1.x86_64", "name-1.0-1.noarch.rpm" -> its parts (arch NULL when not said). False: no version
 * in it; then name and arch are set all the same. */
bool rpm_name_split(struct arena *arena, const char *text, struct rpm_package *out);
/* name-[epoch:]version-release.arch, as dnf prints it. */
char *rpm_package_text(struct arena *arena, const struct rpm_package *package);
/* Is something installed that fits all parts that `wanted` has? */
const struct rpm_package *rpm_packages_find(const struct rpm_packages *packages, const struct rpm_package *wanted);
