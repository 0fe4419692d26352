"""What sources of guidance say for a course at an instant: proposals with reasons, doses, locks, and where sources differ."""
