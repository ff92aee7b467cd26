// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a secret from standard input, byte by byte and directly into secret
 * memory: a stdio buffer would keep a copy that is not wiped.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cmd.h"

/* Signals that would leave the terminal without echo. */
static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };
#define ENDINGS (sizeof(ending) / sizeof(ending[0]))

static volatile sig_atomic_t caught;

static void catch(int signal)
{
	caught = signal;
}

/* The state of a terminal before echo was turned off. */
struct terminal {
	struct termios mode;
	struct sigaction action[ENDINGS];
	bool changed;
};

static void echo_off(struct terminal *terminal)
{
	struct sigaction action = { .sa_handler = catch };
	struct termios quiet;
	size_t i;

	terminal->changed = false;
	caught = 0;
	if (tcgetattr(STDIN_FILENO, &terminal->mode))
		return;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < ENDINGS; i++)
		sigaction(ending[i], &action, &terminal->action[i]);
	quiet = terminal->mode;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	terminal->changed = true;
}

static void echo_restore(struct terminal *terminal)
{
	size_t i;

	if (!terminal->changed)
		return;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal->mode);
	for (i = 0; i < ENDINGS; i++)
		sigaction(ending[i], &terminal->action[i], NULL);
}

/* Reads a line into @buf of @max + 1 bytes. */
static int line_read(uint8_t *buf, size_t max, size_t *len_ret)
{
	size_t len = 0;
	bool any = false;
	ssize_t n;

	/*
	 * Bytes that do not fit overwrite the last byte, so they are not kept.
	 */
	for (;; len++) {
		uint8_t *at = buf + (len < max ? len : max);

		n = read(STDIN_FILENO, at, 1);
		if (n < 0)
			return -errno;
		any |= n > 0;
		if (!n || *at == '\n')
			break;
	}
	if (!any)
		return -ENODATA;
	*len_ret = len;
	return 0;
}

/* Finds the end of the secret: ecryptfs-utils read it as a C string. */
static int line_check(const uint8_t *buf, size_t max, size_t *len,
		      bool *cut_ret)
{
	size_t kept = *len < max ? *len : max;
	const uint8_t *nul = memchr(buf, '\0', kept);

	if (nul && !cut_ret)
		return -EILSEQ;
	if (cut_ret)
		*cut_ret = nul != NULL;
	if (nul)
		*len = (size_t)(nul - buf);
	return *len > max ? -EMSGSIZE : 0;
}

static void prompt_write(const char *text, FILE *to)
{
	if (!text)
		return;
	fputs(text, to);
	fflush(to);
}

int input_line(const char *prompt, FILE *prompt_to, size_t max,
	       struct libecryptfs_secmem *secret_ret, size_t *len_ret,
	       bool *cut_ret)
{
	struct terminal terminal;
	int err;

	err = libecryptfs_secmem_create(max + 1, secret_ret);
	if (err)
		return err;
	do {
		prompt_write(prompt, prompt_to);
		echo_off(&terminal);
		err = line_read(secret_ret->sm_bytes, max, len_ret);
		echo_restore(&terminal);
		if (prompt)
			prompt_write("\n", prompt_to);
		/*
		 * The terminal is restored.  Now the process is ended by the
		 * signal, even if a line followed it.
		 */
		if (caught)
			raise(caught);
	} while (err == -EINTR);
	if (!err)
		err = line_check(secret_ret->sm_bytes, max, len_ret, cut_ret);
	if (err)
		libecryptfs_secmem_destroy(secret_ret);
	return err;
}

int input_secret(const char *prompt, FILE *prompt_to,
		 struct libecryptfs_secmem *secret_ret, size_t *len_ret,
		 bool *cut_ret)
{
	return input_line(prompt, prompt_to, LIBECRYPTFS_PASSPHRASE_MAX,
			  secret_ret, len_ret, cut_ret);
}
