"""The catalog: every job observed, the baseline, the scan's memory and the journal, in SQLite."""
