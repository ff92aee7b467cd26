/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of cases, one a file.
 */
#ifndef TABLES_H
#define TABLES_H

#include "check.h"

extern const struct check_case span_cases[];
extern const struct check_case geometry_cases[];
extern const struct check_case header_cases[];
extern const struct check_case packet_cases[];
extern const struct check_case derive_cases[];
extern const struct check_case wrap_cases[];
extern const struct check_case name_cases[];
extern const struct check_case file_cases[];
extern const struct check_case extent_cases[];
extern const struct check_case prim_cases[];

/* Runs a file of vectors through the core; @path as in tests/vectors. */
void vectors_run(const char *path);

#endif /* TABLES_H */
