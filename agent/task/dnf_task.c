/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `package` on nodes with dnf: what was asked in apt's words is asked of the task `dnf`. Arguments that have no
 * counterpart are refused by name.
 */
#include "agent/task/dnf_request.h"
#include "agent/task/package_request.h"
#include "common/base/text.h"

/* Arguments that only apt understands are refused here, not passed over. */
static const char *unsupported(const struct package_request *request)
{
    if (request->deb != NULL)
        return "deb";
    if (!text_equal(request->upgrade, "no"))
        return "upgrade";
    if (request->purge)
        return "purge";
    if (request->default_release != NULL)
        return "default_release";
    if (request->clean || request->autoclean)
        return request->clean ? "clean" : "autoclean";
    if (request->policy_rc_d != ARG_INT_UNSET)
        return "policy_rc_d";
    if (request->force || request->only_upgrade || request->fail_on_autoremove)
        return request->force ? "force" : request->only_upgrade ? "only_upgrade" : "fail_on_autoremove";
    return request->allow_change_held_packages ? "allow_change_held_packages" : NULL;
}

static struct dnf_request dnf_request_of(const struct package_request *request)
{
    return (struct dnf_request){
        .names = request->packages,
        .state = request->state,
        .lock_timeout = request->lock_timeout,
        .autoremove = request->autoremove,
        .disable_gpg_check = request->allow_unauthenticated,
        .allow_downgrade = request->allow_downgrade,
        .update_cache = request->update_cache == ARG_TRUE,
        .install_weak_deps = request->install_recommends,
        .validate_certs = true,
        .sslverify = true,
    };
}

bool dnf_task_run(struct task_context *task, const struct package_request *request, struct error *err)
{
    static const char *const states[] = { "absent", "installed", "latest", "present", "removed", NULL };
    const struct dnf_request dnf = dnf_request_of(request);
    const char *refused = unsupported(request);

    if (refused != NULL)
        return error_set(err, "argument '%s' cannot be used with dnf", refused);
    if (!text_in(request->state, states))
        return error_set(err, "value of state must be one of: absent, installed, latest, present, removed, got: %s",
                         request->state);
    if (value_count(request->packages) == 0 && !dnf.update_cache)
        return error_set(err, "dnf needs the names of packages");
    return dnf_request_run(task, &dnf, err);
}
