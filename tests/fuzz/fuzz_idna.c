/* SPDX-License-Identifier: ISC */
/* Domains: what comes out is ASCII. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/idna.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
