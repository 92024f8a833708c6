"""Command line: parses, calls one function of the library, prints.

app holds the commands, shared_options what all of them understand, console how they speak, bars the
progress, documents the JSON, listings the text. Nothing heavy is imported until a command runs.
"""
