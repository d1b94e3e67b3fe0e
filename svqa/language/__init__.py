"""English: words, question forms, caption templates, without a model."""
