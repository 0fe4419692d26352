"""The stories: what happens in each made-up course. Each course tells one; its id says which.

Doses, rates and laboratory values are illustrative. No course is that of a person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from demo.chart import Chart

Story = Callable[[Chart], None]


def _start(c: Chart) -> None:
    """What all courses have in common: lymphodepletion, infusion, and the statement that nobody thinks of IEC-HS."""
    for day in (-5, -4, -3):
        c.drug("FLUDARABINE", day + 0.42, day + 0.45, dose=50, unit="mg")
        c.drug("CYCLOPHOSPHAMIDE", day + 0.5, day + 0.55, dose=800, unit="mg")
    c.event("LD start", -4.58)
    if c.is_infused:
        c.event("CAR-T infusion", 0.47)


def no_toxicity(c: Chart) -> None:
    """Nothing happens."""
    c.home_from = 10.4


def crs_1(c: Chart) -> None:
    """Fever alone, treated with paracetamol."""
    c.fever((2.2, 3.4, 38.8))
    c.lab("CRP", (-5, 6), (1.4, 6), (2, 30), (3, 82), (6, 20), (30, 4))
    c.drug("PARACETAMOL", 2.3, dose=1000, unit="mg")
    c.drug("PARACETAMOL", 2.75, dose=1000, unit="mg")


def crs_2_hypotension(c: Chart) -> None:
    """Hypotension that a bolus mends, without a vasopressor."""
    c.fever((1.8, 4.2, 39.2))
    c.curve("VS-SYS", (2.3, 118), (2.6, 84), (2.9, 86), (3.2, 112))
    c.curve("VS-PULS", (1.7, 84), (2.6, 118), (4.4, 86))
    c.drug("NACL BOLUS", 2.62, 2.65, dose=500, unit="mL", reason="low BP")
    c.drug("PARACETAMOL", 2.1, dose=1000, unit="mg")
    for day, stated in ((2.62, "yes"), (2.95, "yes"), (3.25, "no")):
        c.form("NX-HYPOTENSION", day, stated)
    c.lab("CRP", (-5, 6), (1.4, 6), (2, 60), (3, 140), (8, 15), (30, 4))


def crs_2_low_flow(c: Chart) -> None:
    """Two litres through nasal prongs."""
    c.fever((3.1, 5.3, 39.0))
    c.curve("VS-SPO2", (3.7, 96), (3.9, 89), (4.0, 94), (5.4, 95), (5.6, 97))
    c.oxygen((3.92, "nasal prongs", 2), (5.4, "room air", None))
    c.lab("CRP", (-5, 6), (1.4, 6), (3, 60), (4.5, 118), (9, 14), (30, 4))
    c.drug("TOCILIZUMAB", 4.1, 4.14, dose=560, unit="mg")


def device_not_recorded(c: Chart) -> None:
    """Day +4: flows are charted from the evening of day 3 on, and nobody charts what they run through until noon."""
    c.fever((2.9, 5.2, 39.1))
    c.curve("VS-SPO2", (3.5, 96), (3.75, 90), (3.9, 93), (5.2, 95), (5.5, 97))
    c.oxygen((3.7, None, 5), (4.5, "nasal prongs", 3), (5.0, "room air", None))
    c.lab("CRP", (-5, 6), (1.4, 6), (3, 70), (4.5, 131), (9, 14), (30, 4))


def crs_3_afebrile(c: Chart) -> None:
    """Tocilizumab takes the fever away; the norepinephrine that still runs keeps the grade at 3."""
    c.fever((2.0, 3.3, 39.6))
    c.curve("VS-SYS", (2.6, 110), (2.9, 82), (3.1, 104), (4.3, 108), (4.8, 118))
    c.curve("VS-PULS", (1.9, 88), (2.9, 128), (4.5, 92), (6, 80))
    c.form("NX-HYPOTENSION", 2.9, "yes")
    c.drug("NACL BOLUS", 2.9, 2.93, dose=1000, unit="mL", reason="low BP")
    c.drug("NORADRENALINE", 3.02, 4.5, rate=0.08, rate_unit="µg/kg/min", reason="low BP")
    c.drug("TOCILIZUMAB", 3.25, 3.29, dose=640, unit="mg")
    c.form("NX-HYPOTENSION", 4.55, "no")
    c.lab("CRP", (-5, 6), (1.4, 6), (2, 80), (3.5, 190), (8, 12), (30, 3))


def crs_3_vasopressin(c: Chart) -> None:
    """Vasopressin beside norepinephrine does not count as a second vasopressor."""
    c.fever((2.4, 4.6, 39.4))
    c.curve("VS-SYS", (2.8, 108), (3.1, 78), (3.4, 102), (5.0, 106), (5.4, 118))
    c.drug("NORADRENALINE", 3.1, 5.1, rate=0.18, rate_unit="µg/kg/min", reason="low BP")
    c.drug("VASOPRESSIN", 3.35, 4.4, rate=0.03, rate_unit="U/min", reason="low BP")
    c.drug("TOCILIZUMAB", 3.2, 3.24, dose=600, unit="mg")
    c.drug("DEXAMETHASONE", 3.6, 3.61, dose=10, unit="mg", reason="CRS")
    c.form("NX-HYPOTENSION", 5.2, "no")
    c.lab("CRP", (-5, 6), (1.4, 6), (2, 90), (3.5, 210), (9, 12), (30, 3))
    c.lab("FERR", (-5, 300), (1, 340), (3, 2600), (5, 4200), (10, 1200), (20, 280), (30, 240))
    _no_iec_hs(c)


def crs_4_two_vasopressors(c: Chart) -> None:
    """Two vasopressors and mechanical ventilation; the sedation hides what ICANS would be."""
    c.home_from = c.until = 19.4
    c.fever((1.6, 4.9, 40.1))
    c.curve("VS-SYS", (1.9, 106), (2.2, 74), (2.6, 98), (5.4, 104), (6.0, 116))
    c.curve("VS-PULS", (1.5, 92), (2.4, 136), (5.5, 98), (7, 82))
    c.curve("VS-SPO2", (1.8, 96), (2.2, 86), (2.5, 94), (6.0, 95), (6.6, 97))
    c.oxygen((2.1, "HFNC", 40), (2.6, "ventilator", None), (6.05, "nasal prongs", 3), (8.3, "room air", None))
    c.drug("NORADRENALINE", 2.2, 5.6, rate=0.35, rate_unit="µg/kg/min", reason="low BP")
    c.drug("ADRENALINE", 2.7, 4.2, rate=0.1, rate_unit="µg/kg/min", reason="low BP")
    c.drug("TOCILIZUMAB", 2.3, 2.34, dose=600, unit="mg")
    c.drug("DEXAMETHASONE", 2.5, 2.51, dose=20, unit="mg", reason="CRS")
    c.drug("PROPOFOL", 2.6, 6.0)
    c.form("NX-AROUSAL", 6.0, "awake")
    c.form("NX-HYPOTENSION", 5.7, "no")
    c.ice_from((2.6, "sedated"), (6.0, 9), (7.0, 10))
    c.aroused_from((2.6, "not arousable"), (6.0, "awake"))
    c.lab("CRP", (-5, 9), (1.4, 9), (2, 150), (3, 288), (9, 20), (30, 4))
    c.lab("FERR", (-5, 420), (1, 520), (2, 3900), (4, 9800), (10, 2400), (20, 500), (30, 300))
    _no_iec_hs(c)


def crs_4_bipap(c: Chart) -> None:
    """Positive pressure: 4 without any vasopressor."""
    c.fever((2.0, 4.4, 39.7))
    c.curve("VS-SPO2", (2.6, 95), (2.9, 85), (3.2, 93), (4.9, 95), (5.3, 97))
    c.oxygen((2.7, "non-rebreather", 12), (3.0, "BIPAP", None), (4.3, "nasal prongs", 4), (5.2, "room air", None))
    c.drug("TOCILIZUMAB", 2.95, 2.99, dose=480, unit="mg")
    c.lab("CRP", (-5, 9), (1.4, 9), (2, 100), (3.5, 214), (9, 16), (30, 4))


def sleep_apnoea(c: Chart) -> None:
    """CPAP every night since years: it is not given for the syndrome, and the grade stays 1."""
    c.charts_devices = False
    c.fever((2.6, 4.1, 38.9))
    for day in range(-5, int(c.home_from) + 1):
        c.device("RA", day + 0.27, day + 0.93)
        c.device("CPAP", day + 0.93, day + 1.27, reason="OSA")
    c.lab("CRP", (-5, 8), (1.4, 8), (3, 64), (7, 12), (30, 4))


def home_oxygen(c: Chart) -> None:
    """2 L/min since before the infusion: not hypoxia from the syndrome, and the grade stays 1."""
    c.charts_devices = False
    c.fever((3.2, 4.4, 38.7))
    c.curve("VS-SPO2", (-6, 93), (31, 93))
    c.device("nasal prongs", -5.5, c.home_from, flow=2, reason="home O2")
    c.lab("CRP", (-5, 11), (1.4, 11), (3.5, 58), (8, 14), (30, 9))


def icans_1_items(c: Chart) -> None:
    """The ward enters the five items and never the total; no fever at all."""
    c.itemised = True
    c.ice_from((5.6, 8), (7.2, 9), (8.1, 10))
    c.drug("DEXAMETHASONE", 5.8, 5.81, dose=10, unit="mg", reason="ICANS")
    c.lab("CRP", (-5, 6), (30, 5))


def icans_2(c: Chart) -> None:
    """ICE 5, awakens to voice."""
    c.fever((2.0, 4.0, 38.9))
    c.ice_from((5.2, 8), (5.9, 5), (7.3, 8), (8.5, 10))
    c.aroused_from((5.9, "to voice"), (7.0, "awake"))
    c.drug("DEXAMETHASONE", 6.0, 6.01, dose=10, unit="mg", reason="ICANS")
    c.lab("CRP", (-5, 6), (1.4, 6), (3, 92), (8, 12), (30, 4))


def icans_3_awake(c: Chart) -> None:
    """ICE 0 in a patient who is awake, mute and does not follow commands: 3, not 4."""
    c.fever((1.9, 3.8, 39.1))
    c.ice_from((4.9, 6), (5.6, 0), (7.4, 4), (8.6, 8), (9.6, 10))
    c.drug("DEXAMETHASONE", 5.7, 8.2, dose=10, unit="mg", reason="ICANS")
    c.lab("CRP", (-5, 6), (1.4, 6), (2.5, 110), (8, 10), (30, 4))


def icans_4_unarousable(c: Chart) -> None:
    """Cannot be roused: 4. Intubated to protect the airway, which is not hypoxia."""
    c.home_from = c.until = 18.4
    c.charts_devices = False
    c.fever((1.7, 3.9, 39.0))
    c.device("RA", -5.5, 5.9)
    c.device("VENTILATOR", 5.9, 8.3, reason="airway")
    c.device("RA", 8.3, c.home_from)
    c.ice_from((4.8, 4), (5.5, "cannot be roused"), (8.4, 6), (9.5, 9), (11.0, 10))
    c.aroused_from((5.5, "not arousable"), (8.35, "awake"))
    c.drug("METHYLPREDNISOLONE", 5.6, 8.0, dose=1000, unit="mg", reason="ICANS")
    c.drug("ANAKINRA", 5.9, dose=100, unit="mg")
    c.lab("CRP", (-5, 6), (1.4, 6), (2.5, 120), (8, 10), (30, 4))


def icans_3_seizure(c: Chart) -> None:
    """One seizure that stops by itself."""
    c.fever((2.1, 3.6, 38.8))
    c.ice_from((4.6, 8), (5.4, 7), (6.6, 10))
    c.finds("NX-SEIZURE", 5.32)
    c.drug("LEVETIRACETAM", 5.35, dose=1500, unit="mg")
    c.drug("DEXAMETHASONE", 5.4, 5.41, dose=10, unit="mg", reason="ICANS")
    c.lab("CRP", (-5, 6), (1.4, 6), (3, 70), (8, 10), (30, 4))


def child_capd(c: Chart) -> None:
    """Seven years old: graded by the CAPD. 11 points at the worst."""
    c.is_child = True
    c.curve("VS-SYS", (-6, 102), (31, 102))
    c.curve("VS-PULS", (-6, 96), (31, 96))
    c.ice = [(-6.0, 0)]
    c.ice_from((5.5, 6), (6.1, 11), (7.5, 5), (8.6, 0))
    c.aroused_from((6.1, "to voice"), (7.3, "awake"))
    c.fever((2.4, 5.0, 39.6))
    c.oxygen((3.9, "blow-by", 2), (4.8, "room air", None))
    c.curve("VS-SPO2", (3.7, 96), (3.9, 90), (4.1, 95), (5.0, 97))
    c.drug("TOCILIZUMAB", 4.0, 4.04, dose=280, unit="mg")
    c.lab("CRP", (-5, 4), (1.4, 4), (3, 80), (4.5, 122), (9, 8), (30, 2))
    c.lab("CREA", (-5, 0.38), (30, 0.4))


def biphasic_crs(c: Chart) -> None:
    """Fever, more than two clear days, and fever again."""
    c.fever((1.5, 2.9, 39.2), (6.1, 7.8, 38.8))
    c.curve("VS-SPO2", (2.0, 96), (2.2, 89), (2.4, 94), (3.0, 97))
    c.oxygen((2.2, "nasal prongs", 2), (2.95, "room air", None))
    c.drug("TOCILIZUMAB", 2.4, 2.44, dose=600, unit="mg")
    c.lab("CRP", (-5, 6), (1.4, 6), (2.5, 130), (5, 20), (7, 88), (12, 8), (30, 4))


def early_icaht_biphasic(c: Chart) -> None:
    """Two valleys of neutrophils, with ten days above 0.5 between them."""
    c.lab("NEUT", (-5, 2.2), (-1, 0.9), (1, 0.3), (5, 0.2), (6, 0.45), (7, 0.9), (11, 1.3), (15, 0.8), (16, 0.4), (20, 0.05),
          (24, 0.2), (26, 0.45), (27, 0.7), (30, 1.2))  # fmt: skip
    c.fever((2.3, 3.2, 38.6))
    c.days_with_labs = range(-5, 31)
    for day in (17, 18, 19, 20, 21):
        c.drug("FILGRASTIM", day + 0.4, dose=300, unit="µg")


def late_icaht(c: Chart) -> None:
    """Neutrophils fall again after day 30; followed to day 90 in clinic, where nobody takes the temperature twice a day."""
    c.until = 90.5
    c.lab("NEUT", (-5, 2.6), (2, 0.4), (8, 0.35), (10, 0.8), (28, 1.8), (35, 0.9), (42, 0.42), (49, 0.38), (56, 0.7), (70, 1.1),
          (90, 1.9))  # fmt: skip
    c.fever((2.0, 3.0, 38.7))


def thrombocytopenia(c: Chart) -> None:
    """Platelets below 20 for some days; neutrophils barely touched."""
    c.lab("PLT", (-5, 84), (2, 46), (5, 22), (7, 13), (9, 12), (11, 24), (16, 34), (24, 55), (30, 78))
    c.lab("NEUT", (-5, 2.1), (2, 0.6), (7, 0.35), (10, 0.42), (12, 0.8), (30, 1.6))
    for day in (7.5, 9.5):
        c.drug("PLATELET CONC", day, day + 0.03)
    c.days_with_labs = range(-5, 31)


def iec_hs(c: Chart) -> None:
    """CRS is over; then ferritin, transaminases and fibrinogen run away, and anakinra is given."""
    c.home_from = 27.4
    c.fever((2.0, 4.2, 39.3), (11.8, 13.4, 39.0))
    c.drug("TOCILIZUMAB", 3.1, 3.14, dose=640, unit="mg")
    c.lab(
        "FERR", (-5, 310), (1, 330), (3, 2400), (8, 3100), (11, 14800), (14, 38000), (18, 16000), (24, 3200), (30, 900)
    )
    c.lab("AST", (-5, 26), (9, 40), (13, 320), (18, 140), (25, 44), (30, 30))
    c.lab("ALT", (-5, 28), (9, 44), (13, 290), (18, 170), (25, 60), (30, 36))
    c.lab("FIB", (-5, 3.4), (9, 2.6), (13, 0.9), (17, 1.4), (22, 2.4), (30, 3.0))
    c.lab("PLT", (-5, 150), (9, 70), (13, 18), (18, 34), (25, 90), (30, 130))
    c.lab("LDH", (-5, 230), (9, 320), (13, 1450), (20, 480), (30, 240))
    c.lab("CRP", (-5, 8), (1.4, 8), (3, 120), (8, 12), (12.5, 66), (18, 10), (30, 5))
    c.form("WR-IECHS", 1.2, "no")
    c.form("WR-IECHS", 12.4, "yes")
    c.form("WR-IECHS", 25.4, "no")
    for day in range(2, 31):
        for code in ("WR-BLEED-TX", "WR-BLEED-LT", "WR-AKI"):
            c.form(code, day + 0.4, "no")
    c.form("WR-MARROW-HP", 13.6, "yes")
    c.form("WR-CYTOPENIA-NEW", 12.5, "yes")
    c.form("WR-CYTOPENIA-NEW", 14.5, "yes")
    for day in range(12, 20):
        c.drug("ANAKINRA", day + 0.6, dose=100, unit="mg")
    c.drug("FIBRINOGEN CONC", 13.5, 13.52)


def tumour_lysis(c: Chart) -> None:
    """Uric acid, potassium, phosphate and creatinine rise on day 2."""
    c.lab("URAT", (-5, 6.4), (0, 6.2), (1.5, 10.8), (2.5, 12.1), (4, 7.2), (8, 4.6))
    c.lab("K", (-5, 4.3), (1, 4.6), (2, 6.4), (3, 6.1), (4, 4.9), (8, 4.1))
    c.lab("PHOS", (-5, 1.2), (1, 1.3), (2, 2.4), (3, 2.2), (5, 1.3), (8, 1.1))
    c.lab("CA-CORR", (-5, 2.3), (1, 2.2), (2.3, 1.7), (4, 2.0), (8, 2.25))
    c.lab("CREA", (-5, 0.9), (1, 1.1), (2.5, 2.3), (5, 1.3), (10, 0.9))
    c.lab("LDH", (-5, 640), (2, 2900), (6, 520), (12, 240), (30, 220))
    for day in range(-3, 8):
        c.form("WR-TLS-ARRHYTHMIA", day + 0.4, "0")
        c.form("WR-TLS-SEIZURE", day + 0.4, "0")
    c.drug("RASBURICASE", 2.3, 2.33, dose=14, unit="mg")


def death_of_crs(c: Chart) -> None:
    """Refractory shock; death on day 6."""
    c.home_from = c.until = 6.62
    c.fever((1.2, 6.5, 40.3))
    c.curve("VS-SYS", (1.6, 104), (2.0, 76), (2.5, 92), (5.0, 84), (6.4, 62), (6.6, 50))
    c.curve("VS-PULS", (1.1, 96), (2.0, 140), (6.6, 152))
    c.curve("VS-SPO2", (1.8, 95), (2.2, 86), (2.6, 93), (5.5, 88), (6.6, 76))
    c.oxygen((2.0, "HFNC", 50), (2.7, "ventilator", None))
    c.drug("NORADRENALINE", 2.0, 6.62, rate=0.6, rate_unit="µg/kg/min", reason="low BP")
    c.drug("ADRENALINE", 2.8, 6.62, rate=0.3, rate_unit="µg/kg/min", reason="low BP")
    c.drug("TOCILIZUMAB", 2.1, 2.14, dose=560, unit="mg")
    c.drug("TOCILIZUMAB", 2.6, 2.64, dose=560, unit="mg")
    c.drug("METHYLPREDNISOLONE", 2.7, 6.0, dose=1000, unit="mg", reason="CRS")
    c.drug("PROPOFOL", 2.7, 6.62)
    c.ice_from((2.7, "sedated"))
    c.aroused_from((2.7, "not arousable"))
    c.lab("CRP", (-5, 14), (1, 90), (3, 340), (6.5, 310))
    c.lab("FERR", (-5, 700), (0.8, 900), (2, 8200), (4, 26000), (6.5, 41000))
    _no_iec_hs(c)
    c.event("deceased", 6.62, "cytokine release")


def death_of_infection(c: Chart) -> None:
    """Septic shock in neutropenia. The team states that fever and hypotension have another cause."""
    c.home_from = c.until = 21.3
    c.fever((2.0, 3.0, 38.6), (17.8, 21.2, 39.8))
    c.curve("VS-SYS", (18.2, 110), (18.7, 80), (19.2, 98), (20.5, 84), (21.3, 56))
    c.lab("NEUT", (-5, 1.4), (-1, 0.6), (1, 0.2), (4, 0.05), (12, 0.05), (21, 0.08))
    c.lab("PLT", (-5, 62), (3, 28), (8, 14), (21, 11))
    c.lab("CRP", (-5, 20), (1.4, 20), (3, 66), (9, 40), (17, 90), (20, 380), (21, 400))
    c.drug("NORADRENALINE", 18.7, 21.3, rate=0.4, rate_unit="µg/kg/min", reason="sepsis")
    c.drug("MEROPENEM", 17.9, 21.3, reason="infection")
    c.drug("JUDGED OTHER CAUSE: FEVER", 17.7, 21.3)
    c.drug("JUDGED OTHER CAUSE: HYPOTENSION", 18.2, 21.3)
    c.days_with_labs = range(-5, 22)
    c.event("deceased", 21.3, "infection")


def no_infusion(c: Chart) -> None:
    """Lymphodepletion was given, the product failed, nothing was infused: there is no day 0 to count from."""
    c.until = 3.4
    c.home_from = 2.4


def second_course(c: Chart) -> None:
    """A second product for the same patient, five months after the first."""
    c.lab("CRP", (-5, 7), (1.4, 7), (2, 44), (5, 10), (30, 4))
    c.fever((1.4, 2.4, 38.5))


def clock_change(c: Chart) -> None:
    """The clocks of Europe go forward on day 3; one paper row says 02:30, an hour that there was not."""
    c.fever((2.3, 4.4, 39.0))
    c.vital("VS-TEMP", 3 + 2.5 / 24, "38.9")
    c.vital("VS-TEMP", 3 + 1.5 / 24, "39.0")
    c.vital("VS-TEMP", 3 + 3.5 / 24, "38.8")
    c.lab("CRP", (-5, 6), (1.4, 6), (3, 84), (8, 10), (30, 4))


def late_recorded(c: Chart) -> None:
    """The oxygen of day 3 was entered on day 5: a grade as of day 4 did not know it."""
    c.fever((2.1, 4.8, 39.0))
    c.curve("VS-SPO2", (2.8, 96), (3.0, 88), (3.2, 94), (4.2, 95), (4.5, 97))
    c.charts_devices = False
    c.device("RA", -5.5, 3.0)
    c.device("mask", 3.0, 4.1, flow=8)
    c.rows["devices"][-1]["entered_at"] = c.text(5.3)
    c.device("RA", 4.1, c.home_from)
    c.lab("CRP", (-5, 6), (1.4, 6), (3, 104), (8, 10), (30, 4))


def _no_iec_hs(c: Chart) -> None:
    """The ward round considers IEC-HS and denies it."""
    for day in (1.2, 3.4, 5.4):
        c.form("WR-IECHS", day, "no")


COURSES: tuple[tuple[Story, Chart], ...] = (
    (no_toxicity, Chart("01-no-toxicity", "MADE-UP-01", date(2026, 1, 13), until=30.5)),
    (crs_1, Chart("02-crs-1", "MADE-UP-02", date(2026, 1, 20), site="lake", sex="m")),
    (crs_2_hypotension, Chart("03-crs-2-fluid-bolus", "MADE-UP-03", date(2026, 1, 26), until=30.5, born_on="1956-11-02")),
    (crs_2_low_flow, Chart("04-crs-2-low-flow-oxygen", "MADE-UP-04", date(2026, 2, 3), site="lake")),
    (device_not_recorded, Chart("05-oxygen-device-not-recorded", "MADE-UP-05", date(2026, 2, 9), sex="m")),
    (crs_3_afebrile, Chart("06-crs-3-afebrile-on-norepinephrine", "MADE-UP-06", date(2026, 2, 16), until=30.5, home_from=14.4)),
    (crs_3_vasopressin, Chart("07-crs-3-norepinephrine-vasopressin", "MADE-UP-07", date(2026, 1, 12), home_from=14.4, sex="m")),
    (crs_4_two_vasopressors, Chart("08-crs-4-icans-hidden-by-sedation", "MADE-UP-08", date(2026, 1, 6))),
    (crs_4_bipap, Chart("09-crs-4-bipap", "MADE-UP-09", date(2026, 1, 29), site="lake", home_from=14.4)),
    (sleep_apnoea, Chart("10-crs-1-cpap-for-sleep-apnoea", "MADE-UP-10", date(2026, 2, 11), sex="m")),
    (home_oxygen, Chart("11-crs-1-home-oxygen", "MADE-UP-11", date(2026, 2, 18), born_on="1949-03-30")),
    (icans_1_items, Chart("12-icans-1-without-crs", "MADE-UP-12", date(2026, 1, 15), until=30.5)),
    (icans_2, Chart("13-icans-2", "MADE-UP-13", date(2026, 1, 22), site="lake", sex="m")),
    (icans_3_awake, Chart("14-icans-3-ice-0-awake", "MADE-UP-14", date(2026, 2, 2), home_from=14.4)),
    (icans_4_unarousable, Chart("15-icans-4-unarousable", "MADE-UP-15", date(2026, 2, 5), sex="m")),
    (icans_3_seizure, Chart("16-icans-3-seizure", "MADE-UP-16", date(2026, 2, 12))),
    (child_capd, Chart("17-child-capd", "MADE-UP-17", date(2026, 2, 17), born_on="2018-08-21",
                       indication="acute lymphoblastic leukaemia (made up)", product="made-up product B")),
    (biphasic_crs, Chart("18-crs-biphasic", "MADE-UP-18", date(2026, 1, 27), sex="m")),
    (early_icaht_biphasic, Chart("19-icaht-early-biphasic", "MADE-UP-19", date(2026, 1, 8), until=30.5, site="lake")),
    (late_icaht, Chart("20-icaht-late", "MADE-UP-20", date(2025, 11, 18), sex="m")),
    (thrombocytopenia, Chart("21-t-icaht", "MADE-UP-21", date(2026, 1, 30), until=30.5)),
    (iec_hs, Chart("22-iec-hs", "MADE-UP-22", date(2026, 1, 14), until=30.5, sex="m")),
    (tumour_lysis, Chart("23-tumour-lysis", "MADE-UP-23", date(2026, 2, 24), until=30.5)),
    (death_of_crs, Chart("24-death-of-crs", "MADE-UP-24", date(2026, 2, 4), sex="m")),
    (death_of_infection, Chart("25-death-of-infection", "MADE-UP-25", date(2026, 1, 19))),
    (no_infusion, Chart("26-not-infused", "MADE-UP-26", date(2026, 2, 10), is_infused=False)),
    (crs_1, Chart("27-first-of-two-courses", "MADE-UP-27", date(2025, 11, 3))),
    (second_course, Chart("28-second-of-two-courses", "MADE-UP-27", date(2026, 4, 14), until=30.5, product="made-up product B")),
    (clock_change, Chart("29-clock-change", "MADE-UP-29", date(2026, 3, 26), sex="m")),
    (late_recorded, Chart("30-oxygen-entered-late", "MADE-UP-30", date(2026, 2, 19))),
)  # fmt: skip


def charts() -> list[Chart]:
    """All courses, charted."""
    found = []
    for tell, chart in COURSES:
        _start(chart)
        tell(chart)
        chart.write()
        found.append(chart)
    return found
