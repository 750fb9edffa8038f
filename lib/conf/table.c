/* SPDX-License-Identifier: ISC */
/* The table of all settings.  A new setting is one line here.
 * Keep it sorted by the program that mainly reads it. */
#include "conf/settings.h"

#define NUM(name, unit, value, least, most, programs, help) \
	{ \
		name, SETTING_NUMBER, unit, value, least, most, programs, help \
	}
#define TEXT(name, value, programs, help) \
	{ \
		name, SETTING_TEXT, "", value, 0, 1000, programs, help \
	}
#define PATHNAME(name, value, programs, help) \
	{ \
		name, SETTING_PATH, "", value, 0, 1000, programs, help \
	}
#define FLAG(name, value, programs, help) \
	{ \
		name, SETTING_FLAG, "", value, 0, 1, programs, help \
	}

#define WORD(name, words, value, programs, help) \
	{ \
		name, SETTING_WORD, words, value, 0, 0, programs, help \
	}

const struct setting settings[] = {
    /* everywhere */
    PATHNAME("YUBIN_ROOT", "/var/lib/yubin", "*", "the root of the state"),
    TEXT("YUBIN_HOSTNAME", "",
	"smtpd inject queue-runner deliver-remote imap-login pop3-login imapd "
	"pop3d deliver-local yubin",
	"this host's name; default: the system's host name"),
    TEXT("YUBIN_DEBUG", "", "*", "anything: log more"),
    WORD("YUBIN_SANDBOX", "off log on", "on", "*",
	"off, log or on: what the kernel does about a call that a program has "
	"no use for; see yubin sandbox"),
    PATHNAME("YUBIN_LIBEXEC", "", "*",
	"where the programs are; default: beside the running one"),

    /* tlsserver, tlsd */
    NUM("MAX_CLIENTS", "connections", "200", 1, 100000, "tlsserver",
	"connections served at once"),
    NUM("MAX_PER_SOURCE", "connections", "50", 1, 100000, "tlsserver",
	"of these, from one IPv4 address or IPv6 /64"),
    TEXT("BUSY_TEXT", "", "tlsserver",
	"line sent to a client over these limits"),
    PATHNAME("TLS_CERT", "", "tlsserver tlsd",
	"certificate chain (PEM); default: tls/cert.pem below the root"),
    PATHNAME("TLS_KEY", "", "tlsserver tlsd",
	"private key (PEM); default: tls/key.pem below the root"),
    PATHNAME("TLS_CLIENT_CA", "", "tlsserver tlsd",
	"authorities (PEM) by which clients may show certificates; empty: "
	"they are not asked"),
    TEXT("TLS_ALPN", "imap pop3 smtp", "tlsserver tlsd",
	"ALPN names that are ours; clients that offer only others are refused"),
    NUM("TLS_TIMEOUT", "s", "30", 1, 3600,
	"tlsserver tlsd deliver-remote smtpd imap-login pop3-login",
	"time for a TLS handshake"),
    TEXT("TLS_USER", "yubin-net", "tlsserver tlsd",
	"user of the processes that do TLS, a name or uid:gid, when started "
	"as root"),

    /* login and limits */
    NUM("LOGIN_TIMEOUT", "s", "60", 1, 3600, "imap-login pop3-login",
	"time from greeting to login"),
    NUM("LOGIN_TRIES", "tries", "3", 1, 100, "imap-login pop3-login smtpd",
	"failed logins before the connection is closed"),
    NUM("CHECKER_TIMEOUT", "s", "30", 1, 300,
	"imap-login pop3-login smtpd checkpw", "time for the password checker"),
    TEXT("SASL_MECHANISMS", "", "imap-login pop3-login smtpd yubin",
	"SASL mechanisms to offer, with blanks between; default: all with "
	"yubin-checkpw, but SCRAM-SHA-256-PLUS in SMTP and POP3; PLAIN LOGIN "
	"with another checker"),
    PATHNAME("OAUTH_CHECKER", "", "imap-login pop3-login smtpd checkpw",
	"program that checks OAuth tokens; empty: OAUTHBEARER and XOAUTH2 are "
	"not offered"),
    TEXT("OAUTH_SCOPE", "", "checkpw",
	"scope that clients with a bad OAuth token are told to ask for"),
    TEXT("OAUTH_CONFIGURATION", "", "checkpw",
	"URL of the OpenID configuration that they are told"),
    FLAG("CLEARTEXT_LOGIN", "0", "imap-login pop3-login smtpd",
	"offer login without TLS too"),
    NUM("MAX_HASHES", "hashes", "4", 1, 1000, "checkpw",
	"password hashes computed at once, system-wide"),
    NUM("LOGIN_DELAY", "s", "15", 0, 600, "imap-login pop3-login smtpd",
	"longest delay after failed logins, 0 for none"),
    TEXT("LOGIN_USER", "yubin-login", "imap-login pop3-login",
	"user of the network side before login, a name or uid:gid; only root "
	"can switch"),
    TEXT("SMTP_USER", "yubin-smtp", "smtpd",
	"user of the network side, a name or uid:gid; only root can switch"),
    TEXT("MAIL_USER", "yubin-mail", "checkpw deliver-local yubin",
	"owner of the Maildirs of accounts without a uid of their own, a name "
	"or uid:gid"),
    WORD("PASSWORD_SCHEME",
	"SCRAM-SHA-256 yescrypt ARGON2ID BLF-CRYPT SHA512-CRYPT SSHA256 PLAIN",
	"SCRAM-SHA-256", "yubin", "how new passwords are stored"),
    TEXT("YUBIN_DOMAIN", "", "checkpw imap-login pop3-login smtpd",
	"domain of login names without one; default: the only domain"),

    PATHNAME("MASTER_USERS", "", "checkpw imap-login pop3-login smtpd yubin",
	"file of the master users, who may log in as every user; empty: there "
	"are none"),
    TEXT("MASTER_SEPARATOR", "*", "checkpw imap-login pop3-login smtpd",
	"what separates user and master in a login name, one character"),

    /* smtpd, inject, queue */
    NUM("MAX_MESSAGE", "octets", "52428800", 1000, 10000000000,
	"smtpd inject imapd", "largest message accepted"),
    NUM("MAX_RECIPIENTS", "recipients", "1000", 100, 100000, "smtpd inject",
	"recipients of one message"),
    NUM("MAX_ERRORS", "errors", "20", 1, 1000, "smtpd",
	"bad commands before the connection is closed"),
    NUM("MAX_RECEIVED", "hops", "50", 10, 1000, "smtpd",
	"Received fields that make a loop"),
    NUM("SMTP_TIMEOUT", "s", "300", 1, 3600, "smtpd",
	"time for a command, or for data to move"),
    FLAG("RELAY_CLIENT", "0", "smtpd",
	"accept mail for every domain without login"),
    NUM("QUEUE_LIFETIME", "s", "432000", 60, 10000000, "queue-runner",
	"how long delivery is tried before the message bounces"),
    NUM("DELAY_NOTICE", "s", "14400", 0, 10000000, "queue-runner",
	"age at which senders who asked to be told of a delay are told; 0 for "
	"never"),
    NUM("QUEUE_SLOTS", "slots", "1024", 0, 65536, "queue-runner",
	"files of 64 KiB made in advance for small messages; at most a 50th "
	"of the free space is used"),
    NUM("LOCAL_JOBS", "deliveries", "64", 1, 1000, "queue-runner",
	"local deliveries at once"),
    NUM("LOCAL_WORKERS", "processes", "2", 1, 100, "queue-runner",
	"programs that carry these out"),
    NUM("REMOTE_JOBS", "deliveries", "20", 1, 1000, "queue-runner",
	"remote deliveries at once"),
    NUM("DOMAIN_JOBS", "deliveries", "10", 1, 1000, "queue-runner",
	"of these, to one domain, once they succeed"),
    TEXT("QUEUE_USER", "yubin-queue", "queue-runner",
	"user of the runner when started as root, a name or uid:gid; local "
	"deliveries are made by others"),
    TEXT("REMOTE_USER", "yubin-remote", "deliver-remote",
	"user to become when started by root, a name or uid:gid"),
    NUM("REMOTE_PORT", "", "25", 1, 65535, "deliver-remote",
	"TCP port of other mail servers"),
    NUM("CONNECT_TIMEOUT", "s", "60", 1, 600, "deliver-remote",
	"time for a connection to another server"),
    NUM("REMOTE_TIMEOUT", "s", "600", 1, 3600, "deliver-remote",
	"most time for an answer of another server; RFC 5321 4.5.3.2 sets "
	"less for most of them"),
    NUM("REMOTE_IDLE", "s", "5", 0, 300, "deliver-remote",
	"how long a worker keeps a connection for the next message"),
    TEXT("SOURCE_IPV4", "", "deliver-remote",
	"address to connect from; default: the system's choice"),
    TEXT("SOURCE_IPV6", "", "deliver-remote", "the same for IPv6"),
    TEXT("DNS_SERVER", "", "deliver-remote",
	"address, address:port or [address]:port of the DNS server to ask; "
	"default: those in /etc/resolv.conf"),
    NUM("DNS_TIMEOUT", "s", "60", 1, 600, "deliver-remote",
	"most time for the DNS in one delivery"),
    TEXT("EXTENSION_DELIMITER", "+", "deliver-local smtpd",
	"what separates USER from EXTENSION in an address"),

    TEXT("QUOTA", "", "checkpw deliver-local yubin",
	"quota of accounts without one of their own: octets, such as 2G, and "
	"after a comma messages; default: none"),
    FLAG("QUOTA_BOUNCE", "1", "deliver-local",
	"return what has no room to its sender at once; 0: try again for "
	"QUEUE_LIFETIME"),

    NUM("QUOTA_RCPT", "s", "900", 0, 86400, "smtpd",
	"how long a recipient whose mailbox was found full is refused at RCPT, "
	"with 452 4.2.2; 0: never"),

    /* imapd, pop3d, deliver-local */
    PATHNAME("MAILDIR", "", "imapd pop3d",
	"the Maildir of the session; default: Maildir in the working "
	"directory"),
    TEXT("MAILDIRQUOTA", "", "imapd pop3d",
	"quota of the Maildir, as 1000000S,1000C (octets, messages); default: "
	"what its file maildirsize says"),
    PATHNAME("YUBIN_CACHE", "", "imapd pop3d",
	"directory for the indexes of mailboxes, on this host's own disk; "
	"default: in the Maildir"),
    NUM("IMAP_TIMEOUT", "s", "1800", 1, 86400, "imapd",
	"time without a command before the session ends (RFC 3501 5.4)"),
    NUM("POP3_TIMEOUT", "s", "600", 1, 86400, "pop3d",
	"time without a command before the session ends (RFC 1939 3)"),
    TEXT("POP3_UIDL", "%08Xu%08Xv", "pop3d",
	"format of unique-ids: %u UID, %v UIDVALIDITY, %f file name; to change "
	"it makes clients fetch everything again"),
    WORD("POP3_LOCK", "shared exclusive", "shared", "pop3d",
	"exclusive: one session at a time has the maildrop, others are refused "
	"with [IN-USE]"),
    WORD("POP3_UTF8", "send refuse", "send", "pop3d",
	"what clients that have not said UTF8 get of a message with UTF-8 in "
	"its header: the message, or -ERR [UTF8]"),
};

const size_t settings_n = sizeof(settings) / sizeof(settings[0]);
