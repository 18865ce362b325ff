/* Text as JSON. */
#ifndef FLEET_SUPERVISOR_JSON_H
#define FLEET_SUPERVISOR_JSON_H
#include <stdio.h>

/* Writes the text, quoted, to the stream. */
static void put_json_text(FILE *out, const char *text) {
  putc('"', out);
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    if (*at == '"' || *at == '\\') fprintf(out, "\\%c", *at);
    else if (*at < 0x20) fprintf(out, "\\u%04x", *at);
    else putc(*at, out);
  }
  putc('"', out);
}
#endif
