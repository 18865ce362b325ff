/* What the C files of the package share. */
#ifndef FOREACHFLEET_H
#define FOREACHFLEET_H
#include <stdint.h>
#include <R.h>
#include <Rinternals.h>

/* Where R looks names up after an environment. One that C code made, as igraph's, may have NULL around it, which R
 * takes for the end as well. */
static inline SEXP enclosure(SEXP env) {
  SEXP around = ENCLOS(env);
  return TYPEOF(around) == ENVSXP ? around : R_EmptyEnv;
}

int fleet_termination_requested(void);
void fleet_usage_forked(void);
void Rf_onintr(void);

SEXP fleet_connect(SEXP host, SEXP port, SEXP seconds);
SEXP fleet_pipeline(SEXP pointer, SEXP commands, SEXP as_raw, SEXP seconds, SEXP may_leave);
SEXP fleet_disconnect(SEXP pointer);
SEXP fleet_ignore_sigpipe(void);
SEXP fleet_catch_termination(SEXP on);
SEXP fleet_termination(void);
SEXP fleet_now(void);
SEXP fleet_write(SEXP fd, SEXP bytes);
SEXP fleet_mark_open(SEXP path);
SEXP fleet_mark(SEXP loop, SEXP iteration);
SEXP fleet_mark_loading(SEXP loop, SEXP iteration);
SEXP fleet_tell_loading(SEXP what);
SEXP fleet_unmark(void);
SEXP fleet_usage_begin(void);
SEXP fleet_usage(void);
SEXP fleet_hash(SEXP value, SEXP file_environments);
SEXP fleet_binding(SEXP env, SEXP symbol);
SEXP fleet_bindings(SEXP env, SEXP names);
SEXP fleet_keep_some(SEXP values, SEXP labels, R_xlen_t count);
SEXP fleet_close_foreign(SEXP value);
SEXP fleet_shares(SEXP value, SEXP others, SEXP levels);
SEXP fleet_holds_value(SEXP env, SEXP names);
SEXP fleet_holds_function(SEXP env, SEXP names);
SEXP fleet_copy_bindings(SEXP from, SEXP to, SEXP names);
SEXP fleet_holds_same(SEXP env, SEXP values, SEXP locked);
SEXP fleet_is_locked(SEXP env, SEXP names);
SEXP fleet_changed_environments(SEXP kept);
SEXP fleet_environments(SEXP values, SEXP own, SEXP most, SEXP longest);
SEXP fleet_newly_closed(SEXP kept);
SEXP fleet_package_environments(SEXP roots, SEXP known, SEXP most, SEXP longest);
SEXP fleet_values_to_keep(SEXP env, SEXP names);
SEXP fleet_package_variables(SEXP space, SEXP direct);
SEXP fleet_same_values(SEXP a, SEXP b);
SEXP fleet_sendable(SEXP value, SEXP own);
SEXP fleet_foreign_methods(SEXP table);
SEXP fleet_weight(SEXP value, SEXP levels, SEXP limit);
SEXP fleet_reach(SEXP code, SEXP values, SEXP levels, SEXP named, SEXP home, SEXP bound);
SEXP fleet_hash_file(SEXP path);
SEXP fleet_sum(SEXP bytes, SEXP algorithm);
SEXP fleet_sum_file(SEXP path, SEXP algorithm);
uint64_t fleet_digest(SEXP value, SEXP known_environments);
SEXP fleet_elements(SEXP containers, SEXP from, SEXP count, SEXP names);
SEXP fleet_digest_all(SEXP values, SEXP known_environments, SEXP digests, SEXP at);
SEXP fleet_key_texts(SEXP prefix, SEXP suffix, SEXP digests, SEXP positions);
SEXP fleet_same_keys(SEXP texts, SEXP prefix, SEXP digests, SEXP positions);
SEXP fleet_size(SEXP value);
SEXP fleet_digests(SEXP digests, SEXP positions);
SEXP fleet_columns(SEXP lines, SEXP kinds);
SEXP fleet_stream_seed(SEXP base, SEXP loop, SEXP iteration, SEXP words);
SEXP fleet_use_stream(SEXP base, SEXP code, SEXP loop, SEXP iteration);
SEXP fleet_dead_reference(SEXP value);
SEXP fleet_plain(SEXP value);
SEXP fleet_put(SEXP vector, SEXP index, SEXP value);
SEXP fleet_put_all(SEXP list, SEXP index, SEXP values);
SEXP fleet_set_arguments(SEXP arguments);
SEXP fleet_output_keep(SEXP path);
SEXP fleet_output_connection(void);
SEXP fleet_output_begin(SEXP loop, SEXP iteration);
SEXP fleet_output_reached(void);
SEXP fleet_output_add(SEXP text);
SEXP fleet_output_end(void);
SEXP fleet_environment(void);
SEXP fleet_options(SEXP options);
SEXP fleet_locale(void);
SEXP fleet_umask(SEXP mask);
SEXP fleet_devices(void);
SEXP fleet_search(void);
SEXP fleet_state_changed(SEXP state, SEXP options);
SEXP fleet_content(SEXP value);
SEXP fleet_same_object(SEXP a, SEXP b);
SEXP fleet_warn(SEXP call, SEXP text);
SEXP fleet_captured_frames(SEXP values, SEXP levels, SEXP limit, SEXP most);
SEXP fleet_large_variables(SEXP env, SEXP names, SEXP limit);
SEXP fleet_relink(SEXP value, SEXP frames);
SEXP fleet_threads(void);
SEXP fleet_parent(void);
SEXP fleet_fork(void);
SEXP fleet_forget_folder(void);
SEXP fleet_answer(SEXP file, SEXP bytes);
SEXP fleet_await(SEXP pid, SEXP file, SEXP forwards);
SEXP fleet_end(SEXP status);
#endif
