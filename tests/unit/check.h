/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small test harness: tables of cases, one line of output each.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A case fails if any CHECK in it fails; the rest of it still runs. */
struct check_case {
	const char *name;
	void (*run)(void);
};

/* Runs all cases of a table that ends in a NULL name. */
void check_run(const struct check_case *cases);
/* Reports a result that was found otherwise. */
void check_report(bool good, const char *name);
/* Number of failed cases. */
int check_failed(void);

void check_fail(const char *file, int line, const char *what);
bool check_good(void); /* no CHECK of this case has failed so far */

#define CHECK(condition)                                             \
	do {                                                         \
		if (!(condition))                                    \
			check_fail(__FILE__, __LINE__, #condition); \
	} while (0)

/*
 * Makes a copy of @len bytes that ends at an inaccessible page, so that reading
 * or writing one byte too many crashes.  @data may be NULL.
 */
void *guard_create(const void *data, size_t len);
void guard_destroy(void *guard, size_t len);

/* Returns whether all @len bytes are @value. */
bool all_bytes(const void *bytes, size_t len, unsigned char value);

#endif /* CHECK_H */
