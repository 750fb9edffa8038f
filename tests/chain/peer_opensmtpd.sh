# SPDX-License-Identifier: ISC
# In a system of its own (tools/peer-root): OpenSMTPD for peer.test and joe
# there.
#   peer_opensmtpd.sh FOLDER PORT
# FOLDER has cert.pem and key.pem; mail comes into the Maildir FOLDER/mail/joe.
folder=$1 port=$2
for user in opensmtpd opensmtpq joe; do
	useradd -rMU -d /var/empty -s /usr/sbin/nologin $user
done
mkdir -p "$folder/mail" /var/empty /var/spool/smtpd /run/opensmtpd
chmod 711 /var/spool/smtpd
chown joe "$folder/mail"
chmod 600 "$folder/key.pem"
cat >/etc/smtpd.conf <<-X
	pki mx.peer.test cert "$folder/cert.pem"
	pki mx.peer.test key "$folder/key.pem"
	listen on 127.0.0.1 port $port tls pki mx.peer.test hostname mx.peer.test
	action "in" maildir "$folder/mail/%{user.username}"
	match from any for domain "peer.test" action "in"
X
exec smtpd -d
