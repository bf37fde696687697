# R's own package_version. Reads lines of two fields, prints what `oakum debug version cran` would.
for (line in readLines(file("stdin"))) {
  f <- strsplit(line, "\t", fixed = TRUE)[[1]]
  said <- tryCatch({
    a <- numeric_version(f[1]); b <- numeric_version(f[2])
    if (a < b) "<" else if (a > b) ">" else "="
  }, error = function(e) "!", warning = function(e) "!")
  cat(said, "\n", sep = "")
}
