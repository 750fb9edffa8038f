/* SPDX-License-Identifier: ISC */
/* Who is told what. */
#include "queue/report.h"

const char *
report_action(enum report_kind what)
{
	static const char *const words[] = {[REPORT_NONE] = "",
	    [REPORT_FAILED] = "failed",
	    [REPORT_DELAYED] = "delayed",
	    [REPORT_DELIVERED] = "delivered",
	    [REPORT_RELAYED] = "relayed",
	    [REPORT_EXPANDED] = "expanded"};

	return words[what];
}

enum report_kind
report_of(enum result_kind result)
{
	switch (result) {
	case RESULT_DONE:
		return REPORT_DELIVERED;
	case RESULT_EXPANDED:
		return REPORT_EXPANDED;
	case RESULT_RELAYED:
		return REPORT_RELAYED;
	case RESULT_FAILED:
		return REPORT_FAILED;
	case RESULT_DEFERRED:
		return REPORT_DELAYED;
	case RESULT_TRANSFERRED:
		break;
	}
	return REPORT_NONE;
}

bool
report_wanted(
    const struct envelope_rcpt *r, enum report_kind what, bool null_sender)
{
	unsigned asked = r->notify ? r->notify : ENVELOPE_ON_FAILURE;

	if (null_sender || (asked & ENVELOPE_NEVER))
		return false;
	switch (what) {
	case REPORT_NONE:
		return false;
	case REPORT_FAILED:
		return asked & ENVELOPE_ON_FAILURE;
	case REPORT_DELAYED:
		return asked & ENVELOPE_ON_DELAY;
	default:
		return asked & ENVELOPE_ON_SUCCESS;
	}
}
