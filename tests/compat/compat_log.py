# SPDX-License-Identifier: Apache-2.0
"""A callback for ansible-playbook: what each assert said, one JSON record a line, in the file that COMPAT_LOG names."""
import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: compat_log
type: aggregate
short_description: what each assert said
description: one JSON record a line
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "compat_log"

    def told(self, result, outcome):
        if result._task.action.rsplit(".", 1)[-1] != "assert" or not os.environ.get("COMPAT_LOG"):
            return
        path, _, line = result._task.get_path().rpartition(":")
        runs = result._result.get("results") or [result._result]
        with open(os.environ["COMPAT_LOG"], "a", encoding="utf-8") as log:
            for one in runs:
                outcome_here = "skipped" if one.get("skipped") else "failed" if one.get("failed") else outcome
                record = {"path": path, "line": int(line or 0), "outcome": outcome_here, "assertion": str(one.get("assertion", ""))}
                log.write(json.dumps(record) + "\n")

    def v2_runner_on_ok(self, result):
        self.told(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.told(result, "failed")
