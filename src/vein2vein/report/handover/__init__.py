"""An assessment for people and programs: readable text, JSON, and a handover of one page."""
