"""Study of one market from headings of world trade."""
