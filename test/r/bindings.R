# Locked, active and delayed bindings: what a task may set, and what it finds. Run after probe.R.
library(R6)
said <- function(code) tryCatch(code, error = conditionMessage)
global <- globalenv()

# --- locked variables
fixed <- 1
by_name <- 5
large <- numeric(6e5) + 1
work <- function(x) x
for (name in c("fixed", "by_name", "large", "work")) lockBinding(name, global)
probe("a locked variable", foreach(i = 1:2) %run% said({ fixed <<- 5; fixed }))
probe("assign() to it", foreach(i = 1:2) %run% said({ assign("fixed", 5, envir = global); fixed }))
probe("is it locked?", foreach(i = 1:2) %run% c(bindingIsLocked("fixed", global), fixed))
probe("unlocked, set and locked", {
  all <- foreach(i = 1:2) %run% { unlockBinding("fixed", global); fixed <<- i; lockBinding("fixed", global); fixed }
  unlockBinding("fixed", global)
  fixed <<- 1
  lockBinding("fixed", global)
  all
})
probe("a locked function", foreach(i = 1:2) %run% said({ work <<- function(x) x + 1; work(i) }))
probe("large data", foreach(i = 1:2) %run% said({ large[1] <<- 4; large[1] }))
probe("a variable whose name code makes", foreach(i = 1:2) %run% {
  name <- paste0("by_", "name")
  list(said(assign(name, i, envir = global)), get(name))
})
set_in <- function(op) {
  `%run%` <- op
  z <- 1
  lockBinding("z", environment())
  foreach(i = 1:2) %run% list(said({ z <- 2; z }), said({ z[2] <- 2; z }), said({ assign("z", 3); z }))
}
probe("set where the loop is evaluated", set_in(`%run%`))
asked_in <- function(op, z) {
  `%run%` <- op
  force(z)
  lockBinding("z", environment())
  foreach(i = 1:2) %run% list(missing(z), said({ z <- 2; z }))
}
probe("a locked argument", asked_in(`%run%`, 3))
probe("a function's variable of that name", foreach(i = 1:2) %run% {
  g <- function() { fixed <- 3; fixed }
  c(g(), fixed)
})

# --- locked environments
closed <- list2env(list(a = 1, b = 2))
lockEnvironment(closed)
shut <- list2env(list(a = 1, b = 2))
lockEnvironment(shut, TRUE)
half <- list2env(list(a = 1, b = 2))
lockBinding("a", half)
probe("a new variable in a locked environment", foreach(i = 1:2) %run% said({ closed$c <- 1; ls(closed) }))
probe("an old one in it", { all <- foreach(i = 1:2) %run% said({ closed$a <- i; closed$a }); closed$a <- 1; all })
probe("one with all its variables locked", foreach(i = 1:2) %run% list(said({ shut$a <- i; shut$a }),
  environmentIsLocked(shut), bindingIsLocked("a", shut), bindingIsLocked("a", closed)))
probe("one locked variable", {
  all <- foreach(i = 1:2) %run% list(said({ half$a <- i; half$a }), said({ half$b <- i; half$b }))
  half$b <- 2
  all
})
outer_frame <- local({
  n <- 1
  lockEnvironment(environment(), TRUE)
  function(op) {
    `%run%` <- op
    place <- parent.env(environment())
    foreach(i = 1:2) %run% list(said({ n <<- 3; n }), said({ assign("new", 1, envir = place); "set" }))
  }
})
probe("a frame around the loop's", outer_frame(`%run%`))
counter <- local({ n <- 0; lockBinding("n", environment()); function() { n <<- n + 1; n } })
probe("a closure's variable", foreach(i = 1:2) %run% said(counter()))

# --- objects of classes
Point <- R6Class("Point", public = list(x = 1, get = function() self$x),
  active = list(double = function(v) if (missing(v)) self$x * 2 else self$x <- v / 2))
try_all <- function(point) list(said({ point$more <- 3; point$more }), said({ point$get <- function() 7; point$get() }),
  point$double, environmentIsLocked(point))
point <- Point$new()
probe("R6", foreach(i = 1:2) %run% try_all(point))
probe("R6 in the iterated list", foreach(one = list(point, Point$new())) %run% try_all(one))
probe("R6 as a result", lapply(foreach(i = 1:2) %run% Point$new(), try_all))
probe("R6 active fields", foreach(i = 1:2) %run% { q <- point$clone(); q$double <- i; c(q$x, q$double) })
Account <- setRefClass("Account", fields = list(v = "numeric", w = "numeric"))
Account$lock("v")
account <- Account$new(v = 1, w = 2)
set_both <- function(one) list(said({ one$v <- 5; one$v }), said({ one$w <- 9; one$w }))
probe("a locked field", { all <- foreach(i = 1:2) %run% set_both(account); account$w <- 2; all })
probe("a locked field of a result", lapply(foreach(i = 1:2) %run% Account$new(v = i, w = 1), set_both))

# --- active and delayed bindings
makeActiveBinding("answer", function() 42, global)
stored <- local({ kept <- 1; function(v) if (missing(v)) kept else kept <<- v })
makeActiveBinding("setting", stored, global)
probe("an active binding", foreach(i = 1:2) %run% list(answer + i, bindingIsActive("answer", global)))
probe("one that can be set", { setting <<- 1; foreach(i = 1:2) %run% { setting <<- i + 10; setting } })
watched <- new.env()
makeActiveBinding("size", function() length(ls(watched)), watched)
probe("one in an environment", foreach(i = 1:2) %run% { assign("n", 1, envir = watched); size <- watched$size
  rm("n", envir = watched); size })
probe("one in a frame", { g <- function(op) { `%run%` <- op; makeActiveBinding("y", function() 5, environment())
  foreach(i = 1:2) %run% (y + i) }; g(`%run%`) })
probe("one in a result", lapply(foreach(i = 1:2) %run% { e <- new.env(); makeActiveBinding("y", function() i, e); e },
  function(e) list(bindingIsActive("y", e), is.function(activeBindingFunction("y", e)))))
lockBinding("answer", global)
probe("a locked one", foreach(i = 1:2) %run% said({ answer <<- 5; answer }))
delayedAssign("lazy", 6 * 7)
delayedAssign("never", stop("evaluated"))
probe("a delayed one", foreach(i = 1:2) %run% (lazy + i))
probe("one that nobody evaluates", foreach(i = 1:2) %run% list(exists("never"), i))
probe("one that fails", suppressWarnings(foreach(i = 1:2) %run% said(never)))
delayed <- new.env()
delayedAssign("d", fixed * 2, assign.env = delayed)
probe("one in an environment", foreach(i = 1:2) %run% (delayed$d + i))

# --- source references
options(keep.source = TRUE)
commented <- eval(parse(text = "function(x) {\n  # a comment\n  x   +   1\n}", keep.source = TRUE))
probe("a function's own text", foreach(i = 1:2) %run% list(deparse(commented), capture.output(print(commented)),
  as.character(attr(commented, "srcref")), utils::getSrcLocation(commented)))
finish_probes()
