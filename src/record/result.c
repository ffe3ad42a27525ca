/* SPDX-License-Identifier: MIT */
#include <syslog.h>

#include "result.h"

/*
 * What the client did is no error of ours; what the operator can mend is a
 * warning.
 */
const struct result_kind result_kinds[RESULTS_COUNT] = {
    [RESULT_CLOSED] = {"closed", "67364eb3212547eaa02b836384d797b1", LOG_INFO},
    [RESULT_NO_BYTE] = {"no-byte", "1baba60e93874daf9ea595f6b7ee586d",
	LOG_INFO},
    [RESULT_FIRST_BYTE_TIMEOUT] = {"first-byte-timeout",
	"3b1985c04d3d48a7afdba8df77b1383f", LOG_INFO},
    [RESULT_BAD_PROXY_HEADER] = {"bad-proxy-header",
	"e9138e7299e541e82387b7dbe63a5173", LOG_WARNING},
    [RESULT_NO_ROUTE] = {"no-route", "ec61336d1b1f4436a963c7f45f9e2b12",
	LOG_INFO},
    [RESULT_SOURCE_LIMIT] = {"source-limit", "3fcd19238ce948acacbd70e809d12068",
	LOG_INFO},
    [RESULT_CONNECT_FAILED] = {"connect-failed",
	"9bf56815965c4b868262977df667d436", LOG_WARNING},
    [RESULT_CONNECT_TIMEOUT] = {"connect-timeout",
	"9768e6610c4441578233b07ba2b61079", LOG_WARNING},
    [RESULT_CLIENT_RESET] = {"client-reset", "35887226236449538823aea78f0318fa",
	LOG_INFO},
    [RESULT_TARGET_RESET] = {"target-reset", "fc37ff3384bb44cfb11b29fed7a8c0a6",
	LOG_INFO},
    [RESULT_IDLE_TIMEOUT] = {"idle-timeout", "87f3d8a9914449fc9768cc2c0d0bba29",
	LOG_INFO},
    [RESULT_HALF_CLOSED] = {"half-closed-timeout",
	"615dea20447d457997f1ae56d2605c85", LOG_INFO},
    [RESULT_DRAINED] = {"drained", "976ee31bc1264c89a5b3639ee7cfb029",
	LOG_INFO},
    [RESULT_TERMINATED] = {"terminated", "daf0f8fea571438bab327e14922d0d6d",
	LOG_INFO},
    [RESULT_SYSTEM_ERROR] = {"system-error", "893d4164c21e47fb8f4d7fdcea6b7cc5",
	LOG_ERR},
};
