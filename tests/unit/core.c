// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of the core over OpenSSL.  Usage: core [FILE.vec...]
 */
#include "tables.h"

int main(int argc, char **argv)
{
	check_run(span_cases);
	check_run(geometry_cases);
	check_run(header_cases);
	check_run(packet_cases);
	check_run(prim_cases);
	check_run(derive_cases);
	check_run(wrap_cases);
	check_run(name_cases);
	check_run(file_cases);
	check_run(extent_cases);
	for (int i = 1; i < argc; i++)
		vectors_run(argv[i]);
	return check_failed() ? 1 : 0;
}
