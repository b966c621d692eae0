/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides what apt-get has to install. Packages that dpkg's status file shows to be as wanted need no process
 * at all; for the rest apt is asked once for all candidates.
 */
#include <string.h>

#include "agent/task/apt_parts.h"

/* What is known of one package against what is asked for it. */
struct package_standing {
    bool is_installed;
    bool version_is_installed;
    const char *installable; /* version that can be had and differs from the installed one; "": any, apt decides */
};

struct plan_builder {
    struct apt_job *job;
    struct dpkg_status *dpkg;
    struct apt_policies policies;
    struct apt_plan *plan;
    bool latest;
};

static void list_put(struct arena *arena, const char ***list, size_t *count, const char *item)
{
    size_t old = *list == NULL ? 0 : (*count + 1) * sizeof(char *);

    *list = arena_grow(arena, *list, old, (*count + 2) * sizeof(char *));
    (*list)[(*count)++] = item;
}

static bool add_installed_matching(struct dpkg_status *dpkg, struct arena *arena, const char *glob, struct value *out)
{
    bool any = false;

    for (size_t i = 0; i < dpkg_status_count(dpkg); i++) {
        const struct dpkg_package *package = dpkg_status_at(dpkg, i);

        if (package_glob_match(glob, package->name)) {
            value_list_add(arena, out, value_string(arena, package->name));
            any = true;
        }
    }
    return any;
}

static enum apt_next expand_glob(struct apt_job *job, const char *glob, bool installed_is_enough, struct value *out,
                                 struct error *err)
{
    struct task_context *task = job->task;
    struct dpkg_status *dpkg = NULL;
    struct value *matching = value_list(task->scratch);

    if (installed_is_enough) {
        if (!dpkg_status_read(task->system, task->scratch, &dpkg, err))
            return APT_ERROR;
        if (add_installed_matching(dpkg, task->scratch, glob, out))
            return APT_CONTINUE;
    }
    if (!apt_names_matching(task->system, task->scratch, glob, matching, err))
        return APT_ERROR;
    for (size_t i = 0; i < value_count(matching) && !installed_is_enough; i++)
        value_list_add(task->scratch, out, value_item(matching, i));
    if (value_count(matching) > 0)
        return APT_CONTINUE;
    job->is_unknown = true;
    result_fail(task, "No package(s) matching '%s' available", glob);
    return APT_END;
}

enum apt_next apt_expand_globs(struct apt_job *job, const struct value *packages, bool installed_is_enough,
                               const struct value **out, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct value *expanded = value_list(arena);

    for (size_t i = 0; i < value_count(packages); i++) {
        const char *text = value_text(value_item(packages, i));
        struct package_spec spec = package_spec_split(arena, text);

        if (!package_is_glob(spec.name)) {
            value_list_add(arena, expanded, value_item(packages, i));
            continue;
        }
        enum apt_next next = expand_glob(job, spec.name, installed_is_enough, expanded, err);
        if (next != APT_CONTINUE)
            return next;
    }
    *out = expanded;
    return APT_CONTINUE;
}

static bool version_suits(const struct package_spec *spec, const char *version)
{
    if (spec->operator_ == NULL)
        return true;
    if (version == NULL)
        return false;
    if (spec->operator_[0] == '>')
        return package_version_compare(version, spec->version) >= 0;
    return package_glob_match(spec->version, version);
}

/* No question to apt can change the answer: installed, in the wanted version, and nothing newer is asked for. */
static bool is_settled(const struct plan_builder *builder, const struct package_spec *spec)
{
    const struct dpkg_package *package = dpkg_status_find(builder->dpkg, spec->name);

    if (builder->latest || package == NULL || !package->is_installed || !version_suits(spec, package->version))
        return false;
    return spec->operator_ == NULL || spec->operator_[0] == '>' || !package_is_glob(spec->version);
}

static struct package_standing standing_of(const struct plan_builder *builder, const struct package_spec *spec,
                                           const struct apt_policy *policy)
{
    const struct dpkg_package *package = dpkg_status_find(builder->dpkg, spec->name);
    bool is_exact = spec->operator_ != NULL && spec->operator_[0] == '=';
    struct package_standing standing = { .is_installed = package != NULL && package->is_installed };
    const char *best = is_exact ? apt_policy_best_match(policy, spec->version) : policy->candidate;

    if (!standing.is_installed) {
        standing.installable = best;
        return standing;
    }
    standing.version_is_installed = version_suits(spec, package->version);
    if (best != NULL && !text_equal(package->version, best) && version_suits(spec, best))
        standing.installable = best;
    return standing;
}

/* A name that no package bears: fine if others provide it. One single provider that is installed settles it. */
static enum apt_next standing_of_virtual(struct plan_builder *builder, const struct package_spec *spec, bool is_known,
                                         struct package_standing *out, struct error *err)
{
    struct task_context *task = builder->job->task;
    struct value *providers = value_list(task->scratch);
    struct apt_policies policies;

    if (is_known && !apt_providers(task->system, task->scratch, spec->name, providers, err))
        return APT_ERROR;
    if (value_count(providers) == 0) {
        builder->job->is_unknown = true;
        result_fail(task, "No package matching '%s' is available", spec->name);
        return APT_END;
    }
    *out = (struct package_standing){ .installable = "" };
    if (value_count(providers) > 1)
        return APT_CONTINUE;
    struct package_spec provider = *spec;
    provider.name = value_text(value_item(providers, 0));
    if (!apt_policies_read(task->system, task->scratch, PROCESS_ARGV(provider.name),
                           builder->job->request->default_release, &policies, err))
        return APT_ERROR;
    const struct apt_policy *policy = apt_policies_find(&policies, provider.name);
    struct package_standing standing = { 0 };
    if (policy != NULL)
        standing = standing_of(builder, &provider, policy);
    if (standing.is_installed)
        *out = standing;
    return APT_CONTINUE;
}

static enum apt_next plan_package(struct plan_builder *builder, const struct package_spec *spec, struct error *err)
{
    struct apt_job *job = builder->job;
    struct arena *arena = job->task->scratch;
    const struct apt_policy *policy = apt_policies_find(&builder->policies, spec->name);
    struct package_standing standing = { 0 };
    bool only_upgrade = job->request->only_upgrade;
    const char *wanted = NULL;

    if (policy != NULL && policy->version_count > 0) {
        standing = standing_of(builder, spec, policy);
    } else {
        enum apt_next next = standing_of_virtual(builder, spec, policy != NULL, &standing, err);
        if (next != APT_CONTINUE)
            return next;
    }
    if (!standing.is_installed && only_upgrade)
        return APT_CONTINUE;
    if (!standing.version_is_installed && standing.installable == NULL) {
        result_fail(job->task, "no available installation candidate for %s", spec->text);
        return APT_END;
    }
    if (standing.installable != NULL &&
        ((!standing.is_installed && !only_upgrade) || builder->latest || !standing.version_is_installed))
        wanted = standing.installable[0] != '\0' ? standing.installable : spec->version;
    else if (standing.version_is_installed && standing.installable != NULL && text_equal(spec->operator_, "="))
        wanted = spec->version;
    else
        return APT_CONTINUE;
    list_put(arena, &builder->plan->wanted, &builder->plan->wanted_count,
             wanted != NULL ? arena_printf(arena, "%s=%s", spec->name, wanted) : spec->name);
    return APT_CONTINUE;
}

static enum apt_next plan_unsettled(struct plan_builder *builder, const struct package_spec *specs, size_t count,
                                    struct error *err)
{
    struct task_context *task = builder->job->task;
    const char **names = arena_new_array(task->scratch, const char *, count + 1);

    if (count == 0)
        return APT_CONTINUE;
    for (size_t i = 0; i < count; i++)
        names[i] = specs[i].name;
    if (!apt_policies_read(task->system, task->scratch, names, builder->job->request->default_release,
                           &builder->policies, err))
        return APT_ERROR;
    for (size_t i = 0; i < count; i++) {
        enum apt_next next = plan_package(builder, &specs[i], err);
        if (next != APT_CONTINUE)
            return next;
    }
    return APT_CONTINUE;
}

enum apt_next apt_plan_install(struct apt_job *job, const struct value *packages, bool latest, struct apt_plan *out,
                               struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct plan_builder builder = { .job = job, .plan = out, .latest = latest };
    struct package_spec *open = arena_new_array(arena, struct package_spec, value_count(packages) + 1);
    size_t open_count = 0;

    *out = (struct apt_plan){ .names = arena_new_array(arena, const char *, 1) };
    out->names = NULL;
    if (!dpkg_status_read(job->task->system, arena, &builder.dpkg, err))
        return APT_ERROR;
    for (size_t i = 0; i < value_count(packages); i++) {
        struct package_spec spec = package_spec_split(arena, value_text(value_item(packages, i)));

        list_put(arena, &out->names, &out->name_count, spec.name);
        if (!is_settled(&builder, &spec))
            open[open_count++] = spec;
    }
    return plan_unsettled(&builder, open, open_count, err);
}
