"""The dose-finding designs that a file can name, and how its values become their arguments.

Place    Programme, trial, study. Read by `dose`.
In       A design's name and the values of a file.
Out      The function that makes it; conversions for cohorts, tables, skeletons and first doses.
Checked  tests/unit/programme/trial/test_designs.py: every name makes its design
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from vein2vein.programme.trial.phase1.backfill import backfill_boin
from vein2vein.programme.trial.phase1.blrm import blrm
from vein2vein.programme.trial.phase1.boin import Bounds, boin
from vein2vein.programme.trial.phase1.common import TooToxic
from vein2vein.programme.trial.phase1.crm import NormalPrior, crm, skeleton
from vein2vein.programme.trial.phase1.ewoc import ewoc
from vein2vein.programme.trial.phase1.feasible import feasible_dose
from vein2vein.programme.trial.phase1.interval import i3_plus_3, keyboard, mtpi, mtpi2
from vein2vein.programme.trial.phase1.partial_dose import partial_dose
from vein2vein.programme.trial.phase1.pod_tpi import pod_tpi
from vein2vein.programme.trial.phase1.rolling_six import rolling_six
from vein2vein.programme.trial.phase1.table import DecisionTable, from_table
from vein2vein.programme.trial.phase1.three_plus_three import three_plus_three
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.phase1.tite_crm import tite_crm
from vein2vein.programme.trial.phase12.boin12 import boin12
from vein2vein.programme.trial.phase12.boin_et import boin_et
from vein2vein.programme.trial.phase12.efftox import efftox
from vein2vein.programme.trial.phase12.tepi import TepiTable, tepi
from vein2vein.programme.trial.phase12.tite_boin12 import tite_boin12
from vein2vein.programme.trial.phase12.u_boin import u_boin
from vein2vein.programme.trial.study.reading import Convert, made, refuse
from vein2vein.programme.trial.words import Cohorts

MAKERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "3+3": three_plus_three,
        "i3+3": i3_plus_3,
        "mtpi": mtpi,
        "mtpi-2": mtpi2,
        "keyboard": keyboard,
        "boin": boin,
        "decision-table": from_table,
        "crm": crm,
        "blrm": blrm,
        "ewoc": ewoc,
        "rolling-six": rolling_six,
        "tite-boin": tite_boin,
        "tite-crm": tite_crm,
        "backfill-boin": backfill_boin,
        "feasible-dose": feasible_dose,
        "partial-dose": partial_dose,
        "boin12": boin12,
        "u-boin": u_boin,
        "boin-et": boin_et,
        "efftox": efftox,
        "tepi": tepi,
        "pod-tpi": pod_tpi,
        "tite-boin12": tite_boin12,
    }
)


def convert_for(given: Mapping[str, Any]) -> Mapping[str, Convert]:
    """How the values of a file are turned; a calibrated skeleton needs the target beside it.

    Args:
        given: All values of the design.
    """
    return MappingProxyType(
        {
            "cohorts": lambda value, _: _cohorts(value),
            "DecisionTable": lambda value, _: _table(value),
            "TepiTable": lambda value, _: made(TepiTable.of, value, "the table"),
            "bounds": lambda value, _: _bounds(value),
            "start": lambda value, _: _start(value),
            "prior": lambda value, _: _prior(value, given),
            "skeleton": lambda value, _: _skeleton(value, given),
            "safety": lambda value, _: made(TooToxic, value, "the safety rule"),
        }
    )


def _cohorts(value: Any) -> Cohorts:
    if not isinstance(value, Mapping) or set(value) != {"size", "number"}:
        refuse(f"cohorts {value!r}", "{size: 3, number: 10}", "give size and number of the cohorts")
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in value.values()):
        refuse(f"cohorts {value!r}", "whole numbers", "correct the cohorts")
    if min(value["size"], value["number"]) < 1:
        refuse(f"cohorts {value!r}", "at least one cohort of at least one patient", "correct the cohorts")
    return Cohorts(value["size"], value["number"])


def _table(value: Any) -> DecisionTable:
    if not isinstance(value, Mapping):
        refuse(f"table {value!r}", "{3: [E, S, D, DU]}", "give the decisions for each number of patients")
    return DecisionTable.of({int(n): [str(letter) for letter in letters] for n, letters in value.items()})


def _bounds(value: Any) -> Bounds:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004
        refuse(f"bounds {value!r}", "[0.236, 0.359]", "give the lower and the upper bound")
    return Bounds(*map(float, value))


def _start(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        refuse(f"a value of the wrong kind: start {value!r}", "a dose, counted from 1", "correct it")
    return value - 1


def _prior(value: Any, given: Mapping[str, Any]) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        refuse(f"a value of the wrong kind: prior {value!r}", "the variance of the prior", "write such as 1.34")
    return NormalPrior(float(value)) if "model" in given else float(value)


def _skeleton(value: Any, given: Mapping[str, Any]) -> tuple[float, ...]:
    if isinstance(value, Mapping):
        if not isinstance(given.get("target"), (int, float)):
            refuse("a skeleton to be calibrated, and no target", "a target toxicity rate", "add `target: 0.3`")
        return made(skeleton, {"target": given["target"]} | dict(value), "the skeleton")
    if not isinstance(value, list) or not all(isinstance(v, (int, float)) for v in value):
        refuse(f"skeleton {value!r}", "rising rates, or {doses: 5, halfwidth: 0.05}", "correct it")
    return tuple(map(float, value))
