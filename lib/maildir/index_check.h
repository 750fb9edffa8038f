/* SPDX-License-Identifier: ISC */
/* Inside the index: its layout and its checksums, for index*.c. */
#ifndef MAILDIR_INDEX_CHECK_H
#define MAILDIR_INDEX_CHECK_H

#include "maildir/index.h"

#define INDEX_MAGIC UINT64_C(0x31786e6962757901) /* "\1yubinx1" */
#define INDEX_HEAD 4096
#define INDEX_RING_AT 1024    /* in the head: uint64_t[INDEX_RING] */
#define INDEX_MOST (1u << 26) /* records */

/* A checksum of n octets (of 8 each) that finds any damage but by 2^-32. */
uint32_t index_sum(const void *p, size_t n, uint64_t seed);

/* Of one bit of the dead. */
uint32_t index_sum_bit(uint32_t r);

/* Of a head, of record r of the file with this id. */
uint32_t index_sum_head(const struct index_head *h);
uint32_t index_sum_record(
    const struct index_record *rec, uint64_t id, uint32_t r);

/* Where things are in the file; its whole size. */
size_t index_bits_at(void);
size_t index_records_at(const struct index_head *h);
size_t index_names_at(const struct index_head *h);
size_t index_size(const struct index_head *h);

/* Count a record into the head (or, sign -1, out of it). */
void index_count(
    struct index_head *h, const struct index_record *rec, uint32_t r, int sign);

/* Split the name of a file: what rec says of it, and what is to be stored. */
struct str index_split_name(struct index_record *rec, struct str name);

/* What a name and unique-id in the area of names must sum up to. */
uint32_t index_sum_name(const char *p, size_t n);

/* Watch over a mapping: where the file ends before it does (somebody cut it
 * off), zeros are read instead of a SIGBUS.  The room for these is small. */
void index_guard_add(void *p, size_t n);
void index_guard_remove(void *p);
/* Whether that happened. */
bool index_guard_hit(const void *p);

#endif
