// SPDX-License-Identifier: MIT
/* The network between the daemon and its peers, as ZeroMQ shows it. A link is one socket of a peer
 * connected to one of the daemon's: in order, with delay. What is on its way when a connection
 * breaks is lost or comes late, over the next connection; jobs go round the workers that are
 * connected; status frames go to those who subscribed, and may be dropped at any time; whoever is
 * not connected gets nothing. daemon_sockets.c puts daemon/net/sockets.h on top of it. One thread.
 */
#ifndef TESTS_SIMULATION_NETWORK_H
#define TESTS_SIMULATION_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/text.h"

enum link_kind { LINK_REQUESTS, LINK_JOBS, LINK_REPORTS, LINK_STATUS, LINK_KIND_COUNT };

struct link;

/* A message for the peer; topic is empty but for status frames. Borrowed. */
typedef void (*link_receiver)(void *owner, struct text topic, struct text payload);

void network_reset(void);
void network_release(void);

/* Weather: the longest delay of a message, and how many status frames of a thousand are dropped. */
void network_delay(int64_t longest_ms);
void network_drop(unsigned per_mille);

/* A socket of a process that runs. It connects by itself whenever it can. */
struct link *link_open(enum link_kind kind, void *owner, link_receiver receive);
void link_close(struct link *link); /* the process has ended; safe with NULL */
void link_subscribe(struct link *link, const char *topic);
void *link_owner(const struct link *link);

/* From the peer to the daemon. False when it did not leave: only reports fail so. */
bool link_send(struct link *link, struct text payload);

/* Faults: breaks the connection; stops everything on the link for a time, unnoticed at first. */
void link_break(struct link *link);
void link_cut(struct link *link, int64_t for_ms);
struct link *network_any_link(void); /* by chance; NULL when there is none */

/* The daemon's side. */
void network_listen(bool is_up);
void network_on_arrival(void (*arrived)(void)); /* something can be received */
bool network_receive(enum link_kind kind,
                     void (*take)(void *argument, const struct link *link, uint32_t connection,
                                  struct text payload),
                     void *argument);
bool network_has_arrived(void);

/* Number of a link and back, for envelopes. */
uint32_t link_number(const struct link *link);
struct link *network_link(uint32_t number);

/* False: nobody there. */
bool network_reply(uint32_t number, uint32_t connection, struct text payload);
bool network_offer(struct text payload);
void network_publish(struct text topic, struct text payload);

#endif
