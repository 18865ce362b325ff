# Members for setting.R: what a script's calls change inside packages.
suppressPackageStartupMessages({
  library(ggplot2)
  library(lattice)
})
setting("a theme of ggplot2", theme_set(theme_bw(base_size = 9)),
        list(theme_get()$text$size, theme_get()$panel.background$fill), theme_set(theme_gray()))
setting("no theme of the loop before", NULL, theme_get()$text$size)
setting("part of a theme", theme_update(text = element_text(size = 5)), theme_get()$text$size, theme_set(theme_gray()))
setting("defaults of a geom", update_geom_defaults("point", list(colour = "red")),
        layer_data(ggplot(mtcars, aes(wt, mpg)) + geom_point())$colour,
        update_geom_defaults("point", list(colour = "black")))
setting("options of lattice", lattice.options(default.args = list(as.table = TRUE)),
        lattice.getOption("default.args")$as.table, lattice.options(default.args = list(as.table = NULL)))
setting("settings of lattice for a device", {
  pdf(NULL)
  trellis.par.set(plot.symbol = list(pch = 17))
}, { pdf(NULL)
  trellis.par.get("plot.symbol")$pch }, dev.off())
setting("options of knitr", knitr::opts_chunk$set(echo = FALSE, mine = 3),
        list(knitr::opts_chunk$get("echo"), knitr::opts_chunk$get("mine")), knitr::opts_chunk$restore())
setting("a hook of knitr, a function of the script", {
  shout <- function(x, options) toupper(x)
  knitr::knit_hooks$set(output = function(x, options) shout(x))
}, knitr::knit_hooks$get("output")("said", list()), knitr::knit_hooks$restore())
setting("defaults of a device", pdf.options(width = 3), {
  file <- tempfile()
  pdf(file)
  plot(1)
  dev.off()
  grep("MediaBox", readLines(file, warn = FALSE), value = TRUE)
}, pdf.options(reset = TRUE))
setting("palette", palette("Set 1"), palette(), palette("default"))
setting("no palette of the loop before", NULL, palette())
setting("a function of a package that is replaced", assignInNamespace("fractions", function(x, ...) 42, "MASS"),
        c(MASS::fractions(0.5), MASS::rational(0.5)))
setting("one that others of the package call", assignInNamespace(".rat", function(x, ...) list(rat = x + 1), "MASS"),
        MASS::rational(c(0.5, 0.25)))
setting("a function on the search path", {
  unlockBinding("var", as.environment("package:stats"))
  assign("var", function(...) "mine", as.environment("package:stats"))
}, list(var(1:3), stats::sd(1:3)), assign("var", stats::var, as.environment("package:stats")))
setting("a function of base", {
  unlockBinding("nlevels", baseenv())
  kept <- nlevels
  assign("nlevels", function(x) -1L, baseenv())
}, nlevels(factor("a")), assign("nlevels", kept, baseenv()))
setting("trace()", suppressMessages(trace("mad", quote(cat("traced\n")), print = FALSE)), capture.output(mad(1:3)),
        suppressMessages(untrace("mad")))
setting("a registered method", registerS3method("format", "Date", function(x, ...) "a date"),
        format(as.Date("2026-01-02")), registerS3method("format", "Date", base::format.Date))
setting("none of the loop before", NULL, list(nlevels(factor("a")), capture.output(mad(1:3)), var(1:3),
  knitr::opts_chunk$get("echo"), format(as.Date("2026-01-02"))))

if (requireNamespace("stringi", quietly = TRUE)) {
  first <- stringi::stri_locale_get()
  setting("the locale of stringi, which C code keeps", suppressMessages(stringi::stri_locale_set("tr_TR")),
          list(stringi::stri_locale_get(), stringi::stri_trans_toupper("i")),
          suppressMessages(stringi::stri_locale_set(first)))
  setting("none of the loop before", NULL, stringi::stri_trans_toupper("i"))
}
if (requireNamespace("data.table", quietly = TRUE)) {
  setting("rounding of data.table", data.table::setNumericRounding(2L),
          nrow(unique(data.table::data.table(v = c(1, 1 + 1e-12)))), data.table::setNumericRounding(0L))
}

# a task that changes it anew: the next one finds the script's
theme_set(theme_bw(base_size = 9))
sizes <- foreach(i = 1:4, .combine = c) %dopar% {
  found <- theme_get()$text$size
  theme_set(theme_gray(base_size = i))
  update_geom_defaults("line", list(colour = "blue"))
  found
}
if (!identical(sizes, rep(9, 4))) stop("what a task changes inside a package: ", toString(sizes))
