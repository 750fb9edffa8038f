# SPDX-License-Identifier: ISC
# In a system of its own (tools/peer-root): Exim for peer.test and joe there.
#   peer_exim4-daemon-light.sh FOLDER PORT
# FOLDER has cert.pem and key.pem; mail comes into the Maildir FOLDER/mail/joe,
# of the user nobody.
folder=$1 port=$2
useradd -rMU -d /var/spool/exim4 -s /usr/sbin/nologin Debian-exim
mkdir -p "$folder/mail" "$folder/log" /var/spool/exim4
chown nobody "$folder/mail"
chown Debian-exim "$folder/log" /var/spool/exim4
cp "$folder/cert.pem" "$folder/key.pem" /etc/exim4
chown Debian-exim /etc/exim4/*.pem
cat >/etc/exim4/exim4.conf <<-X
	primary_hostname = mx.peer.test
	local_interfaces = 127.0.0.1
	daemon_smtp_ports = $port
	log_file_path = $folder/log/%s
	tls_advertise_hosts = *
	tls_certificate = /etc/exim4/cert.pem
	tls_privatekey = /etc/exim4/key.pem
	dsn_advertise_hosts = *
	host_lookup =
	rfc1413_hosts =
	acl_smtp_rcpt = rcpt
	acl_smtp_data = data
	begin acl
	rcpt:
	  accept recipients = joe@peer.test
	  deny message = 5.1.1 nobody of that name
	data:
	  deny condition = \${if match{\$h_subject:}{^refused}}
	       message = 5.7.1 we do not like it
	  accept
	begin routers
	joe:
	  driver = accept
	  transport = box
	begin transports
	box:
	  driver = appendfile
	  user = nobody
	  directory = $folder/mail/joe
	  maildir_format
	  return_path_add
X
exec exim4 -bdf -v
