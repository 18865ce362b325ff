# A loop as the driver has it when it begins
begun <- function(obj) {
  ns <- asNamespace("foreachfleet")
  fleet <- list2env(list(run = "run", key_suffix = "~7", data = list(), data_hashes = character(), described_bytes = 0))
  ns$new_loop(fleet, 1, iterators::iter(obj), obj, quote(i), globalenv(),
              list(timezone = "UTC", locale = "C"))
}
