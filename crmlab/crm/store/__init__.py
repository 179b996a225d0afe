"""Where sandboxes lie, and how every write is put on record in the same transaction."""
