"""Histories as people read them: event views, groups, a timeline, diagrams, differences, documents."""
