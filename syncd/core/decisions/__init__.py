"""What each row of the planner's table decides, by subject."""
