"""The practice company with two years behind it, made from a seed."""
