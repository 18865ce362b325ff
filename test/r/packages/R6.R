# R6: classes of the script with inheritance, active fields, methods that use functions of the script
library(R6)

half <- function(x) x / 2
Account <- R6Class("Account",
  public = list(
    total = 0,
    initialize = function(total = 0) self$total <- total,
    add = function(v) { self$total <- self$total + half(v); invisible(self) }
  ),
  private = list(secret = 7),
  active = list(double = function() self$total * 2 + private$secret))
Savings <- R6Class("Savings", inherit = Account, public = list(add = function(v) { super$add(v * 3); invisible(self) }))

answer("objects made in the task", foreach(i = 1:3, .combine = c) %dopar% Account$new(i)$add(10)$double)
answer("objects of a class that inherits", foreach(i = 1:3, .combine = c) %dopar% Savings$new(i)$add(2)$add(4)$total)
answer("an object of the script begins each iteration as it was", {
  shared <- Savings$new(100)
  foreach(i = 1:4, .combine = c) %dopar% { mine <- shared$clone(); mine$add(i); mine$total }
})
answer("objects as values keep their methods", {
  back <- foreach(i = 1:2) %dopar% Savings$new(i)
  vapply(back, function(one) one$add(2)$double, 0)
})
answer("objects as arguments", {
  foreach(one = list(Account$new(1), Savings$new(2)), .combine = c) %dopar% c(one$total, inherits(one, "Savings"))
})
answer("a class made in the task", {
  foreach(i = 1:2, .combine = c) %dopar% R6Class("T", public = list(v = i, get = function() self$v))$new()$get()
})
answer("format and print methods of a class", {
  Named <- R6Class("Named", public = list(name = "x", print = function(...) cat("<", self$name, ">\n", sep = "")))
  foreach(i = 1:2) %dopar% capture.output(print(Named$new()))
})
