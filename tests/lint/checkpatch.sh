# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # used by those that source this
#
# What checkpatch is asked of the module, as files (tests/lint/run) and as patches
# (tests/qemu/in-tree).

# What is not asked, and why:
#  FILE_PATH_CHANGES, MAINTAINERS, EMAIL_SUBJECT, COMMIT_*: not a patch
#  SPDX_LICENSE_TAG: metrics.sh checks it
checkpatch_ignore=FILE_PATH_CHANGES,SPDX_LICENSE_TAG,GIT_COMMIT_ID,EMAIL_SUBJECT
# Places that are what is meant: the versions' own directory, where an older
# kernel's macro drops an argument or defines an adapter, the world of
# userspace in the core's types, and the one function that prints.
checkpatch_places='^fs/ecryptfs/compat/.*(LINUX_VERSION_CODE|constant on the right|is not used in function-like macro|Macro argument reuse .fn|blank line after function)|^fs/ecryptfs/format/efmt_types\.h:.*Prefer kernel type|^fs/ecryptfs/msg\.c:.*KERN_<LEVEL>'
checkpatch_places+='|^fs/ecryptfs/trace\.h:.*(Lines should not end with|Alignment should match)'
