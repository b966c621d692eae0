# SPDX-License-Identifier: Apache-2.0
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: own
short_description: says what it is asked
options:
  greeting:
    description: what to begin with
    default: hello
    vars: [{name: own_greeting}]
"""


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        said = []
        for term in terms:
            if term == "fail":
                raise AnsibleLookupError("nothing of that name")
            if term == "key":
                said.append({}[term])
            elif str(term).startswith("{"):
                said.append(self._templar.template(term))
            elif term == "template":
                said.append(self._templar.template("{{ derived }}, {{ [1, 2] | length }}"))
            elif term == "file":
                said.append(self.find_file_in_search_path(variables, "lookup_plugins", "own.py"))
            elif term == "host":
                said.append(variables["hostvars"][variables["inventory_hostname"]]["inventory_hostname"])
            else:
                said.append("%s %s" % (self.get_option("greeting"), term))
        return said
