/* What an iteration has printed so far, in a file that R maps into its memory: it outlives R, however R dies, and costs
 * no call for each line. The worker writes it (output.c), the supervisors' client reads it after a death. */
#ifndef FLEET_LAST_OUTPUT_H
#define FLEET_LAST_OUTPUT_H
#include <stddef.h>

#define KEPT 8192
#define LINE_MAX_BYTES 65536

typedef struct {
  size_t kept_length, line_length;
  int kept_cut;                /* something before `kept` is gone */
  int closed;                  /* R has crashed: what follows are R's own frames, which are long */
  char kept[2 * KEPT];         /* the last lines that are complete */
  char line[LINE_MAX_BYTES];   /* the line that has no end yet */
} last_output;
#endif
