"""Who received and who read what. Knows facts, not where they came from: no JSON, no frames, no files."""
