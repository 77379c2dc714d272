"""Stage 3, by business: merging of notices, and words (spec/notices.md 2, design.md 7.22, 7.25, 7.26)."""
