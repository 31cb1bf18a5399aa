"""Tables brought in: read in a limited process, their columns matched, every row checked, then all applied or none."""
