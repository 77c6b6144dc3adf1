// SPDX-License-Identifier: MIT
/* Checks a finished bundle completely and without trusting it: that it is one ZIP (or, extracted,
 * one folder) holding one BagIt 1.0 bag (RFC 8493) in which nothing is missing, added, changed or
 * disguised.
 *
 * Of the ZIP file: it ends where its end record says, with nothing before, between or behind its
 * entries; the directory at its end and the header in front of each entry agree on name, method,
 * flags, time, sizes and CRC; entries are stored or deflated, not encrypted, not links or devices,
 * and decompress to exactly the declared bytes; all lie below one folder; no name is absolute,
 * climbs, repeats, equals another but for case, or is a file in one place and a folder in another.
 * What may differ unnoticed, because no reader's content depends on it: version numbers, permission
 * bits, owner numbers, the second time stamp in extra fields, unused bits of a deflate stream, and
 * the entries' times when changed in both places.
 *
 * Of the bag: bagit.txt is version 1.0 and UTF-8; every payload file is in manifest-sha256.txt
 * exactly once and the other way round; the same for tagmanifest-sha256.txt and the other files;
 * every digest and the Payload-Oxum are right; there is no fetch.txt; data/completeness.json and
 * data/RequestInfo.json are there and are JSON of the right shape. It cannot be told whether a
 * whole bundle was replaced by another one: for that compare the digest that the operation's status
 * gives.
 *
 * libarchive's streaming reader decompresses each entry from the bytes between two headers; the
 * directory is read here, because libarchive would keep all of it in memory and skips bytes that
 * belong to no entry.
 *
 * Memory: about 80 bytes an entry and under a megabyte beside; more than VERIFY_MAXIMUM_ENTRIES are
 * refused. One thread a call; calls are independent. */
#ifndef CLIENTS_VERIFY_VERIFY_H
#define CLIENTS_VERIFY_VERIFY_H

#include <stdint.h>

#define VERIFY_MAXIMUM_ENTRIES 4194304
#define VERIFY_WHOLE           "(bundle)" /* the path that is given for problems of no single file */

/* Called for each problem, in the order found. path is that in the bag (as in its manifest); both
 * are printable ASCII, valid during the call. */
typedef void (*verify_report)(void *context, const char *path, const char *problem);

struct verify_summary {
    uint64_t payload_files;
    uint64_t payload_bytes;
};

/* Returns the number of problems, all of which were reported (0: the bundle is right), or when it
 * could not be checked -ERROR_NOT_FOUND (nothing at that path), -ERROR_IO, -ERROR_MEMORY. summary
 * may be NULL; it is written unless the result is negative. */
int bag_verify(const char *path, verify_report report, void *context,
               struct verify_summary *summary);

#endif
