# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Completion of the arguments of ecryptfs(1) for bash.

_ecryptfs() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-}
	local commands='init unlock lock mount umount status key ls cat cp export verify repair header rekey doctor vault login dump help version'
	local offline='--passphrase --salt --wrapped --no-key --json'
	local settings=
	local open='--recovery --with --slot --vault --ignore-damage --accept --help'

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
		return
	fi
	if [ "$command" = key ]; then
		command="key ${COMP_WORDS[2]-}"
		if ((COMP_CWORD == 2)); then
			mapfile -t COMPREPLY < <(compgen -W 'list add remove change test' -- "$word")
			return
		fi
	fi
	if [ "$command" = header ]; then
		command="header ${COMP_WORDS[2]-}"
		if ((COMP_CWORD == 2)); then
			mapfile -t COMPREPLY < <(compgen -W 'backup restore' -- "$word")
			return
		fi
	fi
	if [ "$command" = vault ]; then
		command="vault ${COMP_WORDS[2]-}"
		if ((COMP_CWORD == 2)); then
			mapfile -t COMPREPLY < <(compgen -W 'list forget' -- "$word")
			return
		fi
	fi
	if [ "$command" = login ] && ((COMP_CWORD == 2)); then
		mapfile -t COMPREPLY < <(compgen -W 'add remove unlock change open close' -- "$word")
		return
	fi
	[ "$command" != login ] || command="login ${COMP_WORDS[2]-}"
	case $before in
	--with)
		mapfile -t COMPREPLY < <(compgen -W 'passphrase recovery pkey gpg tpm2 shares' -- "$word")
		return
		;;
	--vault | --backup | --wrapped)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--new)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--slot | --accept | --label | --cipher | --key-bytes | --options | --salt | --threads) return ;;
	esac
	if [[ $word == -* ]]; then
		case $command in
		init) open='--adopt --no-check --plain-names --no-recovery --cipher --key-bytes --vault --backup --label --json --help' ;;
		mount) open+=' --options' ;;
		lock) open='--vault --help' ;;
		umount | login* | 'vault forget') open='--help' ;;
		status | 'key list') open='--vault --json --help' ;;
		'key add') open+=' --label --backup --fnek --link' ;;
		'key remove' | 'key change') open+=' --backup' ;;
		ls) open+=" $offline --long --recursive" ;;
		rekey) open+=" $offline --new --new-passphrase --yes --backup --force" ;;
		'header backup') open+=" $offline" ;;
		'header restore') open+=" $offline --yes --backup --force" ;;
		'key test') open+=" $offline --recursive" ;;
		cat | cp | export) open+=" $offline --threads" ;;
		repair) open+=" $offline --yes --backup" ;;
		verify) open+=" $offline --threads --quick" ;;
		dump | doctor | 'vault list') open='--json --help' ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$open" -- "$word")
		return
	fi
	case $command in
	ls | cat | cp | export | verify | repair | dump | 'key test' | header* | rekey)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	'login remove')
		mapfile -t COMPREPLY < <(cd ~/.ecryptfs 2>/dev/null && compgen -f -X '!*.conf' -- "$word" | sed 's/\.conf$//')
		return
		;;
	init) settings='seconds=' ;;
	unlock | mount | 'key '*) settings='seconds= recipient= trust= pin= pcrs= tcti= file= key= of= need=' ;;
	esac
	# The first is a directory; settings come behind it.
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -d -- "$word")
	if [ -n "$settings" ] && [ -n "$word" ] && ! [[ $word == */* ]]; then
		compopt -o nospace 2>/dev/null
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$settings" -- "$word")
	fi
	if [ "$command" = 'key add' ]; then
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'passphrase recovery pkey gpg tpm2 shares' -- "$word")
	fi
}
complete -F _ecryptfs ecryptfs
