"""Charts: from a model's result to a picture, with a sentence that says what to see in it."""
