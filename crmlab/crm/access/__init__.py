"""Who may see, search, report and export what; all of it on record."""
