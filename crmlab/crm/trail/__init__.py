"""The audit trail read back: the rows it says there are, and whether they are."""
