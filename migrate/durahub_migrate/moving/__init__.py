"""What a move is, as values: places, content, plan, units; and the seams of those who carry it out."""
