"""Which country next: three methods, their agreement, their record, and what they cannot see."""
