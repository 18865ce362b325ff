/* Reads code in the order in which R runs it, and reports names that it may read before it has set them itself. A name
 * that is set on one way only, or in code that may run later, counts as read: carrying too much costs time, too little
 * an error. Strings may be names of functions everywhere, and of data where code looks things up by name or makes
 * formulas. */
#include <stdio.h>
#include "growing.h"
#include "reach.h"
#include <R_ext/Parse.h>

typedef struct {
  SEXP *names;
  int count, room;
} name_stack;

typedef struct {
  reach *r;
  SEXP home;
  name_stack bound;  /* set so far, innermost last */
  name_stack texts;  /* strings on the way */
  int looks_up;      /* get(), exists(), eval() ... are mentioned */
  int makes_formulas;
} scanner;

static void scan(scanner *s, SEXP code);

static void stack_push(name_stack *stack, SEXP name) {
  stack->names = with_room(stack->names, stack->count, &stack->room, sizeof(SEXP));
  stack->names[stack->count++] = name;
}

static int is_bound(scanner *s, SEXP symbol) {
  for (int k = s->bound.count - 1; k >= 0; k--)
    if (s->bound.names[k] == symbol) return 1;
  return 0;
}

static void bind(scanner *s, SEXP symbol) {
  if (!is_bound(s, symbol)) stack_push(&s->bound, symbol);
}

static int is_one_of(SEXP symbol, const char *const *names) {
  const char *name = CHAR(PRINTNAME(symbol));
  for (; *names; names++)
    if (!strcmp(name, *names)) return 1;
  return 0;
}

static int is_named(SEXP symbol, const char *name) { return TYPEOF(symbol) == SYMSXP &&
  !strcmp(CHAR(PRINTNAME(symbol)), name); }

/* Functions that take names of variables as text */
static const char *const by_name[] = {"get", "get0", "mget", "exists", "dynGet", "as.name", "as.symbol", "sym",
  "syms", "parse", "str2lang", "str2expression", NULL};
/* Functions that take text as code */
static const char *const by_code[] = {"parse", "str2lang", "str2expression", NULL};
/* Functions that make formulas of text */
static const char *const by_formula[] = {"reformulate", "as.formula", "formula", "update", NULL};
/* Functions that read the command line, of packages too */
static const char *const by_command_line[] = {"commandArgs", "parse_args", "parse_args2", "docopt", "getopt", NULL};
/* Functions that take names of functions, and calls that make text */
static const char *const by_function[] = {"do.call", "match.fun", NULL};
static const char *const makes_text[] = {"paste", "paste0", "sprintf", "sub", "gsub", "format", "glue", "toupper",
  "tolower", "substr", "file.path", NULL};

static int is_dots(SEXP symbol) {
  const char *name = CHAR(PRINTNAME(symbol));
  return symbol == R_DotsSymbol || (name[0] == '.' && name[1] == '.' && name[2] >= '0' && name[2] <= '9');
}

static void scan_symbol(scanner *s, SEXP symbol, int kind) {
  if (symbol == R_MissingArg) return;
  if (is_one_of(symbol, by_name)) s->looks_up = 1;
  if (is_one_of(symbol, by_formula)) s->makes_formulas = 1;
  if (is_one_of(symbol, by_command_line)) s->r->reads_arguments = 1;
  /* what looks at the dots without naming them */
  if (is_dots(symbol) || is_named(symbol, "...length") || is_named(symbol, "...elt") || is_named(symbol, "...names")) {
    if (!is_bound(s, R_DotsSymbol)) reach_name(s->r, R_DotsSymbol, s->home, AS_VALUE);
    return;
  }
  if (!is_bound(s, symbol)) reach_name(s->r, symbol, s->home, kind);
}

/* .Generic is the name of the method's own generic. */
static int is_constant_text(SEXP x) {
  if (TYPEOF(x) == STRSXP || is_named(x, ".Generic")) return 1;
  if (TYPEOF(x) != LANGSXP || !is_named(CAR(x), "c")) return 0;
  for (SEXP p = CDR(x); p != R_NilValue; p = CDR(p))
    if (TYPEOF(CAR(p)) != STRSXP) return 0;
  return 1;
}

static SEXP parsed(SEXP text) {
  ParseStatus status;
  SEXP out = R_ParseVector(text, -1, &status, R_NilValue);
  return status == PARSE_OK ? out : R_NilValue;
}

/* get(x), parse(text = x): a constant says what is meant; anything else may be any variable. */
static void scan_lookup(scanner *s, SEXP call) {
  int is_code = is_one_of(CAR(call), by_code);
  SEXP text = CDR(call);
  for (SEXP p = CDR(call); is_code && p != R_NilValue; p = CDR(p))
    if (TAG(p) != R_NilValue && is_named(TAG(p), "text")) text = p;
  if (text == R_NilValue) return;
  if (!is_constant_text(CAR(text))) s->r->makes_names |= is_of_script(s->home);
  else if (is_code && TYPEOF(CAR(text)) == STRSXP) {
    SEXP code = PROTECT(parsed(CAR(text)));
    for (R_xlen_t i = 0; TYPEOF(code) == EXPRSXP && i < XLENGTH(code); i++) scan(s, VECTOR_ELT(code, i));
    UNPROTECT(1);
  }
}

static void scan_branch(scanner *s, SEXP code) {
  int before = s->bound.count;
  scan(s, code);
  s->bound.count = before;
}

static void scan_all(scanner *s, SEXP codes) {
  for (; codes != R_NilValue; codes = CDR(codes)) scan(s, CAR(codes));
}

static void scan_branches(scanner *s, SEXP codes) {
  for (; codes != R_NilValue; codes = CDR(codes)) scan_branch(s, CAR(codes));
}

/* What both ways set is set. */
static void scan_if(scanner *s, SEXP args) {
  scan(s, CAR(args));
  int before = s->bound.count;
  scan(s, CADR(args));
  int first = s->bound.count - before;
  SEXP *names = (SEXP *)R_alloc((size_t)first + 1, sizeof(SEXP));
  memcpy(names, s->bound.names + before, (size_t)first * sizeof(SEXP));
  s->bound.count = before;
  if (CDDR(args) == R_NilValue) return;
  scan(s, CADDR(args));
  int kept = before;
  for (int k = before; k < s->bound.count; k++)
    for (int j = 0; j < first; j++)
      if (names[j] == s->bound.names[k]) {
        s->bound.names[kept++] = names[j];
        break;
      }
  s->bound.count = kept;
}

static void scan_lambda(scanner *s, SEXP formals, SEXP body) {
  int before = s->bound.count;
  for (SEXP p = formals; p != R_NilValue; p = CDR(p)) bind(s, TAG(p));
  scan_branches(s, formals);
  scan(s, body);
  s->bound.count = before;
}

/* f(g(x), 1) <- v calls `f<-`, g and `g<-`, and reads x. */
static void scan_target(scanner *s, SEXP target, int is_local) {
  int is_call = TYPEOF(target) == LANGSXP;
  while (TYPEOF(target) == LANGSXP) {
    SEXP head = CAR(target);
    if (TYPEOF(head) == SYMSXP) {
      char name[512];
      snprintf(name, sizeof name, "%s<-", CHAR(PRINTNAME(head)));
      scan_symbol(s, install(name), AS_FUNCTION);
      scan_symbol(s, head, AS_FUNCTION);
    }
    if (!is_named(head, "$") && !is_named(head, "@")) scan_branches(s, CDDR(target));
    target = CADR(target);
  }
  if (TYPEOF(target) == STRSXP && XLENGTH(target) == 1) target = installTrChar(STRING_ELT(target, 0));
  if (TYPEOF(target) != SYMSXP) return;
  if (is_call) scan_symbol(s, target, AS_VALUE);
  if (is_local) bind(s, target);
}

/* Calls with rules of their own. 0: it is none of them. */
static int scan_special(scanner *s, const char *name, SEXP args) {
  if (!strcmp(name, "{") || !strcmp(name, "(")) scan_all(s, args);
  else if (!strcmp(name, "<-") || !strcmp(name, "=") || !strcmp(name, "<<-")) {
    scan(s, CADR(args));
    scan_target(s, CAR(args), name[1] != '<');
  } else if (!strcmp(name, "if")) scan_if(s, args);
  else if (!strcmp(name, "for")) {
    scan(s, CADR(args));
    bind(s, CAR(args));
    scan_branch(s, CADDR(args));
  } else if (!strcmp(name, "function")) scan_lambda(s, CAR(args), CADR(args));
  else if (!strcmp(name, "$") || !strcmp(name, "@")) {
    scan(s, CAR(args));
    if (TYPEOF(CADR(args)) == LANGSXP) scan_branch(s, CADR(args));
  } else return !strcmp(name, "::") || !strcmp(name, ":::") || !strcmp(name, "missing");
  return 1;
}

static void scan_call(scanner *s, SEXP call) {
  SEXP head = CAR(call);
  if (TYPEOF(head) != SYMSXP) {
    scan(s, head);
    scan_branches(s, CDR(call));
    return;
  }
  int is_own = is_bound(s, head);
  if (!is_own) scan_symbol(s, head, AS_FUNCTION);
  if (!is_own && CDR(call) != R_NilValue && scan_special(s, CHAR(PRINTNAME(head)), CDR(call))) return;
  scan_branches(s, CDR(call));
  if (is_one_of(head, by_name)) scan_lookup(s, call);
  SEXP first = CADR(call);
  if (!is_one_of(head, by_function) || TYPEOF(first) != LANGSXP || TYPEOF(CAR(first)) != SYMSXP) return;
  if (is_one_of(CAR(first), makes_text)) s->r->makes_names |= is_of_script(s->home);
}

static void scan(scanner *s, SEXP code) {
  R_CheckStack();
  switch (TYPEOF(code)) {
  case NILSXP: case LGLSXP: case INTSXP: case REALSXP: case CPLXSXP: case RAWSXP:
    if (ATTRIB(code) != R_NilValue && !Rf_inherits(code, "srcref")) reach_value(s->r, code);
    return;
  case SYMSXP: scan_symbol(s, code, AS_VALUE); return;
  case STRSXP:
    for (R_xlen_t i = 0; i < XLENGTH(code) && i < MOST_TEXTS; i++) stack_push(&s->texts, STRING_ELT(code, i));
    return;
  case LANGSXP: scan_call(s, code); return;
  case LISTSXP: scan_branches(s, code); return;
  case BCODESXP: scan(s, R_BytecodeExpr(code)); return;
  default: reach_value(s->r, code); /* a value that was put into the code */
  }
}

void reach_text(reach *r, SEXP text, SEXP home, int kind) {
  if (text == NA_STRING || !LENGTH(text) || LENGTH(text) > 200 || getCharCE(text) == CE_BYTES) return;
  reach_name(r, installTrChar(text), home, kind);
}

static int is_in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
    (unsigned char)c >= 0x80;
}

/* Each word of a formula as text ("y ~ log(x)", "y ~"), or of a piece of one, may be a variable. */
static void reach_words(scanner *s, SEXP text) {
  if (text == NA_STRING || LENGTH(text) > 200) return;
  for (const char *at = CHAR(text); *at;) {
    int length = 0;
    while (is_in_word(at[length])) length++;
    if (length) {
      SEXP word = PROTECT(mkCharLenCE(at, length, getCharCE(text)));
      reach_text(s->r, word, s->home, AS_NAME);
      UNPROTECT(1);
    }
    at += length ? length : 1;
  }
}

static void scan_texts(scanner *s) {
  for (int k = 0; k < s->texts.count; k++) {
    SEXP text = s->texts.names[k];
    reach_text(s->r, text, s->home, s->looks_up ? AS_NAME : AS_TEXT);
    if (s->makes_formulas || strchr(CHAR(text), '~')) reach_words(s, text);
  }
}

void scan_code(reach *r, SEXP code, SEXP home) {
  scanner s = {r, TYPEOF(home) == ENVSXP ? home : r->home, {0}, {0}, 0, 0};
  scan(&s, code);
  scan_texts(&s);
}

void scan_function(reach *r, SEXP formals, SEXP body, SEXP home) {
  scanner s = {r, home, {0}, {0}, 0, 0};
  scan_lambda(&s, formals, body);
  scan_texts(&s);
}

void scan_loop(reach *r, SEXP code, SEXP home, SEXP bound) {
  scanner s = {r, home, {0}, {0}, 0, 0};
  for (R_xlen_t i = 0; i < XLENGTH(bound); i++)
    if (LENGTH(STRING_ELT(bound, i))) bind(&s, installTrChar(STRING_ELT(bound, i)));
  scan(&s, code);
  scan_texts(&s);
}
