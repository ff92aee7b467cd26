# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Tests of the backup of headers: what is destroyed in a tree is there again, byte for
# byte, and nothing else is changed.  Sourced by run.

# A tree with names of all kinds, in $tmp/head/tree; contents are those of $tmp/head/plain.
headers_tree() {
	local tree=$tmp/head/tree plain=$tmp/head/plain name size
	rm -rf "$tree" "$plain"
	mkdir -p "$tree/dir/deep" "$plain/dir/deep"
	for name in 'a file' dir/two dir/deep/two $'dir/e\e[2J\nvil\\'; do
		size=$((1 + RANDOM % 20000))
		head -c $size /dev/urandom >"$plain/$name"
		$oracle write --passphrase golden "$plain/$name" "$tree/$name"
	done
	: >"$tree/empty"
	: >"$plain/empty"
	echo golden >"$tmp/pw"
}

# headers_lose NAME...: the first block of each.
headers_lose() {
	local name
	for name; do
		dd if=/dev/urandom of="$tmp/head/tree/$name" bs=4096 count=1 conv=notrunc status=none
	done
}

# headers_whole NAME: all contents are what they were.
headers_whole() {
	rm -rf "$tmp/head/out"
	"$ecryptfs" export -p - "$tmp/head/tree" "$tmp/head/out" <"$tmp/pw" >"$tmp/log" 2>&1
	verdict "$1" "$(cat "$tmp/log"; diff -r "$tmp/head/plain" "$tmp/head/out")" diff -qr "$tmp/head/plain" "$tmp/head/out"
}

headers_made() {
	local file=$tmp/head/backup tree=$tmp/head/tree name
	run "$ecryptfs" header backup "$tree" "$file"
	expect headers-backup 0 "4 headers are in $file; 0 files could not be had, 1 are empty" -
	verdict headers-mode "$(stat -c %a "$file")" [ "$(stat -c %a "$file")" = 600 ]
	python3 - "$file" "$tree" >"$tmp/log" 2>&1 <<-'EOT'
		import hashlib, json, os, sys
		chain = bytes(32)
		for line in open(sys.argv[1], encoding="utf-8"):
		    row = json.loads(line)
		    text = line[:line.rindex(',"check":"')] + "}"
		    check = hashlib.sha256(text.encode()).digest()
		    assert row["check"] == check.hex(), line
		    if row["type"] == "end":
		        assert row["chain"] == chain.hex() and row["files"] == 4
		    chain = hashlib.sha256(chain + check).digest()
		    if row["type"] != "file":
		        continue
		    path = row["path"].encode().decode("unicode_escape").encode("latin1")
		    lower = open(os.path.join(sys.argv[2].encode(), path), "rb").read()
		    have = bytes.fromhex(row["bytes"])
		    assert lower[:8192] == have.ljust(8192, b"\0"), path
		    assert row["size"] == int.from_bytes(lower[:8], "big") and row["where"] == "header"
		    assert row["lower_size"] == len(lower)
	EOT
	verdict headers-format "$(cat "$tmp/log")" [ ! -s "$tmp/log" ]
	run "$ecryptfs" header backup "$tree" "$file"
	expect headers-not-replaced 1 - "*$file: File exists"
	run "$ecryptfs" header backup -p - "$tree" "$file-wrong" < <(echo wrong)
	expect headers-tried 5 "4 headers are in *" "*needs the key *"
	run "$ecryptfs" header backup -p - "$tree" "$file-right" <"$tmp/pw"
	expect headers-right 0 "4 headers are in *" -
	run "$ecryptfs" header backup "$tree" /dev/full
	expect headers-no-place 1 - "*/dev/full: File exists"
	run "$ecryptfs" header restore "$file" "$tree"
	expect headers-in-order 0 "4 headers are in order, 0 files have another one, 0 are not there" -
	for name in "$tmp"/head/*.new-*; do
		[ ! -e "$name" ] || fail headers-left "$name"
	done
}

headers_lost() {
	local file=$tmp/head/backup tree=$tmp/head/tree
	headers_lose 'a file' dir/two dir/deep/two $'dir/e\e[2J\nvil\\'
	cp -a "$tree" "$tmp/head/lost"
	run "$ecryptfs" header restore "$file" "$tree"
	expect headers-preview 5 "would: put back the header, of * bytes: a file*4 headers would be put back; nothing was changed: --yes does it" -
	verdict headers-preview-nothing "it changed something" diff -qr "$tree" "$tmp/head/lost"
	tr -d '\n\040-\176\200-\377' <"$tmp/out" >"$tmp/log"
	verdict headers-controls "control characters" [ ! -s "$tmp/log" ]
	# A single one, by its place.
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-1" "$file" "$tree/dir/deep/two"
	expect headers-single 0 "did: put back the header, of * bytes: dir/deep/two*1 of 1 headers were put back*" -
	verdict headers-single-only "another was changed" cmp -s "$tree/dir/two" "$tmp/head/lost/dir/two"
	verdict headers-kept "not what was there" \
		cmp -s <(head -c 8192 "$tmp/head/lost/dir/deep/two") "$tmp/head/kept-1/000000"
	# Those of a directory in it, and the rest.
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-2" "$file" "$tree/dir"
	expect headers-directory 0 "*2 of 2 headers were put back*" -
	run "$ecryptfs" header restore --json -p - --yes --backup "$tmp/head/kept-3" "$file" "$tree" <"$tmp/pw"
	verdict headers-json "$(cat "$tmp/out" "$tmp/err")" \
		[ "$(python3 -c 'import json, sys
print([[x[k] for k in ("lost", "restored", "intact")] for x in map(json.loads, sys.stdin) if x["type"] == "summary"])' <"$tmp/out")" = '[[1, 1, 3]]' ]
	headers_whole headers-whole
}

# A copy elsewhere; single files by their name, where it is but one's, or their inode.
headers_moved() {
	local file=$tmp/head/backup tree=$tmp/head/tree
	rm -rf "$tmp/head/lost"
	headers_lose dir/two dir/deep/two 'a file'
	cp -a "$tree" "$tmp/head/moved"
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-4" "$file" "$tmp/head/moved"
	expect headers-moved 0 "*3 of 3 headers were put back*" -
	run "$ecryptfs" verify -p - "$tmp/head/moved" <"$tmp/pw"
	expect headers-moved-verify 0 "*: 0 damaged*" -
	mkdir "$tmp/head/elsewhere"
	mv "$tree/dir/two" "$tree/a file" "$tmp/head/elsewhere"
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-5" "$file" "$tmp/head/elsewhere/two" "$tmp/head/elsewhere/a file"
	expect headers-by-inode 0 "*2 of 2 headers were put back*" -
	mv "$tmp/head/elsewhere/two" "$tree/dir/two"
	cp "$tree/dir/deep/two" "$tmp/head/elsewhere/two"
	run "$ecryptfs" header restore "$file" "$tmp/head/elsewhere/two"
	expect headers-several 1 - "*the backup has several files of that name*"
	mv "$tmp/head/elsewhere/a file" "$tree/"
	: >"$tmp/head/elsewhere/other"
	run "$ecryptfs" header restore "$file" "$tmp/head/elsewhere/other"
	expect headers-none 1 - "*there is no header of it in the backup*"
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-6" "$file" "$tree"
	expect headers-rest 0 "*1 of 1 headers were put back*" -
	headers_whole headers-moved-whole
}

# Files that are others now, that have grown, that are gone.
headers_changed() {
	local file=$tmp/head/backup tree=$tmp/head/tree
	cp "$tree/dir/two" "$tmp/head/two"
	$oracle write --passphrase test "$tmp/head/plain/a file" "$tree/dir/two"
	cp "$tree/dir/two" "$tmp/head/other"
	run "$ecryptfs" header restore --yes "$file" "$tree"
	expect headers-other 0 "3 headers are in order, 1 files have another one*" "*dir/two: it has another header than in the backup, and keeps it*"
	verdict headers-other-kept "it is changed" cmp -s "$tmp/head/other" "$tree/dir/two"
	run "$ecryptfs" header restore --force "$file" "$tree/dir/two"
	expect headers-force 5 "would: put back*" -
	rm "$tree/dir/two"
	run "$ecryptfs" header restore "$file" "$tree"
	expect headers-missing 0 "3 headers are in order, 0 *, 1 are not there" "*dir/two: it is in the backup, and not there"
	: >"$tree/dir/two"
	run "$ecryptfs" header restore "$file" "$tree"
	expect headers-empty 0 "4 headers are in order*" "*dir/two: it is empty now*"
	rm "$tree/dir/two"
	ln -s "$tmp/head/two" "$tree/dir/two"
	run "$ecryptfs" header restore --yes "$file" "$tree"
	expect headers-link 5 "*" "*dir/two: *"
	verdict headers-link-kept "a link was followed" cmp -s "$tmp/head/two" <(cat "$tmp/head/two")
	rm "$tree/dir/two"
	# What was appended since is not cut off.
	printf 'x%.0s' $(seq 30000) >"$tmp/head/plain/dir/two"
	$oracle write --passphrase golden "$tmp/head/plain/dir/two" "$tree/dir/two"
	"$ecryptfs" header backup "$tree" "$file-2" >/dev/null
	python3 - "$file-2" "$file-3" <<-'EOT'
		import hashlib, json, sys
		# As it was when the file had 10 bytes.
		chain = bytes(32)
		with open(sys.argv[2], "w", encoding="utf-8") as out:
		    for line in open(sys.argv[1], encoding="utf-8"):
		        row = json.loads(line)
		        del row["check"]
		        if row.get("path") == "dir/two":
		            row.update(size=10, lower_size=12288, bytes="%016x" % 10 + row["bytes"][16:])
		        if row["type"] == "end":
		            row["chain"] = chain.hex()
		        text = json.dumps(row, separators=(",", ":"), ensure_ascii=False)
		        check = hashlib.sha256(text.encode()).digest()
		        chain = hashlib.sha256(chain + check).digest()
		        out.write('%s,"check":"%s"}\n' % (text[:-1], check.hex()))
	EOT
	headers_lose dir/two
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-7" "$file-3" "$tree"
	expect headers-grown 0 "did: put back the header, of 32768 bytes (it has grown since*" -
	"$ecryptfs" cat -p - "$tree/dir/two" <"$tmp/pw" >"$tmp/out" 2>/dev/null
	verdict headers-grown-content "other content" cmp -s <(head -c 30000 "$tmp/out") "$tmp/head/plain/dir/two"
	python3 -c 'import sys
open(sys.argv[1], "r+b").write((30000).to_bytes(8, "big"))' "$tree/dir/two"
}

# A backup that is damaged, cut, forged.
headers_damaged() {
	local file=$tmp/head/backup-2 tree=$tmp/head/tree
	sed '/"path":"a file"/s/"inode":[0-9]*/"inode":7/' "$file" >"$tmp/head/damaged"
	headers_lose 'a file' dir/deep/two
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-9" "$tmp/head/damaged" "$tree"
	expect headers-line 5 "did: put back the header, of * bytes: dir/deep/two*" "*damaged: a line of it is damaged*it is not whole*"
	head -n3 "$file" >"$tmp/head/cut"
	run "$ecryptfs" header restore "$tmp/head/cut" "$tree"
	expect headers-cut 5 "*" "*cut: it is not whole*"
	head -c 10000 /dev/urandom >"$tmp/head/noise"
	run "$ecryptfs" header restore "$tmp/head/noise" "$tree"
	expect headers-noise 5 - "*noise: it is no backup of headers*"
	run "$ecryptfs" header restore "$tmp/head/absent" "$tree"
	expect headers-absent 1 - "*absent: No such file*"
	head -c 20000 /dev/urandom >"$tmp/head/victim"
	cp "$tmp/head/victim" "$tmp/head/victim-was"
	ln -s .. "$tree/up"
	python3 - "$file" "$tmp/head/forged" <<-'EOT'
		import hashlib, json, sys
		rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
		entry = next(row for row in rows if row["type"] == "file")
		with open(sys.argv[2], "w", encoding="utf-8") as out:
		    for row in [rows[0]] + [dict(entry, path=path) for path in (
		            "../victim", "up/victim", "/etc/passwd", "dir/../../victim", "", "dir//two", "./a file")] + [
		            dict(entry, bytes="00"), dict(entry, path="a file", bytes="ff" * 100)]:
		        row.pop("check", None)
		        text = json.dumps(row, separators=(",", ":"), ensure_ascii=False)
		        out.write('%s,"check":"%s"}\n' % (text[:-1], hashlib.sha256(text.encode()).hexdigest()))
	EOT
	cp -a "$tree" "$tmp/head/tree-was"
	run "$ecryptfs" header restore --yes --force "$tmp/head/forged" "$tree"
	verdict headers-forged "status $status: $(cat "$tmp/err")" [ "$status" = 5 ]
	verdict headers-forged-outside "it is changed" cmp -s "$tmp/head/victim" "$tmp/head/victim-was"
	verdict headers-forged-nothing "something is changed" diff -qr --no-dereference "$tree" "$tmp/head/tree-was"
	rm "$tree/up"
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-10" "$file" "$tree"
	expect headers-mended 0 "*1 of 1 headers were put back*" -
	headers_whole headers-mended-whole
}

# Metadata in the attribute.
headers_attribute() {
	local lower=$tmp/head/attr/file
	mkdir -p "$tmp/head/attr"
	printf 'some text\n' >"$tmp/plain"
	if ! $oracle write --passphrase golden --xattr "$tmp/plain" "$lower" 2>/dev/null; then
		skip headers-attribute "no extended attributes in $tmp"
		return
	fi
	run "$ecryptfs" header backup "$lower" "$tmp/head/backup-attr"
	expect headers-attribute 0 "1 headers are in *" -
	setfattr -x user.ecryptfs "$lower" 2>/dev/null || python3 -c 'import os, sys; os.removexattr(sys.argv[1], "user.ecryptfs")' "$lower"
	run "$ecryptfs" header restore --yes --backup "$tmp/head/kept-11" "$tmp/head/backup-attr" "$lower"
	expect headers-attribute-back 0 "*1 of 1 headers were put back*" -
	run "$ecryptfs" cat -p - "$lower" <"$tmp/pw"
	expect headers-attribute-read 0 "some text" -
}

test_headers() {
	mkdir -p "$tmp/head"
	headers_tree
	headers_made
	headers_lost
	headers_moved
	headers_changed
	headers_damaged
	headers_attribute
	rm -rf "$tmp/head"
}
