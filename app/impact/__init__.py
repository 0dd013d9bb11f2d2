"""What buying together does for the park, in figures that anyone may see."""
