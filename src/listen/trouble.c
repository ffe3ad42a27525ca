/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "../deadline.h"
#include "../record/log.h"
#include "../text.h"
#include "trouble.h"

#define LOG_MS 1000

void trouble_note(struct trouble *trouble, const char *what, int error)
{
	TEXT(count, 24);
	int64_t now = deadline_now();

	trouble->count++;
	trouble->paused_us = now + (int64_t)TROUBLE_PAUSE_MS * 1000;
	if (now < trouble->next_us)
		return;
	text_add_number(&count, trouble->count);
	log_say(LOG_WARNING, what, "error", strerror(error), "count",
	    count.start, NULL);
	trouble->count = 0;
	trouble->next_us = now + (int64_t)LOG_MS * 1000;
}

void trouble_pause(struct trouble *trouble)
{
	trouble->paused_us = deadline_in_ms(TROUBLE_PAUSE_MS);
}

bool trouble_is_of_one_connection(int error)
{
	switch (error) {
	case ECONNABORTED:
	case EINTR:
	case EPERM:
	case EPROTO:
	case ENETDOWN:
	case ENETUNREACH:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENONET:
	case EOPNOTSUPP:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

bool trouble_is_for_good(int error)
{
	return error == EBADF || error == EINVAL || error == ENOTSOCK;
}

bool trouble_is_over(const struct trouble *trouble)
{
	return !trouble->paused_us || deadline_now() >= trouble->paused_us;
}
