/* A digest of R values that says "same value", whatever the representation.
 *
 * Own code, because packages (digest, rlang) hash what serialize() gives. That differs between a function and the same
 * function once the JIT has compiled it, between 1:3 and c(1L, 2L, 3L), and with source references. This walk sees
 * formals and body, elements and attributes. Package functions count with their package's version; captured variables
 * count when the function uses them. Stored files use SHA-256 instead.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "fleet.h"
#include "mixing.h"
#include "pointers.h"

typedef struct {
  mixer digest;
  SEXP known;         /* environments that stand for "what is exported": only named, not entered */
  pointer_table seen; /* environments and functions entered so far, for cycles */
  int depth;          /* as unserialize() counts it, which dies where it has no stack left */
} hasher;

/* With a stack of 8 MiB, R reads some 25,000 nested lists, as many cells of a pairlist, half as many environments. */
#define DEEPEST 20000

static void go_deeper(hasher *h, int levels) {
  h->depth += levels;
  if (h->depth > DEEPEST) Rf_error("it is nested more than %d deep, or a pairlist or call of that length", DEEPEST);
}

static void add(hasher *h, const void *bytes, size_t count) { mix(&h->digest, bytes, count); }

static void walk(hasher *h, SEXP x);

static SEXP finished_text(hasher *h) {
  finish(&h->digest);
  char text[40];
  snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)h->digest.h1,
           (unsigned long long)h->digest.h2);
  return mkString(text);
}

static void add_tag(hasher *h, int tag, uint64_t length) {
  uint64_t pair[2] = {(uint64_t)tag, length};
  add(h, pair, sizeof pair);
}

static void add_text(hasher *h, const char *s) {
  size_t count = strlen(s);
  add_tag(h, CHARSXP, count);
  add(h, s, count);
}

static void add_string(hasher *h, SEXP s) {
  if (s == NA_STRING) add_tag(h, NILSXP, 1);
  else if (getCharCE(s) == CE_BYTES) { /* no text in any encoding */
    add_tag(h, NILSXP, 2);
    add_text(h, CHAR(s));
  } else add_text(h, translateCharUTF8(s));
}

static void add_numbers(hasher *h, SEXP x) {
  R_xlen_t n = XLENGTH(x);
  if (TYPEOF(x) == REALSXP) {
    double part[512];
    for (R_xlen_t i = 0; i < n; i += 512) add(h, part, sizeof(double) * (size_t)REAL_GET_REGION(x, i, 512, part));
  } else if (TYPEOF(x) == INTSXP) {
    int part[1024];
    for (R_xlen_t i = 0; i < n; i += 1024) add(h, part, sizeof(int) * (size_t)INTEGER_GET_REGION(x, i, 1024, part));
  } else if (TYPEOF(x) == LGLSXP) {
    int part[1024];
    for (R_xlen_t i = 0; i < n; i += 1024) add(h, part, sizeof(int) * (size_t)LOGICAL_GET_REGION(x, i, 1024, part));
  } else if (TYPEOF(x) == CPLXSXP) {
    add(h, COMPLEX(x), sizeof(Rcomplex) * (size_t)n);
  } else {
    add(h, RAW(x), (size_t)n);
  }
}

static SEXP package_version(SEXP namespace) {
  SEXP spec = PROTECT(findVarInFrame(namespace, install(".__NAMESPACE__.")));
  SEXP out = R_NilValue;
  if (TYPEOF(spec) == ENVSXP) {
    SEXP value = findVarInFrame(spec, install("spec"));
    if (TYPEOF(value) == PROMSXP) value = eval(value, R_BaseEnv);
    if (TYPEOF(value) == STRSXP) out = value;
  }
  UNPROTECT(1);
  return out;
}

/* 1 = the environment needs no entering (its name says it all) */
static int add_named_environment(hasher *h, SEXP env) {
  if (env == R_GlobalEnv || env == R_BaseEnv || env == R_EmptyEnv || env == R_BaseNamespace) {
    add_tag(h, ENVSXP, env == R_EmptyEnv ? 1 : env == R_GlobalEnv ? 2 : 3);
    return 1;
  }
  for (R_xlen_t i = 0; i < XLENGTH(h->known); i++)
    if (VECTOR_ELT(h->known, i) == env) {
      add_tag(h, ENVSXP, 2); /* exported variables are hashed by themselves, as those of the global environment are */
      return 1;
    }
  if (R_IsNamespaceEnv(env)) {
    SEXP spec = PROTECT(package_version(env));
    add_tag(h, ENVSXP, 4);
    for (R_xlen_t i = 0; spec != R_NilValue && i < XLENGTH(spec); i++) add_string(h, STRING_ELT(spec, i));
    UNPROTECT(1);
    return 1;
  }
  if (R_IsPackageEnv(env)) {
    add_tag(h, ENVSXP, 5);
    return 1;
  }
  return 0;
}

static int is_seen(hasher *h, SEXP env) {
  int number = pointer_meet(&h->seen, env);
  if (number >= 0) add_tag(h, ENVSXP, 100 + (uint64_t)number);
  return number >= 0;
}

static void add_variable(hasher *h, SEXP env, SEXP symbol) {
  if (!R_existsVarInFrame(env, symbol)) return;
  add_text(h, CHAR(PRINTNAME(symbol)));
  if (R_BindingIsLocked(symbol, env)) add_tag(h, ENVSXP, 6);
  SEXP value = PROTECT(fleet_binding(env, symbol));
  walk(h, value);
  UNPROTECT(1);
}

static void add_environment(hasher *h, SEXP env) {
  if (add_named_environment(h, env) || is_seen(h, env)) return;
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, TRUE));
  add_tag(h, ENVSXP, 10 + (uint64_t)XLENGTH(names));
  if (R_EnvironmentIsLocked(env)) add_tag(h, ENVSXP, 7);
  go_deeper(h, 2);
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) add_variable(h, env, installTrChar(STRING_ELT(names, i)));
  walk(h, ATTRIB(env));
  h->depth -= 2;
  UNPROTECT(1);
}

/* Variables of enclosing function calls count only where the body mentions them: a frame may hold anything else. */
static void add_captured(hasher *h, SEXP code, SEXP env) {
  if (TYPEOF(code) == SYMSXP) {
    for (SEXP e = env; e != R_EmptyEnv && e != R_GlobalEnv && !R_IsNamespaceEnv(e) && e != R_BaseEnv;
         e = enclosure(e)) {
      if (!R_existsVarInFrame(e, code)) continue;
      int known = 0;
      for (R_xlen_t i = 0; i < XLENGTH(h->known); i++) known |= VECTOR_ELT(h->known, i) == e;
      if (!known) add_variable(h, e, code);
      break;
    }
  } else if (TYPEOF(code) == LANGSXP || TYPEOF(code) == LISTSXP) {
    for (; code != R_NilValue; code = CDR(code)) add_captured(h, CAR(code), env);
  }
}

static void add_closure(hasher *h, SEXP f) {
  if (is_seen(h, f)) return; /* functions that call each other */
  SEXP env = CLOENV(f), body = PROTECT(R_ClosureExpr(f));
  add_tag(h, CLOSXP, 0);
  walk(h, FORMALS(f));
  walk(h, body);
  if (!add_named_environment(h, env)) {
    add_captured(h, FORMALS(f), env);
    add_captured(h, body, env);
  }
  UNPROTECT(1);
}

static void add_attributes(hasher *h, SEXP x) {
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) {
    const char *name = CHAR(PRINTNAME(TAG(a)));
    if (!strcmp(name, "srcref") || !strcmp(name, "srcfile") || !strcmp(name, "wholeSrcref")) continue;
    add_text(h, name);
    walk(h, CAR(a));
  }
}

static void add_pairs(hasher *h, SEXP x) {
  int depth = h->depth;
  add_tag(h, TYPEOF(x), (uint64_t)length(x));
  for (SEXP p = x; p != R_NilValue; p = CDR(p)) {
    go_deeper(h, 1);
    if (TAG(p) != R_NilValue) add_text(h, CHAR(PRINTNAME(TAG(p))));
    /* function (x) ... keeps a source reference as its fourth element */
    if (TYPEOF(x) == LANGSXP && CAR(p) != R_NilValue && isInteger(CAR(p)) && inherits(CAR(p), "srcref")) continue;
    walk(h, CAR(p));
    /* whoever gets the dots may look at their text: substitute(), match.call() */
    if (TYPEOF(x) == DOTSXP && TYPEOF(CAR(p)) == PROMSXP) walk(h, R_PromiseExpr(CAR(p)));
  }
  h->depth = depth;
}

static void add_primitive(hasher *h, SEXP x) {
  SEXP call = PROTECT(lang2(install("deparse"), x));
  SEXP text = PROTECT(eval(call, R_BaseEnv));
  add_string(h, STRING_ELT(text, 0));
  UNPROTECT(2);
}

/* One that is not evaluated counts with the variables that its text mentions. */
static void add_promise(hasher *h, SEXP x) {
  if (PRVALUE(x) != R_UnboundValue) {
    walk(h, PRVALUE(x));
    return;
  }
  walk(h, R_PromiseExpr(x));
  if (PRENV(x) != R_NilValue && !add_named_environment(h, PRENV(x))) add_captured(h, R_PromiseExpr(x), PRENV(x));
}

static void walk(hasher *h, SEXP x) {
  R_CheckStack();
  switch (TYPEOF(x)) {
  case NILSXP: add_tag(h, NILSXP, 0); return;
  case SYMSXP: add_tag(h, SYMSXP, 0); add_text(h, CHAR(PRINTNAME(x))); return;
  case LGLSXP: case INTSXP: case REALSXP: case CPLXSXP: case RAWSXP:
    add_tag(h, TYPEOF(x), (uint64_t)XLENGTH(x));
    add_numbers(h, x);
    break;
  case STRSXP:
    add_tag(h, STRSXP, (uint64_t)XLENGTH(x));
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) add_string(h, STRING_ELT(x, i));
    break;
  case VECSXP: case EXPRSXP:
    add_tag(h, TYPEOF(x), (uint64_t)XLENGTH(x));
    go_deeper(h, 1);
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) walk(h, VECTOR_ELT(x, i));
    h->depth--;
    break;
  case LANGSXP: case LISTSXP: case DOTSXP: add_pairs(h, x); break;
  case CLOSXP: add_closure(h, x); break;
  case BUILTINSXP: case SPECIALSXP: add_primitive(h, x); return;
  case ENVSXP: add_environment(h, x); return;
  case PROMSXP: add_promise(h, x); return;
  case BCODESXP: walk(h, R_BytecodeExpr(x)); return;
  default: add_tag(h, TYPEOF(x), 0); break; /* external pointers, weak references: no value to compare */
  }
  if (ATTRIB(x) != R_NilValue) add_attributes(h, x);
}

static void start(hasher *h, SEXP known_environments) {
  memset(&h->digest, 0, sizeof h->digest);
  h->known = known_environments;
  memset(&h->seen, 0, sizeof h->seen);
  h->depth = 0;
}

SEXP fleet_hash(SEXP value, SEXP known_environments) {
  hasher h;
  start(&h, known_environments);
  walk(&h, value);
  return finished_text(&h);
}

/* The first half of the same digest: the first 16 digits of its text */
uint64_t fleet_digest(SEXP value, SEXP known_environments) {
  const void *before = vmaxget();
  hasher h;
  start(&h, known_environments);
  walk(&h, value);
  finish(&h.digest);
  vmaxset(before);
  return h.digest.h1;
}

SEXP fleet_hash_file(SEXP path) {
  FILE *file = fopen(CHAR(STRING_ELT(path, 0)), "rb");
  if (!file) Rf_error("cannot read %s", CHAR(STRING_ELT(path, 0)));
  hasher h;
  start(&h, R_NilValue);
  char part[65536];
  size_t n;
  while ((n = fread(part, 1, sizeof part, file)) > 0) add(&h, part, n);
  fclose(file);
  return finished_text(&h);
}
