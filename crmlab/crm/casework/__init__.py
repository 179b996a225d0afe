"""Cases in the CRM: whose desk, which facts, what a hand-over writes."""
