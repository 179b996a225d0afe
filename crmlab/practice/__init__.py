"""A case in a sandbox: seats, simulated colleagues, the clock, the debrief."""
