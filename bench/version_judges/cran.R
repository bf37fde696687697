# R's own compareVersion, on what numeric_version takes. Reads lines of two fields, prints what `oakum debug version cran` would.
for (line in readLines(file("stdin"))) {
  f <- strsplit(line, "\t", fixed = TRUE)[[1]]
  said <- tryCatch({
    numeric_version(f)
    c("<", "=", ">")[2 + compareVersion(f[1], f[2])]
  }, error = function(e) "!", warning = function(e) "!")
  cat(said, "\n", sep = "")
}
