// SPDX-License-Identifier: MIT
/* What the calls that answer in pages share. */
#ifndef CLIENTS_LIBRARY_PAGE_H
#define CLIENTS_LIBRARY_PAGE_H

#include "clients/library/exportclient.h"
#include "schemas/codec/codec.h"

/* The page size to ask for: what was given, or for 0 the default that the request's schema states.
 * Whether it is too large is for the service to say. */
int page_top(int given, const struct schema *request_schema, int64_t *top,
             struct exportd_error *error);

/* The next-page value, borrowed; NULL and "" ask for the first page. */
int page_next(const char *given, bool *has_next, struct text *next, struct exportd_error *error);

/* Room for the items of a list, zeroed; never NULL on success. */
int page_items(const struct wire_list *list, size_t item_bytes, void **items,
               struct exportd_error *error);

#endif
