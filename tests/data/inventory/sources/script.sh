#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An executable inventory that tells everything at once.
[ "$1" = --list ] || exit 1
cat <<'JSON'
{"web": {"hosts": ["w1", "w2"], "vars": {"a": 1, "tpl": "{{ a }}"}}, "flat": ["f1"], "top": {"children": ["web"]},
 "single": {"ansible_host": "192.0.2.1"}, "_meta": {"hostvars": {"w1": {"b": "příbor"}, "single": {"c": [1]}}}}
JSON
