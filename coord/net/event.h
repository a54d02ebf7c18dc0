/* event.h - libevent's struct event, to stand inside our own structs.
 *
 * Its header borrows the name LIST_ENTRY of <sys/queue.h> for a moment, which base/list.h has too; the two never meet here.
 */
#ifndef COORD_NET_EVENT_H
#define COORD_NET_EVENT_H

#pragma push_macro("LIST_ENTRY")
#undef LIST_ENTRY
#include <event2/event.h>
#include <event2/event_struct.h>
#pragma pop_macro("LIST_ENTRY")

#endif
