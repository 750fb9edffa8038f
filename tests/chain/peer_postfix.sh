# SPDX-License-Identifier: ISC
# In a system of its own (tools/peer-root): Postfix for peer.test and joe there.
#   peer_postfix.sh FOLDER PORT
# FOLDER has cert.pem and key.pem; mail comes into the Maildir FOLDER/mail/joe,
# of the user nobody.
folder=$1 port=$2
useradd -rM -s /usr/sbin/nologin postfix
groupadd -r postdrop
mkdir -p "$folder/mail" /var/lib/postfix /var/spool/postfix
chown nobody "$folder/mail"
chown postfix /var/lib/postfix
cat >/etc/postfix/main.cf <<-X
	compatibility_level = 3.6
	maillog_file = /dev/stdout
	myhostname = mx.peer.test
	mydestination =
	inet_interfaces = 127.0.0.1
	inet_protocols = ipv4
	virtual_mailbox_domains = peer.test
	virtual_mailbox_base = $folder/mail
	virtual_mailbox_maps = inline:{ { joe@peer.test = joe/ } }
	virtual_uid_maps = static:65534
	virtual_gid_maps = static:65534
	smtpd_tls_security_level = may
	smtpd_tls_cert_file = $folder/cert.pem
	smtpd_tls_key_file = $folder/key.pem
	smtpd_relay_restrictions = reject_unauth_destination
	header_checks = regexp:/etc/postfix/refused
	alias_maps =
X
echo '/^Subject: refused/ REJECT 5.7.1 we do not like it' >/etc/postfix/refused
cat >/etc/postfix/master.cf <<-X
	127.0.0.1:$port inet n - n - - smtpd
	cleanup unix n - n - 0 cleanup
	qmgr unix n - n 300 1 qmgr
	tlsmgr unix - - n 1000? 1 tlsmgr
	rewrite unix - - n - - trivial-rewrite
	bounce unix - - n - 0 bounce
	defer unix - - n - 0 bounce
	trace unix - - n - 0 bounce
	verify unix - - n - 1 verify
	proxymap unix - - n - - proxymap
	proxywrite unix - - n - 1 proxymap
	smtp unix - - n - - smtp
	error unix - - n - - error
	retry unix - - n - - error
	virtual unix - n n - - virtual
	anvil unix - - n - 1 anvil
	postlog unix-dgram n - n - 1 postlogd
X
exec postfix start-fg
