# Makes jags_baskets.csv beside it. Run in this folder: Rscript baskets.R
# Needs R with rjags; no test needs R. Data: Chugh et al. 2009 as in Neuenschwander et al. 2016 (ten sarcomas); Hyman et al. 2015 (six
# baskets of vemurafenib); one made up with empty, all and none.

library(rjags)

inside <- "
  for (j in 1:J) {
    y[j] ~ dbin(p[j], n[j])
    logit(p[j]) <- theta[j, z[j]]
    z[j] ~ dcat(w)
    theta[j, 1] ~ dnorm(mu, precision)
    theta[j, 2] ~ dnorm(alone_mean, 1 / alone_sd^2)
    exchangeable[j] <- equals(z[j], 1)
    above[j] <- step(p[j] - null)
  }
  mu ~ dnorm(mean, 1 / sd^2)
"
half_normal <- paste("model {", inside, "tau ~ dnorm(0, 1 / a^2)T(0, )\n precision <- 1 / tau^2 }")
inverse_gamma <- paste("model {", inside, "precision ~ dgamma(a, b)\n tau <- 1 / sqrt(precision) }")

data <- list(
  sarcoma = list(c(2, 0, 1, 6, 7, 3, 5, 1, 0, 3), c(15, 13, 12, 28, 29, 29, 26, 5, 2, 20)),
  vemurafenib = list(c(8, 0, 1, 1, 6, 2), c(19, 10, 26, 8, 14, 7)),
  extremes = list(c(0, 5, 3, 0), c(9, 5, 10, 0))
)
priors <- list(
  exnex = list(model = half_normal, mean = -1.735, sd = 0.146^-0.5, a = 1, w = 0.5, alone_mean = -1.734, alone_sd = 0.128^-0.5),
  hierarchical = list(model = half_normal, mean = -1.1, sd = 2, a = 1, w = 1, alone_mean = 0, alone_sd = 1),
  berry = list(model = inverse_gamma, mean = -1.34, sd = 10, a = 0.0005, b = 0.000005, w = 1, alone_mean = 0, alone_sd = 1)
)
null <- 0.25
rows <- list()
for (name in names(data)) for (how in names(priors)) {
  set <- data[[name]]; prior <- priors[[how]]
  given <- c(list(y = set[[1]], n = set[[2]], J = length(set[[1]]), null = null, w = c(prior$w, 1 - prior$w)),
             prior[setdiff(names(prior), c("model", "w"))])
  starts <- lapply(1:4, function(i) list(.RNG.name = "base::Mersenne-Twister", .RNG.seed = i, mu = prior$mean))
  model <- jags.model(textConnection(prior$model), given, inits = starts, n.chains = 4, n.adapt = 2000, quiet = TRUE)
  update(model, 20000, progress.bar = "none")
  drawn <- coda.samples(model, c("p", "above", "exchangeable", "mu", "tau"), n.iter = 100000, thin = 5, progress.bar = "none")
  told <- summary(drawn)$statistics
  for (quantity in rownames(told)) rows[[length(rows) + 1]] <- data.frame(
    data = name, responses = paste(set[[1]], collapse = ";"), patients = paste(set[[2]], collapse = ";"), model = how,
    quantity = quantity, mean = signif(told[quantity, "Mean"], 6), sd = signif(told[quantity, "SD"], 6),
    error = signif(told[quantity, "Time-series SE"], 3))
  cat(name, how, "\n")
}
write.csv(do.call(rbind, rows), "jags_baskets.csv", row.names = FALSE)
