# Makes the CSV files beside it. Run in this folder: Rscript reference.R
# Needs R with rpact, survival and mvtnorm; no test needs R. Data sets are made up here, with a fixed seed.

library(rpact)
library(survival)
library(mvtnorm)

digits <- function(x) ifelse(is.na(x), "", trimws(formatC(x, digits = 12, format = "g")))
listed <- function(x) paste(digits(as.numeric(x)), collapse = ";")
store <- function(rows, file) {
  write.csv(do.call(rbind, lapply(rows, function(r) as.data.frame(r, stringsAsFactors = FALSE))), file,
            row.names = FALSE, quote = TRUE)
}

# --- group sequential bounds --------------------------------------------------------------------------------------------

times <- list(c(1), c(0.5, 1), (1:3) / 3, (1:5) / 5, c(0.3, 0.45, 0.9, 1), (1:8) / 8)
kinds <- list(
  c("OF", NA), c("P", NA), c("WT", 0.25), c("asOF", NA), c("asP", NA),
  c("asKD", 1.5), c("asKD", 3), c("asHSD", -4), c("asHSD", 1), c("asHSD", -8)
)
rows <- list()
for (t in times[-1]) for (kind in kinds) for (sided in 1:2) for (alpha in c(0.025, 0.1)) {
  parameter <- as.numeric(kind[2])
  given <- list(informationRates = t, alpha = alpha, sided = sided, beta = 0.1, typeOfDesign = kind[1])
  if (kind[1] == "WT") given$deltaWT <- parameter
  if (kind[1] %in% c("asKD", "asHSD")) given$gammaA <- parameter
  design <- do.call(getDesignGroupSequential, given)
  told <- getDesignCharacteristics(design)
  rows[[length(rows) + 1]] <- list(
    kind = kind[1], parameter = digits(parameter), sided = sided, alpha = alpha, beta = 0.1, information = listed(t),
    bounds = listed(design$criticalValues), spent = listed(design$alphaSpent),
    inflation = digits(told$inflationFactor), shift = digits(told$shift),
    asn_alternative = digits(told$averageSampleNumber1), asn_between = digits(told$averageSampleNumber01),
    asn_null = digits(told$averageSampleNumber0)
  )
}
store(rows, "rpact_bounds.csv")

rows <- list()
for (t in times[-1]) for (kind in list(c("asOF", NA, "bsOF", NA), c("asHSD", -4, "bsHSD", -2), c("asP", NA, "bsP", NA),
                                        c("asKD", 3, "bsKD", 2))) for (binding in c(TRUE, FALSE)) for (beta in c(0.1, 0.2)) {
  given <- list(informationRates = t, alpha = 0.025, sided = 1, beta = beta, typeOfDesign = kind[1],
                typeBetaSpending = kind[3], bindingFutility = binding)
  if (!is.na(kind[2])) given$gammaA <- as.numeric(kind[2])
  if (!is.na(kind[4])) given$gammaB <- as.numeric(kind[4])
  design <- do.call(getDesignGroupSequential, given)
  told <- getDesignCharacteristics(design)
  rows[[length(rows) + 1]] <- list(
    kind = kind[1], parameter = digits(as.numeric(kind[2])), futility = kind[3], futility_parameter = digits(as.numeric(kind[4])),
    binding = binding, alpha = 0.025, beta = beta, information = listed(t),
    bounds = listed(design$criticalValues), futility_bounds = listed(design$futilityBounds),
    shift = digits(told$shift), inflation = digits(told$inflationFactor),
    asn_alternative = digits(told$averageSampleNumber1), asn_null = digits(told$averageSampleNumber0)
  )
}
store(rows, "rpact_futility.csv")

# Chances to stop at each look for a drift (theta times the root of nMax), with futility bounds that are given.
rows <- list()
for (t in times[3:5]) for (drift in c(0, 1, 2.5, 4)) {
  low <- seq(-0.5, 1, length.out = length(t) - 1)
  design <- getDesignGroupSequential(informationRates = t, alpha = 0.025, sided = 1, typeOfDesign = "asOF",
                                     futilityBounds = low, bindingFutility = FALSE)
  told <- getPowerAndAverageSampleNumber(design, theta = drift / 10, nMax = 100)
  rows[[length(rows) + 1]] <- list(
    information = listed(t), bounds = listed(design$criticalValues), futility_bounds = listed(low), drift = drift,
    rejects = listed(told$rejectPerStage), futile = listed(told$futilityPerStage), asn = digits(told$averageSampleNumber)
  )
}
store(rows, "rpact_stops.csv")

# Conditional power of a log-rank test: effect assumed (hazard ratio) or as observed; one to three later looks.
rows <- list()
for (t in list(c(0.5, 1), (1:3) / 3, c(0.3, 0.45, 0.9, 1))) for (kind in c("asOF", "asP")) for (z in c(-0.5, 0.8, 1.9)) {
  design <- getDesignGroupSequential(informationRates = t, alpha = 0.025, sided = 1, typeOfDesign = kind)
  events <- 300
  for (look in seq_len(length(t) - 1)) for (ratio in c(0.6, 0.75, 1)) {
    data <- getDataset(cumEvents = round(events * t[1:look]), cumLogRanks = -z * sqrt(t[1:look] / t[look]),
                       cumAllocationRatios = rep(1, look))
    stage <- getStageResults(design, data, directionUpper = FALSE)
    planned <- diff(round(events * t[look:length(t)]))
    found <- getConditionalPower(stage, nPlanned = planned, thetaH1 = ratio, allocationRatioPlanned = 1)
    rows[[length(rows) + 1]] <- list(
      kind = kind, information = listed(t), look = look, z = z, events = events, ratio = ratio,
      power = digits(tail(as.numeric(found$conditionalPower), 1))
    )
  }
}
store(rows, "rpact_conditional_power.csv")

# --- events and patients of a survival trial ----------------------------------------------------------------------------

rows <- list()
for (how in c("Schoenfeld", "Freedman")) for (ratio in c(0.5, 0.667, 0.8)) for (arms in c(1, 2)) for (power in c(0.8, 0.9)) {
  one <- getSampleSizeSurvival(alpha = 0.025, beta = 1 - power, hazardRatio = ratio, lambda2 = 0.1, accrualTime = c(0, 12),
                               followUpTime = 12, typeOfComputation = how, allocationRatioPlanned = arms)
  three <- getSampleSizeSurvival(
    getDesignGroupSequential(kMax = 3, alpha = 0.025, beta = 1 - power, typeOfDesign = "asOF"),
    hazardRatio = ratio, lambda2 = 0.1, accrualTime = c(0, 12), followUpTime = 12, typeOfComputation = how,
    allocationRatioPlanned = arms)
  rows[[length(rows) + 1]] <- list(
    how = how, ratio = ratio, experimental_per_control = arms, alpha = 0.025, power = power,
    events = digits(one$eventsFixed), patients = digits(one$nFixed),
    events_three_looks = digits(three$maxNumberOfEvents), patients_three_looks = digits(three$maxNumberOfSubjects),
    ratio_at_bounds = listed(three$criticalValuesEffectScale)
  )
}
store(rows, "rpact_sample_size.csv")

# Chance of an event by calendar month: accrual in steps, hazards in steps, drop-out as a share in a year.
rows <- list()
hazards <- list(list(c(0), c(0.08), 0.65), list(c(0, 3, 9), c(0.2, 0.1, 0.03), 0.7), list(c(0, 6), c(0.05, 0.15), 0.5))
accruals <- list(list(c(0, 12), c(20)), list(c(0, 4, 10), c(5, 15)))
for (h in hazards) for (a in accruals) for (out in c(0, 0.1)) for (arms in c(1, 2)) {
  lambda <- if (length(h[[1]]) == 1) list(lambda2 = h[[2]]) else list(piecewiseSurvivalTime = h[[1]], lambda2 = h[[2]])
  given <- c(lambda, list(time = c(2, 8, 15, 30, 60), accrualTime = a[[1]], accrualIntensity = a[[2]], hazardRatio = h[[3]],
                          dropoutRate1 = out, dropoutRate2 = out, dropoutTime = 12, allocationRatioPlanned = arms,
                          maxNumberOfSubjects = sum(diff(a[[1]]) * a[[2]])))
  found <- do.call(getEventProbabilities, given)
  rows[[length(rows) + 1]] <- list(
    starts = listed(h[[1]]), rates = listed(h[[2]]), ratio = h[[3]], accrual_starts = listed(head(a[[1]], -1)),
    accrual_rates = listed(a[[2]]), accrual_end = tail(a[[1]], 1), dropout_in_12_months = out, experimental_per_control = arms,
    months = listed(found$time), control = listed(found$eventProbabilities2),
    experimental = listed(found$eventProbabilities1), both = listed(found$overallEventProbabilities)
  )
}
store(rows, "rpact_events.csv")

# --- largest of correlated normal numbers ------------------------------------------------------------------------------

rows <- list()
matrices <- list(
  diag(3), 0.6 + 0.4 * diag(4), matrix(c(1, 0.8, 0.3, 0.8, 1, 0.7, 0.3, 0.7, 1), 3),
  cov2cor(tcrossprod(rbind(c(1, 1, 0), c(0, 1, 0.4), c(0.3, 0.6, 1), c(1, 0.2, -0.2))) + 1e-12 * diag(4))
)
for (m in matrices) for (bound in c(0, 1.5, 2.2, 3.5)) {
  set.seed(1)
  stays <- pmvnorm(upper = rep(bound, nrow(m)), corr = m, algorithm = GenzBretz(maxpts = 5e6, abseps = 1e-8))
  rows[[length(rows) + 1]] <- list(correlation = listed(m), bound = bound, tail = digits(1 - stays),
                                   error = digits(attr(stays, "error")))
}
store(rows, "mvtnorm_largest.csv")

# --- statistics of survival data ---------------------------------------------------------------------------------------

made <- function(name, seed, n, share, late, tick, end) {
  set.seed(seed)
  arm <- as.integer(runif(n) < share)
  stratum <- sample(c("a", "b", "c"), n, replace = TRUE, prob = c(0.5, 0.3, 0.2))
  rate <- 0.1 * c(a = 0.6, b = 1, c = 2.2)[stratum]
  hidden <- rexp(n)
  first <- rate * late
  life <- ifelse(arm == 0, hidden / rate,
                 ifelse(hidden < first, hidden / rate, late + (hidden - first) / (rate * 0.5)))
  follow <- pmin(runif(n, end / 3, end), rexp(n, 0.01))
  time <- pmin(life, follow)
  time <- if (tick > 0) pmax(round(time / tick) * tick, tick) else round(time, 6)
  data.frame(set = name, time = time, event = as.integer(life <= follow), arm = arm, stratum = stratum)
}
data <- rbind(
  made("small", 1, 40, 0.5, 0, 0, 24), made("ties", 2, 120, 0.5, 0, 1, 24), made("late", 3, 200, 0.5, 4, 0.1, 36),
  made("two to one", 4, 150, 0.67, 2, 0, 30), made("heavy ties", 5, 90, 0.4, 0, 3, 30), made("large", 6, 400, 0.5, 3, 0.01, 48)
)
write.csv(data, "survival_data.csv", row.names = FALSE, quote = FALSE)

# By hand from the tables of survfit: at risk and events per arm at each distinct time, hypergeometric variance.
weighted <- function(d, weight) {
  t <- sort(unique(d$time[d$event == 1]))
  pooled <- summary(survfit(Surv(time, event) ~ 1, d), times = t)
  before <- c(1, head(pooled$surv, -1))
  n1 <- sapply(t, function(x) sum(d$time >= x & d$arm == 1)); n <- sapply(t, function(x) sum(d$time >= x))
  d1 <- sapply(t, function(x) sum(d$time == x & d$event == 1 & d$arm == 1)); e <- sapply(t, function(x) sum(d$time == x & d$event == 1))
  w <- weight(before, pooled$surv, t)
  v <- ifelse(n > 1, e * (n1 / n) * (1 - n1 / n) * (n - e) / (n - 1), 0)
  sum(w * (e * n1 / n - d1)) / sqrt(sum(w^2 * v))
}
modest <- function(star) function(before, after, t) {
  last <- if (any(t <= star)) min(after[t <= star]) else 1
  1 / pmax(before, last)
}
rows <- list()
add <- function(set, what, value) rows[[length(rows) + 1]] <<- list(set = set, quantity = what, value = digits(value))
for (name in unique(data$set)) {
  d <- data[data$set == name, ]
  add(name, "log-rank chi-squared (survdiff)", survdiff(Surv(time, event) ~ arm, d)$chisq)
  add(name, "FH(1,0) chi-squared (survdiff rho=1)", survdiff(Surv(time, event) ~ arm, d, rho = 1)$chisq)
  add(name, "stratified log-rank chi-squared (survdiff)", survdiff(Surv(time, event) ~ arm + strata(stratum), d)$chisq)
  for (k in list(c(0, 0), c(0, 1), c(1, 1), c(1, 0), c(0.5, 2)))
    add(name, sprintf("FH(%g,%g) z (by hand from survfit)", k[1], k[2]),
        weighted(d, function(before, after, t) before^k[1] * (1 - before)^k[2]))
  add(name, "modest t*=6 z (by hand from survfit)", weighted(d, modest(6)))
  for (ties in c("efron", "breslow")) {
    one <- summary(coxph(Surv(time, event) ~ arm, d, ties = ties))$coefficients
    add(name, paste("cox log ratio", ties), one[1]); add(name, paste("cox error", ties), one[3])
    many <- summary(coxph(Surv(time, event) ~ arm + strata(stratum), d, ties = ties))$coefficients
    add(name, paste("stratified cox log ratio", ties), many[1]); add(name, paste("stratified cox error", ties), many[3])
  }
  set.seed(7)
  w <- round(runif(nrow(d), 0.2, 3), 3)
  robust <- summary(coxph(Surv(time, event) ~ arm, d, weights = w, robust = TRUE, ties = "breslow"))$coefficients
  add(name, "weights", NA); rows[[length(rows)]]$value <- listed(w)
  add(name, "weighted cox log ratio breslow", robust[1]); add(name, "weighted cox robust error breslow", robust[4])
  weighted_curve <- survfit(Surv(time, event) ~ arm, d, weights = w)
  for (a in 0:1) {
    one <- d[d$arm == a, ]
    curve <- survfit(Surv(time, event) ~ 1, one, conf.type = "log-log")
    at <- summary(curve, times = c(3, 6, 9), extend = TRUE)
    add(name, sprintf("arm %d survival at 3, 6, 9", a), NA); rows[[length(rows)]]$value <- listed(at$surv)
    add(name, sprintf("arm %d error at 3, 6, 9", a), NA); rows[[length(rows)]]$value <- listed(at$std.err)
    add(name, sprintf("arm %d lower at 3, 6, 9", a), NA); rows[[length(rows)]]$value <- listed(at$lower)
    add(name, sprintf("arm %d upper at 3, 6, 9", a), NA); rows[[length(rows)]]$value <- listed(at$upper)
    add(name, sprintf("arm %d at risk at 3, 6, 9", a), NA); rows[[length(rows)]]$value <- listed(at$n.risk)
    add(name, sprintf("arm %d median, lower, upper", a), NA)
    rows[[length(rows)]]$value <- listed(quantile(curve, 0.5) |> unlist())
    mean <- summary(curve, rmean = 9)$table
    add(name, sprintf("arm %d restricted mean to 9", a), mean[["rmean"]])
    add(name, sprintf("arm %d restricted mean error to 9", a), mean[["se(rmean)"]])
    add(name, sprintf("arm %d weighted survival at 6", a), summary(weighted_curve[a + 1], times = 6, extend = TRUE)$surv)
  }
}
store(rows, "survival_statistics.csv")

cat(R.version.string, "rpact", as.character(packageVersion("rpact")), "survival", as.character(packageVersion("survival")),
    "mvtnorm", as.character(packageVersion("mvtnorm")), "\n")
