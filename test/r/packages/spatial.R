# sp and zoo: their classes as exports, arguments and values
suppressPackageStartupMessages({
  library(sp)
  library(zoo)
})

answer("points by group", {
  data(meuse, package = "sp")
  coordinates(meuse) <- ~ x + y
  foreach(level = levels(meuse$ffreq), .packages = "sp") %dopar% {
    part <- meuse[meuse$ffreq == level, ]
    list(bbox(part), mean(part$zinc), summary(spDists(part)[1, ]))
  }
})
answer("objects as values", {
  back <- foreach(i = 1:3, .packages = "sp") %dopar% SpatialPoints(cbind(i + 0:1, i), CRS("+proj=longlat"))
  list(back, bbox(do.call(rbind, back)))
})
answer("points in polygons", {
  square <- function(k) Polygons(list(Polygon(cbind(c(0, k, k, 0, 0), c(0, 0, k, k, 0)))), ID = as.character(k))
  where <- SpatialPoints(cbind(c(0.5, 1.5, 3), c(0.5, 1.5, 3)))
  foreach(k = 1:4, .packages = "sp") %dopar% over(where, SpatialPolygons(list(square(k))))
})
answer("a Spatial grid, changed in the task", {
  grid <- SpatialGridDataFrame(GridTopology(c(0, 0), c(1, 1), c(3, 3)), data.frame(z = 1:9))
  foreach(k = 1:2, .packages = "sp") %dopar% { grid$z <- grid$z * k; summary(grid)$data }
})
answer("rolling means of series", {
  series <- zoo(sin(1:40), as.Date("2024-03-01") + 0:39)
  foreach(width = c(3, 7), .packages = "zoo") %dopar% rollmean(series, width)
})
answer("series bound by .combine, methods found without .packages", {
  foreach(k = 1:3, .combine = merge) %dopar% zoo(k * (1:4), as.yearmon(2020) + 0:3 / 12)
})
answer("windows, lags and locf", {
  series <- zoo(c(1, NA, 3, NA, 5), as.POSIXct("2024-01-01", tz = "UTC") + 3600 * 0:4)
  foreach(k = 1:2) %dopar% list(na.locf(series), stats::lag(series, k), window(series, start = time(series)[k + 1]))
})
