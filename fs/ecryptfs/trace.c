// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one object that holds the tracepoints which trace.h declares.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
