# SPDX-License-Identifier: ISC
# In a system of its own (tools/peer-root): Dovecot's IMAP and POP3 for anybody
# whose password is "secret", all on one Maildir.
#   peer_dovecot.sh FOLDER IMAP-PORT POP3-PORT MAILDIR UID [PASSWD-FILE]
# With a passwd-file: for those in it alone, each with a Maildir of its own.
# The log and the configuration (dovecot.conf) are in FOLDER.
folder=$1 imap=$2 pop3=$3 maildir=$4 uid=$5
passdb='driver = static
	  args = password=secret'
userdb="driver = static
	  args = uid=$uid gid=$uid home=$maildir"
if [ -n "${6-}" ]; then
	passdb="driver = passwd-file
	  args = username_format=%u $6"
	userdb=$passdb
fi
cat >"$folder/dovecot.conf" <<-X
	protocols = imap pop3
	listen = 127.0.0.1
	ssl = no
	disable_plaintext_auth = no
	log_path = $folder/log
	default_login_user = nobody
	default_internal_user = daemon
	default_internal_group = daemon
	first_valid_uid = 1
	first_valid_gid = 1
	mail_location = maildir:$maildir
	passdb {
	  $passdb
	}
	userdb {
	  $userdb
	}
	service imap-login {
	  inet_listener imap {
	    port = $imap
	  }
	  inet_listener imaps {
	    port = 0
	  }
	}
	service pop3-login {
	  inet_listener pop3 {
	    port = $pop3
	  }
	  inet_listener pop3s {
	    port = 0
	  }
	}
	X
exec dovecot -F -c "$folder/dovecot.conf"
