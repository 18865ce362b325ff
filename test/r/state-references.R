# Members for state.R: data tables, which a task changes by reference.
table <- function() data.table::data.table(x = 1:3, g = c("b", "a", "b"), y = c(0.5, 1, 2))
member("a column that is replaced", {
  DT[, x := x + 1L]
  sum(DT$x)
}, DT = table(), packages = "data.table")
member("cells, new columns, names, order, keys", {
  set(DT, 2L, "y", i * 100)
  DT[g == "b", y := -1]
  DT[, new := i]
  setnames(DT, "x", paste0("x", i))
  setkey(DT, g)
  found <- list(dim(DT), key(DT), DT$y[1] == 300 || i != 3)
  setattr(DT, "mine", i)
  DT[, g := NULL]
  found
}, DT = table(), packages = "data.table")
member("what was there before", {
  found <- list(names(DT), DT$y, key(DT), attr(DT, "mine"), DT$g)
  set(DT, 1L, "y", 99)
  setnames(DT, toupper(names(DT)))
  setattr(DT, "mine", 1)
  setorder(DT, -Y)
  found
}, DT = table(), packages = "data.table")
member("tables in lists and environments", {
  found <- list(L$a$b$x, names(L$a$b), E$DT$x, f())
  L$a$b[, x := 0L]
  setnames(L$a$b, "y", "z")
  E$DT[2, x := 77L]
  f(TRUE)
  found
}, L = list(a = list(b = table())), E = list2env(list(DT = table())),
f = local({ own <- table(); function(change = FALSE) { if (change) data.table::set(own, 1L, "x", 55L); own$x } }),
packages = "data.table")
member("a data frame made a table", {
  found <- list(class(DF), DF$a)
  setDT(DF)
  DF[2, a := 9L]
  set(DF, 1L, "a", 8L)
  found
}, DF = data.frame(a = 1:3, b = letters[1:3]), packages = "data.table")
member("data.table without .packages", {
  data.table::set(DF, 1L, "a", DF$a[1] + 1L)
  DF$a
}, DF = data.frame(a = 1:3))
member("names and cells of plain values", {
  found <- list(names(V), attr(V, "unit"), L$b, names(L))
  data.table::setattr(V, "names", c("a", "b", "c"))
  data.table::setattr(V, "unit", "m")
  data.table::setattr(L, "names", c("x", "y"))
  found
}, V = c(1, 2, 3), L = list(a = 1, b = 2))
member("a table beside an environment that others have, too", {
  found <- list(L$table$x, L$env$n, E$n)
  L$table[, x := 0L]
  L$env$n <- 5
  c(found, E$n)
}, L = local({ shared <- list2env(list(n = 1)); list(table = table(), env = shared) }), E = list2env(list(n = 1)),
packages = "data.table")
