# SPDX-License-Identifier: ISC
# Dovecot on the same Maildir: the same folders, subscriptions and ids.
load ../helper
load common

# Where nobody may go, too.
setup() {
	command -v doveadm >/dev/null || skip "doveadm is not installed"
	home=$(mktemp -d)
	chmod 755 "$home"
	export MAILDIR=$home/Maildir
	mkdir -p "$MAILDIR"/{cur,new,tmp}
}

teardown() {
	[ -z "${home:-}" ] || rm -rf "$home"
}

# dovecot PROGRAM ARGS…: on $MAILDIR; root becomes nobody, whose mail it is.
dovecot() {
	local become=() me
	me=$(id -un)
	if [ "$(id -u)" -eq 0 ]; then
		me=nobody
		chown -R nobody "$MAILDIR"
		become=(setpriv --reuid nobody --regid nogroup --clear-groups)
	fi
	cat >"$home/dovecot.conf" <<-X
		mail_location = maildir:$MAILDIR${OPTION:-}
		mail_uid = $me
		mail_gid = $(id -gn "$me")
		first_valid_uid = 1
		first_valid_gid = 1
		log_path = $home/dovecot.log
		${MORE:-}
		namespace inbox {
		  inbox = yes
		  separator = .
		}
	X
	touch "$home/dovecot.log"
	chmod 666 "$home/dovecot.log"
	HOME=$home USER=$me "${become[@]}" "$1" -c "$home/dovecot.conf" \
	    "${@:2}"
}

# Both lists of names, as IMAP has them.
ours() {
	printf 'a %s\r\n' "$1" | yubin-imapd 2>/dev/null | names
}

theirs() {
	printf 'a %s\r\nb LOGOUT\r\n' "$1" |
	    dovecot /usr/lib/dovecot/imap 2>/dev/null | names
}

names() {
	tr -d '\r' | sed -n 's/^\* L[A-Z]* ([^)]*) "\." //p' | LC_ALL=C sort
}

@test "folders of each are those of the other" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE a.b
		S: a OK *
		C: b CREATE Entw&APw-rfe
		S: b OK *
		C: c CREATE R&-D
		S: c OK *
		C: d CREATE "with blank"
		S: d OK *
		C: e CREATE INBOX.x
		S: e OK *
	EOS
	dovecot doveadm mailbox create theirs.Größe
	mkdir -p "$MAILDIR"/.Gelöscht.alt/{cur,new,tmp} \
	    "$MAILDIR"/.x\&y/{cur,new,tmp}
	local list
	list=$(ours 'LIST "" *')
	[ "$(theirs 'LIST "" *')" = "$list" ]
	[ "$(wc -l <<<"$list")" -eq 12 ]
	[ "$(theirs 'LIST "" %')" = "$(ours 'LIST "" %')" ]
	# renamed by one, with children, for the other
	printf 'a RENAME a c.d\r\nb RENAME theirs mine\r\n' |
	    yubin-imapd >/dev/null
	[ "$(theirs 'LIST "" *')" = "$(ours 'LIST "" *')" ]
	dovecot doveadm mailbox rename c.d e
	dovecot doveadm mailbox delete INBOX.x
	list=$(ours 'LIST "" *')
	[ "$(theirs 'LIST "" *')" = "$list" ]
	grep -qx e.b <<<"$list"
	grep -qx 'mine.Gr&APYA3w-e' <<<"$list"
}

@test "Dovecot's folders in UTF-8" {
	OPTION=:UTF-8
	dovecot doveadm mailbox create Größe
	dovecot doveadm mailbox create 'Größe.日本'
	[ -d "$MAILDIR/.Größe/cur" ]
	local list
	list=$(ours 'LIST "" *')
	[ "$list" = 'Gr&APYA3w-e
Gr&APYA3w-e.&ZeVnLA-
INBOX' ]
	[ "$(theirs 'LIST "" *')" = "$list" ]
	dovecot doveadm mailbox subscribe 'Größe.日本'
	dovecot doveadm mailbox subscribe 'R&D'
	printf 'a SUBSCRIBE Gr&APYA3w-e\r\nb UNSUBSCRIBE R&-D\r\n' |
	    yubin-imapd >/dev/null
	list=$(ours 'LSUB "" *')
	[ "$list" = 'Gr&APYA3w-e
Gr&APYA3w-e.&ZeVnLA-' ]
	[ "$(theirs 'LSUB "" *')" = "$list" ]
}

@test "subscriptions of each are those of the other" {
	printf 'a CREATE a.b\r\nb SUBSCRIBE a.b\r\nc SUBSCRIBE gone\r\nd SUBSCRIBE Entw&APw-rfe\r\n' |
	    yubin-imapd >/dev/null
	dovecot doveadm mailbox subscribe Größe.x
	local list
	list=$(ours 'LSUB "" *')
	[ "$(theirs 'LSUB "" *')" = "$list" ]
	[ "$(wc -l <<<"$list")" -eq 4 ]
	printf 'a UNSUBSCRIBE gone\r\n' | yubin-imapd >/dev/null
	dovecot doveadm mailbox unsubscribe a.b
	list=$(ours 'LSUB "" *')
	[ "$(theirs 'LSUB "" *')" = "$list" ]
	[ "$(wc -l <<<"$list")" -eq 2 ]
}

@test "UIDVALIDITY and ids of each are those of the other" {
	printf 'a CREATE mine\r\n' | yubin-imapd >/dev/null
	dovecot doveadm mailbox create theirs
	local box theirs ours
	for box in mine theirs; do
		theirs=$(dovecot doveadm mailbox status 'guid uidvalidity' $box |
		    grep -oE '(guid|uidvalidity)=[0-9a-f]+' | sort | cut -d = -f 2)
		ours=$(printf 'a STATUS %s (UIDVALIDITY MAILBOXID)\r\n' $box |
		    yubin-imapd 2>/dev/null | grep '^\* STATUS' |
		    grep -oE '[0-9a-f]{32}|[0-9]{10}' | sort)
		diff <(sort <<<"$theirs") - <<<"$ours"
		[ "$(wc -l <<<"$ours")" -eq 2 ]
	done
}

@test "quota: what each has written the other takes" {
	MORE='mail_plugins = quota
	plugin {
	  quota = maildir:User quota
	  quota_rule = *:bytes=100000:messages=50
	}'
	export MAILDIRQUOTA=100000S,50C
	printf 'a APPEND INBOX {3+}\r\na\r\n\r\nb GETQUOTA user\r\nc APPEND INBOX {4+}\r\nab\r\n\r\n' |
	    yubin-imapd >/dev/null
	[ "$(head -n 1 "$MAILDIR/maildirsize")" = 100000S,50C ]
	# counted by us, appended to by us
	local text
	text=$(cat "$MAILDIR/maildirsize")
	dovecot doveadm -f tab quota get >"$home/quota"
	grep -q $'^User quota\tMESSAGE\t2\t50' "$home/quota"
	[ "$(cat "$MAILDIR/maildirsize")" = "$text" ]
	# Dovecot adds a message to what we have written
	printf 'Subject: x\n\n%0500d\n' 1 |
	    dovecot doveadm save -m INBOX
	[ "$(wc -l <"$MAILDIR/maildirsize")" -gt "$(wc -l <<<"$text")" ]
	printf 'a GETQUOTA user\r\n' | yubin-imapd 2>/dev/null |
	    grep -q '^\* QUOTA user (STORAGE 1 98 MESSAGE 3 50)'
	# and counts anew, which we take
	dovecot doveadm quota recalc
	[ "$(head -n 1 "$MAILDIR/maildirsize")" = 100000S,50C ]
	text=$(cat "$MAILDIR/maildirsize")
	printf 'a GETQUOTA user\r\n' | yubin-imapd 2>/dev/null |
	    grep -q '^\* QUOTA user (STORAGE 1 98 MESSAGE 3 50)'
	[ "$(cat "$MAILDIR/maildirsize")" = "$text" ]
}
