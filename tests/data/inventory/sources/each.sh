#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An executable inventory that is asked for each host.
if [ "$1" = --list ]; then
    echo '{"g": ["h1", "h2"], "all": {"vars": {"x": 1}}}'
else
    echo "{\"me\": \"$2\"}"
fi
