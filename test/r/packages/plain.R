# Rscript plain.R CASE RESULT: the answers of plain R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "harness.R"))
registerDoSEQ()
source(commandArgs(TRUE)[1])
saveRDS(answers, commandArgs(TRUE)[2])
