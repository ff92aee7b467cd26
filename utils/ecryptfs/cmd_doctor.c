// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs doctor: looks at what eCryptfs needs on this machine, for this user and in
 * these directories, and says of each what it is and what helps.
 */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "explain.h"
#include "json.h"
#include "options.h"

struct doctor {
	json_object *array; /* NULL: lines */
	unsigned int count[DOCTOR_PROBLEM + 1];
};

static const char *const levels[] = {
	[DOCTOR_GOOD] = "good",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_PROBLEM] = "problem",
};

static void find_json(struct doctor *doctor, enum doctor_level level,
		      const char *part, const char *next, const char *text)
{
	json_object *object = json_object_new_object();

	json_put_string(object, "level", levels[level]);
	json_put_string(object, "part", part);
	json_put_string(object, "finding", text);
	json_object_object_add(object, "next",
			       next ? json_object_new_string(next) : NULL);
	json_object_array_add(doctor->array, object);
}

void doctor_find(struct doctor *doctor, enum doctor_level level,
		 const char *part, const char *next, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	doctor->count[level]++;
	if (doctor->array) {
		find_json(doctor, level, part, next, text);
	} else {
		printf("%-8s %-10s %s\n", levels[level], part,
		       explain_shown(text));
		if (next)
			printf("%-19s try: %s\n", "", explain_shown(next));
	}
	free(text);
}

bool doctor_line(const char *path, char *ret, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(ret, (int)size, file);

	if (file)
		fclose(file);
	if (got)
		ret[strcspn(ret, "\n")] = '\0';
	return got;
}

bool doctor_has(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "#")] = '\0';
		found = strstr(line, word);
	}
	if (file)
		fclose(file);
	return found;
}

int cmd_doctor(const struct command *cmd, int argc, char **argv)
{
	struct doctor doctor = { 0 };
	struct options opts;
	int status, i;

	if (!options_parse(cmd, argc, argv, "j", 0, OPERANDS_MAX, &opts,
			   &status))
		return status;
	if (opts.json)
		doctor.array = json_object_new_array();
	doctor_kernel(&doctor);
	doctor_user(&doctor);
	doctor_memory(&doctor);
	doctor_clock(&doctor);
	for (i = 0; i < opts.operands; i++)
		doctor_dir(&doctor, opts.operand[i]);
	if (doctor.array)
		json_print(doctor.array);
	else
		printf("\n%u problems, %u warnings, %u notes\n",
		       doctor.count[DOCTOR_PROBLEM],
		       doctor.count[DOCTOR_WARNING],
		       doctor.count[DOCTOR_NOTE]);
	return doctor.count[DOCTOR_PROBLEM] ? CMD_FAILED : CMD_OK;
}
