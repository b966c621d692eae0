# SPDX-License-Identifier: Apache-2.0
def joined(words):
    return "-".join(words)
