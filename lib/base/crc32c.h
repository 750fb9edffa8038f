/* SPDX-License-Identifier: ISC */
/* CRC-32C (Castagnoli), as in RFC 3720 appendix B.4. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continue crc (0 to start) over n octets at p. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* The same without the processor's instruction for it. */
uint32_t crc32c_by_tables(uint32_t crc, const void *p, size_t n);

#endif
