#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Debian's Thunderbird, without a screen, against the whole chain: by hand, with
# `make thunderbird` (tools/thunderbird), in a network of its own.
load ../helper
load ../chain/servers

TB=$TESTS/thunderbird/thunderbird.py

# Thunderbird takes no certificate that signed itself for a server's: one of a
# CA, which is in ca.pem.
self_signed() {
	local new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
	cat >"$1/ext" <<-X
		subjectAltName = DNS:localhost, IP:127.0.0.1
		basicConstraints = CA:FALSE
		extendedKeyUsage = serverAuth
	X
	# shellcheck disable=SC2086
	openssl req -x509 $new -keyout "$1/ca.key" -out "$1/ca.pem" -days 30 \
	    -subj "/CN=Test CA" -addext keyUsage=keyCertSign 2>/dev/null
	# shellcheck disable=SC2086
	openssl req $new -keyout "$1/key.pem" -out "$1/request" -subj /CN=localhost \
	    2>/dev/null
	openssl x509 -req -in "$1/request" -CA "$1/ca.pem" -CAkey "$1/ca.key" \
	    -CAcreateserial -days 30 -extfile "$1/ext" -out "$1/cert.pem" \
	    2>/dev/null
}

setup_file() {
	[ -x /usr/lib/thunderbird/thunderbird ] ||
	    skip "no Thunderbird here: run make thunderbird"
	servers_start
	export CA=$YUBIN_ROOT/tls/ca.pem
	local user
	for user in pop pops imap imaps send; do
		yubin user add --scheme PLAIN "$user@example.test" <<<x
		sed -i "s/^$user:[^:]*:/$user:{PLAIN}secret:/" \
		    "$YUBIN_ROOT/domains/example.test/users"
	done
}

teardown_file() {
	servers_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	P=$BATS_TEST_TMPDIR/profile
	LOGGED=$(wc -l <"$DIR/log")
}

teardown() {
	show_log
	[ -n "${BATS_TEST_COMPLETED-}" ] || grep -v '[Gg]tk' "$P/out" | tail -n 20
}

# profile ACCOUNT…, script TEXT: see thunderbird.py.
profile() {
	python3 "$TB" profile "$P" "$CA" "$@"
}

script() {
	python3 "$TB" run "$P" "$1"
}

# logged WORDS: lines with WORDS in the log of this test so far.
logged() {
	tail -n +$((LOGGED + 1)) "$DIR/log" | grep -- "$1"
}

# The number behind NAME= in the last line of the log with WORDS.
number() {
	logged "$1" | tail -n 1 | sed "s/.*$2=\([0-9]*\).*/\1/"
}

maildir() {
	echo "$YUBIN_ROOT/mail/example.test/$1"
}

# fill USER: the messages of tests/msgs, what transport can spoil, and four
# million octets, in the user's INBOX.
fill() {
	local f
	for f in "$TESTS"/msgs/*.eml; do
		yubin-inject -i -f ann@example.test "$1@example.test" <"$f"
	done
	{
		printf 'From: ann@example.test\nSubject: traps\n\n'
		printf '.\n..\nFrom the start\n>From the second\n\n  x \t\n'
		printf 'From - Thu Jan  1 00:00:00 2026\n\303\244 \344\n--\n\n'
	} | yubin-inject -i -f ann@example.test "$1@example.test"
	{
		printf 'From: ann@example.test\nSubject: big\nMIME-Version: 1.0\n'
		printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n'
		printf -- '--b\nContent-Type: application/octet-stream; name=x\n'
		printf 'Content-Transfer-Encoding: base64\n\n'
		head -c 3000000 /dev/urandom | base64
		printf -- '--b--\n'
	} | yubin-inject -i -f ann@example.test "$1@example.test"
	FILLED=$(($(ls "$TESTS"/msgs/*.eml | wc -l) + 2))
	wait_for has "$1" $FILLED
}

has() {
	[ "$(mail_count "$1")" -eq "$2" ]
}

# One more message for USER.
one_more() {
	printf 'From: ann@example.test\nSubject: %s\n\nOne more.\n' "$2" |
	    yubin-inject -f ann@example.test "$1@example.test"
	wait_for arrived "$1" "$2"
}

pop3() {
	script "const n = () => folder('Inbox').getTotalMessages(false);
	    await until('messages', () => n() >= $1);
	    await until('rest', () => !account().incomingServer.serverBusy);
	    return n();"
}

# The last session of POP3 has been closed with QUIT.
quit() {
	wait_for logged ev=quit
}

@test "POP3 with STLS, left on the server: nothing is downloaded twice" {
	fill pop
	profile "pop3:starttls:$POP3:pop@example.test:leave_on_server=true"
	[ "$(pop3 $FILLED)" -eq $FILLED ]
	quit
	[ "$(number ev=quit retrieved)" -eq $FILLED ]
	[ "$(number ev=quit deleted)" -eq 0 ]
	python3 "$TB" same "$P/Mail/127.0.0.1/Inbox" "$(maildir pop)"
	LOGGED=$(wc -l <"$DIR/log")
	one_more pop second-start
	[ "$(pop3 $((FILLED + 1)))" -eq $((FILLED + 1)) ]
	quit
	[ "$(number ev=quit retrieved)" -eq 1 ]
	has pop $((FILLED + 1))
	python3 "$TB" same "$P/Mail/127.0.0.1/Inbox" "$(maildir pop)"
}

@test "POP3 over TLS, fetched and deleted: the server has none left" {
	fill pops
	cp -r "$(maildir pops)" before
	profile "pop3:tls:$POP3S:pops@example.test:leave_on_server=false"
	[ "$(pop3 $FILLED)" -eq $FILLED ]
	quit
	[ "$(number ev=quit deleted)" -eq $FILLED ]
	has pops 0
	python3 "$TB" same "$P/Mail/127.0.0.1/Inbox" before
	LOGGED=$(wc -l <"$DIR/log")
	one_more pops second-start
	[ "$(pop3 $((FILLED + 1)))" -eq $((FILLED + 1)) ]
	quit
	[ "$(number ev=quit retrieved)" -eq 1 ]
	has pops 0
}

# folders_of USER: folders below the INBOX, one with messages.
folders_of() {
	{
		printf 'a CREATE Archive.2025\r\nb CREATE "Entw&APw-rfe"\r\n'
		printf 'c SUBSCRIBE Archive.2025\r\nd SUBSCRIBE "Entw&APw-rfe"\r\n'
		printf 'e COPY 1:* Archive.2025\r\ni SELECT INBOX\r\n'
		printf 'j COPY 1:* Archive.2025\r\nk LOGOUT\r\n'
	} | MAILDIR=$(maildir "$1") yubin-imapd >made 2>>"$DIR/log"
	grep -q '^j OK' made
}

# "Get messages" and "download now" for a folder, until all is there.  (By itself
# it does that at its leisure.)
OFFLINE='async function offline(name, count) {
    await until(name, () => folder(name));
    folder(name).updateFolder(null);
    await until(count + " in " + name, () =>
        [...folder(name).messages].length == count);
    folder(name).downloadAllForOffline(null, null);
    await until("bodies in " + name, () => [...folder(name).messages].every(
        m => m.flags & Ci.nsMsgMessageFlags.Offline));
}'

# imap_starts USER SECURITY PORT: the two starts of an account.
imap_starts() {
	local first second
	fill "$1"
	folders_of "$1"
	profile "imap:$2:$3:$1@example.test:offline_download=true"
	output=$(script "$OFFLINE
	    await offline('INBOX', $FILLED);
	    await offline('Archive/2025', $FILLED);
	    return [...account().incomingServer.rootFolder.descendants]
	        .map(f => f.prettyName || f.name);")
	local name
	for name in Archive 2025 Entwürfe Drafts Sent Trash; do
		[[ $output == *"\"$name\""* ]]
	done
	python3 "$TB" same "$P/Mail1/INBOX" "$(maildir "$1")"
	python3 "$TB" same "$P/Mail1/Archive.sbd/2025" \
	    "$(maildir "$1")/.Archive.2025"
	first=$(octets)
	[ "$first" -gt 8000000 ]
	LOGGED=$(wc -l <"$DIR/log")
	one_more "$1" second-start
	script "$OFFLINE
	    await offline('INBOX', $((FILLED + 1)));
	    await offline('Archive/2025', $FILLED);"
	second=$(octets)
	[ "$second" -lt 20000 ]
	python3 "$TB" same "$P/Mail1/INBOX" "$(maildir "$1")"
	echo "# $1: $first octets at the first start, $second at the second" >&3
}

# What all sessions of IMAP have sent, once they have ended.
octets() {
	wait_for all_ended
	logged 'imapd.*ev=end' | sed 's/.*out=\([0-9]*\).*/\1/' |
	    awk '{ sum += $1 } END { print sum }'
}

all_ended() {
	[ "$(logged 'imapd.*ev=session' | wc -l)" -eq \
	    "$(logged 'imapd.*ev=end' | wc -l)" ]
}

@test "IMAP with STARTTLS: folders, copies for offline use, a quick second start" {
	imap_starts imap starttls "$IMAP"
	! logged 'err=' | grep imapd
}

@test "IMAP over TLS: the same" {
	imap_starts imaps tls "$IMAPS"
}

# A start of Thunderbird takes longer than wait_for waits, on a busy machine.
until_exists() {
	wait_for test -e "$1" || wait_for test -e "$1" || wait_for test -e "$1"
}

@test "IMAP: what is done to messages there is done here, and the other way" {
	local i
	for i in 1 2 3 4; do
		one_more ann "m$i-"
	done
	profile "imap:tls:$IMAPS:ann@example.test"
	script "
	    await until('messages', () => folder('INBOX') &&
	        folder('INBOX').getTotalMessages(false) == 4);
	    await until('folders', () => folder('Archive') && folder('Trash'));
	    const of = (name, subject) => [...folder(name).messages]
	        .find(m => m.subject == subject);
	    const inbox = folder('INBOX');
	    inbox.markMessagesRead([of('INBOX', 'm1-')], true);
	    inbox.markMessagesFlagged([of('INBOX', 'm1-')], true);
	    inbox.addKeywordsToMessages([of('INBOX', 'm2-')], '\$label1 todo');
	    MailServices.copy.copyMessages(inbox, [of('INBOX', 'm3-')],
	        folder('Archive'), true, null, null, false);
	    await until('the move', () => !of('INBOX', 'm3-'));
	    inbox.deleteMessages([of('INBOX', 'm4-')], null, false, false, null,
	        false);
	    await until('the deletion', () => !of('INBOX', 'm4-'));
	    const file = '$BATS_TEST_TMPDIR/idle';
	    await IOUtils.writeUTF8(file, 'now');
	    await until('a message and a flag while idle', () =>
	        of('INBOX', 'm5-') && !of('INBOX', 'm1-').isFlagged);" &
	local starting=$!
	until_exists idle
	wait_for grep -qrF m4- "$(maildir ann)/.Trash/cur" "$(maildir ann)/.Trash/new"
	sed 's/$/\r/' >commands <<-X
		a SELECT INBOX
		b FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])
		c UID STORE 1 -FLAGS (\\Flagged)
		d EXAMINE Archive
		e FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])
		f EXAMINE Trash
		g FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])
		h LOGOUT
	X
	MAILDIR=$(maildir ann) yubin-imapd <commands >flags 2>>"$DIR/log"
	one_more ann m5-
	wait $starting
	cat flags
	sed -n '/^a OK/,/^b OK/p' flags >inbox
	grep '^\* 1 FETCH.*\\Seen' inbox | grep '\\Flagged'
	grep '^\* 2 FETCH.*\$label1' inbox | grep todo
	[ "$(grep -c '^Subject:' inbox)" -eq 2 ]
	sed -n '/^d OK/,/^e OK/p' flags | grep 'Subject: m3-'
	sed -n '/^f OK/,/^g OK/p' flags | grep 'Subject: m4-'
}

# sends SECURITY PORT SUBJECT: a message with an attachment is sent, and kept in
# Sent.
sends() {
	profile "imap:tls:$IMAPS:send@example.test" \
	    "smtp:$1:$2:send@example.test"
	head -c 100000 /dev/urandom >attached
	script "
	    await until('folders', () => folder('Sent'));
	    const id = account().defaultIdentity;
	    const fields = Cc['@mozilla.org/messengercompose/composefields;1']
	        .createInstance(Ci.nsIMsgCompFields);
	    fields.from = id.fullAddress;
	    fields.to = 'J\u00fcrgen <bob@example.test>, ann@example.test';
	    fields.fcc = folder('Sent').URI;
    fields.subject = '\u00e4\u00f6';
	    const file = Cc['@mozilla.org/messengercompose/attachment;1']
	        .createInstance(Ci.nsIMsgAttachment);
	    file.url = 'file://$BATS_TEST_TMPDIR/attached';
	    file.name = '$3';
	    fields.addAttachment(file);
	    const send = Cc['@mozilla.org/messengercompose/send;1']
	        .createInstance(Ci.nsIMsgSend);
	    let ended = null;
	    send.createAndSendMessage(null, id, 'account1', fields, false, false,
	        Ci.nsIMsgSend.nsMsgDeliverNow, null, 'text/plain',
	        'Gr\u00fc\u00dfe\n.\nFrom me\n', null, null, {
	            QueryInterface: ChromeUtils.generateQI(
	                ['nsIMsgSendListener', 'nsIMsgCopyServiceListener']),
	            onStartSending() {}, onProgress() {}, onStatus() {},
	            onSendProgress() {}, onTransportSecurityError() {},
	            onGetDraftFolderURI() {}, onSendNotPerformed() {},
	            onStartCopy() {}, setMessageKey() {}, getMessageId() {},
	            onStopSending(id, status) { if (status) ended = status; },
	            onStopCopy(status) { ended = status; } }, '', '',
	        Ci.nsIMsgCompType.New);
	    return await until('the end', () => ended !== null && [ended]);" >status
	[ "$(cat status)" = "[0]" ]
	wait_for arrived bob "$3"
	wait_for arrived ann "$3"
	logged 'ev=accepted.*auth=send@example.test.*tls=1'
	python3 - "$(grep -rlF "$3" "$(maildir bob)")" \
	    "$(grep -rlF "$3" "$(maildir send)/.Sent")" <<-'X'
		import email, email.policy, sys
		for name in sys.argv[1:]:
		    m = email.message_from_bytes(open(name, 'rb').read(),
		                                 policy=email.policy.default)
		    body, part = m.get_payload()
		    assert m['Subject'].endswith('\u00e4\u00f6'), m['Subject']
		    assert body.get_content().rstrip() == \
		        'Gr\u00fc\u00dfe\n.\nFrom me', body
		    assert part.get_content() == open('attached', 'rb').read()
	X
}

@test "sending by submission with STARTTLS, and the copy in Sent" {
	sends starttls "$SUBMISSION" sent-starttls
}

@test "sending by submission over TLS, and the copy in Sent" {
	sends tls "$SUBMISSIONS" sent-tls
}
