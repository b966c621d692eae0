/* SPDX-License-Identifier: Apache-2.0 */
/* The ssh command line and the script it runs on the node. */
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/transport/ssh.h"

#define ARGUMENTS_MAX 128

struct arguments {
    struct arena *arena;
    const char **words;
    size_t count;
};

static bool add(struct arguments *arguments, const char *word)
{
    if (arguments->count >= ARGUMENTS_MAX)
        return false;
    arguments->words[arguments->count++] = word;
    return true;
}

static void add_option(struct arguments *arguments, const char *option)
{
    add(arguments, "-o");
    add(arguments, option);
}

/* One shell word: quotes and backslashes as a POSIX shell reads them. False: an open quote. */
static bool next_word(struct arena *arena, const char **cursor, const char **word_out)
{
    struct text word = text_new(arena);
    char quote = 0;
    const char *at = *cursor;
    for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
        if (quote ? *at == quote : (*at == '\'' || *at == '"'))
            quote = quote ? 0 : *at;
        else if (*at == '\\' && quote != '\'' && at[1])
            text_add_char(&word, *++at);
        else
            text_add_char(&word, *at);
    }
    *cursor = at;
    *word_out = word.data;
    return quote == 0;
}

static bool add_words(struct arguments *arguments, const char *text, const char *what, struct error *err)
{
    const char *cursor = text ? text : "";
    for (;;) {
        const char *word = NULL;
        while (isspace((unsigned char)*cursor))
            cursor++;
        if (!*cursor)
            return true;
        if (!next_word(arguments->arena, &cursor, &word))
            return error_set(err, "%s has a quote that is not closed: %s", what, text);
        if (!add(arguments, word))
            return error_set(err, "%s has more than %d words", what, ARGUMENTS_MAX);
    }
}

/* What has a variable of its own, in ansible-playbook's order: ssh takes the first value it sees of an option. */
static void add_login(struct arguments *arguments, const struct connection_target *target)
{
    struct arena *arena = arguments->arena;
    if (!target->host_key_checking)
        add_option(arguments, "StrictHostKeyChecking=no");
    if (target->port)
        add_option(arguments, arena_printf(arena, "Port=%d", target->port));
    if (target->private_key_file)
        add_option(arguments, arena_printf(arena, "IdentityFile=\"%s\"", target->private_key_file));
    if (target->password) {
        add_option(arguments, "NumberOfPasswordPrompts=1");
    } else {
        add_option(arguments, "KbdInteractiveAuthentication=no");
        add_option(arguments, "PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey");
        add_option(arguments, "PasswordAuthentication=no");
    }
    if (target->user)
        add_option(arguments, arena_printf(arena, "User=\"%s\"", target->user));
    add_option(arguments, arena_printf(arena, "ConnectTimeout=%d", target->timeout_s > 0 ? target->timeout_s : 10));
}

bool ssh_arguments(struct arena *arena, const struct connection_target *target, const char *remote_command,
                   const char *const **out, struct error *err)
{
    struct arguments arguments = { arena, arena_new_array(arena, const char *, ARGUMENTS_MAX + 1), 0 };
    const char *address = target->address ? target->address : target->host;
    if (*address == '-' || *address == '\0')
        return error_set(err, "'%s' is not an address that ssh can be given", address);
    add(&arguments, target->executable ? target->executable : "ssh");
    add(&arguments, "-T");
    add_login(&arguments, target);
    if (!add_words(&arguments, target->common_args, "ansible_ssh_common_args", err) ||
        !add_words(&arguments, target->extra_args, "ansible_ssh_extra_args", err))
        return false;
    add_option(&arguments, "EscapeChar=none");
    add_option(&arguments, "ServerAliveInterval=10");
    add_option(&arguments, "ServerAliveCountMax=3");
    add(&arguments, "--");
    add(&arguments, address);
    if (!add(&arguments, remote_command))
        return error_set(err, "the ssh command line has more than %d words", ARGUMENTS_MAX);
    *out = arguments.words;
    return true;
}

/*
 * The folder is the node's own cache: root's under /var/lib, another user's under /var/tmp, where a helper that has become a third
 * user can read it too; it must be ours and not a link, or nothing in it is run. An agent that does not start (a damaged file) is
 * fetched anew. No single quotes in here: it is one shell word.
 */
const char *ssh_bootstrap_script(struct arena *arena, const struct bundle *bundle)
{
    return arena_printf(
        arena,
        "exec sh -c '"
        "u=$(id -u); if [ \"$u\" = 0 ]; then d=/var/lib/roost; else d=/var/tmp/roost-$u; fi; b=$d/agent-%s; umask 022; "
        "fail() { echo \"ROOST1 fail $*\"; exit 1; }; "
        "ours() { [ -d $1 ] && [ ! -L $1 ] && [ -O $1 ]; }; "
        "agent() { $b/loader --inhibit-cache --library-path $b/lib $b/roost-agent \"$@\"; }; "
        "mkdir -p -m 755 $d 2>/dev/null; ours $d || fail \"$d is not a folder of its own\"; "
        "if ! { ours $b && agent version >/dev/null 2>&1; }; then "
        "rm -rf $b; t=$(mktemp -d $d/new-XXXXXX) || fail \"cannot write in $d (disk full?)\"; trap \"rm -rf $t\" EXIT; "
        "echo \"ROOST1 need\"; head -c %lld >$t/b || fail \"cannot write in $d (disk full?)\"; "
        "s=$(sha256sum <$t/b) && [ \"${s%%%% *}\" = %s ] || fail \"the agent did not arrive whole in $d\"; "
        "tar -C $t -xzf $t/b && chmod 755 $t/agent || fail \"cannot unpack the agent in $d (disk full?)\"; "
        "mv -T $t/agent $b 2>/dev/null || ours $b || fail \"cannot keep the agent in $d\"; "
        "rm -rf $t; trap - EXIT; touch $b; "
        "agent version >/dev/null 2>&1 || fail \"the agent does not start in $d (is that file system mounted noexec?)\"; "
        "find $d -maxdepth 1 ! -path $d ! -path $b -mtime +7 -exec rm -rf {} + 2>/dev/null; fi; "
        "echo \"ROOST1 ready\"; "
        "exec $b/loader --inhibit-cache --library-path $b/lib $b/roost-agent session "
        "--self $b/loader --self --inhibit-cache --self --library-path --self $b/lib --self $b/roost-agent'",
        bundle->id, (long long)bundle->size, bundle->sha256);
}
