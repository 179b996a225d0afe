"""How records are entered: what careless entry does to an answer, and when to trust figures."""
