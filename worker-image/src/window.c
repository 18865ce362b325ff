/* What the driver does for each of very many iterations, a block at a time: making their arguments, keying them,
 * reading announcements. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <R_ext/Utils.h>
#include "fleet.h"

#define DIGEST_BYTES 8
#define DIGEST_TEXT 16

static SEXP one_element(SEXP x, R_xlen_t k) {
  switch (TYPEOF(x)) {
  case LGLSXP: return ScalarLogical(LOGICAL_ELT(x, k));
  case INTSXP: return ScalarInteger(INTEGER_ELT(x, k));
  case REALSXP: return ScalarReal(REAL_ELT(x, k));
  case CPLXSXP: return ScalarComplex(COMPLEX_ELT(x, k));
  case STRSXP: return ScalarString(STRING_ELT(x, k));
  case RAWSXP: return ScalarRaw(RAW_ELT(x, k));
  case VECSXP: return VECTOR_ELT(x, k);
  default: Rf_error("unexpected kind of container");
  }
}

/* Elements from[c] .. from[c] + count - 1 (from 0) of each container, as the lists of arguments of `count`
 * iterations. */
SEXP fleet_elements(SEXP containers, SEXP from, SEXP count, SEXP names) {
  R_xlen_t n = (R_xlen_t)asReal(count), wide = XLENGTH(containers);
  SEXP out = PROTECT(allocVector(VECSXP, n));
  MARK_NOT_MUTABLE(names);
  for (R_xlen_t k = 0; k < n; k++) {
    SEXP arguments = allocVector(VECSXP, wide);
    SET_VECTOR_ELT(out, k, arguments);
    for (R_xlen_t c = 0; c < wide; c++)
      SET_VECTOR_ELT(arguments, c, one_element(VECTOR_ELT(containers, c), (R_xlen_t)REAL(from)[c] + k));
    if (wide > 0) setAttrib(arguments, R_NamesSymbol, names);
  }
  UNPROTECT(1);
  return out;
}

/* Roughly the memory of a value; environments and functions count little, as they are shared. */
static double size_of(SEXP x, int depth) {
  double size = 56;
  R_xlen_t n;
  switch (TYPEOF(x)) {
  case LGLSXP: case INTSXP: size += 4.0 * (double)XLENGTH(x); break;
  case REALSXP: size += 8.0 * (double)XLENGTH(x); break;
  case CPLXSXP: size += 16.0 * (double)XLENGTH(x); break;
  case RAWSXP: size += (double)XLENGTH(x); break;
  case STRSXP:
    n = XLENGTH(x);
    size += 8.0 * (double)n;
    for (R_xlen_t i = 0; i < n; i++) size += (double)LENGTH(STRING_ELT(x, i));
    break;
  case VECSXP: case EXPRSXP:
    n = XLENGTH(x);
    size += 8.0 * (double)n;
    if (depth < 20) for (R_xlen_t i = 0; i < n; i++) size += size_of(VECTOR_ELT(x, i), depth + 1);
    break;
  default: break;
  }
  if (ATTRIB(x) != R_NilValue && depth < 20)
    for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) size += size_of(CAR(a), depth + 1);
  return size;
}

SEXP fleet_size(SEXP value) { return ScalarReal(size_of(value, 0)); }

/* Writes the digest of each element of `values` into `digests`, beginning at position `at` (from 0); returns their
 * sizes in bytes. */
SEXP fleet_digest_all(SEXP values, SEXP known_environments, SEXP digests, SEXP at) {
  R_xlen_t n = XLENGTH(values), first = (R_xlen_t)asReal(at);
  if (TYPEOF(digests) != RAWSXP || XLENGTH(digests) < (first + n) * DIGEST_BYTES) Rf_error("no room for the digests");
  SEXP sizes = PROTECT(allocVector(REALSXP, n));
  for (R_xlen_t k = 0; k < n; k++) {
    SEXP value = VECTOR_ELT(values, k);
    uint64_t digest = fleet_digest(value, known_environments);
    memcpy(RAW(digests) + (first + k) * DIGEST_BYTES, &digest, DIGEST_BYTES);
    REAL(sizes)[k] = size_of(value, 0);
  }
  UNPROTECT(1);
  return sizes;
}

static void digest_text(char *text, SEXP digests, double position) {
  R_xlen_t at = (R_xlen_t)position - 1;
  if (at < 0 || (at + 1) * DIGEST_BYTES > XLENGTH(digests)) Rf_error("position out of range");
  uint64_t digest;
  memcpy(&digest, RAW(digests) + at * DIGEST_BYTES, DIGEST_BYTES);
  snprintf(text, DIGEST_TEXT + 1, "%016llx", (unsigned long long)digest);
}

/* "prefix-digest" and suffix of the iterations at these positions (from 1) */
SEXP fleet_key_texts(SEXP prefix, SEXP suffix, SEXP digests, SEXP positions) {
  R_xlen_t n = XLENGTH(positions);
  const char *before = CHAR(STRING_ELT(prefix, 0)), *after = CHAR(STRING_ELT(suffix, 0));
  size_t from = strlen(before) + 1, size = from + DIGEST_TEXT + strlen(after) + 1;
  char *text = R_alloc(size, 1);
  snprintf(text, size, "%s-", before);
  SEXP out = PROTECT(allocVector(STRSXP, n));
  PROTECT(positions = coerceVector(positions, REALSXP));
  for (R_xlen_t k = 0; k < n; k++) {
    digest_text(text + from, digests, REAL(positions)[k]);
    memcpy(text + from + DIGEST_TEXT, after, strlen(after) + 1);
    SET_STRING_ELT(out, k, mkChar(text));
  }
  UNPROTECT(2);
  return out;
}

/* Is the text, up to a "~", the key of the iteration at that position? */
SEXP fleet_same_keys(SEXP texts, SEXP prefix, SEXP digests, SEXP positions) {
  R_xlen_t n = XLENGTH(texts);
  const char *before = CHAR(STRING_ELT(prefix, 0));
  size_t from = strlen(before);
  SEXP out = PROTECT(allocVector(LGLSXP, n));
  PROTECT(positions = coerceVector(positions, REALSXP));
  for (R_xlen_t k = 0; k < n; k++) {
    const char *text = CHAR(STRING_ELT(texts, k));
    char own[DIGEST_TEXT + 1];
    digest_text(own, digests, REAL(positions)[k]);
    int same = strlen(text) >= from + 1 + DIGEST_TEXT && !memcmp(text, before, from) && text[from] == '-' &&
               !memcmp(text + from + 1, own, DIGEST_TEXT);
    LOGICAL(out)[k] = same && (text[from + 1 + DIGEST_TEXT] == '\0' || text[from + 1 + DIGEST_TEXT] == '~');
  }
  UNPROTECT(2);
  return out;
}

/* Splits lines at single spaces into columns, one for each letter of `kinds`: n(umber) or t(ext). Lines with another
 * number of fields are left out. */
SEXP fleet_columns(SEXP lines, SEXP kinds) {
  const char *kind = CHAR(STRING_ELT(kinds, 0));
  int wide = (int)strlen(kind);
  R_xlen_t n = XLENGTH(lines), rows = 0;
  char *good = R_alloc((size_t)n + 1, 1);
  for (R_xlen_t k = 0; k < n; k++) {
    int fields = 1;
    for (const char *s = CHAR(STRING_ELT(lines, k)); *s; s++) fields += *s == ' ';
    rows += good[k] = fields == wide;
  }
  SEXP out = PROTECT(allocVector(VECSXP, wide));
  for (int c = 0; c < wide; c++) SET_VECTOR_ELT(out, c, allocVector(kind[c] == 'n' ? REALSXP : STRSXP, rows));
  for (R_xlen_t k = 0, row = 0; k < n; k++) {
    if (!good[k]) continue;
    const char *from = CHAR(STRING_ELT(lines, k));
    for (int c = 0; c < wide; c++) {
      const char *to = strchr(from, ' ');
      size_t count = to ? (size_t)(to - from) : strlen(from);
      SEXP column = VECTOR_ELT(out, c);
      if (kind[c] == 'n') REAL(column)[row] = R_strtod(from, NULL);
      else SET_STRING_ELT(column, row, mkCharLenCE(from, (int)count, CE_UTF8));
      from += count + 1;
    }
    row++;
  }
  UNPROTECT(1);
  return out;
}

/* The digests at these positions (from 1), one after another */
SEXP fleet_digests(SEXP digests, SEXP positions) {
  R_xlen_t n = XLENGTH(positions);
  PROTECT(positions = coerceVector(positions, REALSXP));
  SEXP out = PROTECT(allocVector(RAWSXP, n * DIGEST_BYTES));
  for (R_xlen_t k = 0; k < n; k++) {
    R_xlen_t at = (R_xlen_t)REAL(positions)[k] - 1;
    if (at < 0 || (at + 1) * DIGEST_BYTES > XLENGTH(digests)) Rf_error("position out of range");
    memcpy(RAW(out) + k * DIGEST_BYTES, RAW(digests) + at * DIGEST_BYTES, DIGEST_BYTES);
  }
  UNPROTECT(2);
  return out;
}
