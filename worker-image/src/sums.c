/* SHA-256 and MD5 of values and files, by OpenSSL. It uses the processor's own instructions, ten times as fast as
 * plain C, and results of megabytes are summed by worker and driver. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "fleet.h"

static EVP_MD_CTX *begin_sum(SEXP algorithm) {
  const EVP_MD *kind = EVP_get_digestbyname(CHAR(STRING_ELT(algorithm, 0)));
  EVP_MD_CTX *sum = kind ? EVP_MD_CTX_new() : NULL;
  if (!sum || !EVP_DigestInit_ex(sum, kind, NULL)) {
    EVP_MD_CTX_free(sum);
    Rf_error("OpenSSL has no %s here", CHAR(STRING_ELT(algorithm, 0)));
  }
  return sum;
}

static SEXP end_sum(EVP_MD_CTX *sum) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_DigestFinal_ex(sum, bytes, &length);
  EVP_MD_CTX_free(sum);
  char text[2 * EVP_MAX_MD_SIZE + 1];
  for (unsigned int i = 0; i < length; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return Rf_mkString(text);
}

/* Of a raw vector, in hexadecimal. algorithm: "sha256" or "md5" */
SEXP fleet_sum(SEXP bytes, SEXP algorithm) {
  EVP_MD_CTX *sum = begin_sum(algorithm);
  EVP_DigestUpdate(sum, RAW(bytes), (size_t) XLENGTH(bytes));
  return end_sum(sum);
}

SEXP fleet_sum_file(SEXP path, SEXP algorithm) {
  EVP_MD_CTX *sum = begin_sum(algorithm);
  FILE *file = fopen(CHAR(STRING_ELT(path, 0)), "rb");
  if (!file) {
    EVP_MD_CTX_free(sum);
    Rf_error("cannot read %s", CHAR(STRING_ELT(path, 0)));
  }
  char part[65536];
  size_t n;
  while ((n = fread(part, 1, sizeof part, file)) > 0) EVP_DigestUpdate(sum, part, n);
  fclose(file);
  return end_sum(sum);
}
