# data.table: tables exported, changed in tasks, joined, and as values
library(data.table)

answer("groups of an exported table", {
  dt <- as.data.table(mtcars, keep.rownames = "car")
  foreach(k = c(4, 6, 8), .combine = rbind) %dopar% dt[cyl == k, .(cyl = k, n = .N, mpg = mean(mpg))]
})
answer("a column added by reference in each iteration", {
  counted <- data.table(x = 1:3)
  foreach(i = 1:8, .combine = c) %dopar% { local <- copy(counted); local[, x := x + i]; sum(local$x) }
})
answer("tables that have keys, joined in the task", {
  left <- data.table(id = 1:6, a = letters[1:6], key = "id")
  right <- data.table(id = c(2L, 4L, 9L), b = 10:12, key = "id")
  foreach(k = 1:2) %dopar% {
    joined <- left[right, nomatch = if (k == 1) NULL else NA]
    list(key(joined), as.list(joined))
  }
})
answer("rbindlist as .combine", {
  foreach(i = 1:3, .combine = function(...) rbindlist(list(...)), .multicombine = TRUE) %dopar% data.table(i, sq = i^2)
})
answer("a returned table takes := afterwards", {
  back <- foreach(i = 1:2) %dopar% data.table(i = i)
  back[[1]][, twice := i * 2]
  back
})
answer("dcast and melt", {
  long <- melt(as.data.table(iris), id.vars = "Species")
  foreach(f = list(mean, sd)) %dopar% as.list(dcast(long, Species ~ variable, fun.aggregate = f))
})
answer("chunks of rows by an iterator, a function by name", {
  dt <- data.table(g = rep(1:4, each = 5), v = 1:20)
  foreach(part = split(dt, by = "g"), .combine = c) %dopar% part[, lapply(.SD, "sum"), .SDcols = "v"]$v
})
answer("fread and fwrite in a temporary file", {
  foreach(i = 1:2, .combine = c) %dopar% {
    file <- tempfile(fileext = ".csv"); fwrite(data.table(i = i, s = "x;y"), file); fread(file)$i
  }
})
