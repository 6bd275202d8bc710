"""`stolon serve --workers N`: a parent, its workers, and what they tell each other."""
