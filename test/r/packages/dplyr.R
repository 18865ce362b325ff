# dplyr, tidyr, purrr: data masks, quosures and grouped tables in loops
suppressPackageStartupMessages({
  library(dplyr)
  library(tidyr)
  library(purrr)
})

answer("a group in each iteration", {
  foreach(k = c(4, 6, 8), .combine = bind_rows, .packages = "dplyr") %dopar% {
    mtcars %>% filter(cyl == k) %>% summarise(cyl = first(cyl), across(c(mpg, hp), mean), n = n())
  }
})
answer("columns by name through .data and embracing", {
  averages <- function(data, by, what) data %>% group_by({{ by }}) %>% summarise(m = mean({{ what }}), .groups = "drop")
  foreach(column = c("mpg", "wt")) %dopar% list(averages(mtcars, cyl, hp), summarise(mtcars, m = mean(.data[[column]])))
})
answer("group_split as arguments, list columns as values", {
  foreach(part = group_split(mtcars, cyl), .combine = rbind) %dopar% tibble(cyl = part$cyl[1], data = list(part[1:2, ]))
})
answer("grouped tables as values", {
  foreach(k = 1:2) %dopar% group_by(head(mtcars, k + 2), gear)
})
answer("nested models", {
  nested <- nest(as_tibble(iris), data = -Species)
  foreach(d = nested$data, species = nested$Species, .combine = bind_rows) %dopar% {
    fit <- lm(Sepal.Length ~ Petal.Width, d)
    tibble(species = species, term = names(coef(fit)), estimate = unname(coef(fit)))
  }
})
answer("pivots and joins", {
  keys <- tibble(cyl = c(4, 6), label = c("four", "six"))
  foreach(join = list(left_join, inner_join)) %dopar% {
    join(mtcars, keys, by = "cyl") %>% count(label, gear) %>% pivot_wider(names_from = gear, values_from = n)
  }
})
answer("purrr inside, with formulas and partial functions", {
  scale_by <- partial(`*`, 3)
  foreach(k = 1:3) %dopar% map_dbl(seq_len(k), ~ scale_by(.x) + k)
})
answer("quosures of the script", {
  condition <- quo(mpg > 20)
  foreach(k = c(4, 6)) %dopar% nrow(filter(mtcars, cyl == k, !!condition))
})
answer("a pipeline saved as a function", {
  clean <- . %>% filter(!is.na(Ozone)) %>% pull(Ozone) %>% mean()
  foreach(month = 5:7, .combine = c) %dopar% clean(filter(airquality, Month == month))
})
answer("dates, factors and strings in tibbles", {
  t <- tibble(d = as.Date("2024-01-01") + 0:2, f = factor(c("b", "a", "b")), s = c("\u00e9", "z", NA))
  foreach(i = 1:3) %dopar% slice(t, i)
})
