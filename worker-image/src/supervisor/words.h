/* The last lines of an R that has died, for the report of its death. */
#ifndef FLEET_SUPERVISOR_WORDS_H
#define FLEET_SUPERVISOR_WORDS_H
/* At most 20 lines and 4 KiB, without bytes that would do something to a terminal; empty where there is nothing. To be
 * freed. */
char *last_words(const char *path);
#endif
