/* Reads what an R that has died printed last (../last_output.h). The file may hold anything: R died while it wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../last_output.h"
#include "words.h"

#define MOST_LINES 20
#define MOST_BYTES 4096

static size_t at_most(size_t length, size_t limit) { return length < limit ? length : limit; }

/* Where the last lines begin */
static const char *tail_of(const char *text, size_t length) {
  const char *end = text + length, *at = end;
  int lines = 0;
  if (at > text && at[-1] == '\n') at--;
  while (at > text && (size_t)(end - at) < MOST_BYTES && (at[-1] != '\n' || ++lines < MOST_LINES)) at--;
  while (at < end && ((unsigned char)*at & 0xC0) == 0x80) at++; /* not within a letter */
  return at;
}

char *last_words(const char *path) {
  char *all = NULL, *shown = NULL;
  size_t length = 0, size = 0;
  last_output *said = calloc(1, sizeof *said);
  FILE *file = fopen(path, "rb");
  size_t read = file && said ? fread(said, sizeof *said, 1, file) : 0;
  if (file) fclose(file);
  FILE *joined = open_memstream(&all, &length), *out = open_memstream(&shown, &size);
  if (!said || !joined || !out) abort();
  if (read == 1) {
    fwrite(said->kept, 1, at_most(said->kept_length, sizeof said->kept), joined);
    if (!said->closed) fwrite(said->line, 1, at_most(said->line_length, sizeof said->line), joined);
  }
  fclose(joined);
  const char *end = all + length;
  if (length > 0 && end[-1] == '\n') end--;
  for (const char *at = tail_of(all, length); at < end; at++) {
    unsigned char byte = (unsigned char)*at;
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) fprintf(out, "\\x%02x", byte);
    else putc(byte, out);
  }
  fclose(out);
  free(all);
  free(said);
  return shown;
}
