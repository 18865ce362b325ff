/* Registration of the C routines. */
#include <R_ext/Rdynload.h>
#include "fleet.h"

#define ROUTINE(name, arguments) {#name, (DL_FUNC)&name, arguments}

static const R_CallMethodDef routines[] = {
    ROUTINE(fleet_connect, 3), ROUTINE(fleet_pipeline, 5), ROUTINE(fleet_disconnect, 1),
    ROUTINE(fleet_ignore_sigpipe, 0), ROUTINE(fleet_catch_termination, 1), ROUTINE(fleet_termination, 0),
    ROUTINE(fleet_now, 0), ROUTINE(fleet_write, 2), ROUTINE(fleet_mark_open, 1), ROUTINE(fleet_mark, 2),
    ROUTINE(fleet_mark_loading, 2), ROUTINE(fleet_tell_loading, 1),
    ROUTINE(fleet_unmark, 0), ROUTINE(fleet_usage_begin, 0), ROUTINE(fleet_usage, 0), ROUTINE(fleet_hash, 2),
    ROUTINE(fleet_hash_file, 1), ROUTINE(fleet_sum, 2), ROUTINE(fleet_sum_file, 2), ROUTINE(fleet_stream_seed, 4),
    ROUTINE(fleet_use_stream, 4), ROUTINE(fleet_dead_reference, 1), ROUTINE(fleet_plain, 1), ROUTINE(fleet_put, 3),
    ROUTINE(fleet_set_arguments, 1), ROUTINE(fleet_output_connection, 0), ROUTINE(fleet_output_begin, 2),
    ROUTINE(fleet_output_reached, 0), ROUTINE(fleet_output_add, 1), ROUTINE(fleet_output_end, 0),
    ROUTINE(fleet_output_keep, 1), ROUTINE(fleet_holds_value, 2), ROUTINE(fleet_holds_function, 2),
    ROUTINE(fleet_copy_bindings, 3), ROUTINE(fleet_bindings, 2), ROUTINE(fleet_shares, 3),
    ROUTINE(fleet_close_foreign, 1), ROUTINE(fleet_reach, 6), ROUTINE(fleet_holds_same, 3),
    ROUTINE(fleet_changed_environments, 1), ROUTINE(fleet_environments, 4), ROUTINE(fleet_package_environments, 4),
    ROUTINE(fleet_values_to_keep, 2), ROUTINE(fleet_package_variables, 2), ROUTINE(fleet_sendable, 2),
    ROUTINE(fleet_same_values, 2), ROUTINE(fleet_foreign_methods, 1), ROUTINE(fleet_weight, 3),
    ROUTINE(fleet_elements, 4), ROUTINE(fleet_digest_all, 4), ROUTINE(fleet_key_texts, 4),
    ROUTINE(fleet_same_keys, 4), ROUTINE(fleet_columns, 2), ROUTINE(fleet_put_all, 3), ROUTINE(fleet_digests, 2),
    ROUTINE(fleet_size, 1), ROUTINE(fleet_environment, 0), ROUTINE(fleet_options, 1), ROUTINE(fleet_locale, 0),
    ROUTINE(fleet_umask, 1), ROUTINE(fleet_devices, 0), ROUTINE(fleet_search, 0), ROUTINE(fleet_state_changed, 2),
    ROUTINE(fleet_content, 1), ROUTINE(fleet_same_object, 2), ROUTINE(fleet_warn, 2),
    ROUTINE(fleet_captured_frames, 4), ROUTINE(fleet_large_variables, 3), ROUTINE(fleet_relink, 2),
    ROUTINE(fleet_threads, 0), ROUTINE(fleet_parent, 0), ROUTINE(fleet_fork, 0), ROUTINE(fleet_forget_folder, 0),
    ROUTINE(fleet_answer, 2), ROUTINE(fleet_await, 3), ROUTINE(fleet_end, 1),
    ROUTINE(fleet_is_locked, 2), ROUTINE(fleet_newly_closed, 1), {NULL, NULL, 0}};

void R_init_foreachfleet(DllInfo *dll) {
  R_registerRoutines(dll, NULL, routines, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
}
