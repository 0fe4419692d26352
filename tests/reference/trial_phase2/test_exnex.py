"""EXNEX on ten sarcomas (imatinib, Chugh et al. 2009), as in Neuenschwander et al. 2016 Pharm Stat 15:123, section 2.

Source: printed estimates of the R package bhmbasket (vignette reproduceExNex), which says that they equal appendix 5.3 of the
paper to the second decimal place. Status: read in the vignette; the appendix itself was not at hand. It draws 50,000 times:
tolerance .0015 for means and standard deviations.
"""

from __future__ import annotations

import pytest

from vein2vein.programme.trial.phase2.hierarchical import HalfNormal, Priors, shrink

RESPONSES, PATIENTS = [2, 0, 1, 6, 7, 3, 5, 1, 0, 3], [15, 13, 12, 28, 29, 29, 26, 5, 2, 20]
MEAN = [0.15077, 0.05287, 0.12700, 0.18849, 0.20513, 0.13141, 0.17670, 0.17858, 0.13020, 0.15732]
SD = [0.06293, 0.05896, 0.06781, 0.06010, 0.06550, 0.05095, 0.05732, 0.10399, 0.11376, 0.05808]


def test_sarcomas() -> None:
    priors = Priors(-1.735, 0.146**-0.5, HalfNormal(1), exchangeable=0.5, alone_mean=-1.734, alone_sd=0.128**-0.5)
    found = shrink(RESPONSES, PATIENTS, 0.3, priors)
    assert found.mean == pytest.approx(MEAN, abs=0.0015)
    assert found.sd == pytest.approx(SD, abs=0.0015)


def test_without_exchange_the_small_basket_is_far_more_uncertain() -> None:
    """What EXNEX is for: two patients borrow from the others and still may stand alone."""
    alone = Priors(-1.735, 0.146**-0.5, HalfNormal(1), exchangeable=0.0, alone_mean=-1.734, alone_sd=0.128**-0.5)
    assert shrink(RESPONSES, PATIENTS, 0.3, alone).sd[8] > 1.2 * SD[8]
