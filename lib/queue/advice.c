/* SPDX-License-Identifier: ISC */
/* The table of advice. */
#include "queue/advice.h"

enum side { ADDRESS, MAILBOX, HOST, WAY, MESSAGE, SENDER, UNKNOWN };

#define SPELLING "Check the spelling of the address, or ask for the right one."
#define OTHER_WAY "Reach the recipient in another way."
#define LESS "Send less at once, or a link instead of the file."
#define LATER \
	"Send the message again later, or reach the recipient in " \
	"another way."
#define ASK \
	"Tell the postmaster there, or ask your own for help, and show " \
	"this report."
#define OWN_POSTMASTER "Ask your own postmaster for help, and show this report."

/* Subject and detail of the code, or the start of it that ends in a dot, with
 * the class before it where only that one is meant; the first row that fits is
 * taken. */
static const struct {
	const char *code;
	enum side side;
	const char *what, *todo;
} table[] = {
    {"4.1.", ADDRESS, "The address is not accepted now.", SPELLING},
    {"4.7.", HOST, "The server does not take the message yet.", LATER},
    {"1.1", ADDRESS, "There is no such address.", SPELLING},
    {"1.2", ADDRESS, "The domain, which stands behind the @, takes no mail.",
	"Check the spelling of what stands behind the @."},
    {"1.3", ADDRESS, "The address is not written as addresses are.",
	"Check the spelling of the address."},
    {"1.4", ADDRESS, "The address stands for more than one mailbox.",
	"Ask the recipient for the exact address."},
    {"1.6", ADDRESS, "The recipient has moved and left no new address.",
	"Ask the recipient for the new address."},
    {"1.7", SENDER, "Your own address was not accepted as the sender.",
	"Check the address that your mail program sends from."},
    {"1.8", SENDER,
	"The domain of your own address was not accepted as the sender's.",
	"Check the address that your mail program sends from."},
    {"1.10", ADDRESS, "The domain says that it takes no mail at all.",
	"Use another address of the recipient."},
    {"1.", ADDRESS, "The address was not accepted.", SPELLING},
    {"2.1", MAILBOX, "The mailbox is closed and takes no mail.", OTHER_WAY},
    {"2.2", MAILBOX, "The mailbox is full.",
	"Tell the recipient in another way, and send the message again when "
	"there is room."},
    {"2.3", MAILBOX, "The message is larger than the mailbox allows.", LESS},
    {"2.4", MAILBOX, "The mailing list could not be served.",
	"Tell the owner of the list."},
    {"2.", MAILBOX, "The mailbox did not take the message.", OTHER_WAY},
    {"3.1", HOST, "The server has no room left for mail.", LATER},
    {"3.2", HOST, "The server takes no mail now.", LATER},
    {"3.4", MESSAGE, "The message is too large.", LESS},
    {"3.5", HOST, "The server is not set up for this address.", ASK},
    {"3.", HOST, "The server has a trouble of its own.", ASK},
    {"4.1", WAY, "The recipient's server does not answer.", LATER},
    {"4.2", WAY, "The connection to the recipient's server broke.", LATER},
    {"4.3", WAY, "It could not be found out where the domain takes mail.",
	LATER},
    {"4.4", ADDRESS,
	"There is no server for the domain, which stands behind the @.",
	"Check the spelling of what stands behind the @."},
    {"4.5", HOST, "The server has too much to do.", LATER},
    {"4.6", HOST, "Mail for this address runs in a circle.", ASK},
    {"4.7", UNKNOWN, "The message was tried for a long time, in vain.", LATER},
    {"4.", WAY, "The recipient's server could not be reached.", LATER},
    {"5.3", MESSAGE, "The message has too many recipients.",
	"Send it to fewer people at once."},
    {"5.", WAY, "The two servers did not understand each other.", ASK},
    {"6.7", WAY,
	"A server on the way takes no addresses with letters beyond A to Z.",
	"Use addresses of plain letters, your own too."},
    {"6.8", WAY,
	"A server on the way takes no addresses with letters beyond A to Z.",
	"Use addresses of plain letters, your own too."},
    {"6.", MESSAGE, "The form of the message was not accepted.",
	"Send it in a simpler form, for example as plain text."},
    {"7.2", HOST, "You may not write to this mailing list.",
	"Ask the owner of the list, or send from the address that you joined "
	"it with."},
    {"7.10", WAY, "The connection could not be encrypted as it must be.", ASK},
    {"7.20", SENDER, "The message's signature (DKIM) was not accepted.",
	OWN_POSTMASTER},
    {"7.21", SENDER, "The message's signature (DKIM) was not accepted.",
	OWN_POSTMASTER},
    {"7.22", SENDER, "The message's signature (DKIM) was not accepted.",
	OWN_POSTMASTER},
    {"7.23", SENDER,
	"The domain of your address does not allow this server to send (SPF).",
	OWN_POSTMASTER},
    {"7.24", SENDER, "What your domain says about its servers (SPF) is broken.",
	OWN_POSTMASTER},
    {"7.25", SENDER, "The name of this server is not as it should be (DNS).",
	OWN_POSTMASTER},
    {"7.26", SENDER,
	"It could not be proved that the message comes from your domain.",
	OWN_POSTMASTER},
    {"7.27", SENDER, "The domain of your own address takes no mail.",
	"Check the address that your mail program sends from."},
    {"7.28", HOST, "Too much mail came at once.", LATER},
    {"7.", HOST, "The rules of the server forbid this message.",
	"Its words below may say why; else ask its postmaster."},
};

static const char *
side_text(enum side side, bool remote)
{
	switch (side) {
	case ADDRESS:
		return "The cause is the address.";
	case MAILBOX:
		return "The cause is the recipient's mailbox.";
	case HOST:
		return remote ? "The cause is on the other server's side."
		              : "The cause is on our side.";
	case WAY:
		return "The cause is on the way from us to the other server.";
	case MESSAGE:
		return "The cause is the message itself.";
	case SENDER:
		return "The cause is on the sender's side.";
	case UNKNOWN:
		break;
	}
	return "";
}

/* A code of three parts, or a start of two dots, has the class in it. */
static bool
fits(struct str status, const char *code)
{
	struct str c = str_z(code);
	size_t dot = str_find(c, '.');

	if (!str_has(str_from(c, dot + 1), '.'))
		status = str_from(status, str_find(status, '.') + 1);
	return str_ends(c, STR(".")) ? str_starts(status, c)
	                             : str_eq(status, c);
}

struct advice
advice_for(struct str status, bool remote)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (fits(status, table[i].code))
			return (struct advice){table[i].what,
			    side_text(table[i].side, remote), table[i].todo};
	return (struct advice){remote ? "The other server refused it."
				      : "It could not be delivered.",
	    side_text(UNKNOWN, remote), ASK};
}
