# SPDX-License-Identifier: Apache-2.0
class TestModule:
    def tests(self):
        return {"within": lambda value, low, high: low <= value <= high, "odd": lambda value: value == "odd"}
