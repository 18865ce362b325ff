# Members for setting.R: options, environment, locale, packages, folder.
model <- data.frame(y = c(1, 3, 2, 5, 4, 9), g = gl(3, 2))
setting("contrasts", options(contrasts = c("contr.sum", "contr.poly")), coef(lm(y ~ g, model)))
setting("digits and OutDec", options(digits = 3, OutDec = ",", scipen = -5),
        c(format(pi * 1000), toString(1 / 3), capture.output(print(pi))))
setting("na.action", options(na.action = "na.exclude"), residuals(lm(y ~ x, data.frame(y = c(1, 2, NA, 4), x = 1:4))))
setting("na.action as a function", options(na.action = na.exclude),
        residuals(lm(y ~ x, data.frame(y = c(1, 2, NA, 4), x = 1:4))))
setting("warn", options(warn = 2), tryCatch({ as.integer("x"); "no error" }, error = function(e) conditionMessage(e)))
setting("options of one's own", options(my.own = list(a = 1, b = "x"), width = 40),
        list(getOption("my.own"), capture.output(print(1:30)), getOption("never.set", "unset")))
setting("width", options(width = 40), capture.output(print(1:30)))
setting("an option that is taken away", options(ts.eps = NULL), getOption("ts.eps", "gone"))
setting("strings as factors", suppressWarnings(options(stringsAsFactors = TRUE)), getOption("stringsAsFactors"))
setting("expressions and encoding", options(expressions = 1000, encoding = "latin1"),
        c(getOption("expressions"), getOption("encoding")))
setting("str", options(str = strOptions(vec.len = 1)), capture.output(str(1:20)))
setting("environment variables", Sys.setenv(MY_OWN = "1", MY_EMPTY = ""),
        Sys.getenv(c("MY_OWN", "MY_EMPTY", "MY_NONE"), NA))
setting("no variable of the loop before", NULL, Sys.getenv(c("MY_OWN", "MY_EMPTY"), NA))
setting("time zone", Sys.setenv(TZ = "Asia/Tokyo"), format(as.POSIXct(0, origin = "1970-01-01"), "%H:%M %Z"))
setting("no time zone of the loop before", NULL,
        c(format(as.POSIXct(0, origin = "1970-01-01"), "%H:%M %Z"), Sys.getenv("TZ", NA)))
setting("locale", Sys.setlocale("LC_COLLATE", "POSIX"), list(sort(c("b", "A", "a", "B")), Sys.getlocale("LC_COLLATE")))
setting("random number generator", RNGkind("Wichmann-Hill", "Box-Muller", "Rounding"), RNGkind(),
        RNGkind("default", "default", "default"))
setting("attached packages", { library(MASS); library(splines) }, list(search()[-1], exists("huber")))
setting("their order", { library(splines); library(MASS) }, search()[-1])
setting("none of the loop before", NULL, list(search()[-1], exists("huber")))
setting("a package that is detached", detach("package:datasets"), list(search()[-1], exists("mtcars")),
        attachNamespace("datasets", pos = length(search()) - 2L))
setting("working directory",
        { dir.create(file.path(tempdir(), "data")); setwd(file.path(tempdir(), "data")); writeLines("x", "here.txt") },
        list(basename(getwd()), readLines("here.txt")))
setting("the options of a package", { library(data.table); options(datatable.print.nrows = 3) },
        list(getOption("datatable.print.nrows"), capture.output(print(data.table(a = 1:10)))))
setting("what a task changes", options(digits = 4, my.own = 2),
        { found <- list(getOption("digits"), getOption("my.own")); found })
