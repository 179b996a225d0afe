"""Base data: made and changed by form, seen before it is overwritten, reviewed by others."""
