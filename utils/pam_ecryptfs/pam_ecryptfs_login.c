// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pam_ecryptfs_login.so: runs `ecryptfs login' for PAM, as the user, with the
 * passwords on its standard input.  It does nothing else: no key, vault or file
 * of a user is touched in the process that logs in, and no library except
 * libpam is loaded into it.
 *
 * A password is kept from the authentication to the beginning of the session,
 * where it unlocks.  An authentication without a session (sudo, polkit, a
 * screen lock) unlocks nothing, because there would be no end of a session to
 * lock it again.
 *
 * The module never affects a login: it always returns PAM_IGNORE, and errors
 * are written to the system log.  A user who changes a password is told about
 * them as well.
 *
 * pkg-config: pam
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define PAM_SM_AUTH
#define PAM_SM_SESSION
#define PAM_SM_PASSWORD
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#define DEFAULT_PROGRAM ECRYPTFS_BINDIR "/ecryptfs"
#define OPENED "pam_ecryptfs_login:opened"
#define LOGIN "pam_ecryptfs_login:login"
#define NAMES_MAX 16 /* the most names for one run of the program */
#define TEXT_MAX 8192 /* bytes of output that are kept */
#define SECONDS 60 /* then it is killed, and the login continues */
#define KILLED_SECONDS 5 /* how long to wait for it after that */
#define PASSWORD_MAX 1024

/* One run of the program. */
struct run {
	pam_handle_t *pamh;
	const struct passwd *user;
	const char *program;
	const char *verb;
	const char *names[NAMES_MAX + 1];
	const char *secrets[2]; /* PAM's own memory; NULL if there is none */
	char said[TEXT_MAX]; /* its standard output */
	bool shown; /* show the user what is logged */
};

enum { CHILD_IN, CHILD_OUT, CHILD_ERR, CHILD_FDS };

/* Both ends of each pipe; [0] is the one to read from. */
struct pipes {
	int fd[CHILD_FDS][2];
};

static void pipes_close(struct pipes *pipes)
{
	int i, j;

	for (i = 0; i < CHILD_FDS; i++)
		for (j = 0; j < 2; j++)
			if (pipes->fd[i][j] >= 0)
				close(pipes->fd[i][j]);
}

static void end_close(struct pipes *pipes, int which, int end)
{
	close(pipes->fd[which][end]);
	pipes->fd[which][end] = -1;
}

static bool pipes_open(struct pipes *pipes)
{
	int i;

	memset(pipes, -1, sizeof(*pipes));
	for (i = 0; i < CHILD_FDS; i++)
		/* These must not be 0 to 2, which are replaced in the child. */
		if (pipe2(pipes->fd[i], O_CLOEXEC) || pipes->fd[i][0] <= STDERR_FILENO) {
			pipes_close(pipes);
			return false;
		}
	return true;
}

/* Passwords are shorter than what a pipe takes without a reader. */
static bool secrets_write(const struct run *run, int fd)
{
	size_t len;
	int i;

	for (i = 0; i < 2 && run->secrets[i]; i++) {
		len = strlen(run->secrets[i]);
		if (!len || len > PASSWORD_MAX ||
		    strchr(run->secrets[i], '\n') ||
		    write(fd, run->secrets[i], len) != (ssize_t)len ||
		    write(fd, "\n", 1) != 1)
			return false;
	}
	return true;
}

/* Runs as the user, for good, with an empty environment and no open files. */
__attribute__((noreturn)) static void child(const struct run *run,
					    const struct pipes *pipes)
{
	const struct passwd *user = run->user;
	const char *args[NAMES_MAX + 4] = { run->program, "login", run->verb };
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *env[] = { path, NULL };
	sigset_t none;
	int i;

	for (i = 0; run->names[i]; i++)
		args[3 + i] = run->names[i];
	if (dup2(pipes->fd[CHILD_IN][0], STDIN_FILENO) < 0 ||
	    dup2(pipes->fd[CHILD_OUT][1], STDOUT_FILENO) < 0 ||
	    dup2(pipes->fd[CHILD_ERR][1], STDERR_FILENO) < 0)
		_exit(127);
	closefrom(STDERR_FILENO + 1);
	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* So that its children are killed with it. */
	setsid();
	if (geteuid() == 0 && (initgroups(user->pw_name, user->pw_gid) ||
			       setresgid(user->pw_gid, user->pw_gid,
					 user->pw_gid) ||
			       setresuid(user->pw_uid, user->pw_uid,
					 user->pw_uid)))
		_exit(127);
	if (getuid() != user->pw_uid || geteuid() != user->pw_uid || chdir("/"))
		_exit(127);
	execve(run->program, (char *const *)args, env);
	_exit(127);
}

static void log_lines(const struct run *run, char *text)
{
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		pam_syslog(run->pamh, LOG_NOTICE, "%s: %s", run->user->pw_name,
			   line);
		if (run->shown)
			pam_error(run->pamh, "%s", line);
	}
}

/* Keeps what fits and drops the rest.  Returns false at the end. */
static bool output_take(int fd, char text[TEXT_MAX])
{
	size_t used = strlen(text);
	char dropped[256];
	ssize_t len;

	if (used < TEXT_MAX - 1)
		len = read(fd, text + used, TEXT_MAX - 1 - used);
	else
		len = read(fd, dropped, sizeof(dropped));
	if (len > 0 && used < TEXT_MAX - 1)
		text[used + (size_t)len] = '\0';
	return len > 0 || (len < 0 && errno == EINTR);
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* Reads both until their ends.  Returns false if that takes too long. */
static bool outputs_take(struct run *run, const struct pipes *pipes,
			 char errors[TEXT_MAX], long until)
{
	struct pollfd polled[] = {
		{ .fd = pipes->fd[CHILD_OUT][0], .events = POLLIN },
		{ .fd = pipes->fd[CHILD_ERR][0], .events = POLLIN },
	};
	long left;

	while (polled[0].fd >= 0 || polled[1].fd >= 0) {
		left = until - now();
		if (left <= 0)
			return false;
		if (poll(polled, 2, (int)(left * 1000)) < 0 && errno != EINTR)
			return false;
		if (polled[0].revents && !output_take(polled[0].fd, run->said))
			polled[0].fd = -1;
		if (polled[1].revents && !output_take(polled[1].fd, errors))
			polled[1].fd = -1;
		polled[0].revents = 0;
		polled[1].revents = 0;
	}
	return true;
}

/*
 * Returns false if the child has not ended.  A child that is stuck in the
 * kernel does not end even if it is killed.
 */
static bool child_take(pid_t pid, int *status_ret, long until)
{
	pid_t taken;

	while (!(taken = waitpid(pid, status_ret, WNOHANG)) ||
	       (taken < 0 && errno == EINTR)) {
		if (now() >= until)
			return false;
		poll(NULL, 0, 10);
	}
	/* Or another thread has waited for it. */
	return true;
}

static void parent(struct run *run, struct pipes *pipes, pid_t pid)
{
	long until = now() + SECONDS;
	char errors[TEXT_MAX] = "";
	int status = 0;

	end_close(pipes, CHILD_IN, 0);
	end_close(pipes, CHILD_IN, 1);
	end_close(pipes, CHILD_OUT, 1);
	end_close(pipes, CHILD_ERR, 1);
	if (!outputs_take(run, pipes, errors, until) ||
	    !child_take(pid, &status, until)) {
		kill(pid, SIGKILL);
		kill(-pid, SIGKILL);
		pam_syslog(run->pamh, LOG_WARNING,
			   "%s login %s did not end within %d seconds",
			   run->program, run->verb, SECONDS);
		child_take(pid, &status, now() + KILLED_SECONDS);
	}
	log_lines(run, errors);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		pam_syslog(run->pamh, LOG_WARNING, "cannot run %s for %s",
			   run->program, run->user->pw_name);
}

static void run_program(struct run *run)
{
	struct sigaction normal = { .sa_handler = SIG_DFL }, before;
	struct pipes pipes;
	pid_t pid = -1;

	if (!pipes_open(&pipes)) {
		pam_syslog(run->pamh, LOG_WARNING, "pipe: %m");
		return;
	}
	/*
	 * The caller may ignore SIGCHLD, but this child has to be waited for.
	 */
	sigaction(SIGCHLD, &normal, &before);
	if (secrets_write(run, pipes.fd[CHILD_IN][1]))
		pid = fork();
	if (pid == 0)
		child(run, &pipes);
	if (pid > 0)
		parent(run, &pipes, pid);
	sigaction(SIGCHLD, &before, NULL);
	pipes_close(&pipes);
}

/* Returns false if there is nothing to run for this user. */
static bool run_init(struct run *run, pam_handle_t *pamh, const char *verb,
		     int argc, const char **argv)
{
	const char *name = NULL;
	int i;

	*run = (struct run){ .pamh = pamh, .verb = verb,
			     .program = DEFAULT_PROGRAM };
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "program=/", 9))
			run->program = argv[i] + 8;
		else
			pam_syslog(pamh, LOG_WARNING, "unknown argument: %s",
				   argv[i]);
	if (pam_get_user(pamh, &name, NULL) != PAM_SUCCESS || !name)
		return false;
	run->user = pam_modutil_getpwnam(pamh, name);
	if (!run->user || access(run->program, X_OK))
		return false;
	return geteuid() == 0 || geteuid() == run->user->pw_uid;
}

static const char *item(pam_handle_t *pamh, int which)
{
	const void *text = NULL;

	if (pam_get_item(pamh, which, &text) != PAM_SUCCESS)
		return NULL;
	return text;
}

/*
 * Jobs and single commands in a user's name open PAM sessions, too, in which no
 * user works with files.  Some systems use the same modules for all of them.
 */
static bool is_login(pam_handle_t *pamh)
{
	static const char *const others[] = {
		"atd",	   "cron",	"crond", "crontab", "doas",
		"polkit-1", "runuser",	"runuser-l", "sudo", "sudo-i",
		"systemd-run0", "systemd-user",
	};
	const char *service = item(pamh, PAM_SERVICE);
	size_t i;

	for (i = 0; service && i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(service, others[i]))
			return false;
	return true;
}

/*
 * The user and password of the authentication, kept for the session.  It has
 * pages of its own, because memory is locked and excluded from core dumps by
 * the page.
 */
struct kept {
	uid_t uid;
	char password[PASSWORD_MAX + 1];
};

static void kept_free(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	explicit_bzero(data, sizeof(struct kept));
	munmap(data, sizeof(struct kept));
}

/* Keeps a password and replaces the previous one. */
static void password_keep(const struct run *run, const char *password)
{
	struct kept *kept;

	if (!password || !*password || strlen(password) > PASSWORD_MAX)
		return;
	kept = mmap(NULL, sizeof(*kept), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (kept == MAP_FAILED)
		return;
	/* If it can't be locked, it is as safe as PAM's own copy was. */
	mlock(kept, sizeof(*kept));
	madvise(kept, sizeof(*kept), MADV_DONTDUMP);
	kept->uid = run->user->pw_uid;
	snprintf(kept->password, sizeof(kept->password), "%s", password);
	if (pam_set_data(run->pamh, LOGIN, kept, kept_free) != PAM_SUCCESS)
		kept_free(run->pamh, kept, 0);
}

/* Returns the user's password, or NULL. */
static const struct kept *password_kept(const struct run *run)
{
	const void *data = NULL;
	const struct kept *kept;

	if (pam_get_data(run->pamh, LOGIN, &data) != PAM_SUCCESS || !data)
		return NULL;
	kept = data;
	return kept->uid == run->user->pw_uid ? kept : NULL;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
			const char **argv)
{
	struct run run;

	(void)flags;
	/*
	 * No password is asked for: a login with a key or a fingerprint has
	 * none.
	 */
	if (is_login(pamh) && run_init(&run, pamh, "unlock", argc, argv))
		password_keep(&run, item(pamh, PAM_AUTHTOK));
	return PAM_IGNORE;
}

/*
 * Unlocks, and returns whether the login had a password, which is wiped in any
 * case.
 */
static bool unlock(struct run *run)
{
	const struct kept *kept = password_kept(run);

	if (kept) {
		run->secrets[0] = kept->password;
		run_program(run);
		run->secrets[0] = NULL;
	}
	pam_set_data(run->pamh, LOGIN, NULL, NULL);
	return kept;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

static void said_free(pam_handle_t *pamh, void *text, int status)
{
	(void)pamh;
	(void)status;
	free(text);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
			const char **argv)
{
	char *said, *end;
	struct run run;

	(void)flags;
	if (is_login(pamh) && run_init(&run, pamh, "unlock", argc, argv)) {
		if (unlock(&run))
			run.names[0] = "--unlocked";
		run.verb = "open";
		run.said[0] = '\0';
		run_program(&run);
		/*
		 * A name that was cut off may be the name of another directory.
		 */
		end = strrchr(run.said, '\n');
		*(end ? end + 1 : run.said) = '\0';
		/* So the end of the session leaves only what it has joined. */
		said = strdup(run.said);
		if (said && pam_set_data(pamh, OPENED, said, said_free) !=
				    PAM_SUCCESS)
			free(said);
	}
	return PAM_IGNORE;
}

/* Runs the program with the names collected so far, and clears the list. */
static void names_run(struct run *run, int *count)
{
	run->names[*count] = NULL;
	run_program(run);
	*count = 0;
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
			 const char **argv)
{
	const void *said = NULL;
	char names[TEXT_MAX] = "";
	char *name, *rest = NULL;
	struct run run;
	int count = 0;

	(void)flags;
	/*
	 * Without it, nothing was opened, or it is not known by which session.
	 */
	if (pam_get_data(pamh, OPENED, &said) != PAM_SUCCESS || !said ||
	    !run_init(&run, pamh, "close", argc, argv))
		return PAM_IGNORE;
	snprintf(names, sizeof(names), "%s", (const char *)said);
	for (name = strtok_r(names, "\n", &rest); name;
	     name = strtok_r(NULL, "\n", &rest)) {
		run.names[count++] = name;
		if (count == NAMES_MAX)
			names_run(&run, &count);
	}
	if (count)
		names_run(&run, &count);
	return PAM_IGNORE;
}

int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc,
		     const char **argv)
{
	struct run run;

	if (flags & PAM_PRELIM_CHECK ||
	    !run_init(&run, pamh, "change", argc, argv))
		return PAM_IGNORE;
	/*
	 * The user is told what keeps the old password, because nobody may
	 * remember that tomorrow.
	 */
	run.shown = !(flags & PAM_SILENT);
	run.secrets[0] = item(pamh, PAM_OLDAUTHTOK);
	run.secrets[1] = item(pamh, PAM_AUTHTOK);
	if (run.secrets[0] && run.secrets[1]) {
		run_program(&run);
		/*
		 * A login that had to change the password begins its session
		 * with the new one.
		 */
		if (password_kept(&run))
			password_keep(&run, run.secrets[1]);
	} else {
		pam_syslog(pamh, LOG_NOTICE,
			   "%s: the password was set without the old one, which still wraps the keys: use ecryptfs-rewrap-passphrase or ecryptfs key change",
			   run.user->pw_name);
	}
	return PAM_IGNORE;
}
