/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard's routes. Every page can be read without JavaScript; forms lead back to a page. */
#include "controller/api/pages.h"

static const struct arg_spec rack_args[] = {
    ARG(rack_query, match, ARG_STRING, .help = "names, as ai-*; a part of a name is enough"),
    ARG(rack_query, verdict, ARG_STRING, .help = "only these"),
    ARG(rack_query, after, ARG_STRING, .help = "the page behind this name"),
    ARG(rack_query, wall, ARG_STRING, .help = "large tiles for a screen on the wall"),
    ARG_END,
};
static const struct task_spec rack_spec = { .name = "rack", .args = rack_args, .args_size = sizeof(struct rack_query) };

static const struct arg_spec runs_args[] = {
    ARG(page_runs_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG_END,
};
static const struct task_spec runs_spec = { .name = "runs",
                                            .args = runs_args,
                                            .args_size = sizeof(struct page_runs_query) };

static const struct arg_spec drift_args[] = {
    ARG(page_drift_query, node, ARG_STRING, .help = "of this node only"),
    ARG(page_drift_query, cause, ARG_STRING, .choices = ARG_NAMES("unknown", "intentional", "corrective", "external"),
        .help = "only with this cause"),
    ARG(page_drift_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(page_drift_query, resolved, ARG_STRING, .help = "what is in order again, too"),
    ARG_END,
};
static const struct task_spec drift_spec = { .name = "drift",
                                             .args = drift_args,
                                             .args_size = sizeof(struct page_drift_query) };

static const struct arg_spec login_args[] = {
    ARG(login_form, token, ARG_STRING, .required = true, .no_log = true, .help = "an operator's API token"),
    ARG(login_form, next, ARG_STRING, .help = "the page to go to"),
    ARG_END,
};
static const struct task_spec login_spec = { .name = "login",
                                             .args = login_args,
                                             .args_size = sizeof(struct login_form) };

static const struct arg_spec models_args[] = {
    ARG(page_match_query, match, ARG_STRING, .help = "models or nodes, as *gpt-oss*; a part of a name is enough"),
    ARG_END,
};
static const struct task_spec models_spec = { .name = "models",
                                              .args = models_args,
                                              .args_size = sizeof(struct page_match_query) };

static const struct arg_spec bench_args[] = {
    ARG(page_bench_query, alike, ARG_STRING, .help = "those that can be compared with one another: their plot"),
    ARG_END,
};
static const struct task_spec bench_spec = { .name = "bench",
                                             .args = bench_args,
                                             .args_size = sizeof(struct page_bench_query) };

static const struct arg_spec playground_args[] = {
    ARG(page_playground_query, model, ARG_STRING, .help = "that is chosen at first"),
    ARG_END,
};
static const struct task_spec playground_spec = { .name = "playground",
                                                  .args = playground_args,
                                                  .args_size = sizeof(struct page_playground_query) };

struct asset_query {
    const char *v;
};
static const struct arg_spec asset_args[] = {
    ARG(asset_query, v, ARG_STRING, .help = "the version, so that a new one is fetched at once"),
    ARG_END,
};
static const struct task_spec asset_spec = { .name = "asset",
                                             .args = asset_args,
                                             .args_size = sizeof(struct asset_query) };

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/", page_rack, .summary = "The rack", .is_page = true, .query = &rack_spec),
    API_ROUTE(API_VIEWER, "GET", "/nodes/{name}", page_node, .summary = "One node", .is_page = true),
    API_ROUTE(API_VIEWER, "GET", "/runs", page_runs, .summary = "Runs", .is_page = true, .query = &runs_spec),
    API_ROUTE(API_VIEWER, "GET", "/runs/{id}", page_run, .summary = "One run", .is_page = true),
    API_ROUTE(API_VIEWER, "GET", "/drift", page_drift, .summary = "Drift", .is_page = true, .query = &drift_spec),
    API_ROUTE(API_VIEWER, "GET", "/workloads", page_workloads, .summary = "Workloads", .is_page = true),
    API_ROUTE(API_VIEWER, "GET", "/workloads/{name}", page_workload, .summary = "One workload", .is_page = true),
    API_ROUTE(API_VIEWER, "GET", "/models", page_models, .summary = "Models by node", .is_page = true,
              .query = &models_spec),
    API_ROUTE(API_VIEWER, "GET", "/memory", page_memory, .summary = "Memory of all nodes", .is_page = true),
    API_ROUTE(API_VIEWER, "GET", "/bench", page_bench, .summary = "Benchmarks and links", .is_page = true,
              .query = &bench_spec),
    API_ROUTE(API_OPERATOR, "GET", "/playground", page_playground, .summary = "Ask a model", .is_page = true,
              .query = &playground_spec),
    API_ROUTE(API_OPERATOR, "GET", "/trust", page_trust, .summary = "Trust", .is_page = true),
    API_ROUTE(API_PUBLIC, "GET", "/login", page_login, .summary = "The form to sign in", .is_page = true),
    API_ROUTE(API_PUBLIC, "POST", "/login", page_login_post, .summary = "Sign in with an API token", .is_page = true,
              .body = &login_spec, .form_back = "/", .body_limit_bytes = 8192),
    API_ROUTE(API_PUBLIC, "POST", "/logout", page_logout, .summary = "Sign out", .is_page = true,
              .form_back = "/login"),
    API_ROUTE(API_PUBLIC, "GET", "/assets/{name}", page_asset, .summary = "Style, scripts, icon", .is_page = true,
              .query = &asset_spec),
};

API_RESOURCE_DEFINE(pages) = {
    .name = "pages", .summary = "The dashboard", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
