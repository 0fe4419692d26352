"""A small design file of every dose-finding design, by its name."""

from __future__ import annotations

from typing import Any

COMMON: dict[str, Any] = {
    "cohorts": {"size": 3, "number": 4},
    "scenarios": [{"name": "A", "toxicity": [0.1, 0.3, 0.5]}],
}
BOTH: dict[str, Any] = {"cohorts": {"size": 3, "number": 3},
        "scenarios": [{"name": "A", "toxicity": [0.1, 0.3, 0.5], "efficacy": [0.2, 0.5, 0.6]}]}  # fmt: skip
SETTING: dict[str, Any] = {"setting": {"window": 28, "interval": 10}}
FILES: dict[str, dict[str, Any]] = {
    "3+3": {"doses": 3, "closing": "six", "scenarios": COMMON["scenarios"]},
    "i3+3": COMMON | {"doses": 3, "target": 0.3, "interval": [0.2, 0.35]},
    "mtpi": COMMON | {"doses": 3, "target": 0.3},
    "mtpi-2": COMMON | {"doses": 3, "target": 0.3},
    "keyboard": COMMON | {"doses": 3, "target": 0.3},
    "boin": COMMON | {"doses": 3, "target": 0.3, "titration": True, "start": 1},
    "decision-table": {"doses": 3, "target": 0.3, "cohorts": {"size": 3, "number": 1}, "table": {3: ["E", "S", "D", "DU"]},
                       "scenarios": COMMON["scenarios"]},
    "crm": COMMON | {"target": 0.3, "skeleton": {"doses": 3, "halfwidth": 0.05}},
    "blrm": COMMON | {"doses": [1.0, 2.0, 4.0], "reference": 4.0, "mean": [-1.0, 0.0], "sd": [1.0, 0.7]},
    "ewoc": COMMON | {"doses": [1.0, 2.0, 4.0], "target": 0.3},
    "rolling-six": {"doses": 3, "scenarios": COMMON["scenarios"]} | SETTING,
    "tite-boin": COMMON | {"doses": 3, "target": 0.3} | SETTING,
    "tite-crm": COMMON | {"target": 0.3, "skeleton": [0.1, 0.2, 0.4]} | SETTING,
    "backfill-boin": BOTH | {"doses": 3, "target": 0.3, "waiting": 2, "cap": 9},
    "feasible-dose": {"model": {"curve": {"skeleton": [0.1, 0.2, 0.4]}, "prior": 1.34}, "target": 0.3, "least": 0.7,
                      "safety": {"target": 0.3}, "cohorts": COMMON["cohorts"],
                      "scenarios": [{"name": "A", "toxicity": [0.1, 0.3, 0.5], "feasibility": [0.95, 0.9, 0.6]}]},
    "partial-dose": {"model": {"curve": {"skeleton": [0.1, 0.2, 0.4]}, "prior": 1.34}, "target": 0.3, "least": 0.5,
                     "amounts": [1, 3, 9], "safety": {"target": 0.3}, "cohorts": COMMON["cohorts"],
                     "scenarios": [{"name": "A", "toxicity": [0.1, 0.3, 0.5], "capacity": {"median": 9, "log_sd": 0.5}}]},
    "boin12": BOTH | {"doses": 3, "toxicity": 0.35, "efficacy": 0.25, "utilities": {"neither": 30, "both": 70}},
    "u-boin": BOTH | {"doses": 3, "toxicity": 0.35, "efficacy": 0.25, "first_stage": 6, "stop_at": 9},
    "boin-et": BOTH | {"doses": 3, "toxicity": 0.3, "efficacy": 0.6},
    "efftox": BOTH | {"model": {"doses": [1, 2, 4], "toxicity_limit": 0.3, "efficacy_limit": 0.5, "priors": {
                         "alpha": [-7.9, 3.5], "beta": [1.5, 3.5], "gamma": [0.7, 2.5], "zeta": [3.4, 2.5]}},
                      "contour": {"efficacy_alone": 0.5, "toxicity_alone": 0.65, "middle": [0.7, 0.25]}},
    "composed": COMMON | {"doses": 3, "target": 0.3, "rule": {"of": "keyboard"}, "safety": {"of": "boin", "cutoff": 0.9},
                          "selection": {"of": "crm", "skeleton": [0.1, 0.2, 0.4]}},
    "pod-tpi": COMMON | {"doses": 3, "target": 0.3} | SETTING,
    "tite-boin12": BOTH | {"doses": 3, "toxicity": 0.35, "efficacy": 0.25, "response": {"window": 60}} | SETTING,
    "tepi": BOTH | {"doses": 3, "toxicity": 0.35,
                    "table": {"toxicity": [0, 0.15, 0.35, 1], "efficacy": [0, 0.3, 1], "moves": ["EE", "ES", "DD"]},
                    "selection": {"toxicity": [0.2, 0.4], "efficacy": [0.2, 0.6]}},
}  # fmt: skip
