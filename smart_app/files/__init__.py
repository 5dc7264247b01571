"""Files that a person edits: read once, checked whole, refused with file, line and rule."""
