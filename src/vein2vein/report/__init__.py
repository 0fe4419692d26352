"""Floor 6: tables, figures and one HTML file that a clinician can read."""
