/* SPDX-License-Identifier: Apache-2.0 */
/* A pseudo-terminal, and the words that su asks with. */
#include "agent/session/become_terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"

/* Source: ansible-core 2.14, become plugin su, prompt_l10n. */
static const char *const usual_prompts[] = {
    "Password", "암호",     "パスワード", "Adgangskode",  "Contraseña", "Contrasenya", "Hasło",     "Heslo",
    "Jelszó",   "Lösenord", "Mật khẩu",   "Mot de passe", "Parola",     "Parool",      "Pasahitza", "Passord",
    "Passwort", "Salasana", "Sandi",      "Senha",        "Wachtwoord", "ססמה",        "Лозинка",   "Парола",
    "Пароль",   "गुप्तशब्द",   "शब्दकूट",      "సంకేతపదము",     "හස්පදය",      "密码",        "密碼",      "口令",
};

static bool settings_apply(int fd)
{
    struct termios settings;

    if (tcgetattr(fd, &settings) != 0)
        return false;
    settings.c_iflag &= ~(tcflag_t)(IXON | IXOFF | ICRNL | INLCR | IGNCR | ISTRIP);
    settings.c_oflag &= ~(tcflag_t)OPOST;
    settings.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL | ISIG | IEXTEN);
    for (size_t i = 0; i < NCCS; i++)
        if (i != VMIN && i != VTIME)
            settings.c_cc[i] = _POSIX_VDISABLE;
    return tcsetattr(fd, TCSANOW, &settings) == 0;
}

bool become_terminal_open(int *fd_out, char *path, size_t size, struct error *err)
{
    FD_SCOPED fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, path, size) != 0 || !settings_apply(fd) ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return error_set_errno(err, "cannot make a terminal");
    *fd_out = fd;
    fd = -1;
    return true;
}

/* Any letters before the word: "bob's Password:", "(current) Password:". */
static bool has_word(const char *line, size_t length, const char *word)
{
    size_t wanted = strlen(word);

    for (size_t at = 0; wanted > 0 && at + wanted <= length; at++)
        if (strncasecmp(line + at, word, wanted) == 0)
            return true;
    return false;
}

bool become_terminal_asks(const char *messages, const struct value *prompts)
{
    const char *line = strrchr(messages, '\n'), *wide = "：";
    size_t length;

    line = line ? line + 1 : messages;
    length = strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    if (length >= strlen(wide) && strncmp(line + length - strlen(wide), wide, strlen(wide)) == 0)
        length -= strlen(wide);
    else if (length > 0 && line[length - 1] == ':')
        length--;
    else
        return false;
    for (size_t i = 0; i < value_count(prompts); i++)
        if (value_text(value_item(prompts, i)) && has_word(line, length, value_text(value_item(prompts, i))))
            return true;
    for (size_t i = 0; value_count(prompts) == 0 && i < sizeof usual_prompts / sizeof usual_prompts[0]; i++)
        if (has_word(line, length, usual_prompts[i]))
            return true;
    return false;
}
