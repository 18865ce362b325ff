# ggplot2: plots as values, and files of plots written in tasks
library(ggplot2)

built <- function(plot) lapply(ggplot_build(plot)$data, as.list)

answer("plots as values", {
  plots <- foreach(g = split(iris, iris$Species)) %dopar%
    (ggplot(g, aes(Sepal.Length, Sepal.Width)) + geom_point() + labs(title = g$Species[1]))
  lapply(plots, function(p) list(class(p), p$labels$title, built(p)))
})
answer("a plot of the script, with a layer added in the task", {
  base <- ggplot(mtcars, aes(wt, mpg)) + geom_point()
  plots <- foreach(method = c("lm", "loess")) %dopar% (base + geom_smooth(method = method, formula = y ~ x, se = FALSE))
  lapply(plots, built)
})
answer("built in the task", {
  foreach(bins = c(5, 10)) %dopar% as.list(layer_data(ggplot(mtcars, aes(mpg)) + geom_histogram(bins = bins)))
})
answer("columns by name, with a theme that the script has set", {
  theme_set(theme_bw(base_size = 9))
  foreach(column = c("hp", "qsec")) %dopar% {
    plot <- ggplot(mtcars, aes(.data[[column]], mpg)) + geom_line() + facet_wrap(~cyl)
    list(as.list(layer_data(plot)), theme_get()$text$size)
  }
})
answer("files of plots, as bytes", {
  sizes <- foreach(width = c(3, 5), .combine = c) %dopar% {
    file <- tempfile(fileext = ".pdf")
    ggsave(file, ggplot(mtcars, aes(wt, mpg)) + geom_point(), width = width, height = 3)
    length(grep("^%%EOF", readLines(file, warn = FALSE)))
  }
  sizes
})
answer("a geom and a theme function of the script", {
  GeomMine <- ggproto("GeomMine", GeomPoint, default_aes = aes(shape = 17, colour = "red", size = 3, fill = NA,
    alpha = NA, stroke = 0.5))
  geom_mine <- function(...) layer(geom = GeomMine, stat = "identity", position = "identity", params = list(...))
  foreach(k = 1:2) %dopar% as.list(layer_data(ggplot(head(mtcars, k), aes(wt, mpg)) + geom_mine()))
})
