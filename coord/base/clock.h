/* clock.h - the clocks of the machine. Impure: only the shell calls them and passes the time on as an argument. */
#ifndef COORD_BASE_CLOCK_H
#define COORD_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_mono_us(void); /* CLOCK_MONOTONIC, microseconds */
uint64_t clock_mono_ms(void);
int64_t clock_wall_ms(void); /* CLOCK_REALTIME, milliseconds since 1970 */

/* Fill with bytes from the kernel's random generator (getrandom). Aborts if there is none. Impure. */
void entropy_fill(void *to, uint64_t size);

#endif
