/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of inventory_test.c about plugins, settings, bad input and reading the sources again. */
#pragma once

struct broken {
    const char *name, *text, *message;
};

/* One clear error each, with its place; nothing takes long or much memory. */
static const struct broken broken_sources[] = {
    { "open.ini", "web[1:3\n", "open.ini:1:1: host pattern 'web[1:3': host range must be begin:end" },
    { "huge.ini", "[web]\nh[0:99999999]\n",
      "huge.ini:2:1: host pattern 'h[0:99999999]': a host range may stand for at most" },
    { "steps.ini", "a[0:9][0:9][0:9][0:9][0:9][0:9][0:9]\n", "a host range may stand for at most" },
    { "latin.ini", "[web]\nh1 name=caf\xe9\n", "latin.ini:2:12: bytes that are no UTF-8" },
    { "latin.yml", "all:\n  hosts:\n    caf\xe9:\n", "latin.yml:3:" },
    { "loop.yml", "a: {children: {b: {children: {a: }}}}\n", "creates a recursive dependency loop. (" },
    { "itself.toml", "[a]\nchildren = ['a']\n", "can't add group 'a' to itself (" },
    { "number.yml", "all:\n  hosts:\n    1234:\n",
      "Host pattern 1234 must be a string. Enclose integers/floats in quotation marks." },
    { "twice.toml", "[a.hosts]\nh1 = {}\n[a.hosts]\n", "the table 'hosts' is defined twice (" },
    { "open.toml", "[a.hosts]\nh1 = { x = \"y }\n", "a string is not closed in its line (" },
    { "word.toml", "[a.vars]\nx = yes\n", "'yes' is no value: texts stand in quotation marks (" },
    { "list.toml", "[a]\nhosts = ['h1']\n",
      "Invalid \"hosts\" entry for \"a\" group, requires a dict, found a list instead." },
    { "date.toml", "[a.vars]\nx = 2023-02-29\n", "'2023-02-29' is no value" },
    { "big.toml", "[a.vars]\nx = 9223372036854775808\n", "has more than 64 bits (" },
    { "control.toml", "[a.vars]\nx = \"\x01\"\n", "a control character in a string (" },
    { "laughs.yml",
      "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
      "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
      "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g,*g]\n",
      "laughs.yml:" },
    { "closed", "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
      "closed with yaml plugin: Attempting to decrypt but no vault secrets found" },
};

/* A script that ends badly: what it prints, and what is said. */
static const struct broken broken_scripts[] = {
    { "garbage.sh", "echo 'no json'\n", "failed to parse executable inventory script results from " },
    { "list.sh", "echo '[1]'\n", "needs to be a json dict" },
    { "fails.sh", "echo 'it is broken' >&2; exit 3\n", "had an execution error: it is broken" },
    { "hangs.sh", "exec sleep 1000\n", "an inventory script took too long and was ended" },
    { "closes.sh", "exec >&- 2>&-; exec sleep 1000\n", "an inventory script took too long and was ended" },
    { "endless.sh", "exec yes '{'\n", "an inventory script printed more than" },
    { "bytes.sh", "printf '{\"g\": [\"\\351\"]}'\n", "contained characters that cannot be interpreted as UTF-8" },
    { "vars.sh", "echo '{\"g\": [\"h1\"], \"_meta\": {\"hostvars\": {\"h1\": [1]}}}'\n",
      "the variables of host 'h1' must be a dictionary, got a list" },
};

/* TOML as variables of a group, and the JSON of them; compared with Python's tomllib. */
static const struct {
    const char *text, *json;
} toml_texts[] = {
    { "a = -17\nb = 0o755\nc = 0b1101\nd = 1_000\ne = 0xDEADBEEF",
      "{\"a\": -17, \"b\": 493, \"c\": 13, \"d\": 1000, \"e\": 3735928559}" },
    { "a = 6.626e-34\nb = -1_000.5\nc = inf", "{\"a\": 6.626e-34, \"b\": -1000.5, \"c\": Infinity}" },
    { "a = '''\nx\\n'y'''''", "{\"a\": \"x\\\\n'y''\"}" },
    { "a = \"\"\"one \\\n   two\"\"\"", "{\"a\": \"one two\"}" },
    { "a = \"\\u00E9\\t\"", "{\"a\": \"\xc3\xa9\\t\"}" },
    { "a = [[1, 'x'], [{ b = 1 }, { c.d = true }],]", "{\"a\": [[1, \"x\"], [{\"b\": 1}, {\"c\": {\"d\": true}}]]}" },
    { "a.b.c = 1\na.b.d = 2", "{\"a\": {\"b\": {\"c\": 1, \"d\": 2}}}" },
    { "\"x y\".'z' = 1", "{\"x y\": {\"z\": 1}}" },
    { "a = 1987-07-05T17:45:56.25Z\nb = 1987-07-05\nc = 17:45:00",
      "{\"a\": \"1987-07-05T17:45:56.250000+00:00\", \"b\": \"1987-07-05\", \"c\": \"17:45:00\"}" },
};

static const char *const toml_refused[] = {
    "a = 01",        "a = 1__0",    "a = .5",         "a = 1.",          "a = True",  "a = {b = 1,}",
    "a = {b = 1\n}", "a = \"\\q\"", "a.b = 1\na = 2", "a = 1\na.b = 2",  "a = [1 2]", "a = 'x",
    "= 1",           "a b = 1",     "a = 1 b = 2",    "a = \"\\uD800\"", "a = +0x1",  "a = {}\na.b = 1",
};
