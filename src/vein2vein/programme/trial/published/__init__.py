"""The published randomised trials of CAR-T cells as parameter files, played on the calendar and held against what was printed."""
