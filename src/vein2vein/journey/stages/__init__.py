"""What all stages of the journey share: how a formula or a rule set is asked of a course at one instant."""
