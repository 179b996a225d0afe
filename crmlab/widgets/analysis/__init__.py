"""Models with dials: a figure that follows them, what it says, and the records behind it."""
