/* What can be reached from the code of a loop: which variables of the loop's own frames, of the global environment and
 * of attached data its iterations may read. It looks through functions, too, whoever holds these.
 *
 * Code is read by scan.c, which says what it mentions without having set it itself. Here names become values, values
 * are entered, and so on until nothing new is found. Nothing is evaluated. It errs to the side of too much.
 */
#include "growing.h"
#include "reach.h"

static void push(reach *r, SEXP x, int origin, int is_aside) {
  r->todo = with_room(r->todo, r->todo_count, &r->todo_room, sizeof(reach_item));
  r->todo[r->todo_count++] = (reach_item){x, origin, is_aside};
}

static int level_of(reach *r, SEXP env) {
  for (int k = 0; k < r->level_count; k++)
    if (VECTOR_ELT(r->levels, k) == env) return k;
  return -1;
}

static int of_package(SEXP env) {
  return env == R_BaseEnv || env == R_BaseNamespace || R_IsNamespaceEnv(env) || R_IsPackageEnv(env);
}

/* Promises that are not evaluated may be functions. */
static int may_be_function(SEXP value) {
  if (TYPEOF(value) == PROMSXP) {
    if (PRVALUE(value) == R_UnboundValue) return 1;
    value = PRVALUE(value);
  }
  return TYPEOF(value) == CLOSXP || TYPEOF(value) == BUILTINSXP || TYPEOF(value) == SPECIALSXP;
}

/* A variable of a level is used: it is noted, and what it holds is entered. */
static void use(reach *r, int level, SEXP symbol, SEXP value, int is_aside) {
  int known = pointer_meet(&r->used[level], symbol);
  if (known >= 0) return;
  int origin = r->origin_count++;
  if (origin < MOST_ORIGINS) r->origins[origin] = symbol;
  push(r, value, origin, is_aside);
}

/* As R looks a name up. Of strings that only may be names, data count where the code around looks things up by name. */
void reach_name(reach *r, SEXP symbol, SEXP home, int kind) {
  for (SEXP env = home; env != R_EmptyEnv; env = enclosure(env)) {
    if (!R_existsVarInFrame(env, symbol)) continue;
    int level = level_of(r, env);
    if (level < 0 && of_package(env)) return;
    SEXP value = fleet_binding(env, symbol);
    if ((kind == AS_FUNCTION || kind == AS_TEXT) && !may_be_function(value)) continue;
    if (level >= 0) use(r, level, symbol, value, r->is_aside);
    else push(r, value, r->origin, r->is_aside);
    return;
  }
}

void reach_value(reach *r, SEXP value) { push(r, value, r->origin, r->is_aside); }

/* Code of packages, and what it made, looks names up where the script's are not. */
int is_of_script(SEXP home) {
  for (SEXP env = home; env != R_EmptyEnv; env = enclosure(env)) {
    if (env == R_GlobalEnv) return 1;
    if (of_package(env)) return 0;
  }
  return 0;
}

/* In the text that data hold, short vectors may be names of functions. */
static void enter_text(reach *r, SEXP x) {
  if (XLENGTH(x) > MOST_TEXTS) return;
  for (R_xlen_t i = 0; i < XLENGTH(x); i++) reach_text(r, STRING_ELT(x, i), r->home, AS_TEXT);
}

static void note_pointer(reach *r) {
  if (r->is_aside || r->origin < 0 || r->origin >= MOST_ORIGINS) return;
  for (int k = 0; k < r->dead_count; k++)
    if (r->dead[k] == r->origin) return;
  if (r->dead_count < MOST_DEAD) r->dead[r->dead_count++] = r->origin;
}

static int is_open_connection(SEXP x) {
  return TYPEOF(x) == INTSXP && Rf_inherits(x, "connection") && XLENGTH(x) == 1 && INTEGER_ELT(x, 0) > 2;
}

/* A pointer beside the bytes that it was made from is made again from them by its package. */
static void enter_list(reach *r, SEXP x) {
  int has_bytes = 0;
  for (R_xlen_t i = 0; i < XLENGTH(x); i++) has_bytes |= TYPEOF(VECTOR_ELT(x, i)) == RAWSXP;
  for (R_xlen_t i = 0; i < XLENGTH(x); i++) {
    SEXP element = VECTOR_ELT(x, i);
    if (TYPEOF(element) == EXTPTRSXP && has_bytes) continue;
    int is_text = TYPEOF(element) == STRSXP && XLENGTH(x) <= MOST_TEXTS;
    if (isVectorAtomic(element) && ATTRIB(element) == R_NilValue && !is_text) continue;
    reach_value(r, element);
  }
}

static void enter_environment(reach *r, SEXP env) {
  if (env == R_GlobalEnv || env == R_EmptyEnv || of_package(env)) return;
  int level = level_of(r, env);
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    SEXP symbol = installTrChar(STRING_ELT(names, i));
    if (!R_existsVarInFrame(env, symbol)) continue;
    SEXP value = fleet_binding(env, symbol);
    if (level >= 0) use(r, level, symbol, value, r->is_aside);
    else reach_value(r, value);
  }
  UNPROTECT(1);
}

/* Functions of packages are on workers; what a function of a package has made is entered. */
static void enter_closure(reach *r, SEXP f) {
  if (of_package(CLOENV(f))) return;
  SEXP body = PROTECT(R_ClosureExpr(f));
  scan_function(r, FORMALS(f), body, CLOENV(f));
  UNPROTECT(1);
}

/* Is it an object whose class a package defines, and has fields (a reference class)? Its package knows that a pointer
 * in a field may have come from elsewhere, and makes it again (lme4). */
static int is_renewed(SEXP x, const char *attribute) {
  if (TYPEOF(x) != S4SXP || strcmp(attribute, ".xData")) return 0;
  SEXP package = getAttrib(getAttrib(x, R_ClassSymbol), install("package"));
  return TYPEOF(package) == STRSXP && XLENGTH(package) == 1 && strcmp(CHAR(STRING_ELT(package, 0)), ".GlobalEnv");
}

/* Attributes of data often point at memory for speed only (data.table); the frame in which a formula was made is there
 * for its variables, which its text names. */
static void enter_attributes(reach *r, SEXP x) {
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) {
    SEXP value = CAR(a);
    const char *name = CHAR(PRINTNAME(TAG(a)));
    if (!strcmp(name, "srcref") || !strcmp(name, "srcfile") || !strcmp(name, "wholeSrcref") ||
      !strcmp(name, "versionKey")) continue;
    if (!strcmp(name, "names") || !strcmp(name, "class") || !strcmp(name, "levels") ||
      !strcmp(name, "row.names")) continue;
    if (!strcmp(name, ".Environment") && level_of(r, value) >= 0) continue;
    push(r, value, r->origin, r->is_aside || TYPEOF(x) != S4SXP || is_renewed(x, name));
  }
}

static void enter(reach *r, SEXP x) {
  if (is_open_connection(x)) note_pointer(r);
  switch (TYPEOF(x)) {
  case NILSXP: case CHARSXP: case LGLSXP: case INTSXP: case REALSXP: case CPLXSXP: case RAWSXP: break;
  case STRSXP: enter_text(r, x); break;
  case SYMSXP: case LANGSXP: scan_code(r, x, r->home); break;
  case VECSXP: case EXPRSXP: enter_list(r, x); break;
  case LISTSXP: case DOTSXP:
    for (SEXP p = x; p != R_NilValue; p = CDR(p)) reach_value(r, CAR(p));
    break;
  case CLOSXP: enter_closure(r, x); break;
  case ENVSXP: enter_environment(r, x); break;
  case PROMSXP:
    if (PRVALUE(x) != R_UnboundValue) reach_value(r, PRVALUE(x));
    else scan_code(r, R_PromiseExpr(x), PRENV(x));
    break;
  case BCODESXP: reach_value(r, R_BytecodeExpr(x)); break;
  case EXTPTRSXP: case WEAKREFSXP: note_pointer(r); break;
  default: break;
  }
  if (TYPEOF(x) != CHARSXP && TYPEOF(x) != SYMSXP && ATTRIB(x) != R_NilValue) enter_attributes(r, x);
}

static void run(reach *r) {
  while (r->todo_count) {
    reach_item item = r->todo[--r->todo_count];
    if (TYPEOF(item.value) != SYMSXP && item.value != R_NilValue && pointer_meet(&r->seen, item.value) >= 0) continue;
    r->origin = item.origin;
    r->is_aside = item.is_aside;
    enter(r, item.value);
  }
}

static SEXP names_of(pointer_table *table) {
  SEXP out = PROTECT(allocVector(STRSXP, table->count));
  for (size_t k = 0; k < table->room; k++)
    if (table->keys[k]) SET_STRING_ELT(out, table->numbers[k], PRINTNAME(table->keys[k]));
  UNPROTECT(1);
  return out;
}

static SEXP dead_names(reach *r) {
  SEXP out = PROTECT(allocVector(STRSXP, r->dead_count));
  for (int k = 0; k < r->dead_count; k++) SET_STRING_ELT(out, k, PRINTNAME(r->origins[r->dead[k]]));
  UNPROTECT(1);
  return out;
}

/* code: the loop's expression; values: what is reached besides; named: for each level the names that are used in any
 * case. levels: the loop's frames from the inside, the global environment, attached data. home: the innermost. bound:
 * names that each iteration has of its own. Returns the names by level, whether code looks up names that it makes,
 * the variables that hold what cannot leave its process, and whether code reads the command line. */
SEXP fleet_reach(SEXP code, SEXP values, SEXP levels, SEXP named, SEXP home, SEXP bound) {
  reach *r = (reach *)R_alloc(1, sizeof(reach));
  memset(r, 0, sizeof *r);
  r->levels = levels;
  r->level_count = LENGTH(levels);
  r->home = home;
  r->origin = -1;
  r->used = (pointer_table *)R_alloc((size_t)r->level_count, sizeof(pointer_table));
  memset(r->used, 0, (size_t)r->level_count * sizeof(pointer_table));
  scan_loop(r, code, home, bound);
  for (R_xlen_t i = 0; i < XLENGTH(values); i++) reach_value(r, VECTOR_ELT(values, i));
  for (int k = 0; k < r->level_count; k++)
    for (R_xlen_t i = 0; i < XLENGTH(VECTOR_ELT(named, k)); i++) {
      SEXP symbol = installTrChar(STRING_ELT(VECTOR_ELT(named, k), i)), env = VECTOR_ELT(levels, k);
      if (R_existsVarInFrame(env, symbol)) use(r, k, symbol, fleet_binding(env, symbol), 0);
    }
  run(r);
  SEXP used = PROTECT(allocVector(VECSXP, r->level_count));
  for (int k = 0; k < r->level_count; k++) SET_VECTOR_ELT(used, k, names_of(&r->used[k]));
  SEXP out = PROTECT(allocVector(VECSXP, 4));
  SET_VECTOR_ELT(out, 0, used);
  SET_VECTOR_ELT(out, 1, ScalarLogical(r->makes_names));
  SET_VECTOR_ELT(out, 2, dead_names(r));
  SET_VECTOR_ELT(out, 3, ScalarLogical(r->reads_arguments));
  UNPROTECT(2);
  return out;
}
