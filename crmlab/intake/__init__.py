"""Bringing a company's own data in: what a file is, what its columns mean, which rows are good."""
