"""Language: summaries, and answers that cite. By rules, or by a model where one is set up."""
