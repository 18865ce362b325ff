# Objects of unusual kinds: formal classes, 64-bit integers, graphs, documents, databases, geometries, functions that
# remember
suppressPackageStartupMessages({
  library(lubridate)
  library(igraph)
  library(xml2)
  library(DBI)
  library(xts)
  library(bit64)
  library(sf)
  library(broom)
  library(stringr)
})

answer("lubridate: intervals and periods", {
  start <- ymd("2024-01-31", tz = "Europe/Berlin")
  spans <- foreach(k = 1:3) %dopar% interval(start, start %m+% months(k))
  list(spans, foreach(span = spans) %dopar% list(as.period(span), int_length(span), wday(int_end(span), label = TRUE)))
})
answer("bit64: 64-bit integers", {
  foreach(k = 1:2, .combine = c) %dopar% (as.integer64("9007199254740993") + k)
})
answer("igraph: a graph of the script", {
  graph <- make_ring(10)
  V(graph)$name <- letters[1:10]
  foreach(k = 1:3, .packages = "igraph") %dopar% {
    shorter <- delete_vertices(graph, letters[seq_len(k)])
    list(diameter(shorter), degree(shorter))
  }
})
answer("igraph: graphs as values", {
  graphs <- foreach(n = 3:5) %dopar% make_star(n)
  lapply(graphs, function(graph) list(vcount(graph), as_edgelist(graph)))
})
answer("xml2: documents read in the task", {
  texts <- sprintf("<r><v>%d</v><v>%d</v></r>", 1:3, 4:6)
  foreach(text = texts, .combine = rbind) %dopar% xml_integer(xml_find_all(read_xml(text), "//v"))
})
answer("DBI: a database that the tasks open", {
  file <- tempfile(fileext = ".sqlite")
  con <- dbConnect(RSQLite::SQLite(), file)
  dbWriteTable(con, "cars", mtcars)
  dbDisconnect(con)
  foreach(cyl = c(4, 6), .packages = "DBI") %dopar% {
    con <- dbConnect(RSQLite::SQLite(), file)
    on.exit(dbDisconnect(con))
    dbGetQuery(con, "SELECT avg(mpg) AS m, count(*) AS n FROM cars WHERE cyl = ?", params = list(cyl))
  }
})
answer("xts: series by month", {
  series <- xts(1:100, as.Date("2024-01-01") + 0:99)
  foreach(month = split(series, "months"), .combine = rbind) %dopar% apply.weekly(month, sum)
})
answer("sf: geometries", {
  points <- st_as_sf(data.frame(id = 1:3, x = c(0, 1, 2), y = c(0, 1, 0)), coords = c("x", "y"), crs = 3857)
  foreach(k = 1:2, .packages = "sf") %dopar% {
    buffers <- st_buffer(points, k)
    list(as.numeric(st_area(buffers)), lengths(st_intersects(buffers)), st_crs(buffers)$epsg)
  }
})
answer("broom: tidied fits", {
  foreach(d = split(mtcars, mtcars$cyl), .combine = rbind) %dopar% broom::tidy(lm(mpg ~ wt, d))
})
answer("stringr: patterns of the script", {
  pattern <- regex("[a-c]+", ignore_case = TRUE)
  foreach(s = c("xABy", "zz", "c1b2")) %dopar% str_extract_all(s, pattern)[[1]]
})
answer("a function that remembers", {
  slow <- memoise::memoise(function(x) x^2)
  slow(3)
  foreach(i = 1:4, .combine = c) %dopar% c(slow(3), slow(i))
})
