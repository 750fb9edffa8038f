/* SPDX-License-Identifier: ISC */
/* The tables behind msg/fold, 47 KB of read-only data without one pointer, so
 * that starting a program costs nothing.  A library (utf8proc, 330 KB; ICU)
 * would have to be there for both C libraries and knows no streams. */
#ifndef MSG_FOLD_TABLE_H
#define MSG_FOLD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define FOLD_LAST 0x2ffff /* characters above are not in the tables */

/* fold_top[c >> 10] is a block of 64 in fold_mid, what (c >> 4) % 64 finds
 * there is a block of 16 in fold_leaf, and c % 16 finds: 0, c folds to itself;
 * 1, so it does, but is a mark with a class; else its text's place in
 * fold_pool, an octet '@' + length before it. */
extern const uint8_t fold_top[];
extern const uint16_t fold_mid[];
extern const uint16_t fold_leaf[];
extern const char fold_pool[];

/* Canonical combining classes that are not 0, ascending. */
struct fold_class {
	uint32_t first, last;
	uint8_t class;
};
extern const struct fold_class fold_classes[];
extern const size_t fold_nclasses;

#endif
