"""Find the fitted parameters of the population model anew and write them into its setting files.

python tools/fit_population.py                     all settings
python tools/fit_population.py axi-cel/lbcl-3l     some settings
python tools/fit_population.py --rounds 4          a few more rounds from where the files stand
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import click

from vein2vein.population.fit import ROUNDS, SEED, Gap, fit, gaps, write
from vein2vein.population.intended import intended
from vein2vein.population.parameters import setting, setting_ids

SETTINGS = Path(__file__).parents[1] / "src" / "vein2vein" / "population" / "data" / "settings"
CHECK_BLOCKS = 24


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often every parameter is turned.")
@click.option("--seed", default=SEED, show_default=True, help="Root seed of the courses that are drawn.")
@click.option("--jobs", default=1, show_default=True, help="Settings fitted at the same time.")
def main(ids: tuple[str, ...], rounds: int, seed: int, jobs: int) -> None:
    """Fit settings and write their values."""
    wanted = [setting(id).id for id in ids] or list(setting_ids())
    with ProcessPoolExecutor(jobs) as pool:
        for id, text in pool.map(partial(fitted, rounds=rounds, seed=seed), wanted):
            click.echo(f"{id}\n{text}")


def fitted(id: str, *, rounds: int, seed: int) -> tuple[str, str]:
    """Fit one setting, write it, and say what changed and what a fresh draw gives."""
    begin = time.perf_counter()
    before = setting(id)
    after = fit(before, seed=seed, rounds=rounds)
    changed = write(after, SETTINGS)
    lines = [f"  {name:40} {before.value(name):9.4g} -> {after.value(name):9.4g}" for name in changed]
    lines += [_line(gap) for gap in gaps(after, intended(after, seed + 1, CHECK_BLOCKS))]
    lines.append(f"  {time.perf_counter() - begin:.0f} s")
    return id, "\n".join(lines)


def _line(gap: Gap) -> str:
    mark = "" if gap.is_met else "  outside"
    name = f"{gap.target.quantity} ({gap.target.denominator})"
    return (
        f"  {name:58} published {gap.target.value:8.3f}  aim {gap.aim:8.3f}  intended {gap.simulated.value:8.3f}{mark}"
    )


if __name__ == "__main__":
    main()
