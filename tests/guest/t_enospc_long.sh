#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# timeout: 1800
# disk: 512M
# tier: long
#
# t_enospc.sh over every filesystem.
set -u
export ENOSPC_FS=${ENOSPC_FS:-tmpfs ext4 xfs btrfs quota}
exec bash "$T/guest/t_enospc.sh"
