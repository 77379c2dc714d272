"""What the job can be told: shapes, names, meanings, and the page of all of it."""
