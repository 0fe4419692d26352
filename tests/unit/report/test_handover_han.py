"""Chinese lines have Chinese punctuation; ids, numbers and English lines are left alone."""

from __future__ import annotations

import pytest

from vein2vein.report.handover.han import in_han_signs


@pytest.mark.parametrize(
    ("joined", "shown"),
    [
        ("输注后, 第 4 天, 自 2026-03-10 10:00 CET", "输注后，第 4 天，自 2026-03-10 10:00 CET"),
        ("给予 托珠单抗 768 mg (8 mg/kg x 96 kg，03-13 18:00) 静脉; 尚余 1 次 (依据: CRS 3 级 (crs-3))",
         "给予 托珠单抗 768 mg（8 mg/kg x 96 kg，03-13 18:00）静脉；尚余 1 次（依据：CRS 3 级（crs-3））"),
        ("低（0–1 分） / 高", "低（0–1 分） / 高"),
        ("CRS [astct-2019.crs]: 3", "CRS [astct-2019.crs]: 3"),
        ("分级 [astct-2019.crs]: f(x)", "分级 [astct-2019.crs]：f(x)"),
        ("a line: with words (and brackets); all English", "a line: with words (and brackets); all English"),
        ("未闭合 (", "未闭合（"),
        ("", ""),
    ],
)  # fmt: skip
def test_signs_between_parts_become_chinese(joined: str, shown: str) -> None:
    assert in_han_signs(joined) == shown
    assert in_han_signs(shown) == shown
