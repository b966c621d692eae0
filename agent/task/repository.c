/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads of keys and updates of package lists. */
#include "agent/task/repository.h"

#include "agent/system/package/package_apt.h"
#include "common/base/text.h"
#include "common/http/http.h"

#define DOWNLOAD_LIMIT (16 * 1024 * 1024)
#define LOCK_TIMEOUT_S 60
#define LONGEST_SHIFT 30

bool repository_download(struct task_context *task, const char *url, bool validate_certs, char **data_out,
                         size_t *length_out, struct error *err)
{
    struct http_request request = { .url = url, .insecure = !validate_certs, .limit_bytes = DOWNLOAD_LIMIT };
    struct http_response response;

    if (!http_fetch(task->scratch, &request, &response, data_out, err))
        return false;
    if (response.status != 0 && response.status != 200)
        return error_set(err, "HTTP Error %d: %s", response.status, response.reason);
    *length_out = (size_t)response.size_bytes;
    return true;
}

bool repository_refresh_apt(struct task_context *task, int64_t tries, int64_t longest_s, const char **complaint_out,
                            struct error *err)
{
    struct process_result result = { .errors = NULL };

    for (int64_t retry = 0; retry < tries; retry++) {
        int64_t delay = retry < LONGEST_SHIFT ? INT64_C(1) << retry : longest_s;

        if (!apt_run(task->system, task->scratch,
                     PROCESS_ARGV("apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"), LOCK_TIMEOUT_S,
                     &result, err))
            return false;
        if (result.status == 0) {
            *complaint_out = NULL;
            return true;
        }
        if (retry + 1 < tries && !system_pause(task->system, 1000 * (delay < longest_s ? delay : longest_s), err))
            return false;
    }
    *complaint_out = result.errors != NULL && result.errors[0] != '\0' ? result.errors : "unknown reason";
    return true;
}
