# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of the arguments of ecryptfs(1) for fish.

set -l commands init unlock lock mount umount status key ls cat cp export verify repair login dump
set -l offline 'ls cat cp export verify repair'
set -l open 'unlock mount key ls cat cp export verify repair'
complete -c ecryptfs -n "not __fish_seen_subcommand_from $commands" -f -a "$commands"
complete -c ecryptfs -n '__fish_seen_subcommand_from key; and not __fish_seen_subcommand_from list add remove change' -f -a 'list add remove change'
complete -c ecryptfs -n '__fish_seen_subcommand_from login; and not __fish_seen_subcommand_from add remove unlock change open close' -f -a 'add remove unlock change open close'
complete -c ecryptfs -n '__fish_seen_subcommand_from key; and __fish_seen_subcommand_from add' -a 'passphrase recovery pkey gpg tpm2 shares'
complete -c ecryptfs -n "__fish_seen_subcommand_from $open" -l recovery -d 'open it with the recovery key'
complete -c ecryptfs -n "__fish_seen_subcommand_from $open" -l with -x -a 'passphrase recovery pkey gpg tpm2 shares' -d 'source of the slot'
complete -c ecryptfs -n "__fish_seen_subcommand_from $open" -l slot -x -d 'number of the slot'
complete -c ecryptfs -n "__fish_seen_subcommand_from $open" -l ignore-damage -d 'use it although it was changed'
complete -c ecryptfs -n "__fish_seen_subcommand_from $open" -l accept -x -d 'signature that the vault is to give'
complete -c ecryptfs -n "__fish_seen_subcommand_from init lock status $open" -l vault -r -d 'the vault'
complete -c ecryptfs -n '__fish_seen_subcommand_from init key' -l backup -r -d 'copy of the vault'
complete -c ecryptfs -n '__fish_seen_subcommand_from repair' -l backup -r -d 'directory for copies'
complete -c ecryptfs -n '__fish_seen_subcommand_from repair' -l yes -d 'do it'
complete -c ecryptfs -n '__fish_seen_subcommand_from init key' -l label -x -d 'what it is for'
complete -c ecryptfs -n '__fish_seen_subcommand_from init status key dump ls cat cp export verify repair' -l json -d 'print JSON'
complete -c ecryptfs -n '__fish_seen_subcommand_from init' -l adopt -d 'there are encrypted files'
complete -c ecryptfs -n '__fish_seen_subcommand_from init' -l no-check -d 'adopt it with a passphrase that opens none of its files'
complete -c ecryptfs -n '__fish_seen_subcommand_from init' -l plain-names -d 'do not encrypt names'
complete -c ecryptfs -n '__fish_seen_subcommand_from init' -l no-recovery -d 'no recovery key'
complete -c ecryptfs -n '__fish_seen_subcommand_from init' -l cipher -x
complete -c ecryptfs -n '__fish_seen_subcommand_from init' -l key-bytes -x -a '16 24 32'
complete -c ecryptfs -n '__fish_seen_subcommand_from mount' -l options -x -d 'of mount(8)'
complete -c ecryptfs -n "__fish_seen_subcommand_from $offline" -l passphrase -d 'the mount passphrase opens it'
complete -c ecryptfs -n "__fish_seen_subcommand_from $offline" -l salt -x -d 'of the mount passphrase'
complete -c ecryptfs -n "__fish_seen_subcommand_from $offline" -l wrapped -r -d 'a wrapped mount passphrase opens it'
complete -c ecryptfs -n "__fish_seen_subcommand_from $offline" -l no-key -d 'without a key'
complete -c ecryptfs -n '__fish_seen_subcommand_from cat cp export verify' -l threads -x -d 'processors to use'
complete -c ecryptfs -n '__fish_seen_subcommand_from verify' -l quick -d 'only headers, names and sizes'
complete -c ecryptfs -n '__fish_seen_subcommand_from ls' -l long -d 'with modes, sizes, times and lower names'
complete -c ecryptfs -n '__fish_seen_subcommand_from ls' -l recursive -d 'all that is below it'
complete -c ecryptfs -l help -d 'usage'
