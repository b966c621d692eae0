# SPDX-License-Identifier: Apache-2.0
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        return [len(term) for term in terms]
