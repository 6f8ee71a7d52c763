"""The folder: its marker, the scan, atomic placement, tags and audio checks."""
