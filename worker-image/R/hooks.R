# Hooks that the script has set (setHook()) are those of its iterations. Packages set their own wherever they load.

script_hooks <- function() {
  all <- as.list(get(".userHooksEnv", envir = baseenv()), all.names = TRUE)
  is_own <- vapply(all, function(hooks) length(hooks) == 1L && inherits(hooks[[1]], "fleet_note"), NA) # nearly all
  found <- lapply(all[!is_own], function(hooks) Filter(is_hook_of_script, hooks))
  found <- found[lengths(found) > 0L]
  found[sort_names(names(found))]
}

is_hook_of_script <- function(hook) {
  is.function(hook) && !is.primitive(hook) && identical(topenv(environment(hook)), globalenv()) && can_travel(hook)
}

set_hooks <- function(hooks) for (name in names(hooks)) setHook(name, hooks[[name]])
