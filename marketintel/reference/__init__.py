"""Files that people edit, with one model a file: read, checked, as frames."""
