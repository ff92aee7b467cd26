// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs rekey: another master key for a lower tree that is not mounted.  Headers
 * are wrapped and names encrypted anew; contents keep their keys and are not touched.
 *
 * Each header and each name is changed by one system call, and either key opens what
 * it opens at any time; so whatever ends it, the same command goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "headers.h"
#include "keep.h"
#include "offline.h"
#include "trust.h"

/* Numbers of keys in the store: of contents and of names. */
enum { OLD, OLD_NAMES, NEW, NEW_NAMES };

struct rekey {
	struct offline *offline;
	uint8_t salt[LIBECRYPTFS_SALT_BYTES]; /* of the new key */
	struct libecryptfs_vault_settings settings; /* of the new vault */
	char vault[PATH_MAX]; /* its path; or empty */
	bool change; /* else it is only looked */
	uint64_t headers, headers_done; /* to be changed; that were before */
	uint64_t names, names_done, names_plain;
	uint64_t changed; /* headers and names */
	/* A name that a mount by the new vault could not read. */
	bool unlike;
	struct libecryptfs_store_cipher cipher;
};

static int fail(const struct rekey *rekey, const char *what,
		struct explanation explanation)
{
	explain_print(rekey->offline->cmd->program, what, explanation);
	return CMD_FAILED;
}

/* As they are, up to what a reader looks at. */
static int metadata_read(const struct libecryptfs_store_file *file,
			 uint8_t buf[EFMT_V1_HEADER_SCAN], size_t *len_ret)
{
	ssize_t n;

	static_assert(EFMT_V1_XATTR_MAX <= EFMT_V1_HEADER_SCAN, "metadata");
	if (file->meta.in_xattr)
		n = fgetxattr(file->fd, EFMT_V1_XATTR, buf, EFMT_V1_XATTR_MAX);
	else
		n = pread(file->fd, buf, EFMT_V1_HEADER_SCAN, 0);
	if (n < 0)
		return -errno;
	*len_ret = (size_t)n;
	return 0;
}

/* In one call, so that there is the old one or the new one. */
static int metadata_write(const struct libecryptfs_store_file *file,
			  const uint8_t *buf, size_t len, size_t was)
{
	if (!file->meta.in_xattr) {
		errno = 0;
		if (pwrite(file->fd, buf, len, 0) == (ssize_t)len)
			return 0;
		return errno ? -errno : -EIO;
	}
	if (len < was)
		len = was;
	return fsetxattr(file->fd, EFMT_V1_XATTR, buf, len, XATTR_REPLACE) ?
		       -errno :
		       0;
}

/* Of an open file; the time of its content is not that of its key. */
static int header_exchange(struct rekey *rekey, const struct tree_entry *entry,
			   const struct libecryptfs_store_file *file)
{
	uint8_t buf[EFMT_V1_HEADER_SCAN], made[EFMT_V1_HEADER_SCAN];
	const struct timespec times[2] = { entry->st.st_atim,
					   entry->st.st_mtim };
	size_t was = 0, len = 0;
	int err;

	err = metadata_read(file, buf, &was);
	if (!err)
		err = libecryptfs_store_rewrap(rekey->offline->store, OLD, NEW,
					       rekey->salt, buf, was,
					       file->meta.in_xattr, made, &len);
	if (err == -EALREADY) {
		rekey->headers_done++;
		return 0;
	}
	rekey->headers += !err;
	if (err || !rekey->change)
		return err;
	err = metadata_write(file, made, len, was);
	if (!err && futimens(file->fd, times))
		err = -errno;
	rekey->changed += !err;
	return err;
}

/* A name of @entry by the new key.  0, or what needs no change, or -errno. */
static int name_make(struct rekey *rekey, const char *lower, char *ret)
{
	struct libecryptfs_store_cipher cipher = { 0 };
	int err = libecryptfs_store_name_rewrap(rekey->offline->store,
						OLD_NAMES, NEW_NAMES, lower,
						ret, &cipher);

	if ((!err || err == -EALREADY) && *rekey->vault &&
	    (strcmp(efmt_v1_cipher_name(cipher.cipher),
		    rekey->settings.cipher) ||
	     cipher.key_bytes != rekey->settings.key_bytes)) {
		rekey->unlike = true;
		rekey->cipher = cipher;
	}
	return err;
}

/* Nothing that has the new name already is replaced. */
static int entry_rename(const struct tree_entry *entry, const char *name)
{
	struct stat st;

	if (!renameat2(entry->dir_fd, entry->lower, entry->dir_fd, name,
		       RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (!fstatat(entry->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return renameat(entry->dir_fd, entry->lower, entry->dir_fd, name) ?
		       -errno :
		       0;
}

static void name_exchange(struct rekey *rekey, const struct tree_entry *entry)
{
	char name[NAME_MAX + 1];
	int err;

	if (entry->dir_fd == AT_FDCWD || strlen(entry->lower) > NAME_MAX)
		return;
	err = name_make(rekey, entry->lower, name);
	rekey->names += !err;
	rekey->names_done += err == -EALREADY;
	rekey->names_plain += err == -EINVAL;
	/* The walk has told what else is wrong with a name. */
	if (err || !rekey->change)
		return;
	err = entry_rename(entry, name);
	rekey->changed += !err;
	if (err)
		offline_damagef(rekey->offline, entry->path,
				"its name can't be exchanged: %s",
				strerror(-err));
}

static int rekey_file(void *arg, const struct tree_entry *entry)
{
	struct rekey *rekey = arg;
	struct offline *offline = rekey->offline;
	struct libecryptfs_store_file file;
	int fd = rekey->change ? tree_open_write(entry) :
				 tree_open(entry, O_RDONLY);
	int err;

	progress_file(&offline->progress);
	if (fd < 0) {
		offline_damage(offline, entry->path, strerror(-fd));
		return CMD_OK;
	}
	err = libecryptfs_store_open(offline->store, fd, &file);
	if (err) {
		offline_explain_open(offline, entry->path, &file, err);
	} else if (!file.empty) {
		err = header_exchange(rekey, entry, &file);
		if (err)
			offline_damagef(offline, entry->path,
					"its key can't be exchanged: %s",
					strerror(-err));
	}
	libecryptfs_store_close(&file);
	close(fd);
	if (!err)
		name_exchange(rekey, entry);
	return CMD_OK;
}

/* The link anew, by another name until it is whole. */
static int link_replace(const struct tree_entry *entry, const char *target,
			const char *name)
{
	const struct timespec times[2] = { entry->st.st_atim,
					   entry->st.st_mtim };
	char temp[48];
	struct stat st;

	/* The walk passes over such a name, should it be left. */
	snprintf(temp, sizeof(temp), ".ecryptfs-new-%jx",
		 (uintmax_t)entry->st.st_ino);
	if (!fstatat(entry->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    !S_ISLNK(st.st_mode))
		return -EEXIST;
	if (unlinkat(entry->dir_fd, temp, 0) && errno != ENOENT)
		return -errno;
	if (symlinkat(target, entry->dir_fd, temp))
		return -errno;
	if ((fchownat(entry->dir_fd, temp, entry->st.st_uid, entry->st.st_gid,
		      AT_SYMLINK_NOFOLLOW) && !geteuid()) ||
	    utimensat(entry->dir_fd, temp, times, AT_SYMLINK_NOFOLLOW) ||
	    renameat(entry->dir_fd, temp, entry->dir_fd, name)) {
		int err = -errno;

		unlinkat(entry->dir_fd, temp, 0);
		return err;
	}
	return strcmp(name, entry->lower) &&
			       unlinkat(entry->dir_fd, entry->lower, 0) ?
		       -errno :
		       0;
}

static int rekey_link(void *arg, const struct tree_entry *entry,
		      const char *target)
{
	char lower[PATH_MAX], made[PATH_MAX], name[NAME_MAX + 1];
	struct rekey *rekey = arg;
	int target_err, name_err, err;
	ssize_t len;

	(void)target;
	len = readlinkat(entry->dir_fd, entry->lower, lower, sizeof(lower) - 1);
	if (len < 0 || entry->dir_fd == AT_FDCWD ||
	    strlen(entry->lower) > NAME_MAX)
		return CMD_OK;
	lower[len] = '\0';
	target_err = name_make(rekey, lower, made);
	name_err = name_make(rekey, entry->lower, name);
	rekey->names += !name_err || !target_err;
	rekey->names_done += name_err == -EALREADY;
	rekey->names_plain += name_err == -EINVAL;
	if (!rekey->change || (name_err && target_err))
		return CMD_OK;
	err = link_replace(entry, target_err ? lower : made,
			   name_err ? entry->lower : name);
	rekey->changed += !err;
	if (err)
		offline_damagef(rekey->offline, entry->path,
				"the link can't be exchanged: %s",
				strerror(-err));
	return CMD_OK;
}

/* Behind what is in it, whose names have changed the time of the directory. */
static int rekey_leave(void *arg, const struct tree_entry *entry)
{
	const struct timespec times[2] = { entry->st.st_atim,
					   entry->st.st_mtim };
	struct rekey *rekey = arg;

	if (rekey->change)
		utimensat(entry->dir_fd, entry->lower, times,
			  AT_SYMLINK_NOFOLLOW);
	name_exchange(rekey, entry);
	return CMD_OK;
}

static int walk(struct rekey *rekey)
{
	const struct tree_visitor visitor = { .file = rekey_file,
					      .link = rekey_link,
					      .leave = rekey_leave,
					      .arg = rekey };
	struct offline *offline = rekey->offline;
	int status;

	rekey->headers = rekey->headers_done = 0;
	rekey->names = rekey->names_done = rekey->names_plain = 0;
	offline->damaged = 0;
	progress_start_files(&offline->progress, offline->opts.json,
			     tree_files(offline));
	status = tree_walk(offline, offline->operand[0], &visitor);
	progress_clear(&offline->progress);
	return status;
}

/* The vault of --new, and its key. */
static int new_vault(struct rekey *rekey)
{
	struct offline *offline = rekey->offline;
	struct options opts = { .operand = { offline->new_dir },
				.slot = -1,
				.from_stdin = offline->opts.from_stdin };
	struct vault_use use = { 0 };
	int status, err;

	memcpy(opts.settings, offline->opts.settings, sizeof(opts.settings));
	if (!opts.from_stdin)
		fprintf(stderr, "The new key, of %s:\n",
			explain_shown(offline->new_dir));
	status = vault_use_load(&use, offline->cmd, &opts);
	if (!status)
		status = vault_use_open(&use);
	if (!status) {
		err = libecryptfs_store_add(offline->store,
					    use.master.sm_bytes + 1,
					    use.master.sm_bytes[0],
					    use.settings.salt);
		if (err)
			status = fail(rekey, "cannot make the keys",
				      explain_token(err));
		rekey->settings = use.settings;
		memcpy(rekey->salt, use.settings.salt, sizeof(rekey->salt));
		snprintf(rekey->vault, sizeof(rekey->vault), "%s", use.path);
	}
	vault_use_end(&use);
	return status;
}

static int keys_open(struct rekey *rekey)
{
	struct offline *offline = rekey->offline;
	char was[LIBECRYPTFS_SIG_CHARS], will[LIBECRYPTFS_SIG_CHARS];
	int status = offline_open(offline);

	if (!status)
		status = offline->new_dir ?
				 new_vault(rekey) :
				 offline_passphrase_add(offline,
							"New mount passphrase: ",
							true, rekey->salt);
	if (status)
		return status;
	if (libecryptfs_store_sig(offline->store, OLD_NAMES, was) &&
	    libecryptfs_store_sig(offline->store, NEW_NAMES, will) &&
	    !strcmp(was, will))
		return fail(rekey, offline->operand[0], (struct explanation){
			"the new key is the one that it has", NULL });
	return CMD_OK;
}

/* Whether a mount by the new vault would read the names, and make such ones. */
static int names_check(const struct rekey *rekey)
{
	bool encrypted = rekey->names || rekey->names_done;
	char next[80];

	if (!*rekey->vault)
		return CMD_OK;
	if (encrypted && !rekey->settings.names)
		return fail(rekey, rekey->vault, (struct explanation){
			"names of files are encrypted, and by this vault they would not be",
			"ecryptfs init without --plain-names" });
	if (!encrypted && rekey->names_plain && rekey->settings.names)
		return fail(rekey, rekey->vault, (struct explanation){
			"names of files are not encrypted, and by this vault they would be",
			"ecryptfs init --plain-names" });
	if (!rekey->unlike)
		return CMD_OK;
	snprintf(next, sizeof(next), "ecryptfs init --cipher %s --key-bytes %zu",
		 efmt_v1_cipher_name(rekey->cipher.cipher),
		 rekey->cipher.key_bytes);
	return fail(rekey, rekey->vault, (struct explanation){
		"names of files are encrypted with another cipher or key size than by this vault", next });
}

static void summary(const struct rekey *rekey)
{
	json_object *object;

	if (!rekey->offline->opts.json) {
		if (!rekey->change)
			printf("%" PRIu64 " headers and %" PRIu64 " names would get the new key, %" PRIu64 " and %" PRIu64 " have it; nothing was changed: --yes does it\n",
			       rekey->headers, rekey->names,
			       rekey->headers_done, rekey->names_done);
		else
			printf("%" PRIu64 " headers and %" PRIu64 " names have got the new key, %" PRIu64 " and %" PRIu64 " had it\n",
			       rekey->headers, rekey->names,
			       rekey->headers_done, rekey->names_done);
		return;
	}
	object = json_object_new_object();
	json_text(object, "type", "summary");
	json_object_object_add(object, "done",
			       json_object_new_boolean(rekey->change));
	json_object_object_add(object, "headers",
			       json_object_new_uint64(rekey->headers));
	json_object_object_add(object, "names",
			       json_object_new_uint64(rekey->names));
	json_object_object_add(object, "headers_before",
			       json_object_new_uint64(rekey->headers_done));
	json_object_object_add(object, "names_before",
			       json_object_new_uint64(rekey->names_done));
	json_line(object);
}

/*
 * Whether @path is the backup that a run before this one has made, and which that was
 * interrupted: of the same directory, whole, with as many headers.
 */
static bool backup_there(const struct rekey *rekey, const char *path)
{
	const struct libecryptfs_headers_entry *entry;
	struct libecryptfs_headers headers = { 0 };
	FILE *file = fopen(path, "re");
	char root[PATH_MAX];
	int err;

	if (!file)
		return false;
	err = libecryptfs_headers_open(&headers, file);
	if (!err && (!realpath(rekey->offline->operand[0], root) ||
		     strcmp(root, headers.root)))
		err = -EXDEV;
	while (!err)
		err = libecryptfs_headers_next(&headers, &entry);
	if (headers.entries != rekey->headers + rekey->headers_done)
		err = -ESTALE;
	libecryptfs_headers_close(&headers);
	fclose(file);
	return err == -ENOENT;
}

/* To the disk as a whole: what is flushed one by one takes its time for each. */
static int tree_flush(struct rekey *rekey)
{
	const char *operand = rekey->offline->operand[0];
	int fd = open(operand, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || syncfs(fd) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err ? fail(rekey, operand, explain_other(err)) : CMD_OK;
}

/* What the new vault gives is the directory's key from now on. */
static void finish(const struct rekey *rekey)
{
	const struct offline *offline = rekey->offline;
	char dir[PATH_MAX], beside[PATH_MAX + sizeof(LIBECRYPTFS_VAULT_BESIDE)];
	struct trust trust = {
		.program = offline->cmd->program,
		.dir = dir,
		.said = offline->operand[0],
		.settings = &rekey->settings,
	};

	if (!*rekey->vault && offline->vault && !offline->opts.json)
		printf("Next: remove %s, which has the old key; ecryptfs init --adopt makes one with the new\n",
		       explain_shown(offline->vault));
	if (!*rekey->vault || !realpath(offline->operand[0], dir))
		return;
	trust_remember(&trust);
	snprintf(beside, sizeof(beside), "%s" LIBECRYPTFS_VAULT_BESIDE, dir);
	if (!offline->opts.json)
		printf("Next: mv %s %s\n", explain_quoted(rekey->vault),
		       explain_quoted(offline->vault ? offline->vault : beside));
}

static int change(struct rekey *rekey)
{
	struct offline *offline = rekey->offline;
	unsigned int notes = offline->notes;
	char *backup;
	int status;

	rekey->change = true;
	if (!rekey->headers && !rekey->names)
		return CMD_OK;
	backup = keep_name(offline, "ecryptfs-rekey", ".headers");
	if (!backup)
		abort();
	offline->damaged = 0;
	status = backup_there(rekey, backup) ? CMD_OK :
					       header_backup(offline, backup);
	free(backup);
	if (status)
		return status;
	offline->notes = notes;
	status = walk(rekey);
	return status ? status : tree_flush(rekey);
}

static int run(struct rekey *rekey)
{
	struct offline *offline = rekey->offline;
	int status = walk(rekey);

	if (!status)
		status = names_check(rekey);
	if (!status && offline->damaged && offline->yes && !offline->force) {
		fail(rekey, offline->operand[0], (struct explanation){
			"not all of it is of the old or the new key, so nothing was changed",
			"the right keys; or --force, which leaves as it is what was listed" });
		return CMD_DAMAGED;
	}
	if (!status && offline->yes)
		status = change(rekey);
	if (!status)
		summary(rekey);
	if (!status && offline->yes && (!offline->damaged || offline->force))
		finish(rekey);
	return status;
}

int cmd_rekey(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct rekey rekey = { .offline = &offline };
	struct stat st;
	int status;

	if (!offline_parse(&offline, cmd, argc, argv, "ybfNP", 1, &status))
		return status;
	if (offline.operands != 1)
		return command_usage_error(cmd, "one directory at a time");
	if (!offline.new_dir == !offline.new_passphrase)
		return command_usage_error(cmd, "either --new DIR or --new-passphrase says what the new key is");
	if (offline.no_key)
		return command_usage_error(cmd, "the old key is needed");
	if (!stat(offline.operand[0], &st) && !S_ISDIR(st.st_mode))
		return command_usage_error(cmd, "LOWER is to be a directory");
	if (offline.yes && offline_mounted(&offline, 0))
		return CMD_BUSY;
	status = keys_open(&rekey);
	if (!status)
		status = run(&rekey);
	return offline_end(&offline, status);
}
