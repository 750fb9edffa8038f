/* SPDX-License-Identifier: ISC */
/* The header automaton: a line is held back until it is known to be a field. */
#include "head.h"

#include <stdio.h>

#include "base/ascii.h"
#include "msg/date.h"

enum { NAME, REST, BODY };

void
head_init(struct head *h, struct queue_put *put, bool add, int64_t now_s,
    const char *id, const char *host)
{
	*h = (struct head){.state = NAME,
	    .add = add,
	    .now_s = now_s,
	    .id = id,
	    .host = host,
	    .put = put};
}

static void
release(struct head *h, int state)
{
	queue_put_data(h->put, h->hold, h->n);
	h->n = 0;
	h->state = state;
}

static void
add_missing(struct head *h)
{
	char line[400], date[DATE_SIZE];
	int n;

	if (!h->date) {
		date_rfc5322(date, h->now_s, 0);
		n = snprintf(line, sizeof(line), "Date: %s\r\n", date);
		queue_put_data(h->put, line, (size_t)n);
	}
	if (!h->message_id) {
		n = snprintf(line, sizeof(line), "Message-ID: <%s@%.250s>\r\n",
		    h->id, h->host);
		queue_put_data(h->put, line, (size_t)n);
	}
}

/* The held line is no field: the empty line, or text without a header. */
static void
end_header(struct head *h, bool empty_line)
{
	if (h->add) {
		bool added = !h->date || !h->message_id;

		add_missing(h);
		if (added && !empty_line)
			queue_put_data(h->put, "\r\n", 2);
	}
	release(h, BODY);
}

/* The name in front of the held colon; empty when it is none. */
static struct str
field_name(const struct head *h)
{
	struct str name = str_trim(str_make(h->hold, h->n - 1));

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || ascii_iscntrl(name.p[i]))
			return STR("");
	return name;
}

static void
field(struct head *h)
{
	struct str name = field_name(h);

	if (name.n == 0 || ascii_isblank(h->hold[0])) {
		end_header(h, false);
		return;
	}
	h->received += str_ieq(name, STR("Received"));
	h->date |= str_ieq(name, STR("Date"));
	h->message_id |= str_ieq(name, STR("Message-ID"));
	h->fields = true;
	release(h, REST);
}

static void
held(struct head *h, char c)
{
	h->hold[h->n++] = c;
	if (c == ':')
		field(h);
	else if (h->n == 1 && ascii_isblank(c) && h->fields)
		release(h, REST);
	else if (c == '\n')
		end_header(h, h->n == 2);
	else if (h->n == sizeof(h->hold))
		end_header(h, false);
}

void
head_put(struct head *h, struct str piece)
{
	while (piece.n) {
		size_t n = piece.n;

		if (h->state == NAME) {
			held(h, piece.p[0]);
			n = 1;
		} else {
			if (h->state == REST) {
				n = str_find(piece, '\n');
				n += n < piece.n;
			}
			queue_put_data(h->put, piece.p, n);
			if (h->state == REST && piece.p[n - 1] == '\n')
				h->state = NAME;
		}
		piece = str_from(piece, n);
	}
}

void
head_end(struct head *h)
{
	if (h->state != BODY && h->add)
		add_missing(h);
	if (h->n)
		release(h, BODY);
}
