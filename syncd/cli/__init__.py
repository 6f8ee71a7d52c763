"""The command line: thin commands over the engine and the catalog, one file per group."""
