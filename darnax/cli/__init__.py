"""The command line: parses arguments, prints for a person, picks an exit code."""
