"""What is shown to people and programs: JSON views and tables. Knows facts, not where they are kept."""
