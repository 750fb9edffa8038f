/* SPDX-License-Identifier: ISC */
/* Events in words.  In a template {key} is a value, {key:at} the time that
 * many seconds after the line's, {key:span} a duration; what stands in
 * brackets is printed when the line has all of its keys.  {key:noun} is the
 * number of such things. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "show.h"
#include "trace.h"

static const struct event {
	const char *ev;
	bool parent; /* told of the message that the line calls orig */
	const char *text;
} events[] = {
    {"accepted", true, "sent on as {id}[ to {to}] ({rcpts:recipient})"},
    {"accepted", false,
	"accepted from {from}[ to {to}] ({rcpts:recipient}, {size:octet})"
	"[, client {helo}][ {ip}][, login {auth}][, sent on from {orig}]"},
    {"bounced", true, "{to} was told[ ({what})]: message {id}"},
    {"bounced", false, "is a report[ ({what})] about {orig}, to {to}"},
    {"unreported", false, "{to}: its sender wants no report"},
    {"delivered", false, "{to}: delivered[ {status}][: {rsp}][ ({ms} ms)]"},
    {"deferred", false, "{to}: put off[ {status}][: {err}][ ({ms} ms)]"},
    {"failed", false, "{to}: failed[ {status}][: {err}][ ({ms} ms)]"},
    {"waiting", false, "next try at {next_s:at}"},
    {"done", false, "done, {age:span} after it was accepted"},
    {"held", false, "held[: {err}]"},
    {"released", false, "released"},
    {"dropped", false, "dropped by the administrator"},
    {"bad", false, "not a whole message, put aside[: {err}]"},
    {"trouble", false, "trouble[: {err}]"},
    {"privileges", false, "warning: {err}[ ({dir})]"},
    {"remote", false,
	"spoke with {host}[ {ip}][ port {port}], TLS {tls}: {decided} "
	"decided, {left} left[: {err}]"},
    {"tls-failed", false, "TLS with {host}[ {ip}] failed[: {err}]"},
    {"rejected", false,
	"rejected[ from {from}][ to {to}]: {code}[ {enhanced}][ {text}]"},
    {"lost", false, "the client was gone at {at}[: {why}]"},
    {"timeout", false, "the client said nothing at {at}"},
};

#define NEVENTS (sizeof(events) / sizeof(events[0]))

static void
say_number(const struct trace *t, const struct logline *l, struct str value,
    struct str how)
{
	char time[SHOW_TIME], span[SHOW_SPAN];
	uint64_t v;

	if (num_scan(value, UINT32_MAX, &v) < 0) {
		show_str(stdout, value);
	} else if (str_eq(how, STR("span"))) {
		show_span(span, (int64_t)v);
		fputs(span, stdout);
	} else if (!str_eq(how, STR("at"))) {
		printf("%llu %.*s%s", (unsigned long long)v, STR_FMT(how),
		    v == 1 ? "" : "s");
	} else if (l->time_us == LOGLINE_TIME) {
		show_span(span, (int64_t)v);
		printf("(%s later)", span);
	} else {
		show_time(time, l->time_us / 1000000 + (int64_t)v, t->utc);
		fputs(time, stdout);
	}
}

/* "key" or "key:how". */
static void
say_value(const struct trace *t, const struct logline *l, struct str name)
{
	char key[32];
	struct str value;

	if (str_copy(key, sizeof(key), str_to(name, str_find(name, ':'))) < 0)
		return;
	value = logline_get(l, key);
	if (str_has(name, ':'))
		say_number(
		    t, l, value, str_from(name, str_find(name, ':') + 1));
	else if (value.p && value.n == 0)
		fputs("<>", stdout); /* the null sender */
	else
		show_str(stdout, value.p ? value : STR("?"));
}

/* Whether the line has the keys in this part of a template. */
static bool
has_all(const struct logline *l, struct str part)
{
	struct str name;
	char key[32];

	while (str_has(part, '{')) {
		part = str_from(part, str_find(part, '{') + 1);
		name = str_to(part, str_find(part, '}'));
		if (str_copy(key, sizeof(key), name) < 0 ||
		    !logline_get(l, key).p)
			return false;
	}
	return true;
}

static void
say_template(const struct trace *t, const struct logline *l, struct str text)
{
	while (text.n > 0) {
		size_t end = 0;

		if (*text.p == '[' &&
		    !has_all(l, str_to(text, str_find(text, ']')))) {
			end = str_find(text, ']');
		} else if (*text.p == '{') {
			end = str_find(text, '}');
			say_value(t, l, str_make(text.p + 1, end - 1));
		} else if (*text.p != '[' && *text.p != ']') {
			putchar(*text.p);
		}
		text = str_from(text, end + 1);
	}
}

/* An event without words of ours. */
static void
say_pairs(const struct logline *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (str_eq(l->pairs[i].key, STR("id")))
			continue;
		if (i > 0) {
			putchar(' ');
			show_str(stdout, l->pairs[i].key);
			putchar('=');
		}
		if (str_has(l->pairs[i].value, ' '))
			putchar('"');
		show_str(stdout, l->pairs[i].value);
		if (str_has(l->pairs[i].value, ' '))
			putchar('"');
	}
}

void
trace_say(const struct trace *t, const struct logline *l, struct str owner)
{
	struct str ev = logline_get(l, "ev");
	bool parent = !str_eq(logline_get(l, "id"), owner) &&
	              str_eq(logline_get(l, "orig"), owner);

	for (size_t i = 0; i < NEVENTS; i++)
		if (str_eq(ev, str_z(events[i].ev)) &&
		    events[i].parent == parent) {
			say_template(t, l, str_z(events[i].text));
			return;
		}
	say_pairs(l);
}
