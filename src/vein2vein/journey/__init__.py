"""Floor 3: the patient's journey, stage by stage, from selection to follow-up."""
