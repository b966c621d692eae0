#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
cat << 'END'
{"given": <<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>, "changed": false}
END
