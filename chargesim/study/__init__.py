"""Study: many runs, and what they leave on disk."""
