# SPDX-License-Identifier: Apache-2.0
def loud(text):
    return text.upper() + "!"
