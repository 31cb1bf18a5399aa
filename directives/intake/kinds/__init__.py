"""What kinds of tables can be brought in."""
