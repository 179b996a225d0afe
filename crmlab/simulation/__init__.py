"""A company at work: what queues for whom, and what becomes of it. No database, no screen."""
