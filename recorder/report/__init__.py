"""Output for people and programs: tables, JSON, JUnit, SARIF, HTML. Knows no archive and no connection."""
