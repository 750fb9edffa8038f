#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Bytes are sacred: what came in by SMTP goes out by POP3 and by IMAP, octet by
# octet behind the lines we prepend.
load ../helper
load servers

setup_file() {
	servers_start
}

teardown_file() {
	servers_stop
}

teardown() {
	show_log
}

roundtrip() {
	python3 "$TESTS/chain/roundtrip.py" "$@"
}

@test "a plain message, with dots at line starts and trailing blanks" {
	roundtrip plain
}

@test "raw 8-bit UTF-8 and Latin-1 text" {
	roundtrip eightbit
}

@test "ISO-2022-JP, whose escapes are control characters" {
	roundtrip iso2022jp
}

@test "a message without a body, and one whose body is empty lines" {
	roundtrip nobody
	roundtrip emptylines
}

@test "lines of 998 octets (RFC 5321 4.5.3.1.6)" {
	roundtrip longlines
}

@test "a 20 MB attachment" {
	roundtrip big
}
