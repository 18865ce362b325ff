test_that("caches of packages are known by name, and settings about caches and last things are none", {
  is_cache_name <- foreachfleet:::is_cache_name
  for (name in c(".cache", "cache", "fontCache", "memo", "memoised", ".last", "last_plot", ".Last.value", "memos")) {
    expect_true(is_cache_name(name), label = name)
  }
  settings <- c("memory_limit", "memory_cache_size", "memoryLimit", "last_options", "lastOption", "cache_enabled",
                "cacheSize", "lasting", "blast", "useCache", "memorable")
  for (name in settings) expect_false(is_cache_name(name), label = name)
  expect_true(is_cache_name(c("state", "cache", "x1")))
  expect_false(is_cache_name(c("options", "cache")))
})
