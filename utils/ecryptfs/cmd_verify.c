// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs-verify: checks whether a user's ~/.ecryptfs is set up for an
 * encrypted home or a private directory, and with encrypted names or without.
 * All requested checks must succeed.  Lines and exit codes are those of
 * ecryptfs-utils, except that an unknown argument ends it, where the program of
 * ecryptfs-utils never ends.
 */
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"

struct checks {
	bool home;
	bool private;
	bool names;
	bool no_names;
};

/* The user whose files are checked. */
struct subject {
	const struct passwd *user;
	char target[PATH_MAX]; /* the mount point */
	int sigs; /* number of signatures in Private.sig */
};

__attribute__((format(printf, 1, 2))) static bool good(const char *format, ...)
{
	va_list args;

	fputs("INFO: ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return true;
}

__attribute__((format(printf, 1, 2))) static bool bad(const char *format, ...)
{
	va_list args;

	fputs("ERROR: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

static void path_make(const struct subject *subject, const char *name,
		      char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/.ecryptfs%s%s", subject->user->pw_dir,
		 *name ? "/" : "", name);
}

static bool exists(const struct subject *subject, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	path_make(subject, name, path);
	if (stat(path, &st))
		return bad("[%s] does not exist", path);
	return good("[%s] exists", path);
}

/* Reads the first line of the file @name, without its newline. */
static bool line_read(FILE *file, char *line, size_t size)
{
	if (!file || !fgets(line, (int)size, file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool sigs_check(struct subject *subject)
{
	char path[PATH_MAX], line[64];
	FILE *file;

	path_make(subject, "Private.sig", path);
	file = fopen(path, "re");
	while (line_read(file, line, sizeof(line)))
		subject->sigs += strlen(line) == LIBECRYPTFS_SIG_CHARS - 1 &&
				 strspn(line, "0123456789abcdefABCDEF") ==
					 LIBECRYPTFS_SIG_CHARS - 1;
	if (file)
		fclose(file);
	if (subject->sigs != 1 && subject->sigs != 2)
		return bad("[%s] contains [%d] signatures", path,
			   subject->sigs);
	return good("[%s] contains [%d] signatures", path, subject->sigs);
}

static bool target_check(struct subject *subject)
{
	char path[PATH_MAX];
	struct stat st;
	FILE *file;
	bool have;

	if (!exists(subject, "Private.mnt"))
		return false;
	path_make(subject, "Private.mnt", path);
	file = fopen(path, "re");
	have = line_read(file, subject->target, sizeof(subject->target));
	if (file)
		fclose(file);
	if (!have)
		return bad("[%s] names no mount point", path);
	if (stat(subject->target, &st) || !S_ISDIR(st.st_mode))
		return bad("[%s] is not a directory", subject->target);
	good("[%s] is a directory", subject->target);
	if (st.st_uid != subject->user->pw_uid)
		return bad("Invalid owner [%u] of mount point [%s]", st.st_uid,
			   subject->target);
	return true;
}

static bool is_home(const struct subject *subject)
{
	struct stat home, target;

	return !stat(subject->user->pw_dir, &home) &&
	       !stat(subject->target, &target) && home.st_dev == target.st_dev &&
	       home.st_ino == target.st_ino;
}

static bool home_check(struct subject *subject)
{
	if (!target_check(subject) || !exists(subject, "auto-mount") ||
	    !exists(subject, "auto-umount"))
		return false;
	if (!is_home(subject))
		return bad("Mount point [%s] is not the user's home [%s]",
			   subject->target, subject->user->pw_dir);
	return good("Mount point [%s] is the user's home", subject->target);
}

static bool private_check(struct subject *subject)
{
	if (!target_check(subject))
		return false;
	if (is_home(subject))
		return bad("Mount point [%s] is the user's home [%s]",
			   subject->target, subject->user->pw_dir);
	good("Mount point [%s] is not the user's home [%s]", subject->target,
	     subject->user->pw_dir);
	return good("Mount point [%s] is a valid directory", subject->target);
}

static bool names_check(const struct subject *subject, bool wanted)
{
	bool names = subject->sigs == 2;
	const char *text = names ? "Filenames are encrypted" :
				   "Filenames are not encrypted";

	return names == wanted ? good("%s", text) : bad("%s", text);
}

static bool all_check(const struct checks *checks, struct subject *subject)
{
	struct stat st;

	if (!checks->home && !checks->private && !checks->names &&
	    !checks->no_names)
		return bad("No checks given");
	if (stat(subject->user->pw_dir, &st) || !S_ISDIR(st.st_mode))
		return bad("Invalid home directory [%s] of [%s]",
			   subject->user->pw_dir, subject->user->pw_name);
	return exists(subject, "") && exists(subject, "Private.sig") &&
	       sigs_check(subject) &&
	       (!checks->home || home_check(subject)) &&
	       (!checks->private || private_check(subject)) &&
	       (!checks->names || names_check(subject, true)) &&
	       (!checks->no_names || names_check(subject, false));
}

int cmd_verify(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "home", no_argument, NULL, 'h' },
		{ "private", no_argument, NULL, 'p' },
		{ "filenames-encrypted", no_argument, NULL, 'e' },
		{ "filenames-not-encrypted", no_argument, NULL, 'n' },
		{ "user", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'H' },
		{ 0 },
	};
	struct checks checks = { 0 };
	struct subject subject = { 0 };
	const char *name = NULL;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "hpenu:", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			checks.home = true;
			break;
		case 'p':
			checks.private = true;
			break;
		case 'e':
			checks.names = true;
			break;
		case 'n':
			checks.no_names = true;
			break;
		case 'u':
			name = optarg;
			break;
		case 'H':
			command_help(cmd);
			return CMD_OK;
		default:
			command_usage_error(cmd, "unknown option");
			return CMD_FAILED;
		}
	}
	if (optind < argc) {
		command_usage_error(cmd, "unexpected argument");
		return CMD_FAILED;
	}
	subject.user = name ? getpwnam(name) : getpwuid(getuid());
	if (!subject.user)
		bad("No such user [%s]", name ? name : "");
	if (subject.user && all_check(&checks, &subject)) {
		good("Configuration valid");
		return CMD_OK;
	}
	bad("Configuration invalid");
	return CMD_FAILED;
}
