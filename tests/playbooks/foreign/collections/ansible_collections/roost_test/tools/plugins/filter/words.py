# SPDX-License-Identifier: Apache-2.0
class FilterModule:
    def filters(self):
        return {"dashed": lambda value: "-".join(value)}
