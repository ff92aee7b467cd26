// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs key test: whether a passphrase, a wrapped one, a vault or a slot of it
 * opens, and whether files are of its key.  No key gets into the keyring.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "offline.h"

struct testing {
	struct offline *offline;
	char sig[LIBECRYPTFS_SIG_CHARS], names_sig[LIBECRYPTFS_SIG_CHARS];
	unsigned int own, others; /* files */
};

static void key_tell(const struct testing *testing)
{
	const struct offline *offline = testing->offline;
	json_object *object;

	if (!offline->opts.json) {
		if (offline->vault)
			printf("%s: slot %u opens it\n",
			       explain_shown(offline->vault), offline->slot);
		printf("key %s, for names %s\n", testing->sig,
		       testing->names_sig);
		return;
	}
	object = json_object_new_object();
	json_text(object, "type", "key");
	if (offline->vault) {
		json_text(object, "vault", offline->vault);
		json_object_object_add(object, "slot",
				       json_object_new_int64(offline->slot));
	}
	json_text(object, "signature", testing->sig);
	json_text(object, "names_signature", testing->names_sig);
	json_line(object);
}

static void file_tell(const struct testing *testing, const char *path,
		      const char *sig, bool own)
{
	json_object *object;
	char *safe;

	if (testing->offline->opts.json) {
		object = json_object_new_object();
		json_text(object, "type", "file");
		json_text(object, "path", path);
		json_text(object, "signature", sig);
		json_object_object_add(object, "opened",
				       json_object_new_boolean(own));
		json_line(object);
		return;
	}
	safe = text_safe(path);
	if (own)
		printf("%s: this key opens it\n", safe);
	else
		printf("%s: it needs the key %s, which is not this one\n", safe,
		       sig);
	free(safe);
}

static int test_file(void *arg, const struct tree_entry *entry)
{
	struct testing *testing = arg;
	struct offline *offline = testing->offline;
	char sig[EFMT_V1_SIG_HEX + 1];
	struct libecryptfs_store_file file;
	int fd = tree_open(entry, O_RDONLY);
	int err;

	if (fd < 0) {
		offline_damage(offline, entry->path, strerror(-fd));
		return CMD_OK;
	}
	err = libecryptfs_store_open(offline->store, fd, &file);
	if (err && err != -ENOKEY) {
		offline_explain_open(offline, entry->path, &file, err);
	} else if (file.empty) {
		offline_note(offline, entry->path,
			     "it is empty and has no header: any key is as good");
	} else {
		testing->own += !err;
		testing->others += !!err;
		efmt_v1_sig_to_hex(file.sig, sig);
		/* Of a whole tree, what is as it should be is a number. */
		if (err || !offline->recursive)
			file_tell(testing, entry->path, sig, !err);
	}
	libecryptfs_store_close(&file);
	close(fd);
	return CMD_OK;
}

/*
 * A passphrase alone opens nothing: what is in the directory tells whether it is the
 * right one, and a sample does.
 */
static int test_sample(struct testing *testing, const char *dir)
{
	struct offline *offline = testing->offline;
	struct libecryptfs_vault_settings wanted = { 0 };
	struct adopt found;
	int err;

	memcpy(wanted.sig, testing->sig, sizeof(wanted.sig));
	memcpy(wanted.fnek_sig, testing->names_sig, sizeof(wanted.fnek_sig));
	err = adopt_survey(dir, &wanted, &found);
	if (err) {
		explain_print(offline->cmd->program, dir, explain_other(err));
		return CMD_FAILED;
	}
	if (found.mounted || (!found.files && !found.names)) {
		explain_print(offline->cmd->program, dir,
			      (struct explanation){
				      found.mounted ?
					      "it is mounted, so its files appear decrypted" :
					      "it has no encrypted file to check the passphrase with",
				      found.mounted ? "the same with the directory below" :
						      NULL });
		return CMD_FAILED;
	}
	if (found.sig_found || found.names_sig_found) {
		testing->own++;
		file_tell(testing, dir, testing->sig, true);
	} else {
		testing->others++;
		file_tell(testing, dir,
			  *found.sig ? found.sig : found.names_sig, false);
	}
	return CMD_OK;
}

static int test_operand(struct testing *testing, const char *operand)
{
	const struct tree_visitor visitor = { .file = test_file,
					      .arg = testing };
	struct offline *offline = testing->offline;
	struct stat st;

	if (offline->recursive || stat(operand, &st) || !S_ISDIR(st.st_mode))
		return tree_walk(offline, operand, &visitor);
	return offline->vault ? CMD_OK : test_sample(testing, operand);
}

int cmd_key_test(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct testing testing = { .offline = &offline };
	int status, i;

	if (!offline_parse(&offline, cmd, argc, argv, "R", 1, &status))
		return status;
	if (offline.no_key)
		return command_usage_error(cmd, "--no-key leaves nothing to test");
	status = offline_open(&offline);
	if (!status) {
		libecryptfs_store_sig(offline.store, 0, testing.sig);
		libecryptfs_store_sig(offline.store, 1, testing.names_sig);
		key_tell(&testing);
	}
	for (i = 0; !status && i < offline.operands; i++)
		status = test_operand(&testing, offline.operand[i]);
	if (!status && offline.recursive && !offline.opts.json)
		printf("%u files of this key, %u of others\n", testing.own,
		       testing.others);
	/* Damage says more than another key. */
	if (!status && !offline.damaged && testing.others)
		status = CMD_LOCKED;
	return offline_end(&offline, status);
}
